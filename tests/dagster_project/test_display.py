"""What a materialization shows: pictures that run nothing, of curves and of differences."""

import re
from base64 import b64decode
from xml.etree import ElementTree

import pyarrow as pa

from curec_assets.lake.schemas import EVALUATIONS, ITEMS, MODEL
from dagster_project.display import MOST_PLOTS, curves_plots, evaluation_plots, evaluation_rows, reliability_pictures
from dagster_project.report.audit import decile_plots, reach_plots

PICTURE = re.compile(r"!\[\]\(data:image/svg\+xml;base64,([A-Za-z0-9+/=]+)\)")
ROW = {"subject": "ranker", "metric": "auc", "slice": "all", "n": 9, "value": 0.2, "ci_low": 0.1, "ci_high": 0.3}


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
    (picture,) = pictures(curves_plots(points))
    assert "reward" in picture


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
    (picture,) = pictures(evaluation_plots(rows))
    assert "<script" not in picture
    assert "c − d" not in picture


def test_evaluations_are_found_in_tables_and_in_model_rows_and_nowhere_else() -> None:
    row = {"backbone": None, **ROW, "arm": "a − b"}
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
