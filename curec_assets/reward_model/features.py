"""What was known of user and item at the instant of each event: history and like rates, of strictly earlier events.

Ties are simultaneous (DESIGN §2): nothing here reads an event whose ``ts`` is not strictly below that of the event
described. Rows are put in canonical order (time, then event id), so the order of the input rows does not matter.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curec_assets.interactions.cleaning import good_events

EVENT_COLUMNS = ["event_id", "user_id", "item_id", "ts", "label", "quarantine_code"]

RATE_FEATURES = 5
"""Columns of ``EventFeatures.rates``: log-odds of the smoothed item and user like rates, log counts of both, log-odds
of the global like rate."""


@dataclass(frozen=True)
class EventFeatures:
    """Good events in canonical order (n rows) with their as-of features.

    ``user`` indexes ``user_ids``; ``item`` indexes the catalogue it was built for, whose length stands for an unknown
    item. ``history`` (n, L) holds row numbers of the user's last L earlier events, latest first, -1 where there is
    none. ``ts`` is int64 microseconds since 1970, ``label`` float32 0 or 1, ``rates`` float32 (n, RATE_FEATURES).
    """

    event_ids: list[str]
    user_ids: list[str]
    user: np.ndarray
    item: np.ndarray
    ts: np.ndarray
    label: np.ndarray
    history: np.ndarray
    rates: np.ndarray

    def __len__(self) -> int:
        return len(self.ts)


def readable_events(cleaned: pa.Table) -> pa.Table:
    """The rows of CLEANED_INTERACTIONS that are not quarantined and have a label, with the columns read here."""
    good = good_events(cleaned)
    return good.filter(pc.is_valid(good["label"])).select(EVENT_COLUMNS).combine_chunks()


def event_features(
    cleaned: pa.Table, catalogue: Sequence[str], history_length: int, rate_prior: float
) -> EventFeatures:
    """Histories (length ``history_length``) and as-of like rates of every good event.

    A like rate is (likes + prior * g) / (events + prior), g being the smoothed global rate at that instant. It counts
    the events of items outside the catalogue one by one, though ``item`` does not tell them apart.
    """
    events = readable_events(cleaned).sort_by([("ts", "ascending"), ("event_id", "ascending")])
    ts = events["ts"].cast(pa.timestamp("us", tz="UTC")).cast(pa.int64()).to_numpy()
    label = events["label"].to_numpy().astype(np.float64)
    user_ids, user = _codes(events["user_id"])
    _, item_keys = _codes(events["item_id"])
    found = pc.index_in(events["item_id"], value_set=pa.array(list(catalogue), pa.string()))
    item = pc.fill_null(found, len(catalogue)).to_numpy().astype(np.int64)
    count_all, like_all = _earlier_counts(np.zeros_like(user), ts, label)
    count_item, like_item = _earlier_counts(item_keys, ts, label)
    count_user, like_user = _earlier_counts(user, ts, label)
    everyone = (like_all + 0.5 * rate_prior) / (count_all + rate_prior)
    rates = np.stack(
        [
            _log_odds((like_item + rate_prior * everyone) / (count_item + rate_prior)),
            _log_odds((like_user + rate_prior * everyone) / (count_user + rate_prior)),
            np.log1p(count_item) / 4,
            np.log1p(count_user) / 4,
            _log_odds(everyone),
        ],
        axis=1,
    ).astype(np.float32)
    return EventFeatures(
        event_ids=events["event_id"].to_pylist(),
        user_ids=user_ids,
        user=user,
        item=item,
        ts=ts,
        label=label.astype(np.float32),
        history=_histories(user, ts, history_length),
        rates=rates,
    )


def _codes(column: pa.ChunkedArray) -> tuple[list[str], np.ndarray]:
    values = pc.unique(column)
    values = values.take(pc.sort_indices(values))
    return values.to_pylist(), pc.index_in(column, value_set=values).to_numpy().astype(np.int64)


def _log_odds(rate: np.ndarray) -> np.ndarray:
    rate = np.clip(rate, 1e-4, 1 - 1e-4)
    return np.log(rate / (1 - rate))


def _runs(group: np.ndarray, ts: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Order by group, then time; and for each place in it, where its group and its instant begin.

    Rows come in canonical order, so a stable sort by group keeps time and event id in order.
    """
    order = np.argsort(group, kind="stable")
    places = np.arange(len(order))
    new_group = np.ones(len(order), dtype=bool)
    new_group[1:] = group[order][1:] != group[order][:-1]
    new_instant = new_group.copy()
    new_instant[1:] |= ts[order][1:] != ts[order][:-1]
    group_start = np.maximum.accumulate(np.where(new_group, places, 0))
    instant_start = np.maximum.accumulate(np.where(new_instant, places, 0))
    return order, group_start, instant_start


def _earlier_counts(group: np.ndarray, ts: np.ndarray, label: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    order, group_start, instant_start = _runs(group, ts)
    likes_before = np.concatenate([[0.0], np.cumsum(label[order])])
    count, likes = np.zeros(len(order)), np.zeros(len(order))
    count[order] = instant_start - group_start
    likes[order] = likes_before[instant_start] - likes_before[group_start]
    return count, likes


def _histories(user: np.ndarray, ts: np.ndarray, length: int) -> np.ndarray:
    order, user_start, instant_start = _runs(user, ts)
    places = instant_start[:, None] - 1 - np.arange(length)[None, :]
    history = np.full((len(order), length), -1, dtype=np.int64)
    history[order] = np.where(places >= user_start[:, None], order[np.maximum(places, 0)], -1)
    return history
