"""Checks of measured differences: one fails where its whole interval lies on the wrong side of 0.

Noise alone should call nobody, so a difference that is not told apart from 0 passes and is shown. One that could not
be measured is null and passes too; one that is no number is a fault of the measuring, and fails.
"""

import math
from collections.abc import Iterable, Sequence
from statistics import fmean, variance
from typing import Any

import pyarrow as pa

from curec_assets.checks.finding import Finding, check
from curec_assets.checks.partition import Partition
from curec_assets.reasons.config import ACCEPTED

NOISE = 1.96
"""Standard errors that a difference of means may lie from 0 by chance (95 %, two-sided)."""
INTERVAL = ("value", "ci_low", "ci_high")
POLICY_REWARDS = ("reward", "acceptance_reward", "gold_reward")


@check("warn")
def reward_reads(partition: Partition) -> Finding:
    """Showing a subject's own reason does not raise the held-out log loss above that of showing none."""
    rows = [row for row in _evaluations(partition) if row["metric"] == "log_loss" and row["slice"] in ("item", "user")]
    return _not_worse(rows, "own_reason − no_reason", higher_is_better=False)


@check("warn")
def policy_earns_no_less(partition: Partition) -> Finding:
    """On subjects kept out of RL the policy's rewards are not below the aligned model's."""
    rows = [row for row in _evaluations(partition) if row["metric"] in POLICY_REWARDS and row["slice"] == "all"]
    return _not_worse(rows, "rl_policy − aligned_llm")


@check("error")
def ranker_beats_popularity(partition: Partition) -> Finding:
    """The ranker that knows ids alone is not below popularity: no text can be judged by one that is."""
    rows = [row for row in partition.rows.to_pylist() if row["subject"] == "ranker" and row["slice"] == "all"]
    return _not_worse(rows, "id_only − popularity")


@check("warn")
def corrections_pay_no_less(partition: Partition) -> Finding:
    """What the window before accepted does not lose reward on this window's events, by the gold model."""
    rows = [row for row in partition.rows.to_pylist() if row["metric"] == "later_gain" and row["slice"] == "all"]
    return _not_worse(rows, ACCEPTED)


@check("warn")
def why_names_what_matters(partition: Partition) -> Finding:
    """Taking away what `why` names lowers the score no less than taking away as much at random."""
    return _not_worse(partition.manifest.metrics.get("evaluations", []), "why − random")


@check("warn")
def reward_holds(partition: Partition) -> Finding:
    """The mean reward of the reasons that stand after review is not below the previous window's by more than noise."""
    now, before = _rewards(partition.rows), _rewards(partition.previous_rows())
    if min(len(now), len(before)) < 2:
        return Finding(True, "Too few rewards in this window or the one before to compare.")
    change = fmean(now) - fmean(before)
    noise = noise_of_difference(now, before)
    summary = (
        f"{fmean(now):+.4f} nats per event over {len(now):,} reasons, {change:+.4f} against the window before; "
        f"chance moves it by {noise:.4f}."
    )
    measures = {"mean_reward": fmean(now), "mean_reward_before": fmean(before), "noise": noise}
    return Finding(change >= -noise, summary, measures=measures)


def noise_of_difference(first: Sequence[float], second: Sequence[float]) -> float:
    """What a difference of the means of two samples, of two values or more each, may come to by chance."""
    return NOISE * math.sqrt(variance(first) / len(first) + variance(second) / len(second))


def _not_worse(rows: Iterable[dict[str, Any]], arm: str, higher_is_better: bool = True) -> Finding:
    of_arm = [row for row in rows if row["arm"] == arm]
    if broken := [row for row in of_arm if row["n"] > 0 and not _is_number_or_null(row)]:
        named = "; ".join(_name(row) for row in broken)
        return Finding(False, f"{arm}: no number was measured for {named}.", broken)
    judged = [row for row in of_arm if all(row[name] is not None and math.isfinite(row[name]) for name in INTERVAL)]
    if not judged:
        return Finding(True, "No difference with an interval to judge in this window.")
    worse = [row for row in judged if (row["ci_high"] < 0 if higher_is_better else row["ci_low"] > 0)]
    shown = "; ".join(
        f"{_name(row)} {row['value']:+.4f} [{row['ci_low']:+.4f}, {row['ci_high']:+.4f}]" for row in judged
    )
    return Finding(not worse, f"{arm}: {shown}.", worse, {_name(row): row["value"] for row in judged})


def _evaluations(partition: Partition) -> list[dict[str, Any]]:
    return partition.model_row["evaluations"] or []


def _rewards(corrected: pa.Table) -> list[float]:
    return [reward for reward in corrected["reward"].to_pylist() if reward is not None]


def _is_number_or_null(row: dict[str, Any]) -> bool:
    return all(row[name] is None or math.isfinite(row[name]) for name in INTERVAL)


def _name(row: dict[str, Any]) -> str:
    slice_name = None if row["slice"] == "all" else row["slice"]
    return " ".join(part for part in (row["backbone"], row["metric"], slice_name) if part)
