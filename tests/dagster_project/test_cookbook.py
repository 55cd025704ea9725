"""The cookbook's answers on a lake whose every row is known."""

from pathlib import Path
from typing import Any

import pytest

from curec_assets.lake.catalogue import query
from curec_assets.lake.sql import SQL_ROOT, load_sql
from dagster_project.cookbook import OTHERS, TOPICS, cookbook_help, read_cookbook
from tests.dagster_project.known_lake import (
    CHAIN,
    FARGO,
    FARGO_ARRIVED,
    FEBRUARY,
    HEAT_FIRST,
    HEAT_NEXT,
    INTEREST_FIRST,
    INTEREST_NEXT,
    JANUARY,
    MARCH,
    SPEED,
    day,
    write_known_lake,
)


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_known_lake(tmp_path_factory.mktemp("known"))


def ask(lake: Path, name: str, *columns: str, **variables: str) -> list[Any]:
    """The rows of a query of the cookbook: tuples of ``columns``, or bare values of a single one."""
    rows = query(lake, load_sql(f"queries/{name}.sql"), CHAIN, variables).to_pylist()
    values = [tuple(row[column] for column in columns) for row in rows]
    return [value for (value,) in values] if len(columns) == 1 else values


def test_every_query_of_the_folder_has_a_topic_and_every_topic_its_queries() -> None:
    names = [name for of_topic in TOPICS.values() for name in of_topic]
    assert sorted(names) == sorted(path.stem for path in (SQL_ROOT / "queries").glob("*.sql"))
    assert OTHERS not in read_cookbook()


def test_every_query_opens_with_its_question_and_help_tells_them_all() -> None:
    shown = cookbook_help()
    for recipes in read_cookbook().values():
        for recipe in recipes:
            assert recipe.question.endswith("?")
            assert recipe.name in shown
            assert recipe.question in shown
            assert recipe.statement.startswith(("SELECT", "WITH"))


def test_the_item_whose_reason_changed_most_shows_each_review_and_the_time_each_reason_held(lake: Path) -> None:
    assert ask(lake, "item_reason_history", "title", "window", "action", "reason", "valid_from", "valid_to") == [
        ("Heat (1995)", JANUARY, "created", HEAT_FIRST, day("2020-02-01"), day("2020-03-01")),
        ("Heat (1995)", FEBRUARY, "corrected", HEAT_NEXT, day("2020-03-01"), day("2020-04-01")),
        ("Heat (1995)", MARCH, "withdrawn", None, None, None),
    ]


def test_another_item_can_be_named_and_a_kept_reason_has_no_dates_of_its_own(lake: Path) -> None:
    assert ask(lake, "item_reason_history", "action", "valid_from", "valid_to", item="speed") == [
        ("created", day("2020-02-01"), None),
        ("kept", None, None),
    ]


def test_an_interest_is_shown_as_it_held_at_the_end_of_each_window_beside_how_taste_moved(lake: Path) -> None:
    assert ask(lake, "user_interest_history", "window", "interest", "action", "turned_to", "turned_from") == [
        (JANUARY, INTEREST_FIRST, "created", [], []),
        (FEBRUARY, INTEREST_FIRST, None, [], []),
        (MARCH, INTEREST_NEXT, "corrected", ["Horror"], ["Crime"]),
    ]


def test_what_changed_is_told_with_the_facts_that_came_and_went(lake: Path) -> None:
    columns = ("subject", "action", "before", "after", "facts_gained", "facts_lost")
    assert ask(lake, "what_changed_in_a_window", *columns, in_window=FEBRUARY) == [
        ("Heat (1995)", "corrected", HEAT_FIRST, HEAT_NEXT, ["co_liked: Alien (1979)"], ["co_liked: Speed (1994)"]),
        ("Fargo (1996)", "arrived", None, FARGO_ARRIVED, [], []),
    ]
    assert ask(lake, "what_changed_in_a_window", "subject", "action") == [
        ("Heat (1995)", "withdrawn"),
        ("Fargo (1996)", "corrected"),
        ("user u1", "corrected"),
    ]


def test_reasons_differ_between_two_moments_and_by_default_between_the_last_two_ends(lake: Path) -> None:
    columns = ("subject_id", "difference", "on_first_day", "on_second_day")
    assert ask(lake, "what_changed_between", *columns) == [
        ("fargo", "changed", FARGO_ARRIVED, FARGO),
        ("heat", "gone", HEAT_NEXT, None),
        ("u1", "changed", INTEREST_FIRST, INTEREST_NEXT),
    ]
    assert ask(lake, "what_changed_between", *columns, first_day="2020-02-01", second_day="2020-02-10") == [
        ("fargo", "new", None, FARGO_ARRIVED)
    ]


