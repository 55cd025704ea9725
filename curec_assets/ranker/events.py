"""The event log every ranker reads: who touched what when, and what was known strictly before a moment.

Ties are simultaneous (DESIGN §2): every question here is answered from events with ``ts <`` the moment asked about.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curec_assets.interactions.cleaning import good_events
from curec_assets.interactions.co_likes import co_like_vectors

MICROSECONDS_A_DAY = 86_400_000_000
PRIOR_EVENTS = 5.0
"""Like rates are shrunk to the crowd's by this many events: below it a rate is mostly noise."""


def events_before(cleaned: pa.Table, end: datetime) -> pa.Table:
    """The rows of CLEANED_INTERACTIONS that are not quarantined and have ``ts < end``, in canonical order."""
    good = good_events(cleaned)
    keys = [(name, "ascending") for name in ("ts", "user_id", "item_id", "event_id")]
    return good.filter(pc.less(good["ts"], pa.scalar(end, good["ts"].type))).sort_by(keys)


@dataclass(frozen=True)
class Events:
    """Parallel arrays, one entry an event: positions ``user`` and ``item``, ``ts`` (all int64), float32 ``label``."""

    user: np.ndarray
    item: np.ndarray
    ts: np.ndarray
    label: np.ndarray

    def __len__(self) -> int:
        return len(self.ts)

    def at(self, rows: np.ndarray | slice) -> "Events":
        """The events at ``rows`` (indices, a mask or a slice), in that order."""
        return Events(self.user[rows], self.item[rows], self.ts[rows], self.label[rows])


@dataclass(frozen=True)
class Histories:
    """The last L events of each query's user before the query, latest last; arrays of shape (queries, L).

    ``item`` is a universe position or -1 (no event); ``label`` int64; ``age`` counts the distinct instants of that
    user between the event and the query, 0 for the latest instant: tied events share it.
    """

    item: np.ndarray
    label: np.ndarray
    age: np.ndarray


