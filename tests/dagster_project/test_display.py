"""What a materialization shows: pictures that run nothing, of curves and of differences."""

import html
import json
import re
from base64 import b64decode
from dataclasses import replace
from datetime import UTC, datetime
from xml.etree import ElementTree

import pyarrow as pa
from hypothesis import example, given
from hypothesis import strategies as st

from curec_assets.lake.schemas import CORRECTED_REASONS, EVALUATIONS, ITEMS, MODEL
from dagster_project.display import curves_table, evaluation_rows, preview
from dagster_project.markdown_table import LONGEST_CELL, markdown_table
from dagster_project.pictures import (
    MOST_PLOTS,
    actions_per_window,
    curves_plots,
    evaluation_plots,
    reliability_pictures,
    rewards_before_and_after,
    rows_per_window,
)
from dagster_project.report.audit import decile_plots, reach_plots
from tests.checks.partitions import review
from tests.lake.manifests import manifest_of

PICTURE = re.compile(r"!\[[^\]]+\]\(data:image/svg\+xml;base64,([A-Za-z0-9+/=]+)\)")
ROW = {
    "subject": "ranker",
    "backbone": "din",
    "metric": "auc",
    "slice": "all",
    "n": 9,
    "value": 0.2,
    "ci_low": 0.1,
    "ci_high": 0.3,
}


def pictures(markdown: str) -> list[str]:
    found = [b64decode(picture).decode() for picture in PICTURE.findall(markdown)]
    for picture in found:
        assert ElementTree.fromstring(picture).tag == "{http://www.w3.org/2000/svg}svg"
    return found


def test_each_curve_is_a_picture_and_what_is_no_number_is_left_out() -> None:
    points = [
        {"step": 1, "name": "reward", "value": 0.1},
        {"step": 2, "name": "reward", "value": 0.4},
        {"step": 1, "name": "kl", "value": float("nan")},
    ]
    shown = curves_plots(points)
    (picture,) = pictures(shown)
    assert "reward" in picture
    assert shown.startswith("![reward]("), "read aloud, a picture has a name"


def test_no_more_pictures_are_shown_than_load_at_once() -> None:
    points = [{"step": 1, "name": f"loss {number}", "value": 1.0} for number in range(MOST_PLOTS + 5)]
    assert len(pictures(curves_plots(points))) == MOST_PLOTS


def test_an_audit_is_drawn_by_popularity_and_by_arm_with_hostile_text_as_text() -> None:
    rows = [
        {"measure": measure, "arm": arm, "bucket": f"d0{n}", "value": value, "n": 3}
        for measure, arm, value in (("item_share", "catalogue", 0.5), ("reward", "item_reasons", None))
        for n in (1, 2)
    ]
    rows += [
        {"measure": "reward", "arm": "item_reasons", "bucket": "d01", "value": 0.25, "n": 3},
        {"measure": "exposure_gini", "arm": "<script>a</script>", "bucket": "all", "value": 0.9, "n": 3},
    ]
    drawn = [*decile_plots(rows), *reach_plots(rows)]
    titles = [ElementTree.fromstring(plot).attrib["aria-label"] for plot in drawn]
    assert titles == ["share by popularity", "legend", "reward", "legend", "exposure_gini"]
    assert "<script" not in "".join(drawn)


def test_paired_differences_are_drawn_with_hostile_text_as_text() -> None:
    rows = [{**ROW, "arm": "<script>a</script> − b"}, {**ROW, "arm": "a"}, {**ROW, "arm": "c − d", "slice": "new"}]
    differences, arms = pictures(evaluation_plots(rows))
    assert "<script" not in differences
    assert "c − d" not in differences
    assert ">a<" in arms


def test_arms_are_drawn_beside_the_rankers_differences_alone() -> None:
    rows = [{**ROW, "subject": "rl_policy", "arm": arm} for arm in ("rl_policy − aligned_llm", "rl_policy")]
    assert len(pictures(evaluation_plots(rows))) == 1


