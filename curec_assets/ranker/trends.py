"""How each item was doing on the day before a query: likes of late, and ever. Ids learned over years cannot tell."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from curec_assets.ranker.events import MICROSECONDS_A_DAY, EventLog

TRENDS = 2
"""log(1 + likes) of the last days, and of all time."""


class Trends:
    """Likes counted up to the start of a query's day, so that one count serves all queries of that day."""

    def __init__(self, log: EventLog, recent_days: int) -> None:
        self._log = log
        self._recent = recent_days * MICROSECONDS_A_DAY

    def of_pairs(self, items: Tensor, ts: Tensor) -> Tensor:
        """Of ``items`` (int64, (n, c)), each row as of its ``ts`` (n,): float32 (n, c, TRENDS)."""
        item, day = items.numpy(), _days(ts)[:, None]
        ever = self._log.item_events(item, day)[1]
        return _told(ever - self._log.item_events(item, day - self._recent)[1], ever)

    def of_all(self, items: Tensor, ts: Tensor) -> Tensor:
        """Of the same distinct ``items`` (int64, (c,)) as of every ``ts`` (n,): float32 (n, c, TRENDS)."""
        return self.daily(items, ts).of(slice(None))

    def daily(self, items: Tensor, ts: Tensor) -> "DailyTrends":
        """As ``of_all``, counted once for whoever asks for some of the ``ts`` again and again."""
        day, place = np.unique(_days(ts), return_inverse=True)
        moments = np.unique(np.concatenate([day, day - self._recent]))
        counts = self._log.counts_by_item(moments, liked_only=True, items=items.numpy())
        ever, before = (counts[np.searchsorted(moments, at)] for at in (day, day - self._recent))
        return DailyTrends(_told(ever - before, ever), torch.from_numpy(place))


@dataclass(frozen=True)
class DailyTrends:
    """Trends of some items: ``table`` float32 (days, items, TRENDS), ``day`` int64, the row of each moment in it."""

    table: Tensor
    day: Tensor

    def of(self, rows: Tensor | slice) -> Tensor:
        """Of all items as of the moments at ``rows``: float32 (rows, items, TRENDS)."""
        return self.table[self.day[rows]]


def _days(ts: Tensor) -> np.ndarray:
    return ts.numpy() // MICROSECONDS_A_DAY * MICROSECONDS_A_DAY


def _told(recent: np.ndarray, ever: np.ndarray) -> Tensor:
    return torch.from_numpy(np.log1p(np.stack([recent, ever], axis=-1).astype(np.float32)))
