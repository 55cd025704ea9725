"""Every figure of the report is that of the lake."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from curec_assets.lake.catalogue import query
from curec_assets.lake.lake import Lake
from curec_assets.lineage import LINEAGE
from dagster_project.report.blocks import number
from dagster_project.report.queries import SHOWN_CORRECTIONS, SUBJECTS
from tests.conftest import FinishedChain
from tests.dagster_project.reports import CURVES, as_read, cells, part, without_folds
from tests.small_world import WINDOWS


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
            "AND arm LIKE '% − %' AND metric <> 'later_gain_subjects'",
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
    assert {(row["window"], as_read(row["before"]), as_read(row["after"])) for row in table} <= {
        (row["window"], " ".join(row["previous_reason"].split()), " ".join(row["reason"].split())) for row in corrected
    }
