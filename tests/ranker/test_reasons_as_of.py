"""What each arm takes for a subject's reason at a moment, and that no event meets a reason it could have shaped."""

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from curec_assets.configuration.windows import microseconds
from curec_assets.lake import schemas
from curec_assets.ranker.config import ArmName
from curec_assets.ranker.events import events_before
from curec_assets.ranker.timelines import ReasonBook
from curec_assets.ranker.universe import build_universe
from curec_assets.ranker.versions import join_versions, window_starts, windows_of
from tests.ranker.ranker_world import DIMENSION, ENCODER, WINDOWS, event, evidence_row, item_row, reason, windowed

JANUARY, FEBRUARY, MARCH, APRIL = WINDOWS
ARRIVED = JANUARY.start + timedelta(days=9)
STARTS = window_starts([microseconds(window.start) for window in WINDOWS])


def met(
    arm: ArmName,
    reasons: list[dict[str, Any]],
    moment: datetime,
    side: str = "item",
    subject: str = "a",
    evidence: list[dict[str, Any]] | None = None,
    seed: int = 0,
) -> np.ndarray | None:
    """The vector that ``subject`` carries for an event at ``moment``, or None."""
    everyone = [event(f"{n}", f"{n}", JANUARY.start, 1) for n in "abcdefgh"]
    good = events_before(pa.Table.from_pylist(everyone, schema=schemas.CLEANED_INTERACTIONS), APRIL.end)
    items = pa.Table.from_pylist([item_row(n, JANUARY.start) for n in "abcdefgh"], schema=schemas.ITEMS)
    universe = build_universe(good, items, APRIL.end, ENCODER, [], [])
    book = ReasonBook(
        universe,
        pa.Table.from_pylist(evidence or [], schema=windowed(schemas.EVIDENCE)),
        pa.Table.from_pylist(reasons, schema=windowed(schemas.reason_embeddings(DIMENSION))),
        ENCODER,
        APRIL.end,
    )
    versions = join_versions(book.timeline(arm, side, seed), book.vectors, universe.item_rows, None, STARTS)
    ts = np.array([microseconds(moment)])
    place = torch.from_numpy(universe.positions(side, [subject]))
    found = versions.met(place, torch.from_numpy(windows_of(ts, STARTS)), torch.from_numpy(ts))
    row = int(versions.reason_row[found[0]])
    return versions.reasons[row].numpy() if row else None


def is_text(vector: np.ndarray | None, text: str) -> bool:
    return vector is not None and np.allclose(vector, ENCODER.encode([text])[0])


def corrected(window: Any, text: str | None, subject: str = "a", side: str = "item") -> dict[str, Any]:
    return reason(side, subject, "corrected", window.end, window.key, text)


def test_a_reason_made_at_a_windows_end_is_met_from_the_next_window_on() -> None:
    reasons = [corrected(JANUARY, "first")]
    assert met("corrected_reasons", reasons, JANUARY.end - timedelta(seconds=1)) is None
    assert is_text(met("corrected_reasons", reasons, FEBRUARY.start), "first")


def test_a_reason_that_takes_force_inside_a_window_is_not_met_in_it() -> None:
    inside = reason("item", "a", "corrected", FEBRUARY.start + timedelta(days=1), FEBRUARY.key, "too early")
    assert met("corrected_reasons", [inside], FEBRUARY.end - timedelta(seconds=1)) is None
    assert is_text(met("corrected_reasons", [inside], MARCH.start), "too early")


def test_an_arrival_reason_is_met_from_its_own_moment_inside_its_window() -> None:
    arrival = [reason("item", "a", "arrival", ARRIVED, JANUARY.key, "new here")]
    assert met("corrected_reasons", arrival, ARRIVED - timedelta(seconds=1)) is None
    assert is_text(met("corrected_reasons", arrival, ARRIVED), "new here")
    assert is_text(met("corrected_reasons", arrival, MARCH.start), "new here")


def test_a_withdrawn_reason_leaves_none_even_where_an_arrival_reason_stood() -> None:
    reasons = [reason("item", "a", "arrival", ARRIVED, JANUARY.key, "new here"), corrected(JANUARY, None)]
    assert is_text(met("corrected_reasons", reasons, ARRIVED), "new here")
    assert met("corrected_reasons", reasons, FEBRUARY.start) is None


def test_each_arm_reads_its_own_reasons() -> None:
    reasons = [
        reason("item", "a", "arrival", ARRIVED, JANUARY.key, "arrival"),
        *(reason("item", "a", role, JANUARY.end, JANUARY.key, f"{role} 1") for role in ("draft", "rl_sample")),
        corrected(JANUARY, "corrected 1"),
        *(reason("item", "a", role, FEBRUARY.end, FEBRUARY.key, f"{role} 2") for role in ("draft", "rl_sample")),
        corrected(FEBRUARY, "corrected 2"),
    ]
    evidence = [evidence_row("item", "a", window, f"evidence {n}") for n, window in ((1, JANUARY), (2, FEBRUARY))]
    expected: dict[ArmName, tuple[str | None, str | None, str | None]] = {
        "id_only": (None, None, None),
        "metadata_text": (None, None, None),
        "evidence_text": (None, "evidence 1", "evidence 2"),
        "draft_reasons": (None, "draft 1", "draft 2"),
        "rl_frozen": ("arrival", "arrival", "arrival"),
        "rl_refreshed": ("arrival", "rl_sample 1", "rl_sample 2"),
        "corrected_item_reasons": ("arrival", "corrected 1", "corrected 2"),
        "corrected_reasons": ("arrival", "corrected 1", "corrected 2"),
    }
    for arm, texts in expected.items():
        for moment, text in zip((ARRIVED, FEBRUARY.start, MARCH.start), texts, strict=True):
            vector = met(arm, reasons, moment, evidence=evidence)
            assert (vector is None) if text is None else is_text(vector, text), (arm, moment)


