"""The audit measures who gets exposure, reward and acceptance, on cases small enough to count by hand."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curec_assets.audit.bias import audit_bias
from curec_assets.audit.config import AuditConfig
from curec_assets.audit.measures import deciles, gini
from curec_assets.lake import schemas

START = datetime(2020, 1, 1, tzinfo=UTC)
NOW = "2020-01"
WINDOWED = schemas.CORRECTED_REASONS.append(pa.field("window", pa.string()))
HALVES = AuditConfig(deciles=2)
# Four items with 0, 1, 2 and 3 events: the lower half is a and b.
EVENTS = [("u1", "b"), ("u1", "c"), ("u2", "c"), ("u1", "d"), ("u2", "d"), ("u3", "d")]


def cleaned(quarantined: tuple[str, str] | None = None) -> pa.Table:
    rows: list[dict[str, Any]] = [
        {"event_id": f"{n}", "user_id": user, "item_id": item, "ts": START + timedelta(hours=n), "label": 1}
        for n, (user, item) in enumerate(EVENTS)
    ]
    if quarantined:
        rows.append({**rows[0], "user_id": quarantined[0], "item_id": quarantined[1], "quarantine_code": "bad"})
    return pa.Table.from_pylist(rows, schema=schemas.CLEANED_INTERACTIONS)


def items() -> pa.Table:
    rows = [
        {"item_id": name, "title": title, "categories": ["Drama"], "first_seen": START}
        for name, title in zip("abcd", ("Heat", "Alien", "Fargo", "Brazil"), strict=True)
    ]
    return pa.Table.from_pylist(rows, schema=schemas.ITEMS)


def recommendations(
    offers: list[tuple[str, str, str | None]], lists: dict[str, list[tuple[str, str]]] | None = None
) -> pa.Table:
    rows: list[dict[str, Any]] = [
        {"user_id": user, "rank": 1, "item_id": item, "score": 0.0, "reason": reason, "arm": "served", "served": True}
        for user, item, reason in offers
    ]
    rows += [
        {"user_id": user, "rank": 1, "item_id": item, "score": 0.0, "arm": arm, "served": False}
        for arm, offered in (lists or {}).items()
        for user, item in offered
    ]
    return pa.Table.from_pylist(rows, schema=schemas.RECOMMENDATIONS)


def review(subject: str, action: str, side: str = "item", **more: Any) -> dict[str, Any]:
    return {
        "window": NOW,
        "valid_from": START,
        "reason": "For the patient.",
        "side": side,
        "subject_id": subject,
        "action": action,
        "candidates": 4,
        "candidates_passing_gates": 3,
    } | more


def audited(
    reviews: list[dict[str, Any]] | None = None,
    offers: list[tuple[str, str, str | None]] | None = None,
    evaluation: list[dict[str, Any]] | None = None,
    events: pa.Table | None = None,
    lists: dict[str, list[tuple[str, str]]] | None = None,
    evidence: list[dict[str, Any]] | None = None,
) -> pa.Table:
    return audit_bias(
        pa.Table.from_pylist(reviews or [], schema=WINDOWED),
        recommendations(offers or [], lists),
        pa.Table.from_pylist(evaluation or [], schema=schemas.EVALUATIONS),
        cleaned() if events is None else events,
        items(),
        pa.Table.from_pylist(evidence or [], schema=schemas.EVIDENCE),
        NOW,
        HALVES,
    )


def intervals(evaluation: list[dict[str, Any]]) -> dict[tuple[str, str], tuple[float | None, float | None]]:
    rows = audited(evaluation=evaluation).to_pylist()
    return {(row["measure"], row["bucket"]): (row["ci_low"], row["ci_high"]) for row in rows}


def audit(
    reviews: list[dict[str, Any]] | None = None,
    offers: list[tuple[str, str, str | None]] | None = None,
    evaluation: list[dict[str, Any]] | None = None,
    events: pa.Table | None = None,
    lists: dict[str, list[tuple[str, str]]] | None = None,
    evidence: list[dict[str, Any]] | None = None,
) -> dict[tuple[str, str, str], tuple[float | None, int]]:
    table = audited(reviews, offers, evaluation, events, lists, evidence)
    assert table.schema == schemas.BIAS_AUDIT
    rows = {(row["measure"], row["arm"], row["bucket"]): (row["value"], row["n"]) for row in table.to_pylist()}
    assert len(rows) == table.num_rows
    return rows


def test_shares_are_by_halves_of_the_catalogue_from_least_to_most_popular() -> None:
    found = audit(offers=[("u1", "a", None), ("u2", "d", "Because."), ("u3", "d", "Because."), ("u4", "c", None)])
    assert found["event_share", "events", "d01"] == (pytest.approx(1 / 6), 1)
    assert found["event_share", "events", "d02"] == (pytest.approx(5 / 6), 5)
    assert found["item_share", "catalogue", "d01"] == (0.5, 2)
    assert found["exposure_share", "recommended", "d01"] == (0.25, 1)
    assert found["catalogue_coverage", "recommended", "all"] == (0.75, 4)
    assert found["catalogue_coverage", "events", "all"] == (0.75, 4)
    assert found["exposure_gini", "recommended", "all"][0] == pytest.approx(gini(np.array([1, 0, 1, 2])))
    assert found["reason_share", "recommended", "all"] == (0.5, 4)
    assert found["reason_share", "recommended", "d01"] == (0.0, 1)


def test_quarantined_events_count_for_nothing() -> None:
    assert audit(events=cleaned(quarantined=("u9", "a"))) == audit()


def test_reviews_are_measured_by_the_popularity_of_their_subject() -> None:
    reviews = [
        review("a", "created", reward=0.5),
        review("d", "corrected", reward=0.2, gain=0.1),
        review("d", "kept", reward=0.4, gain=-0.3),
        review("c", "withdrawn", candidates_passing_gates=0),
        review("b", "arrived", candidates=None, candidates_passing_gates=None),
        review("u1", "kept", side="user", reward=1.0),
    ]
    found = audit(reviews)
    assert found["reward", "item_reasons", "d01"] == (0.5, 1)
    assert found["reward", "item_reasons", "d02"] == (pytest.approx(0.3), 2)
    assert found["gain", "item_reasons", "all"] == (pytest.approx(-0.1), 2)
    assert found["acceptance_rate", "item_reasons", "d02"] == (0.5, 2)
    assert found["acceptance_rate", "item_reasons", "d01"] == (None, 0)
    assert found["candidates_refused", "item_reasons", "d02"] == (pytest.approx((0.25 + 0.25 + 1.0) / 3), 3)
    assert found["withdrawn_share", "item_reasons", "all"] == (0.25, 4)
    # An arrival is no review.
    assert found["review_share", "item_reasons", "d01"] == (0.25, 1)
    # u1 has most events of the three users.
    assert found["reward", "user_interests", "d02"] == (1.0, 1)


def test_reasons_that_repeat_or_speak_of_who_people_are_are_counted() -> None:
    texts = [
        "People who love a slow mystery.",
        "People who love a slow mystery!",
        "People who love a quick heist on wheels.",
        "Fans of westerns, mostly old men.",
    ]
    found = audit([review(subject, "created", reason=text) for subject, text in zip("abcd", texts, strict=True)])
    assert found["near_duplicates", "item_reasons", "all"] == (0.5, 4)
    assert found["boilerplate", "item_reasons", "all"] == (0.75, 4)
    assert found["loaded_terms", "item_reasons", "all"] == (0.25, 4)
    assert found["loaded_terms", "item_reasons", "men"] == (0.25, 4)
    assert found["near_duplicates", "user_interests", "all"] == (None, 0)


def test_the_lists_of_every_arm_are_measured_by_their_reach_and_not_counted_as_served() -> None:
    lists = {
        "id_only": [("u1", "a"), ("u2", "b"), ("u3", "c"), ("u4", "d")],
        "popularity": [("u1", "d"), ("u2", "d"), ("u3", "d"), ("u4", "d")],
    }
    found = audit(offers=[("u1", "a", None)], lists=lists)
    assert found["exposure_gini", "id_only", "all"] == (0.0, 4)
    assert found["catalogue_coverage", "id_only", "all"] == (1.0, 4)
    assert found["exposure_gini", "popularity", "all"] == (pytest.approx(0.75), 4)
    assert found["catalogue_coverage", "popularity", "all"] == (0.25, 4)
    assert found["sampled_users", "every_arm", "all"] == (4.0, 4)
    assert found["exposure_share", "recommended", "d01"] == (1.0, 1)
    assert found["reason_share", "recommended", "all"] == (0.0, 1)


def test_claims_are_held_to_what_is_known_of_their_subject_now() -> None:
    def known(side: str, subject: str, days: int, text: str) -> dict[str, Any]:
        facts = [{"kind": "co_liked", "text": text, "weight": 1.0}]
        return {"side": side, "subject_id": subject, "as_of": START + timedelta(days=days), "facts": facts}

    reviews = [
        # Two claims, of which the evidence holds one.
        review("d", "created", reason="People who like it also like Fargo and Alien."),
        # Its title and category stand in the catalogue; nothing else is known of it.
        review("a", "created", reason="Heat is a drama to like."),
        review("u1", "created", side="user", reason="This person likes Alien."),
        review("u2", "created", side="user", reason="This person likes slow stories."),
    ]
    evidence = [
        known("item", "d", 0, "Alien"),
        known("item", "d", 1, "Fargo"),
        known("user", "u1", 1, "Brazil"),
    ]
    found = audit(reviews, evidence=evidence)
    assert found["ungrounded_claims", "item_reasons", "d02"] == (0.5, 2)
    assert found["ungrounded_claims", "item_reasons", "d01"] == (0.0, 2)
    assert found["ungrounded_claims", "item_reasons", "all"] == (0.25, 4)
    assert found["ungrounded_reasons", "item_reasons", "all"] == (0.5, 2)
    assert found["ungrounded_claims", "user_interests", "all"] == (1.0, 1)
    assert found["ungrounded_reasons", "user_interests", "all"] == (0.5, 2)


def test_words_are_measured_on_the_reasons_in_force_and_reviews_on_those_of_the_window() -> None:
    earlier = {"window": "2019-12", "valid_from": START - timedelta(days=31)}
    reviews = [
        review("a", "created", reason="For old men.", reward=1.0, **earlier),
        review("b", "created", reason="For the young.", reward=1.0, **earlier),
        review("b", "withdrawn"),
        review("c", "created", reason="For the patient.", reward=0.5),
    ]
    found = audit(reviews)
    assert found["loaded_terms", "item_reasons", "all"] == (0.5, 2)
    assert found["reward", "item_reasons", "all"] == (0.5, 1)
    assert found["withdrawn_share", "item_reasons", "all"] == (0.5, 2)


def test_error_gaps_are_those_of_the_evaluation_with_their_intervals() -> None:
    def judged(metric: str, name: str, value: float | None, **more: Any) -> dict[str, Any]:
        row = {"subject": "ranker_groups", "backbone": "din", "arm": "id_only", "metric": metric, "slice": name}
        return row | {"value": value, "ci_low": -0.3, "ci_high": 0.1, "n": 20} | more

    rows = [
        judged("auc_gap", "new_users − returning_users", -0.15),
        judged("auc_gap", "gender F − others", -0.1),
        judged("auc", "gender F", 0.6),
        judged("auc_gap", "items_0 − items_21_plus", None),
        judged("auc", "new_users", 0.6, subject="ranker"),
        judged("user_groups_left_out", "gender", 1.0, arm="every_arm", ci_low=None, ci_high=None),
    ]
    found = audit(evaluation=rows)
    assert {key: value for key, value in found.items() if key[1].startswith("din/")} == {
        ("auc_gap", "din/id_only", "new_users − returning_users"): (-0.15, 20),
        ("auc_gap", "din/id_only", "gender F − others"): (-0.1, 20),
        ("user_groups_left_out", "din/every_arm", "gender"): (1.0, 20),
    }
    of_gaps = intervals(rows)
    assert of_gaps["auc_gap", "gender F − others"] == (-0.3, 0.1)
    assert of_gaps["user_groups_left_out", "gender"] == of_gaps["item_share", "d01"] == (None, None)


def test_an_empty_window_gives_nulls_not_errors() -> None:
    found = audit(events=cleaned().slice(0, 0))
    assert found["exposure_share", "recommended", "d01"] == (None, 0)
    assert found["exposure_gini", "recommended", "all"] == (None, 4)
    assert found["reward", "item_reasons", "all"] == (None, 0)


@given(values=st.lists(st.integers(0, 20), min_size=1, max_size=30).filter(any))
def test_gini_is_half_the_relative_mean_difference(values: list[int]) -> None:
    x = np.array(values, dtype=float)
    assert gini(x) == pytest.approx(np.abs(x[:, None] - x).mean() / (2 * x.mean()))


@given(
    events=st.dictionaries(st.text(max_size=3), st.integers(0, 9), min_size=1, max_size=40), count=st.integers(2, 10)
)
def test_deciles_hold_equal_numbers_in_order_of_events(events: dict[str, int], count: int) -> None:
    found = deciles(events, count)
    sizes = [list(found.values()).count(bucket) for bucket in sorted(set(found.values()))]
    assert max(sizes) - min(sizes) <= 1
    assert all(events[a] <= events[b] for a in events for b in events if found[a] < found[b])