class EventLog:
    """All good events up to some moment, indexed by user and by item."""

    def __init__(self, events: Events, users: int, items: int) -> None:
        self.events = events
        self.users, self.items = users, items
        self._instants = np.unique(events.ts)
        self._by_user = np.lexsort((events.item, events.ts, events.user))
        self._by_item = np.lexsort((events.user, events.ts, events.item))
        self._user_keys = self._key(events.user, events.ts)[self._by_user]
        self._item_keys = self._key(events.item, events.ts)[self._by_item]
        self._user_likes = _prefix_sums(events.label[self._by_user])
        self._item_likes = _prefix_sums(events.label[self._by_item])
        self._crowd_likes = _prefix_sums(events.label)
        self._co_liked: dict[int, np.ndarray] = {}

    def _key(self, subject: np.ndarray, ts: np.ndarray) -> np.ndarray:
        # One sortable number per (subject, instant), so that a search answers for many subjects at once.
        return subject * (len(self._instants) + 1) + np.searchsorted(self._instants, ts, side="left")

    def _user_span(self, user: np.ndarray, ts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        first = np.searchsorted(self._user_keys, user * (len(self._instants) + 1), side="left")
        return first, np.searchsorted(self._user_keys, self._key(user, ts), side="left")

    @cached_property
    def _instant_number(self) -> np.ndarray:
        starts = np.ones(len(self._user_keys), dtype=np.int64)
        starts[1:] = self._user_keys[1:] != self._user_keys[:-1]
        return np.cumsum(starts)

    def histories(self, user: np.ndarray, ts: np.ndarray, length: int) -> Histories:
        """What each ``user`` did strictly before each ``ts``; inside one instant, in the order of item positions."""
        first, end = self._user_span(user, ts)
        index = end[:, None] - length + np.arange(length)
        missing = index < first[:, None]
        index = np.where(missing, 0, index)
        if not len(self.events):
            empty = np.zeros(index.shape, dtype=np.int64)
            return Histories(empty - 1, empty, empty)
        rows = self._by_user[index]
        number = self._instant_number[index]
        age = np.where(missing, 0, number[:, -1:] - number)
        item = np.where(missing, -1, self.events.item[rows])
        label = np.where(missing, 0, self.events.label[rows]).astype(np.int64)
        return Histories(item, label, age)

    def seen(self, user: np.ndarray, ts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Pairs (query, item): all items each query's user had had strictly before its ``ts``, not only the last L."""
        first, end = self._user_span(user, ts)
        counts = end - first
        query = np.repeat(np.arange(len(user)), counts)
        offset = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        return query, self.events.item[self._by_user[np.repeat(first, counts) + offset]]

    def item_events(self, item: np.ndarray, ts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Events and likes (float64) of each ``item`` strictly before each ``ts``; shapes broadcast."""
        first = np.searchsorted(self._item_keys, item * (len(self._instants) + 1), side="left")
        end = np.searchsorted(self._item_keys, self._key(item, ts), side="left")
        return (end - first).astype(np.float64), self._item_likes[end] - self._item_likes[first]

    def user_events(self, user: np.ndarray, ts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Events and likes (float64) of each ``user`` strictly before each ``ts``."""
        first, end = self._user_span(user, ts)
        return (end - first).astype(np.float64), self._user_likes[end] - self._user_likes[first]

    def counts_by_item(self, ts: np.ndarray, liked_only: bool, items: np.ndarray | None = None) -> np.ndarray:
        """Events (or likes) of the distinct ``items`` (by default all) strictly before each of the ascending moments
        ``ts``: float64 (moments, items)."""
        upto = np.searchsorted(self.events.ts, ts, side="left")
        end = upto[-1] if len(ts) else 0
        place, number = self.events.item[:end], np.arange(end)
        weight = self.events.label[:end] if liked_only else np.ones(end)
        width = self.items
        if items is not None:
            width = len(items)
            places = np.full(self.items, -1)
            places[items] = np.arange(width)
            place = places[place]
            number, weight, place = (of[place >= 0] for of in (number, weight, place))
        # Event number e first counts at the first moment whose span reaches past it.
        flat = np.searchsorted(upto, number, side="right") * width + place
        found = np.bincount(flat, weight, minlength=len(ts) * width).reshape(len(ts), width)
        return np.cumsum(found, axis=0, dtype=np.float64)

    def co_liked(self, starts: np.ndarray) -> np.ndarray:
        """Where items stand among what the same people like, by likes strictly before each of the moments ``starts``:
        float32 (moments, items, DIMENSION), see ``co_like_vectors``."""
        for start in starts.tolist():
            if start not in self._co_liked:
                liked = self.events.at((self.events.ts < start) & (self.events.label > 0))
                self._co_liked[start] = co_like_vectors(liked.user, liked.item, self.items)
        return np.stack([self._co_liked[start] for start in starts.tolist()])

    def item_facts(self, item: np.ndarray, ts: np.ndarray) -> np.ndarray:
        """What a dense feature may say of an item at ``ts``: float32 (…, 2) of log(1 + events) and shrunk like rate."""
        return self._facts(*self.item_events(item, ts), ts)

    def user_facts(self, user: np.ndarray, ts: np.ndarray) -> np.ndarray:
        """As ``item_facts``, of a user."""
        return self._facts(*self.user_events(user, ts), ts)

    def _facts(self, events: np.ndarray, likes: np.ndarray, ts: np.ndarray) -> np.ndarray:
        before = np.searchsorted(self.events.ts, ts, side="left")
        crowd = (self._crowd_likes[before] + 0.5 * PRIOR_EVENTS) / (before + PRIOR_EVENTS)
        rate = (likes + PRIOR_EVENTS * crowd) / (events + PRIOR_EVENTS)
        # Centred on the crowd: what a like rate says is how far it stands from the others'.
        return np.stack([np.log1p(events) / 5.0, 5.0 * (rate - crowd)], axis=-1).astype(np.float32)


def _prefix_sums(values: np.ndarray) -> np.ndarray:
    return np.concatenate([[0.0], np.cumsum(values, dtype=np.float64)])