def test_evidence_text_is_refreshed_only_for_the_review_set_of_a_window() -> None:
    reasons = [reason("item", "a", "draft", JANUARY.end, JANUARY.key, "drafted")]
    evidence = [
        evidence_row("item", "a", JANUARY, "january"),
        evidence_row("item", "a", FEBRUARY, "february, not reviewed"),
        evidence_row("item", "b", JANUARY, "never reviewed"),
    ]
    assert is_text(met("evidence_text", reasons, MARCH.start, evidence=evidence), "january")
    assert met("evidence_text", reasons, MARCH.start, subject="b", evidence=evidence) is None


def test_only_the_both_sides_arm_knows_user_interests() -> None:
    reasons = [corrected(JANUARY, "interest", side="user")]
    assert is_text(met("corrected_reasons", reasons, FEBRUARY.start, side="user"), "interest")
    assert met("corrected_item_reasons", reasons, FEBRUARY.start, side="user") is None


def test_a_frozen_reason_survives_its_withdrawal_and_starts_with_the_first_that_was_made() -> None:
    reasons = [corrected(JANUARY, "first"), corrected(FEBRUARY, None), corrected(MARCH, "third")]
    assert is_text(met("rl_frozen", reasons, APRIL.start), "first")


@pytest.mark.parametrize("seed", range(5))
def test_shuffling_hands_every_subject_anothers_reason_of_the_same_window(seed: int) -> None:
    reasons = [corrected(JANUARY, f"of {name}", subject=name) for name in "abcdef"]
    reasons += [corrected(FEBRUARY, f"later {name}", subject=name) for name in "abc"] + [corrected(FEBRUARY, None, "d")]
    january, february = {}, {}
    for name in "abcdefgh":
        january[name] = met("shuffled_reasons", reasons, FEBRUARY.start, subject=name, seed=seed)
        february[name] = met("shuffled_reasons", reasons, MARCH.start, subject=name, seed=seed)
    assert {name for name, vector in january.items() if vector is not None} == set("abcdef")
    assert not any(is_text(january[name], f"of {name}") for name in "abcdef")
    assert all(any(is_text(january[name], f"of {giver}") for giver in "abcdef") for name in "abcdef")
    assert {name for name, vector in february.items() if vector is not None} == set("abcef")
    assert all(any(is_text(february[name], f"later {giver}") for giver in "abc") for name in "abc")


def test_an_embedding_of_another_width_is_refused() -> None:
    wrong = reason("item", "a", "corrected", JANUARY.end, JANUARY.key, "x")
    wide = pa.Table.from_pylist(
        [{**wrong, "embedding": np.zeros(DIMENSION + 1, dtype=np.float32)}],
        schema=windowed(schemas.reason_embeddings(DIMENSION + 1)),
    )
    good = pa.Table.from_pylist([event("a", "a", JANUARY.start, 1)], schema=schemas.CLEANED_INTERACTIONS)
    universe = build_universe(good, schemas.ITEMS.empty_table(), APRIL.end, ENCODER, [], [])
    with pytest.raises(ValueError, match="32 wide"):
        ReasonBook(universe, windowed(schemas.EVIDENCE).empty_table(), wide, ENCODER, APRIL.end)


ROWS = st.lists(
    st.tuples(st.sampled_from("ab"), st.sampled_from(["arrival", "corrected"]), st.integers(0, 119), st.booleans()),
    max_size=8,
    unique_by=lambda row: row[2],
)


@given(rows=ROWS, day=st.integers(0, 119), order=st.randoms(use_true_random=False))
def test_the_join_agrees_with_reading_the_reasons_one_by_one(rows: list, day: int, order: Any) -> None:
    moment = JANUARY.start + timedelta(days=day, hours=12)
    window = next(window for window in WINDOWS if moment < window.end)
    reasons = []
    for subject, role, since, withdrawn in rows:
        valid_from = JANUARY.start + timedelta(days=since)
        key = next(window.key for window in WINDOWS if valid_from < window.end)
        gone = withdrawn and role == "corrected"
        reasons.append(reason("item", subject, role, valid_from, key, None if gone else f"text {since}"))
    own = sorted((row for row in reasons if row["subject_id"] == "a"), key=lambda row: row["valid_from"])
    in_force = [row for row in own if row["valid_from"] <= window.start]
    arrived = [row for row in own if row["role"] == "arrival" and row["valid_from"] <= moment]
    # Nothing before the window: the first arrival inside it counts.
    expected = (in_force[-1:] or arrived[:1] or [{"reason_hash": None}])[0]["reason_hash"]
    order.shuffle(reasons)
    vector = met("corrected_reasons", reasons, moment)
    assert (vector is None) if expected is None else is_text(vector, expected)
