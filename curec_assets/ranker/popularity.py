"""The two baselines that need no training: likes so far, and likes of the last days. Both as of each event."""

from collections.abc import Mapping
from typing import Literal

import numpy as np

from curec_assets.ranker.events import MICROSECONDS_A_DAY, EventLog

Baseline = Literal["popularity", "recent_popularity"]
BASELINES: tuple[Baseline, ...] = ("popularity", "recent_popularity")


def popularity_of_items(
    log: EventLog, item: np.ndarray, ts: np.ndarray, recent_days: int
) -> Mapping[Baseline, np.ndarray]:
    """Likes (float64) of each ``item`` strictly before each ``ts``, ever and in the last ``recent_days``."""
    _, ever = log.item_events(item, ts)
    _, before = log.item_events(item, ts - recent_days * MICROSECONDS_A_DAY)
    return {"popularity": ever, "recent_popularity": ever - before}


def popularity_of_catalogue(log: EventLog, ts: np.ndarray, recent_days: int) -> Mapping[Baseline, np.ndarray]:
    """As above for the whole catalogue at ascending moments ``ts``: (moments, items)."""
    ever = log.counts_by_item(ts, liked_only=True)
    before = log.counts_by_item(ts - recent_days * MICROSECONDS_A_DAY, liked_only=True)
    return {"popularity": ever, "recent_popularity": ever - before}
