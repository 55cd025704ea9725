"""What a query is told of the items' popularity: likes up to the start of its day, of late and ever."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from curec_assets.ranker.events import MICROSECONDS_A_DAY, EventLog, Events
from curec_assets.ranker.trends import Trends

USERS, ITEMS = 3, 4
TICK = MICROSECONDS_A_DAY // 4
LOGS = st.lists(
    st.tuples(st.integers(0, USERS - 1), st.integers(0, ITEMS - 1), st.integers(0, 40), st.integers(0, 1)), max_size=25
)
MOMENTS = st.lists(st.integers(0, 45), min_size=1, max_size=5)


def make_log(rows: list[tuple[int, int, int, int]]) -> EventLog:
    """A log of (user, item, quarter of a day, label)."""
    rows = sorted(rows, key=lambda row: (row[2], row[0], row[1]))
    columns = np.array(rows, dtype=np.int64).reshape(-1, 4).T
    return EventLog(Events(columns[0], columns[1], columns[2] * TICK, columns[3].astype(np.float32)), USERS, ITEMS)


@given(rows=LOGS, moments=MOMENTS, recent=st.integers(1, 5))
def test_trends_count_likes_before_the_day_of_the_query_and_those_of_the_last_days(
    rows: list[tuple[int, int, int, int]], moments: list[int], recent: int
) -> None:
    ts = torch.tensor(moments) * TICK
    found = torch.expm1(Trends(make_log(rows), recent).of_all(torch.arange(ITEMS), ts))
    for row, moment in enumerate(moments):
        day = moment // 4 * 4
        for item in range(ITEMS):
            likes = [when for _, what, when, label in rows if what == item and label and when < day]
            late = [when for when in likes if when >= day - 4 * recent]
            assert torch.allclose(found[row, item], torch.tensor([len(late), len(likes)]).float(), atol=1e-4)


@given(rows=LOGS, moments=MOMENTS, items=st.permutations(range(ITEMS)), kept=st.integers(1, ITEMS))
def test_pairs_are_told_what_the_whole_is_told(
    rows: list[tuple[int, int, int, int]], moments: list[int], items: list[int], kept: int
) -> None:
    ts, some = torch.tensor(moments) * TICK, torch.tensor(items[:kept])
    trends = Trends(make_log(rows), 2)
    assert torch.equal(trends.of_all(some, ts), trends.of_pairs(some.expand(len(ts), -1), ts))


@given(rows=LOGS, moments=MOMENTS, asked=st.lists(st.integers(0, 4), max_size=6))
def test_what_is_counted_once_is_what_each_asker_would_count(
    rows: list[tuple[int, int, int, int]], moments: list[int], asked: list[int]
) -> None:
    ts, every = torch.tensor(moments) * TICK, torch.arange(ITEMS)
    rows_asked = torch.tensor([row % len(moments) for row in asked], dtype=torch.int64)
    trends = Trends(make_log(rows), 2)
    assert torch.equal(trends.daily(every, ts).of(rows_asked), trends.of_all(every, ts[rows_asked]))


@given(rows=LOGS, later=LOGS, moment=st.integers(0, 45))
def test_no_later_event_moves_a_trend(
    rows: list[tuple[int, int, int, int]], later: list[tuple[int, int, int, int]], moment: int
) -> None:
    ts, every = torch.tensor([moment]) * TICK, torch.arange(ITEMS)
    before = [row for row in rows if row[2] < moment]
    after = [(user, item, moment + when, label) for user, item, when, label in later]
    clean, poisoned = (Trends(make_log(kept), 3).of_all(every, ts) for kept in (before, before + after))
    assert torch.equal(clean, poisoned)
