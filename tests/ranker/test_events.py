"""What the event log says was known strictly before a moment."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from curec_assets.lake import schemas
from curec_assets.ranker.events import EventLog, Events, events_before
from tests.ranker.ranker_world import event

USERS, ITEMS = 3, 4
LOGS = st.lists(
    st.tuples(st.integers(0, USERS - 1), st.integers(0, ITEMS - 1), st.integers(0, 8), st.integers(0, 1)), max_size=25
)


def make_log(rows: list[tuple[int, int, int, int]]) -> EventLog:
    rows = sorted(rows, key=lambda row: (row[2], row[0], row[1]))
    columns = np.array(rows, dtype=np.int64).reshape(-1, 4).T
    return EventLog(Events(columns[0], columns[1], columns[2], columns[3].astype(np.float32)), USERS, ITEMS)


@given(rows=LOGS, user=st.integers(0, USERS - 1), ts=st.integers(-1, 10), length=st.integers(1, 6))
def test_a_history_holds_the_last_events_strictly_before_the_moment(
    rows: list[tuple[int, int, int, int]], user: int, ts: int, length: int
) -> None:
    found = make_log(rows).histories(np.array([user]), np.array([ts]), length)
    before = sorted((row for row in rows if row[0] == user and row[2] < ts), key=lambda row: (row[2], row[1]))
    kept = before[-length:]
    present = found.item[0] >= 0
    assert present.tolist() == [False] * (length - len(kept)) + [True] * len(kept)
    assert found.item[0][present].tolist() == [row[1] for row in kept]
    instants = sorted({row[2] for row in before}, reverse=True)
    assert found.age[0][present].tolist() == [instants.index(row[2]) for row in kept]


@given(rows=LOGS, item=st.integers(0, ITEMS - 1), ts=st.integers(-1, 10))
def test_counts_leave_out_the_moment_itself(rows: list[tuple[int, int, int, int]], item: int, ts: int) -> None:
    log = make_log(rows)
    before = [row for row in rows if row[1] == item and row[2] < ts]
    events, likes = log.item_events(np.array([item]), np.array([ts]))
    assert (events[0], likes[0]) == (len(before), sum(row[3] for row in before))
    assert log.counts_by_item(np.array([ts]), liked_only=False)[0, item] == len(before)
    assert log.counts_by_item(np.array([0, ts] if ts >= 0 else [ts, 0]), liked_only=True)[
        -1 if ts >= 0 else 0, item
    ] == (sum(row[3] for row in before))


@given(rows=LOGS, ts=st.integers(-1, 10))
def test_items_seen_are_all_those_had_before(rows: list[tuple[int, int, int, int]], ts: int) -> None:
    users = np.arange(USERS)
    query, item = make_log(rows).seen(users, np.full(USERS, ts))
    assert set(zip(query.tolist(), item.tolist(), strict=True)) == {(u, i) for u, i, when, _ in rows if when < ts}


@given(rows=LOGS, later=LOGS, start=st.integers(0, 9))
def test_who_likes_what_is_learned_from_likes_strictly_before_the_moment(
    rows: list[tuple[int, int, int, int]], later: list[tuple[int, int, int, int]], start: int
) -> None:
    before = [row for row in rows if row[2] < start]
    after = [(user, item, start + when, label) for user, item, when, label in later]
    starts = np.array([start])
    assert np.array_equal(make_log(before + after).co_liked(starts), make_log(before).co_liked(starts))


def test_quarantined_and_later_events_are_no_part_of_the_log() -> None:
    start = datetime(2020, 1, 1, tzinfo=UTC)
    rows = [event("u", f"i{day}", start + timedelta(days=day), 1) for day in range(4)]
    rows[1]["quarantine_code"] = "bad_rating"
    table = pa.Table.from_pylist(rows[::-1], schema=schemas.CLEANED_INTERACTIONS)
    assert events_before(table, start + timedelta(days=3))["item_id"].to_pylist() == ["i0", "i2"]