def test_a_reason_that_lost_its_footing_is_shown_with_the_claim_that_no_longer_stands(lake: Path) -> None:
    columns = ("window", "action", "claimed", "claimed_since", "named_and_gone", "replaced_by")
    assert ask(lake, "lost_footing", *columns) == [
        (FEBRUARY, "corrected", HEAT_FIRST, day("2020-02-01"), ["Speed (1994)"], HEAT_NEXT),
        (MARCH, "withdrawn", HEAT_NEXT, day("2020-03-01"), ["Alien (1979)"], None),
    ]


def test_an_event_meets_the_reason_that_held_at_its_own_moment_and_none_from_later(lake: Path) -> None:
    columns = ("user_id", "title", "verdict", "item_reason", "user_interest")
    assert ask(lake, "events_with_the_reason_then", *columns, in_window=JANUARY) == [
        ("u1", "Heat (1995)", "liked", None, None),
        ("u1", "Speed (1994)", "liked", None, None),
        ("u2", "Heat (1995)", "disliked", None, None),
    ]
    assert ask(lake, "events_with_the_reason_then", *columns, in_window=FEBRUARY) == [
        ("u2", "Speed (1994)", "liked", SPEED, None),
        ("u1", "Fargo (1996)", "liked", None, INTEREST_FIRST),
        ("u2", "Fargo (1996)", "liked", FARGO_ARRIVED, None),
    ]
    assert ask(lake, "events_with_the_reason_then", "title", "item_reason", "item_reason_since") == [
        ("Heat (1995)", HEAT_NEXT, day("2020-03-01")),
        ("Alien (1979)", None, None),
        ("Alien (1979)", None, None),
    ]


def test_an_arrival_is_followed_by_what_the_next_review_made_of_it(lake: Path) -> None:
    columns = ("title", "on_arrival", "events_since", "next_action", "next_reason")
    assert ask(lake, "cold_items", *columns) == [("Fargo (1996)", FARGO_ARRIVED, 2, "corrected", FARGO)]


def test_a_draft_stands_beside_what_became_of_it(lake: Path) -> None:
    columns = ("subject", "draft", "draft_grounded", "untested", "reason")
    assert ask(lake, "draft_and_reason", *columns) == [
        ("Heat (1995)", "Heat is hot.", False, "Heat is long.", HEAT_FIRST)
    ]


def test_nearest_reasons_are_current_ones_alone(lake: Path) -> None:
    columns = ("title", "reason", "similarity")
    assert ask(lake, "nearest_reasons", *columns) == [("Fargo (1996)", FARGO, 1.0), ("Speed (1994)", SPEED, 0.96)]
    assert ask(lake, "nearest_reasons", *columns, item="heat") == []


def test_near_duplicates_are_pairs_above_the_floor_each_once(lake: Path) -> None:
    assert ask(lake, "near_duplicates", "similarity", "one", "other") == [(0.96, "Fargo (1996)", "Speed (1994)")]
    assert ask(lake, "near_duplicates", "similarity", floor="0.97") == []


def test_facts_are_marked_where_the_reason_names_them(lake: Path) -> None:
    assert ask(lake, "facts_behind_a_reason", "title", "reason", "kind", "fact", "named") == [
        ("Fargo (1996)", FARGO, "co_liked", "Heat (1995)", True),
        ("Fargo (1996)", FARGO, "trend", "rising", False),
    ]


def test_all_models_behind_a_reason_are_found_with_what_they_had_seen(lake: Path) -> None:
    columns = ("part", "steps", "artifact_id", "trained_on")
    assert ask(lake, "models_behind_a_reason", *columns, item="heat")[:1] == [
        ("wrote it", 0, "rl_policy@2020-02:p", ["aligned_llm 2020-02", "reward_model 2020-02"])
    ]
    found = ask(lake, "models_behind_a_reason", *columns, item="heat")
    assert [(part, steps, model) for part, steps, model, _ in found] == [
        ("wrote it", 0, "rl_policy@2020-02:p"),
        ("scored it", 0, "reward_model@2020-02:r"),
        ("ancestor", 1, "aligned_llm@2020-02:l"),
        ("ancestor", 1, "reward_model@2020-02:r"),
        ("ancestor", 2, "aligned_llm@2020-01:l"),
    ]
    assert found[1][3] == ["cleaned_interactions 2020-01", "evidence 2020-01..2020-02"]


def test_a_genre_counts_each_of_its_items_reviews_but_no_arrival(lake: Path) -> None:
    columns = ("genre", "reviews", "scored", "mean_reward", "share_above_0", "corrected", "withdrawn")
    assert ask(lake, "reward_by_genre", *columns) == [
        ("Crime", 4, 3, 0.0533, 1.0, 2, 1),
        ("Drama", 3, 2, 0.03, 1.0, 1, 1),
        ("Action", 2, 1, -0.01, 0.0, 0, 0),
    ]


