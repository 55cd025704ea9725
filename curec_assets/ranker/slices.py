"""The parts of a test window that are judged apart: how well known the item and the user were before it began."""

from collections.abc import Mapping

import numpy as np

from curec_assets.ranker.events import EventLog, Events

ITEM_SLICES: Mapping[str, tuple[float, float]] = {
    "items_0": (0, 0),
    "items_1_5": (1, 5),
    "items_6_20": (6, 20),
    "items_21_plus": (21, np.inf),
}
"""Fewest and most events an item had before the window's start."""
GROUPS = "ranker_groups"
"""The subject of the evaluation's rows that set groups of users, or of items, against one another."""
GAPS = (("new_users", "returning_users"), ("items_0", "items_21_plus"), ("items_1_5", "items_21_plus"))
"""Slices that are set against one another."""


def slice_rows(log: EventLog, events: Events, start: int) -> dict[str, np.ndarray]:
    """Rows of ``events`` in each slice; ``all`` is the whole set. Counts stop at the window's ``start``, since that is
    how much a model trained before it can have learned."""
    moments = np.full(len(events), start, dtype=np.int64)
    item_events, _ = log.item_events(events.item, moments)
    user_events, _ = log.user_events(events.user, moments)
    masks = {"all": np.ones(len(events), dtype=bool)}
    masks |= {name: (item_events >= low) & (item_events <= high) for name, (low, high) in ITEM_SLICES.items()}
    masks |= {"new_users": user_events == 0, "returning_users": user_events > 0}
    return {name: np.flatnonzero(mask) for name, mask in masks.items()}