def test_evaluations_are_found_in_tables_and_in_model_rows_and_nowhere_else() -> None:
    row = {**ROW, "arm": "a − b"}
    assert evaluation_rows(pa.Table.from_pylist([row], schema=EVALUATIONS)) == [row]
    model = dict.fromkeys(MODEL.names) | {"evaluations": [row]}
    assert evaluation_rows(pa.Table.from_pylist([model], schema=MODEL)) == [row]
    assert evaluation_rows(ITEMS.empty_table()) == []


def test_reliability_is_a_picture_a_slice_and_one_that_says_what_the_colours_mean() -> None:
    found = {"arm": "own_reason", "low": 0.7, "n": 4, "predicted": 0.75, "observed": 0.5}
    item, user, colours = pictures(reliability_pictures([{**found, "slice": name} for name in ("item", "user")]))
    assert "n 4" in item
    assert "n 4" in user
    assert "own_reason" in colours


def test_the_windows_so_far_stand_side_by_side() -> None:
    metrics = {"good": 9, "quarantined": 2, "merged": 1, "item_created": 3, "user_kept": 4}
    history = {window: replace(manifest_of("any", window), metrics=metrics) for window in ("2020-01", "2020-02")}
    rows, _ = pictures(rows_per_window(history))
    assert "2020-02: 2 quarantined" in rows
    items, users, _ = pictures(actions_per_window(history))
    assert "2020-01: 3 created" in items
    assert "2020-02: 4 kept" in users


def test_rewards_are_compared_where_a_review_met_one() -> None:
    end = datetime(2020, 2, 1, tzinfo=UTC)
    rows = [
        review("i1", end, action="corrected", previous_reward=0.1, reward=0.3),
        review("i2", end, action="kept", previous_reward=0.2, reward=0.2),
        review("i3", end, reward=0.9),
    ]
    (picture,) = pictures(rewards_before_and_after(pa.Table.from_pylist(rows, schema=CORRECTED_REASONS)))
    assert "item reasons, n = 2" in picture
    assert "after − before" in picture
    assert pictures(rewards_before_and_after(CORRECTED_REASONS.empty_table())) == []


def test_a_preview_shows_text_from_data_as_text() -> None:
    shown = preview(pa.table({"title": ["<script>alert(1)</script> | `x`"], "n": [[1, 2]]}))
    assert "<script>" not in shown
    assert shown.splitlines()[-1].count("|") == 3
    assert json.dumps([1, 2]) in shown


def test_a_preview_shows_times_plainly_and_numbers_to_six_digits() -> None:
    shown = preview(pa.table({"ts": [datetime(2020, 1, 2, 3, tzinfo=UTC)], "value": [0.10416666666666667]}))
    assert shown.splitlines()[-1] == "| 2020-01-02 03:00:00+00:00 | 0.104167 |"


def test_curves_become_a_table_of_steps() -> None:
    points = [{"step": 1, "name": "loss", "value": 2.0}, {"step": 2, "name": "loss", "value": 1.5}]
    assert curves_table(points).splitlines()[2:] == ["| 1 | 2 |", "| 2 | 1.5 |"]


@given(st.text())
@example("[a](javascript:alert(1)) ![b](http://c) **d** __e__ ~f~ \\| <i> www.g.h a@b.c\n| --- |\n```")
def test_no_text_breaks_out_of_its_cell_or_becomes_markup(text: str) -> None:
    table = markdown_table(["text"], [{"text": text}]).split("\n")
    assert len(table) == 3
    inside = table[2].removeprefix("| ").removesuffix(" |")
    assert not set(inside) & set("<>|`*_~\\@\r")
    assert not re.search(r"\]\(|://|www\.", inside, re.IGNORECASE)
    assert html.unescape(inside) == " ".join(text.split())[:LONGEST_CELL]
