"""Taking something away leaves what a ranker would have been told without it."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from curec_assets.configuration.windows import microseconds
from curec_assets.ranker.backbone import Queries, make_queries
from curec_assets.ranker.config import BackboneName
from curec_assets.ranker.events import EventLog, Events
from curec_assets.ranker.prepare import prepare
from curec_assets.ranker.removal import HISTORY, with_reason, without_events, without_reasons, without_room
from curec_assets.ranker.versions import window_starts
from tests.ranker.ranker_world import DIMENSION, ENCODER, TINY, WINDOWS, make_world

LENGTH, NOW = 5, 100
STARTS = window_starts([NOW])


def query_of(events: list[tuple[int, int, int]]) -> Queries:
    """The query at ``NOW`` of one user with ``events`` of (item, moment, label), in order of time and item."""
    item, ts, label = (np.array(column, dtype=np.int64) for column in zip(*events, strict=True))
    log = EventLog(Events(np.zeros_like(item), item, ts, label.astype(np.float32)), users=1, items=9)
    return make_queries(log, np.zeros(1, dtype=np.int64), np.array([NOW]), STARTS, LENGTH)


def told(queries: Queries) -> list[tuple[int, int, int]]:
    """(item, label, age) of each event that a model sees, in order."""
    columns = (getattr(queries, name)[0][queries.present[0]].tolist() for name in HISTORY[:3])
    return list(zip(*columns, strict=True))


EVENTS = st.lists(
    st.tuples(st.integers(0, 8), st.integers(1, 6), st.integers(0, 1)),
    min_size=2,
    max_size=LENGTH,
    unique_by=lambda event: event[0],
).map(lambda events: sorted(events, key=lambda event: (event[1], event[0])))


@given(events=EVENTS, data=st.data())
def test_a_history_without_an_event_is_that_of_a_user_who_never_had_it(
    events: list[tuple[int, int, int]], data: st.DataObject
) -> None:
    gone = data.draw(st.sets(st.sampled_from(range(len(events))), max_size=len(events) - 1))
    queries = query_of(events)
    dropped = torch.isin(queries.history, torch.tensor([events[n][0] for n in gone])) & queries.present
    left = without_events(queries, dropped)
    assert told(left) == told(query_of([event for n, event in enumerate(events) if n not in gone]))
    # Histories end with the latest event: what is absent stands first.
    assert left.present[0].tolist() == sorted(left.present[0].tolist())


def test_a_history_of_which_all_is_gone_is_empty() -> None:
    queries = query_of([(1, 1, 1), (2, 2, 0)])
    assert not without_events(queries, queries.present).present.any()


@pytest.mark.parametrize("backbone", ["din", "sasrec"])
def test_empty_room_and_removed_reasons_mean_to_a_model_what_they_say(backbone: BackboneName) -> None:
    from curec_assets.ranker.backbone import Shape
    from curec_assets.ranker.folder import new_ranker

    world = make_world(users=10, items=16, events=120)
    tables = (world.cleaned, world.items, world.evidence, world.reasons)
    prepared = prepare(*tables, ENCODER, WINDOWS[-1].end, ["i00", "i02"], ["u00"])
    now = microseconds(WINDOWS[-1].end)
    starts = window_starts([now])
    informed, blank = (prepared.knowledge(arm, starts, 0) for arm in ("corrected_reasons", "metadata_text"))
    torch.manual_seed(1)
    model = new_ranker(backbone, Shape(2, 1, DIMENSION), TINY).eval()
    users = np.arange(10)
    queries = make_queries(prepared.log, users, np.full(10, now), starts, 3 * LENGTH)
    items = torch.arange(len(prepared.universe.item_ids)).expand(10, -1)
    if backbone == "din":
        roomy = torch.stack([model.score(informed, queries.rows(slice(n, n + 1)), items[:1])[0] for n in range(10)])
        tight = [model.score(informed, without_room(queries.rows(slice(n, n + 1))), items[:1])[0] for n in range(10)]
        assert torch.allclose(roomy, torch.stack(tight), atol=1e-5)
    short = without_room(queries.rows(slice(0, 0)))
    assert short.present.shape == (0, 1)
    emptied = informed
    for item in range(len(prepared.universe.item_ids)):
        emptied = type(emptied)(**(vars(emptied) | {"items": with_reason(emptied.items, item)}))
    emptied = type(emptied)(**(vars(emptied) | {"users": without_reasons(emptied.users)}))
    queries = make_queries(prepared.log, users, np.full(10, now), starts, TINY.history_events)
    assert not torch.allclose(model.score(informed, queries, items), model.score(blank, queries, items), atol=1e-3)
    assert torch.allclose(model.score(emptied, queries, items), model.score(blank, queries, items), atol=1e-5)
