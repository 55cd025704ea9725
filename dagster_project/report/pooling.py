"""One value with one interval out of the values of several windows.

With value ``v_w``, interval of half-width ``h_w`` and count ``n_w`` in window w:

    value      = Σ n_w v_w / Σ n_w
    half-width = √Σ (n_w h_w)² / Σ n_w      windows with distinct events
    half-width = Σ n_w h_w / Σ n_w          windows that share events

The first is the normal approximation for independent windows: half-widths are the same multiple of the standard error
before and after, so the confidence is that of the windows' intervals, whichever it is. The second holds for any
dependence between windows, and for the strongest is exact. People and items that recur in several windows are left
aside: what they share between windows is small beside what sampling events adds.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Verdict = Literal["above 0", "below 0", "not told apart"]


@dataclass(frozen=True)
class Pooled:
    """A measure over several windows; ``ci_low`` and ``ci_high`` are None where no interval can be told.

    ``pooled`` windows went into it of ``measured`` that have a value; ``n`` is the sum of the counts of the former.
    """

    value: float
    ci_low: float | None
    ci_high: float | None
    n: int
    pooled: int
    measured: int

    @property
    def verdict(self) -> Verdict:
        """Where the interval lies; without one, nothing is told apart."""
        if self.ci_low is not None and self.ci_low > 0:
            return "above 0"
        if self.ci_high is not None and self.ci_high < 0:
            return "below 0"
        return "not told apart"


def pool(rows: Iterable[Mapping[str, Any]], share_events: bool = False) -> Pooled | None:
    """Pool one measure, given a row a window with ``value``, ``ci_low``, ``ci_high`` (or None) and ``n``.

    Windows without a value are passed over. Windows without an interval are left out where others have one: too few
    subjects stood behind them, which says nothing of the value itself. An interval without width (all resamples alike)
    keeps its window, since leaving it out would pick windows by their values, but leaves the whole without interval.

    Args:
        rows: of one measure, at most one a window.
        share_events: whether the windows were measured on events that they have in common.

    Returns:
        None without any value.
    """
    measured = [row for row in rows if _is_measured(row)]
    if not measured:
        return None
    used = counted(measured)
    n = sum(row["n"] for row in used)
    value = sum(row["n"] * row["value"] for row in used) / n
    found = Pooled(value, None, None, n, len(used), len(measured))
    if not _has_interval(used[0]) or any(row["ci_low"] == row["ci_high"] for row in used):
        return found
    widths = [row["n"] * (row["ci_high"] - row["ci_low"]) / 2 for row in used]
    half = (sum(widths) if share_events else math.hypot(*widths)) / n
    return Pooled(value, value - half, value + half, n, len(used), len(measured))


def counted(rows: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Those of ``rows`` that :func:`pool` counts: the measured ones, with an interval where any of them has one."""
    measured = [row for row in rows if _is_measured(row)]
    return [row for row in measured if _has_interval(row)] or measured


def _is_measured(row: Mapping[str, Any]) -> bool:
    return row["value"] is not None and row["n"] > 0


def _has_interval(row: Mapping[str, Any]) -> bool:
    return row["ci_low"] is not None and row["ci_high"] is not None