def test_popularity_and_exposure_leave_out_deciles_without_reviews(lake: Path) -> None:
    assert ask(lake, "reward_by_popularity", "decile", "reviews", "mean_reward") == [("d10", 2, 0.1)]
    assert ask(lake, "exposure_bias", "decile", "over_events", "recommended_with_a_reason") == [("d10", 1.6, 0.25)]
    assert ask(lake, "exposure_over_time", "arm", "gini", "catalogue_coverage") == [("events", 0.3, 1.0)]
    assert ask(lake, "reach_of_arms", "arm", "gini", "coverage") == [("id_only", 0.9, 0.5)]
    assert ask(lake, "error_gaps", "arm", "groups", "gap", "ci_low", "ci_high", "told_from_0") == [
        ("din/id_only", "gender F − others", 0.05, -0.02, 0.12, False),
        ("din/id_only", "items_0 − items_21_plus", -0.2, -0.3, -0.1, True),
    ]


def test_people_are_counted_by_what_is_told_of_them(lake: Path) -> None:
    columns = ("attribute", "value", "users", "active_in_the_last_window", "events", "liked")
    assert ask(lake, "users_by_group", *columns) == [
        ("age", "31", 1, 1, 4, 1.0),
        ("gender", "F", 2, 2, 5, 1.0),
        ("gender", "M", 1, 1, 4, 0.5),
    ]


def test_recommendations_are_held_against_the_window_after_if_there_is_one(lake: Path) -> None:
    columns = ("user_id", "window", "rank", "title", "reason", "because_they_liked", "outcome")
    assert ask(lake, "recommended_and_taken", *columns) == [
        ("u1", FEBRUARY, 1, "Alien (1979)", None, ["Heat (1995)"], "taken and liked"),
        ("u1", FEBRUARY, 2, "Speed (1994)", SPEED, ["Heat (1995)"], "not taken"),
        ("u1", MARCH, 1, "Speed (1994)", SPEED, ["Heat (1995)"], None),
    ]
    (moved,) = ask(lake, "recommended_and_taken", "what_moved_the_score", user="u2")
    assert moved == ["history −0.25: Heat (1995)"]
    assert ask(lake, "recommended_and_taken", "title", "outcome", user="u2") == [("Alien (1979)", "taken and disliked")]


def test_what_moved_a_score_is_told_for_the_last_window_and_what_was_served_alone(lake: Path) -> None:
    columns = ("user_id", "rank", "title", "part", "text", "score_drop")
    assert ask(lake, "why_recommended", *columns) == [("u1", 1, "Speed (1994)", "history", "Heat (1995)", 0.25)]


def test_uptake_counts_users_who_came_back_alone(lake: Path) -> None:
    columns = ("window", "with_a_reason", "recommended", "users", "taken", "liked", "share_taken")
    assert ask(lake, "recommendation_uptake", *columns) == [
        (FEBRUARY, True, 1, 1, 0, 0, 0.0),
        (FEBRUARY, False, 2, 2, 2, 1, 1.0),
    ]


def test_arms_are_followed_through_time_by_a_mean_weighted_by_events(lake: Path) -> None:
    assert ask(lake, "arms_over_time", "arm", "window", "value_so_far", "behind_the_best") == [
        ("corrected_reasons", FEBRUARY, 0.7, 0.0),
        ("corrected_reasons", MARCH, 0.7, -0.1),
        ("id_only", FEBRUARY, 0.6, -0.1),
        ("id_only", MARCH, 0.75, 0.0),
    ]


def test_later_gains_are_told_with_their_subjects(lake: Path) -> None:
    columns = ("judged_on", "compared", "side", "corrected_subjects_with_events", "events", "gain", "ci_low")
    assert ask(lake, "did_corrections_hold", *columns) == [(MARCH, "accepted − incumbent", "item", 2, 6, 0.05, None)]


def test_unusable_rows_are_counted_by_code_with_an_example(lake: Path) -> None:
    assert ask(lake, "quarantine_by_code", "window", "code", "rows", "share", "example") == [
        (None, "unreadable_time", 1, None, "u1,heat,yesterday"),
        (JANUARY, "rating_off_scale", 2, 0.25, "the rating 9.0 lies outside 1.0 to 5.0"),
        (JANUARY, "unknown_item", 1, 0.125, "the items file has no item gone"),
    ]


def test_a_window_costs_what_its_partitions_did(lake: Path) -> None:
    costs = ask(lake, "window_costs", "window", "writing_reasons", "tokens_written", "reviews", "interactions")
    assert costs == [(JANUARY, 3.0, 100, 2, 6), (FEBRUARY, 1.5, 100, 2, 3), (MARCH, 1.5, 100, 2, 3)]
