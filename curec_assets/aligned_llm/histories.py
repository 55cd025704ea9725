"""The events that alignment may learn from, and each user's history as it stood before an event.

Only events whose user *and* item are in the evidence group are visible. Reasons are later scored on the events of the
other groups (DESIGN §2), and a model tuned on their labels would have seen what it is to be judged on. Who measures and
trains nothing (``held_out.py``) asks for all groups.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, get_args

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curec_assets.evidence.titles import short_title
from curec_assets.interactions.cleaning import good_events
from curec_assets.interactions.groups import Group, subject_group

ALL_GROUPS: tuple[Group, ...] = get_args(Group)
TRAINED_ON: tuple[Group, ...] = ("evidence",)
_NEVER_MET = (np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64))


@dataclass(frozen=True)
class ShownItem:
    """An item as prompts show it."""

    item_id: str
    title: str
    categories: tuple[str, ...]

    @property
    def name(self) -> str:
        """The title as texts tell it."""
        return short_title(self.title)


@dataclass(frozen=True)
class Standing:
    """Real events of a subject strictly before a moment, and how many of them were likes."""

    events: int
    likes: int


class VisibleEvents:
    """Good events of users of ``groups`` on items of ``groups`` that have a title, in canonical order.

    Sampled negatives (null ``source_row``) can be judged but are no history: the user never met them.
    """

    def __init__(self, cleaned: pa.Table, items: dict[str, ShownItem], groups: Collection[Group] = TRAINED_ON) -> None:
        good = good_events(cleaned)
        known = [item for item in items if subject_group(item) in groups]
        users = [user for user in pc.unique(good["user_id"]).to_pylist() if subject_group(user) in groups]
        table = good.filter(
            pc.and_(
                pc.is_in(good["user_id"], pa.array(users, pa.string())),
                pc.is_in(good["item_id"], pa.array(known, pa.string())),
            )
        ).sort_by([(name, "ascending") for name in ("user_id", "ts", "item_id", "event_id")])
        self.user_ids: list[str] = table["user_id"].to_pylist()
        self.item_ids: list[str] = table["item_id"].to_pylist()
        self.event_ids: list[str] = table["event_id"].to_pylist()
        self.times: np.ndarray = table["ts"].cast(pa.int64()).to_numpy()
        self.labels: np.ndarray = table["label"].to_numpy()
        self.real: np.ndarray = pc.is_valid(table["source_row"]).to_numpy()
        self._items = items
        self._starts = _starts(self.user_ids)
        self._first_seen = self._first_sights()
        self._met = self._meetings()
        self._real_times = np.sort(self.times[self.real])

    def __len__(self) -> int:
        return len(self.user_ids)

    def item(self, row: int) -> ShownItem:
        """The item of an event."""
        return self._items[self.item_ids[row]]

    def before(self, row: int) -> tuple[list[ShownItem], list[ShownItem]]:
        """What the event's user liked and disliked strictly earlier (``ts <``), latest first."""
        likes: list[ShownItem] = []
        dislikes: list[ShownItem] = []
        for earlier in reversed(self._earlier_rows(row)):
            (likes if self.labels[earlier] == 1 else dislikes).append(self.item(earlier))
        return likes, dislikes

    def likes_before(self, row: int) -> int:
        """How many items the event's user liked strictly earlier."""
        return int(sum(self.labels[earlier] == 1 for earlier in self._earlier_rows(row)))

    def user_standing(self, row: int) -> Standing:
        """How the event's user had judged what they met strictly earlier."""
        earlier = self._earlier_rows(row)
        return Standing(len(earlier), int(self.labels[earlier].sum()))

    def item_standing(self, item_id: str, now: int) -> Standing:
        """How an item had been judged strictly before ``now`` (microseconds)."""
        times, likes = self._met.get(item_id, _NEVER_MET)
        count = int(np.searchsorted(times, now, side="left"))
        return Standing(count, int(likes[:count].sum()))

    def events_an_item(self, now: int) -> float:
        """Mean number of events of the items met strictly before ``now`` (microseconds); 0 where none was."""
        items = sum(seen < now for _, seen in self._first_seen)
        return int(np.searchsorted(self._real_times, now, side="left")) / items if items else 0.0

    def strangers(self, row: int) -> list[ShownItem]:
        """Items first seen at or before the event that its user had not met by then, in order of their ids."""
        now = self.times[row]
        start, end = self._starts[self.user_ids[row]]
        met = {self.item_ids[other] for other in range(start, end) if self.times[other] <= now and self.real[other]}
        return [self._items[item] for item, seen in self._first_seen if seen <= now and item not in met]

    def latest(self, rows: Sequence[int], count: int) -> list[int]:
        """The ``count`` latest of ``rows``, latest first; equal times in order of the event ids."""
        return sorted(rows, key=lambda row: (-self.times[row], self.event_ids[row]))[:count]

    def _earlier_rows(self, row: int) -> list[int]:
        start, end = self._starts[self.user_ids[row]]
        stop = start + int(np.searchsorted(self.times[start:end], self.times[row], side="left"))
        return [earlier for earlier in range(start, stop) if self.real[earlier]]

    def _meetings(self) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """Times and labels of each item's real events, in order of time."""
        rows = np.flatnonzero(self.real)
        rows = rows[np.argsort(self.times[rows], kind="stable")]
        by_item: dict[str, list[int]] = {}
        for row in rows.tolist():
            by_item.setdefault(self.item_ids[row], []).append(row)
        return {item: (self.times[of], self.labels[of]) for item, of in by_item.items()}

    def _first_sights(self) -> list[tuple[str, int]]:
        first: dict[str, int] = {}
        for item, time in zip(self.item_ids, self.times.tolist(), strict=True):
            first[item] = min(first.get(item, time), time)
        return sorted(first.items())


def latest_rows(evidence: pa.Table) -> list[dict[str, Any]]:
    """Each subject's evidence row with the greatest ``as_of``, ordered by side and subject."""
    latest: dict[tuple[str, str], dict[str, Any]] = {}
    order = [(name, "ascending") for name in ("side", "subject_id", "as_of", "evidence_hash")]
    for row in evidence.sort_by(order).to_pylist():
        latest[row["side"], row["subject_id"]] = row
    return list(latest.values())


def shown_items(rows: Sequence[dict[str, Any]]) -> dict[str, ShownItem]:
    """Title and categories of every item among evidence rows."""
    return {
        row["subject_id"]: ShownItem(row["subject_id"], row["title"], tuple(row["categories"] or ()))
        for row in rows
        if row["side"] == "item" and row["title"]
    }


def _starts(user_ids: Sequence[str]) -> dict[str, tuple[int, int]]:
    """First and past-the-last row of each user; ``user_ids`` is sorted."""
    spans: dict[str, tuple[int, int]] = {}
    for row, user in enumerate(user_ids):
        spans[user] = (spans.get(user, (row, row))[0], row + 1)
    return spans
