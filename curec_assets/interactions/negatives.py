"""Sampled negatives for implicit data, strictly as of each event."""

from hashlib import md5

import numpy as np
import pyarrow as pa

from curec_assets.interactions.cleaning import good_events
from curec_assets.lake.schemas import CLEANED_INTERACTIONS

MAX_TRIES = 64
"""Draws for one negative before it is given up: only a user who has had nearly every item comes near it."""


def with_sampled_negatives(cleaned: pa.Table, per_positive: int, seed: int) -> pa.Table:
    """The rows of ``cleaned`` and, for each good event with label 1, up to ``per_positive`` rows with label 0.

    A negative carries its event's user and time, a null rating, and an item drawn uniformly from those first seen at
    or before the event that the user has not had up to then; no user, time and item is drawn twice. Draws hang on
    ``seed`` and the event's id alone, so rows after an event never change its negatives, nor does the rows' order.
    Fewer than ``per_positive`` come back where hardly any item is left to draw.

    Args:
        cleaned: schema ``CLEANED_INTERACTIONS``; quarantined rows pass through and are neither events nor history.
        per_positive: negatives per event, at least 1.
        seed: any integer.

    Returns:
        Schema ``CLEANED_INTERACTIONS`` (further columns are left out), sorted by time, user, item and source row;
        sampled rows have a null ``source_row``.
    """
    cleaned = cleaned.select(CLEANED_INTERACTIONS.names)
    good = good_events(cleaned).sort_by([("ts", "ascending"), ("user_id", "ascending"), ("item_id", "ascending")])
    if good.num_rows == 0:
        return cleaned
    draws = _Draws(good, seed)
    slots = np.repeat(np.flatnonzero(good["label"].to_numpy() == 1), per_positive)
    chosen = draws.fill(slots, np.tile(np.arange(per_positive), len(slots) // per_positive))
    negatives = _as_rows(good, slots[chosen >= 0], draws.items[chosen[chosen >= 0]])
    order = [(name, "ascending") for name in ("ts", "user_id", "item_id", "source_row")]
    return pa.concat_tables([cleaned, negatives]).sort_by(order)


class _Draws:
    """The good events as integers: who, when, what they had, and what was there to be had."""

    def __init__(self, good: pa.Table, seed: int) -> None:
        self.times = good["ts"].cast(pa.int64()).to_numpy()
        _, users = np.unique(good["user_id"].to_numpy(zero_copy_only=False), return_inverse=True)
        by_name, first_rows, codes = np.unique(
            good["item_id"].to_numpy(zero_copy_only=False), return_index=True, return_inverse=True
        )
        # Rows are in time order, so an item's first row is its first sight; numbering items by it makes "there at
        # time t" a prefix, and the numbers of that prefix do not hang on what comes later.
        by_sight = np.lexsort((np.arange(len(by_name)), self.times[first_rows]))
        self.items = by_name[by_sight]
        number_of = np.empty(len(by_name), dtype=np.int64)
        number_of[by_sight] = np.arange(len(by_name))
        items = number_of[codes]
        self.first_seen = self.times[first_rows][by_sight]
        self.users = users.astype(np.int64)
        pairs = self.users * len(self.items) + items
        self.had_pairs, first_had = np.unique(pairs, return_index=True)
        self.had_since = self.times[first_had]
        _, instants = np.unique(self.times, return_inverse=True)
        self.moments = self.users * len(self.times) + instants
        ids = [int(event_id, 16) for event_id in good["event_id"].to_pylist()]
        self.keys = _scramble(np.array(ids, dtype=np.uint64) ^ _scramble(np.array([seed % 2**64], dtype=np.uint64)))

    def fill(self, slots: np.ndarray, copies: np.ndarray) -> np.ndarray:
        """Item number per slot (row of the event, copy within it), -1 where no item was found."""
        chosen = np.full(len(slots), -1, dtype=np.int64)
        available = np.searchsorted(self.first_seen, self.times[slots], side="right")
        taken = np.empty(0, dtype=np.int64)
        open_slots = np.arange(len(slots))
        for attempt in range(MAX_TRIES):
            rows = slots[open_slots]
            counter = (copies[open_slots] * MAX_TRIES + attempt).astype(np.uint64)
            uniform = (_scramble(self.keys[rows] + counter) >> np.uint64(11)).astype(np.float64) * 2.0**-53
            drawn = (uniform * available[open_slots]).astype(np.int64)
            places = self.moments[rows] * len(self.items) + drawn
            first_of_kind = np.zeros(len(drawn), dtype=bool)
            first_of_kind[np.unique(places, return_index=True)[1]] = True
            accepted = first_of_kind & ~self._had(rows, drawn) & ~np.isin(places, taken)
            chosen[open_slots[accepted]] = drawn[accepted]
            open_slots = open_slots[~accepted]
            if len(open_slots) == 0:
                break
            # Only the moments still open can draw an item a second time.
            taken = np.concatenate([taken, places[accepted]])
            taken = taken[np.isin(taken // len(self.items), self.moments[slots[open_slots]])]
        return chosen

    def _had(self, rows: np.ndarray, items: np.ndarray) -> np.ndarray:
        pairs = self.users[rows] * len(self.items) + items
        places = np.minimum(np.searchsorted(self.had_pairs, pairs), len(self.had_pairs) - 1)
        return (self.had_pairs[places] == pairs) & (self.had_since[places] <= self.times[rows])


def _as_rows(good: pa.Table, rows: np.ndarray, items: np.ndarray) -> pa.Table:
    events = good.take(pa.array(rows))
    users, times = events["user_id"].to_pylist(), events["ts"].cast(pa.int64()).to_pylist()
    names = [
        md5(f"{user}|{item}|{time}".encode(), usedforsecurity=False).hexdigest()[:16]
        for user, item, time in zip(users, items, times, strict=True)
    ]
    count = len(rows)
    columns = {
        "event_id": pa.array(names, pa.string()),
        "user_id": events["user_id"],
        "item_id": pa.array(items.tolist(), pa.string()),
        "ts": events["ts"],
        "rating": pa.nulls(count, pa.float64()),
        "label": pa.array(np.zeros(count, dtype=np.int8)),
        "quarantine_code": pa.nulls(count, pa.string()),
        "quarantine_detail": pa.nulls(count, pa.string()),
        "merged_duplicates": pa.array(np.zeros(count, dtype=np.int32)),
        "source_row": pa.nulls(count, pa.int64()),
    }
    return pa.table(columns, schema=CLEANED_INTERACTIONS)


def _scramble(values: np.ndarray) -> np.ndarray:
    """The finaliser of SplitMix64: nearby integers to independent-looking 64-bit ones (overflow is meant)."""
    mixed = values + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))
