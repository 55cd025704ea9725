"""A label rule, windows and attributes of users for data that nobody has described yet, from what its rows show."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from statistics import median
from typing import Any

from curec_assets.configuration.windows import KEY_FORMAT, Frequency, WindowsConfig, next_start, window_start
from curec_assets.interactions.config import attribute_name
from curec_assets.interactions.survey import Ratings

SCALES = ((0.0, 1.0), (1.0, 5.0), (0.5, 5.0), (0.0, 5.0), (1.0, 10.0), (0.0, 10.0), (0.0, 100.0))
"""Usual scales, those that fit in others first."""
ON_SCALE = 0.999
"""Share of ratings that a scale must hold; what lies beyond is quarantined."""
LIKED_ABOVE = 0.75
"""How far up its scale a rating stands for a like: 4 of 1 to 5, 8 of 1 to 10."""
WINDOW_EVENTS = 5000
"""Events that a window should have, in the median, for its measures to tell anything."""
LATER_WINDOWS = 6
"""Windows after the first at most: each costs a training of every stage."""
LATER_SHARE = 0.05
"""Share of all events that these should hold at least."""
PERSONAL = re.compile(r"zip|post(al)?_?code|name|mail|phone|address|password|birth|iban|card|token|_at$", re.IGNORECASE)
"""Column names of what tells single people, not groups."""
NUMBER = re.compile(r"-?\d+(\.\d+)?(e[+-]?\d+)?", re.IGNORECASE)
FINEST_FIRST: tuple[Frequency, ...] = ("weekly", "monthly", "quarterly", "yearly")


def propose_label_rule(ratings: Ratings, like_at: float | None = None) -> dict[str, Any]:
    """``like_at`` and ``rating_scale``, or ``implicit``, as a data set's YAML has them.

    Data is implicit where there are no ratings, where all are the same, or where they fit no usual scale (counts, say).
    With ``like_at`` given it has ratings, on the scale that they show.

    Raises:
        ValueError: ``like_at`` was given and there are no ratings.
    """
    if like_at is not None and not ratings.counts:
        raise ValueError("no rating is a number, so like_at has nothing to stand on; leave it out")
    scale = next((scale for scale in SCALES if _share_on(scale, ratings) >= ON_SCALE), None)
    if like_at is None and (scale is None or len(ratings.counts) < 2):
        return {"implicit": True}
    low, high = scale or (ratings.lowest, ratings.highest)
    if like_at is None:
        known = sorted(rating for rating, _ in ratings.counts if low < rating <= high)
        if not known:
            return {"implicit": True}
        like_at = next((rating for rating in known if rating >= low + LIKED_ABOVE * (high - low)), known[-1])
    return {"like_at": like_at, "rating_scale": [low, high]}


def propose_attributes(values: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Columns of a users file that tell groups apart: of numbers, or of values that people share.

    What names single people (``PERSONAL``) is left out, a value that is nearly everybody's own as well.

    Args:
        values: texts of each column in the first rows, without empty ones.
    """
    return tuple(
        name
        for name, texts in values.items()
        if texts
        and not PERSONAL.search(attribute_name(name))
        and (2 * len(set(texts)) <= len(texts) or all(NUMBER.fullmatch(text) for text in texts))
    )


def propose_windows(days: Sequence[tuple[date, int]], frequency: Frequency | None = None) -> WindowsConfig:
    """Windows over the days that have events.

    Without ``frequency`` the finest of week, month, quarter and year whose last windows are full enough
    (``WINDOW_EVENTS``, ``LATER_SHARE``) and that gives three windows at least; the coarsest of those with three where
    none is; days where the data is too short for three weeks. The first window holds the first half of the events, and
    everything before it, but leaves two windows where there are three: a window's models are judged on the one after.
    At most ``LATER_WINDOWS`` follow.

    Raises:
        ValueError: no day at all.
    """
    if not days:
        raise ValueError("no row has a time that can be read, so there is nothing to cut into windows")
    if frequency is None:
        frequency = _fitting_frequency(days)
    counts = window_counts(days, frequency)
    starts, sizes = list(counts), list(counts.values())
    half = next(index for index in range(len(sizes)) if 2 * sum(sizes[: index + 1]) >= sum(sizes))
    first = max(min(half, len(sizes) - 3), len(sizes) - 1 - LATER_WINDOWS, 0)
    keys = [start.strftime(KEY_FORMAT[frequency]) for start in (starts[first], starts[-1])]
    return WindowsConfig(frequency=frequency, first=keys[0], last=keys[1], all_earlier=first > 0)


def window_counts(days: Iterable[tuple[date, int]], frequency: Frequency) -> dict[datetime, int]:
    """Events by start of window, in order, from the first window that has any to the last, empty ones included."""
    found: Counter[datetime] = Counter()
    for day, count in days:
        found[window_start(datetime.combine(day, time(), UTC), frequency)] += count
    counts = {}
    start = min(found)
    while start <= max(found):
        counts[start] = found[start]
        start = next_start(start, frequency)
    return counts


def _fitting_frequency(days: Sequence[tuple[date, int]]) -> Frequency:
    sizes = {frequency: list(window_counts(days, frequency).values()) for frequency in FINEST_FIRST}
    long_enough = [frequency for frequency in FINEST_FIRST if len(sizes[frequency]) >= 3]
    total = sum(count for _, count in days)
    for frequency in long_enough:
        last = sizes[frequency][-LATER_WINDOWS:]
        if median(last) >= WINDOW_EVENTS and sum(last) >= LATER_SHARE * total:
            return frequency
    return long_enough[-1] if long_enough else "daily"


def _share_on(scale: tuple[float, float], ratings: Ratings) -> float:
    held = sum(count for rating, count in ratings.counts if scale[0] <= rating <= scale[1])
    return held / ratings.rated if ratings.rated else 0.0
