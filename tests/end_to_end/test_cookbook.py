"""Every query of the cookbook on a finished chain: it runs as it stands, and gives the columns that it promises."""

import pytest

from curec_assets.lake.catalogue import query
from curec_assets.lake.sql import SQL_ROOT, load_sql
from tests.conftest import FinishedChain

INTERVAL = ("value", "ci_low", "ci_high", "n")
REVIEWS = ("reward", "gain")
PROMISED = {
    "ablation": ("window", "backbone", "arm", "metric", *INTERVAL),
    "arms_over_time": ("backbone", "metric", "arm", "window", "value", "n", "value_so_far", "behind_the_best"),
    "cold_items": ("title", "arrived", "on_arrival", "events_since", "next_action", "next_window", "next_reason"),
    "corrections_before_and_after": ("subject", "window", "cause", "gain", "gain_lower_bound", "before", "after"),
    "did_corrections_hold": ("judged_on", "side", "corrected_subjects_with_events", "events", "gain", "ci_low"),
    "does_the_reward_read": ("window", "slice", "arm", "metric", *INTERVAL),
    "draft_and_reason": ("window", "side", "subject", "action", "draft", "draft_grounded", "untested", "reason"),
    "error_gaps": ("window", "arm", "measure", "groups", "gap", "ci_low", "ci_high", "told_from_0", "n"),
    "events_with_the_reason_then": ("ts", "user_id", "title", "verdict", "item_reason", "user_interest"),
    "exposure_bias": ("window", "decile", "share_of_events", "share_of_recommendations", "over_events"),
    "exposure_over_time": ("window", "arm", "gini", "catalogue_coverage", "catalogue"),
    "facts_behind_a_reason": ("title", "reason", "kind", "fact", "weight", "named"),
    "item_reason_history": ("title", "window", "action", "cause", "reason", *REVIEWS, "valid_from", "valid_to"),
    "lost_footing": ("window", "side", "subject", "action", "claimed", "claimed_since", "named_and_gone"),
    "model_lineage": ("window", "asset", "artifact_id", "parents", "rows_seen", "latest_ts_seen", "base_model"),
    "models_behind_a_reason": ("title", "reason", "part", "steps", "artifact_id", "trained_on", "latest_ts_seen"),
    "near_duplicates": ("similarity", "one", "one_reason", "other", "other_reason"),
    "nearest_reasons": ("title", "reason", "similarity"),
    "partition_costs": ("asset", "window", "rows", "seconds", "created_at", "content"),
    "quarantine_by_code": ("window", "code", "rows", "share", "example"),
    "reach_of_arms": ("window", "arm", "gini", "coverage"),
    "recommendation_uptake": ("window", "window_after", "with_a_reason", "recommended", "taken", "share_taken"),
    "recommended_and_taken": ("user_id", "window", "rank", "title", "reason", "because_they_liked", "outcome"),
    "review_outcomes": ("window", "side", "action", "cause", "reviews", "mean_gain", "passing_gates"),
    "reward_by_genre": ("genre", "reviews", "scored", "mean_reward", "share_above_0", "corrected", "withdrawn"),
    "reward_by_popularity": ("window", "arm", "decile", "reviews", "mean_reward", "acceptance_rate"),
    "user_interest_history": ("user_id", "window", "interest", "turned_to", "turned_from", "liked_of_late"),
    "users_by_group": ("attribute", "value", "users", "active_in_the_last_window", "events", "liked"),
    "what_changed_between": ("side", "subject_id", "difference", "on_first_day", "on_second_day", "cause"),
    "what_changed_in_a_window": ("subject", "action", "cause", "before", "after", "facts_gained", "facts_lost"),
    "why_recommended": ("user_id", "rank", "title", "part", "text", "score_drop"),
    "window_costs": ("window", "seconds", "tuning_the_llm", "writing_reasons", "tokens_written", "reviews"),
}
ROWS_BY_CHANCE = {"lost_footing", "near_duplicates"}
"""A random model claims nothing that could become untrue, and seldom says a thing twice; their answers are tested on a
lake whose rows are known."""


def test_all_queries_of_the_folder_are_promised() -> None:
    assert sorted(PROMISED) == sorted(path.stem for path in (SQL_ROOT / "queries").glob("*.sql"))


@pytest.mark.parametrize("name", PROMISED)
def test_a_query_runs_without_being_edited_and_keeps_its_promise(finished: FinishedChain, name: str) -> None:
    found = query(finished.lake, load_sql(f"queries/{name}.sql"), "small")
    assert set(PROMISED[name]) <= set(found.column_names)
    assert len(found) or name in ROWS_BY_CHANCE


def test_no_event_of_the_chain_meets_a_reason_from_after_it(finished: FinishedChain) -> None:
    found = query(finished.lake, load_sql("queries/events_with_the_reason_then.sql"), "small").to_pylist()
    since = [(row["ts"], row[f"{name}_since"]) for row in found for name in ("item_reason", "user_interest")]
    assert any(start for _, start in since)
    assert all(start <= moment for moment, start in since if start is not None)


def test_no_model_behind_a_reason_has_seen_what_came_after_it(finished: FinishedChain) -> None:
    found = query(finished.lake, load_sql("queries/models_behind_a_reason.sql"), "small").to_pylist()
    assert {"wrote it", "scored it", "ancestor"} == {row["part"] for row in found}
    assert all(row["latest_ts_seen"] < row["valid_from"] for row in found)


def test_a_query_is_asked_from_the_command_line_and_told_of_whom(finished: FinishedChain) -> None:
    asked = ("sql", "--chain", "small", "--file", str(SQL_ROOT / "queries" / "recommended_and_taken.sql"))
    (user,) = query(finished.lake, "SELECT max(user_id) AS named FROM recommendations", "small")["named"].to_pylist()
    shown = finished.curec(*asked, "--set", f"user={user}", "--format", "csv").stdout.splitlines()
    assert len(shown) > 1
    assert all(line.startswith(f'"{user}"') for line in shown[1:])
