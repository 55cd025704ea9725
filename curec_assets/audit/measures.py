"""What the audit's measures have in common: groups by popularity, shares and means by group, concentration."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from curec_assets.audit.config import AuditConfig

Row = dict[str, Any]


def deciles(events: Mapping[str, int], count: int) -> dict[str, str]:
    """The bucket (``d01`` …) of each id: ``count`` groups of equal number by events, fewest first, ties by id."""
    ordered = sorted(events, key=lambda name: (events[name], name))
    return {name: f"d{1 + place * count // len(ordered):02d}" for place, name in enumerate(ordered)}


def gini(values: np.ndarray) -> float:
    """Gini coefficient of non-negative values with a positive sum: ``sum (2 i - n - 1) x_i / (n sum x)``, ascending."""
    ordered = np.sort(values)
    n = len(ordered)
    return float(((2 * np.arange(1, n + 1) - n - 1) * ordered).sum() / (n * ordered.sum()))


def shares(
    measure: str, arm: str, counts: Mapping[str, int], decile: Mapping[str, str], config: AuditConfig
) -> list[Row]:
    """Which share of all ``counts`` lies in each decile; ids without a decile count in the total alone."""
    total = sum(counts.values())
    inside = dict.fromkeys(_buckets(config), 0)
    for name, number in counts.items():
        if name in decile:
            inside[decile[name]] += number
    return [row_of(measure, arm, bucket, n / total if total else None, n) for bucket, n in inside.items()]


def means(
    measure: str, arm: str, values: Iterable[tuple[str, float]], decile: Mapping[str, str], config: AuditConfig
) -> list[Row]:
    """Mean of the values of (id, value) in each decile, and of ``all``."""
    found: dict[str, list[float]] = {bucket: [] for bucket in (*_buckets(config), "all")}
    for name, value in values:
        found["all"].append(value)
        if name in decile:
            found[decile[name]].append(value)
    return [
        row_of(measure, arm, bucket, float(np.mean(inside)) if inside else None, len(inside))
        for bucket, inside in found.items()
    ]


def counts_of(ids: Iterable[str], known: Sequence[str] = ()) -> dict[str, int]:
    """How often each id stands in ``ids``; those ``known`` are there in any case, in order."""
    counts = dict.fromkeys(sorted(known), 0)
    for name in ids:
        counts[name] = counts.get(name, 0) + 1
    return counts


def row_of(measure: str, arm: str, bucket: str, value: float | None, n: int) -> Row:
    """A row of BIAS_AUDIT."""
    return {"measure": measure, "arm": arm, "bucket": bucket, "value": value, "n": n}


def _buckets(config: AuditConfig) -> list[str]:
    return [f"d{n:02d}" for n in range(1, config.deciles + 1)]
