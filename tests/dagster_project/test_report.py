"""The report says what the lake holds, the same each time, and text from data stays text."""

import json
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pyarrow as pa
import pytest

from curec_assets.configuration.chain import ConfigError
from curec_assets.lake.catalogue import ensure_catalogue, query
from curec_assets.lake.lake import Lake
from curec_assets.lake.schemas import BIAS_AUDIT, CORRECTED_REASONS, EVALUATIONS, ITEMS, MODEL
from curec_assets.lineage import LINEAGE
from dagster_project.cli.report import write_report
from dagster_project.report import queries
from dagster_project.report.blocks import Figure, number
from dagster_project.report.markdown import render_markdown
from dagster_project.report.queries import SHOWN_CORRECTIONS, SUBJECTS, ChainRows, read_chain
from dagster_project.report.sections import report_blocks
from tests.conftest import FinishedChain
from tests.lake.manifests import manifest_of
from tests.small_world import WINDOWS, write_world

Cells = list[dict[str, str]]
CURVES = ("reward", "panel_reward", "gold", "kl", "entropy", "length", "clipped_share", "zero_spread_share")
HOSTILE = "<script>alert('x')</script> & \"more\" | `code` ](https://example.org)"


@pytest.fixture(scope="module")
def report(finished: FinishedChain, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("report")
    finished.curec("report", "--chain", "small", "--output", str(folder))
    return folder


@pytest.fixture
def small_lake(tmp_path: Path) -> Path:
    """A lake written by hand: chain ``hand`` with one item of a hostile title, its correction, five contrasts of the
    ranker, and a policy that was judged; no reward model and no later gain."""
    lake = Lake(tmp_path / "lake", "hand")
    item = dict.fromkeys(ITEMS.names) | {"item_id": "1", "title": HOSTILE}
    lake.publish(pa.Table.from_pylist([item], schema=ITEMS), manifest_of("items", "2020-01"))
    correction = dict.fromkeys(CORRECTED_REASONS.names) | {
        "side": "item",
        "subject_id": "1",
        "action": "corrected",
        "cause": "drifted",
        "previous_reason": f"old {HOSTILE}",
        "reason": "new\nover two lines",
    }
    lake.publish(
        pa.Table.from_pylist([correction], schema=CORRECTED_REASONS), manifest_of("corrected_reasons", "2020-01")
    )
    contrast = {"subject": "ranker", "backbone": "din", "metric": "auc", "slice": "all", "n": 9}
    contrasts = [
        {**contrast, "arm": f"{arm} − id_only", "value": value, "ci_low": low, "ci_high": high}
        for arm, value, low, high in (
            ("up", 0.2, 0.1, 0.3),
            ("down", -0.2, -0.3, -0.1),
            ("open", 0.1, -0.1, 0.3),
            ("single", 0.2, 0.2, 0.2),
            ("nan", float("nan"), float("nan"), float("nan")),
        )
    ]
    pair = {"side": "user", "subject_id": "7", "title": None, "base": f"one {HOSTILE}", "aligned": "other words"}
    judge = manifest_of("ranker_evaluation", "2020-02")
    judge = replace(judge, metrics={"before_and_after_alignment": [pair]})
    lake.publish(pa.Table.from_pylist(contrasts, schema=EVALUATIONS), judge)
    judged = {"subject": "rl_policy", "metric": "gold_reward", "slice": "item", "n": 4, "ci_low": 0.1, "ci_high": 0.9}
    policy = dict.fromkeys(MODEL.names) | {
        "evaluations": [{**judged, "arm": arm, "value": 0.5} for arm in ("rl_policy", "aligned_llm")],
        "curves": [{"step": step, "name": "reward", "value": value} for step, value in ((1, float("nan")), (2, 0.25))],
    }
    lake.publish(pa.Table.from_pylist([policy], schema=MODEL), manifest_of("rl_policy", "2020-01"))
    return lake.root


def read_ready(lake_root: Path) -> ChainRows:
    """The rows of chain ``hand``, its catalogue built first."""
    ensure_catalogue(lake_root, [])
    return read_chain(lake_root, "hand")


def part(markdown: str, heading: str) -> str:
    """What stands under the first heading of that text, up to the next one of its level or above."""
    (marks, rest) = re.split(rf"^(#+) {re.escape(heading)}$", markdown, maxsplit=1, flags=re.MULTILINE)[1:]
    return re.split(rf"^#{{1,{len(marks)}}} ", rest, maxsplit=1, flags=re.MULTILINE)[0]


def cells(markdown: str) -> list[Cells]:
    """Each table as rows by column."""
    tables = []
    for block in markdown.split("\n\n"):
        lines = [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in block.strip().splitlines()]
        if block.strip().startswith("|"):
            tables.append([dict(zip(lines[0], line, strict=True)) for line in lines[2:]])
    return tables


def without_folds(markdown: str) -> str:
    """The text less the tags that fold parts of it, the only ones that may stand in it."""
    return re.sub(r"^</?details>(<summary>[^<]*</summary>)?$", "", markdown, flags=re.MULTILINE)


def rows(finished: FinishedChain, statement: str) -> list[dict[str, Any]]:
    return query(finished.lake, statement, "small").to_pylist()


def interval(row: dict[str, Any]) -> str:
    return "–" if row["ci_low"] is None else f"[{number(row['ci_low'])}, {number(row['ci_high'])}]"


def test_the_headline_holds_every_contrast_of_the_lake_and_no_other(finished: FinishedChain, report: Path) -> None:
    headline = part((report / "report.md").read_text(), "Headline: what differs from 0")
    for subject in SUBJECTS:
        held = rows(
            finished,
            f"FROM evaluations WHERE subject = '{subject}' AND slice = 'all' "
            "AND (arm LIKE '% − %' OR metric = 'later_gain')",
        )
        under = part(headline, subject)
        if not held:
            assert without_folds(under).strip() == "no rows"
            continue
        (table,) = cells(under)
        assert len(table) == len(held)
        for row in held:
            key = {"window": row["window"], "contrast": row["arm"], "metric": row["metric"]}
            (found,) = [r for r in table if key.items() <= r.items() and r["backbone"] == (row["backbone"] or "–")]
            assert found["value"] == number(row["value"])
            assert found["interval"] == interval(row)
            assert found["n"] == f"{row['n']:,}"
            if found["0 lies"] != "not told apart from 0":
                assert (row["ci_low"] > 0) == (found["0 lies"] == "above 0")
                assert (row["ci_high"] < 0) == (found["0 lies"] == "below 0")


def test_seconds_are_those_of_the_manifests(finished: FinishedChain, report: Path) -> None:
    (table,) = cells(part((report / "report.md").read_text(), "Cost: seconds per asset and window"))
    assert [row["asset"] for row in table] == [*LINEAGE, "all"]
    lake, total = Lake(finished.lake, "small"), 0.0
    for row in table[:-1]:
        for window in WINDOWS:
            manifest = lake.manifest(row["asset"], window)
            assert manifest is not None
            assert row[window] == f"{manifest.seconds:,.1f}"
            total += manifest.seconds
    assert float(table[-1]["all"].replace(",", "")) == pytest.approx(total, abs=0.051)


def test_actions_tokens_and_learning_curves_are_those_of_the_lake(finished: FinishedChain, report: Path) -> None:
    stages = part((report / "report.md").read_text(), "Stages")
    actions, _, _, tokens, _ = cells(part(stages, "correction"))
    counted = rows(finished, 'SELECT "window", side, action, count(*) AS n FROM corrected_reasons GROUP BY ALL')
    for row in counted:
        (found,) = [r for r in actions if (r["window"], r["side"]) == (row["window"], row["side"])]
        assert found[row["action"]] == f"{row['n']:,} ({row['n'] / int(found['rows']):.0%})"
    assert sum(int(row["rows"]) for row in actions) == sum(row["n"] for row in counted)
    drafted = rows(finished, "SELECT \"window\", metrics FROM partitions WHERE asset = 'draft_reasons'")
    (drafts,) = [row for row in tokens if row["asset"] == "draft_reasons"]
    for row in drafted:
        assert drafts[row["window"]] == f"{json.loads(row['metrics'])['tokens_generated']:,}"
    curves = cells(part(stages, "rl_policy"))[-1]
    for row in rows(finished, "SELECT \"window\", metrics FROM artifacts WHERE asset = 'rl_policy'"):
        metrics = json.loads(row["metrics"])
        for found in curves[:-1]:
            ends = [number(metrics[f"{end}_{found['curve']}"]) for end in ("first", "last")]
            assert found[row["window"]] == " → ".join(ends)
    assert {row["curve"] for row in curves} >= {*CURVES, "steps"}


def test_the_arms_of_reward_model_and_ranker_are_those_of_the_lake(finished: FinishedChain, report: Path) -> None:
    stages = part((report / "report.md").read_text(), "Stages")
    held = rows(finished, "FROM evaluations WHERE metric IN ('auc', 'ndcg@10')")
    shown = {(r["subject"], r["backbone"], r["window"], r["arm"], r["slice"]): r for r in held}
    reward, errors, _ = cells(part(stages, "reward_model"))
    for row in reward[1:]:
        for name in ("all", "item", "user"):
            found = shown["reward_model", "din", WINDOWS[-1], row["arm"], name]
            assert row[name] == f"{number(found['value'])} {interval(found)}"
    assert [row["arm"] for row in errors] == [row["arm"] for row in reward]
    din, by_slice, sasrec, _ = cells(part(stages, "ranker"))
    for backbone, metric, table in (("din", "auc", din), ("sasrec", "ndcg@10", sasrec)):
        assert {row["window"] for row in table} == set(WINDOWS[1:])
        for row in table:
            found = shown["ranker", backbone, row["window"], row["arm"], "all"]
            assert row[metric] == f"{number(found['value'])} {interval(found)}"
    for row in by_slice[1:]:
        found = shown["ranker", "din", WINDOWS[-1], row["arm"], "items_1_5"]
        assert row["items_1_5"] == f"{number(found['value'])} {interval(found)}"


def test_what_moved_the_score_is_that_of_the_lake(finished: FinishedChain, report: Path) -> None:
    (table,) = cells(part(part((report / "report.md").read_text(), "Stages"), "recommendations"))
    held = rows(finished, "FROM evaluations WHERE subject = 'recommendations'")
    last = {row["arm"]: row for row in held if row["window"] == WINDOWS[-1]}
    assert {"why", "why − random", "attention − random", "reason − shuffled_reason"} <= set(last)
    assert len(table) == len(last)
    for row in table:
        assert (row["value"], row["interval"]) == (number(last[row["arm"]]["value"]), interval(last[row["arm"]]))


def test_the_audit_is_that_of_the_lake_by_decile_arm_and_word(finished: FinishedChain, report: Path) -> None:
    section = part(part((report / "report.md").read_text(), "Stages"), "bias_audit")
    held = {
        (row["window"], row["measure"], row["arm"], row["bucket"]): row for row in rows(finished, "FROM bias_audit")
    }
    by_decile, reach, words = cells(section)
    last, buckets = WINDOWS[-1], [f"d{n:02d}" for n in range(1, 11)]
    assert {(row["measure"], row["of"]) for row in by_decile} == {
        (measure, arm) for window, measure, arm, bucket in held if window == last and bucket in buckets
    }
    for row in by_decile:
        for bucket in buckets:
            assert row[bucket] == number(held[last, row["measure"], row["of"], bucket]["value"])
    arms = {"events", "recommended", "popularity", "recent_popularity", *finished.chain.profile.ranker.arms}
    assert {row["lists of"] for row in reach} == arms
    for row in reach:
        for measure in ("exposure_gini", "catalogue_coverage"):
            assert row[measure] == number(held[last, measure, row["lists of"], "all"]["value"])
    assert {(row["window"], row["of"]) for row in words} == {
        (window, arm) for window in WINDOWS for arm in ("item_reasons", "user_interests")
    }
    for row in words:
        found = held[row["window"], "near_duplicates", row["of"], "all"]
        assert row["near_duplicates"] == f"{found['value']:.1%}"
        assert row["reasons"] == f"{found['n']:,}"
    titles = set(re.findall(r'aria-label="([^"]*)"', (report / "report.html").read_text()))
    assert {"share by popularity", "reward", "exposure_gini", "catalogue_coverage over the windows"} <= titles


def test_what_training_a_policy_takes_is_told_per_completion(finished: FinishedChain, report: Path) -> None:
    section = part(part((report / "report.md").read_text(), "Stages"), "rl_policy")
    table = next(table for table in cells(section) if "reward ms" in table[0])
    held = rows(finished, 'SELECT "window", metrics FROM partitions WHERE asset = \'rl_policy\' ORDER BY "window"')
    for found, row in zip(table, held, strict=True):
        metrics = json.loads(row["metrics"])
        assert found["generation ms"] == f"{metrics['generation_milliseconds_per_completion']:,.1f}"
        assert found["reward ms"] == f"{metrics['reward_milliseconds_per_completion']:,.1f}"


def test_every_curve_and_every_slices_reliability_is_drawn(report: Path) -> None:
    titles = set(re.findall(r'aria-label="([^"]*)"', (report / "report.html").read_text()))
    assert {*CURVES, "all", "ids_masked", "item", "user", "tokens"} <= titles


def test_reliability_holds_each_evaluated_event_once_per_arm(finished: FinishedChain, report: Path) -> None:
    *_, reliability = cells(part(part((report / "report.md").read_text(), "Stages"), "reward_model"))
    held = rows(finished, "FROM evaluations WHERE subject = 'reward_model' AND slice = 'all' AND metric = 'ece'")
    for arm in ("own_reason", "no_reason", "shuffled_reason"):
        (n,) = (row["n"] for row in held if (row["window"], row["arm"]) == (WINDOWS[-1], arm))
        counts = [int(row[arm].rpartition("(")[2].rstrip(")").replace(",", "")) for row in reliability if row[arm]]
        assert sum(counts) == n


def test_what_reviews_decided_caught_and_cost_is_that_of_the_lake(finished: FinishedChain, report: Path) -> None:
    section = part(part((report / "report.md").read_text(), "Stages"), "correction")
    _, reviews, regeneration, _, _ = cells(section)
    lake = Lake(finished.lake, "small")
    for row in reviews:
        manifest = lake.manifest("corrected_reasons", row["window"])
        assert manifest is not None
        for column, name in (("accepted", "accepted"), ("stale", "stale"), ("stale left", "stale_left")):
            assert int(row[column]) == manifest.metrics[f"{row['side']}_{name}"]
        assert row["expected false"] == number(manifest.metrics[f"{row['side']}_expected_false_acceptances"])
    for row in regeneration:
        with_evidence = rows(
            finished,
            f"SELECT DISTINCT side, subject_id FROM evidence WHERE \"window\" <= '{row['window']}'",
        )
        manifest = lake.manifest("corrected_reasons", row["window"])
        assert manifest is not None
        assert row["subjects"] == f"{len(with_evidence):,}"
        a_review = manifest.metrics["tokens_generated"] / manifest.metrics["reviews"]
        assert row["whole catalogue"] == f"{len(with_evidence) * a_review:,.0f}"
        spent = sum(int(row[name].replace(",", "")) for name in ("drafts", "arrivals", "correction"))
        assert row["spent"] == f"{spent:,}"


def test_corrections_are_drawn_without_choice_and_shown_before_and_after(finished: FinishedChain, report: Path) -> None:
    corrected = rows(finished, "FROM corrected_reasons WHERE action = 'corrected'")
    section = part((report / "report.md").read_text(), "Corrections, drawn at random")
    if not corrected:
        assert section.strip() == "no rows"
        return
    (table,) = cells(section)
    assert len(table) == min(SHOWN_CORRECTIONS, len(corrected))
    assert {(row["window"], row["before"], row["after"]) for row in table} <= {
        (row["window"], row["previous_reason"], row["reason"]) for row in corrected
    }


def test_the_report_needs_nothing_but_the_lake_and_is_the_same_each_time(
    finished: FinishedChain, report: Path, tmp_path: Path
) -> None:
    moved = tmp_path / "moved"
    shutil.copytree(finished.lake, moved, ignore=shutil.ignore_patterns("weights"))
    again = write_report(["small", "small"], moved, tmp_path / "no_configuration", tmp_path / "again")
    assert [path.name for path in again] == ["report.md", "report.html"]
    for path in again:
        assert path.read_bytes() == (report / path.name).read_bytes()


def test_the_page_fetches_and_runs_nothing_and_its_plots_are_well_formed(report: Path) -> None:
    page = (report / "report.html").read_text()
    for refused in ("<script", "<link", "<img", "src=", "http://", "https://", "url(", "@import"):
        assert refused not in page
    plots = re.findall(r"<svg.*?</svg>", page, flags=re.DOTALL)
    assert plots
    for plot in plots:
        ElementTree.fromstring(plot)
        assert "nan" not in plot


def test_markdown_has_the_tables_of_the_page_and_no_plots(report: Path) -> None:
    markdown, page = ((report / name).read_text() for name in ("report.md", "report.html"))
    assert 0 < len(cells(markdown)) <= page.count("<table>")
    assert "<" not in without_folds(markdown)


def test_text_from_data_is_shown_and_never_obeyed(small_lake: Path, tmp_path: Path) -> None:
    markdown, page = (p.read_text() for p in write_report(["hand"], small_lake, tmp_path, tmp_path / "out"))
    assert "<script" not in page
    assert "&lt;script&gt;alert('x')&lt;/script&gt; &amp;" in page
    assert "<" not in without_folds(markdown)
    assert "&lt;script>alert('x')&lt;/script> &amp; \"more\" \\| \\`code\\` ]\\(https://example.org)" in markdown
    assert "| new over two lines |" in markdown


def test_only_an_interval_that_leaves_0_out_tells_apart(small_lake: Path) -> None:
    found = {row["arm"].split()[0]: row for row in read_ready(small_lake).headline if row["subject"] == "ranker"}
    assert {name: row["verdict"] for name, row in found.items()} == {
        "up": "above 0",
        "down": "below 0",
        "open": "not told apart from 0",
        "single": "not told apart from 0",
        "nan": "not told apart from 0",
    }
    assert found["nan"]["value"] is None


def test_a_stage_without_rows_says_so(small_lake: Path) -> None:
    markdown = render_markdown(report_blocks([read_ready(small_lake)]))
    stages, headline = part(markdown, "Stages"), part(markdown, "Headline: what differs from 0")
    assert part(stages, "bias_audit").strip() == "no rows"
    for subject in ("aligned_llm", "reward_model", "correction", "recommendations"):
        assert without_folds(part(headline, subject)).strip() == "no rows"
        assert "no rows" in part(stages, subject)
    assert without_folds(part(headline, "rl_policy")).strip() == "no rows"
    for subject in ("rl_policy", "ranker"):
        assert "no rows" not in part(stages, subject)


def test_a_judged_policy_is_shown_by_arm_and_curves_leave_out_what_is_no_number(small_lake: Path) -> None:
    blocks = report_blocks([read_ready(small_lake)])
    judged, curves = cells(part(part(render_markdown(blocks), "Stages"), "rl_policy"))
    shown = "0.5000 [0.1000, 0.9000]"
    assert judged == [{"measure": "gold_reward", "aligned_llm": shown, "rl_policy": shown, "n": "4"}]
    assert curves == [
        {"curve": "reward", "2020-01": "0.2500 → 0.2500"},
        {"curve": "steps", "2020-01": "2"},
    ]
    assert any("gold_reward, item" in svg for block in blocks if isinstance(block, Figure) for svg in block.svgs)


def test_several_chains_make_one_report_in_the_order_asked_for(small_lake: Path, tmp_path: Path) -> None:
    shutil.copytree(small_lake / "hand", small_lake / "other")
    markdown, page = (p.read_text() for p in write_report(["other", "hand"], small_lake, tmp_path, tmp_path / "out"))
    assert re.findall(r"^## (.*)$", markdown, flags=re.MULTILINE) == ["other", "hand"]
    assert re.findall(r'<li><a href="#part-\d+">(.*?)</a>', page) == ["other", "hand"]


def test_a_report_shows_one_state_of_a_lake_that_changes_while_it_is_read(
    small_lake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, read = read_ready(small_lake), queries._read
    changes = iter([manifest_of("bias_audit", "2020-02", content_hash="1")])

    def read_while_it_changes(*arguments: Any) -> ChainRows:
        found = read(*arguments)
        for manifest in changes:
            Lake(small_lake, "hand").publish(BIAS_AUDIT.empty_table(), manifest)
        return found

    monkeypatch.setattr(queries, "_read", read_while_it_changes)
    second = read_chain(small_lake, "hand")
    assert second.overview["partitions"] == first.overview["partitions"] + 1
    assert "bias_audit" in {row["asset"] for row in second.costs}


def test_a_chain_that_cannot_be_reported_is_told_with_what_to_run(tmp_path: Path, small_lake: Path) -> None:
    configuration = write_world(tmp_path / "configuration")
    with pytest.raises(ValueError, match=r"chain 'small' has no partitions.*curec run --chain small"):
        write_report(["small"], small_lake, configuration, tmp_path / "out")
    with pytest.raises(ConfigError, match=r"no chain 'nowhere' in the lake .* there are: small"):
        write_report(["hand", "nowhere"], small_lake, configuration, tmp_path / "out")
    with pytest.raises(ValueError, match="cannot name a folder of the lake"):
        write_report(["../small"], small_lake, configuration, tmp_path / "out")
    (small_lake / "begun" / "items").mkdir(parents=True)
    with pytest.raises(ValueError, match="curec run --chain begun"):
        write_report(["begun"], small_lake, configuration, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_what_was_written_before_and_after_alignment_stands_side_by_side(small_lake: Path) -> None:
    found = read_ready(small_lake).alignment_pairs
    assert found == [
        {"window": "2020-02", "side": "user", "subject": "user 7", "base": f"one {HOSTILE}", "aligned": "other words"}
    ]
    markdown = render_markdown(report_blocks([read_ready(small_lake)]))
    assert "other words" in part(markdown, "Before and after alignment, drawn at random")
    assert "<script" not in markdown
