"""The bias audit of a window: who gets exposure, reward and acceptance, and how the reasons sound (DESIGN §3.7)."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curec_assets.audit.config import AuditConfig
from curec_assets.audit.language import language_measures
from curec_assets.lake.schemas import BIAS_AUDIT

Row = dict[str, Any]
SIDE_ARMS: Mapping[str, str] = {"item": "item_reasons", "user": "user_interests"}
REVIEWED = ("created", "corrected", "kept", "withdrawn")
CONTESTED = ("corrected", "kept")
"""Actions in which candidates met an incumbent, so that accepting one was a decision."""
ERROR_GAPS = (("new_users", "returning_users"), ("items_0", "items_21_plus"), ("items_1_5", "items_21_plus"))


def audit_bias(
    corrected: pa.Table,
    recommendations: pa.Table,
    evaluation: pa.Table,
    cleaned: pa.Table,
    items: pa.Table,
    config: AuditConfig,
) -> pa.Table:
    """One row per measure, arm and bucket; ``n`` counts what the value was taken over, a value over nothing is null.

    Deciles hold equal numbers of catalogue items (or users, for user interests) ordered by events so far, ties by id:
    ``d01`` the least popular, ``d10`` the most.

    | measure | arm | bucket | value |
    |---|---|---|---|
    | ``item_share`` | catalogue | decile | share of the catalogue's items |
    | ``event_share`` | events | decile | share of all events so far |
    | ``exposure_share`` | recommended | decile | share of the recommendations |
    | ``exposure_gini`` | events, recommended | all | Gini over the catalogue: 0 all items equal, 1 one item has all |
    | ``catalogue_coverage`` | events, recommended | all | share of the catalogue with any event or recommendation |
    | ``reason_share`` | recommended | decile, all | share of the recommendations that carry a reason |
    | ``review_share`` | item_reasons, user_interests | decile | share of the window's reviews |
    | ``reward`` | likewise | decile, all | mean reward of the reason that stands after review, nats |
    | ``gain`` | likewise | decile, all | mean paired gain over the incumbent, nats |
    | ``acceptance_rate`` | likewise | decile, all | share of ``corrected`` among ``corrected`` and ``kept`` |
    | ``candidates_refused`` | likewise | decile, all | share of candidates that failed the format or grounding gate |
    | ``withdrawn_share`` | likewise | decile, all | share of the reviews that left the subject without a reason |
    | ``near_duplicates``, ``boilerplate``, ``loaded_terms`` | likewise | all | share of the reasons that stand |
    | ``loaded_terms`` | likewise | the term | share of the reasons that stand with that term |
    | ``<metric>_gap`` | a ranker's arm | ``<slice> − <slice>`` | difference of auc, log_loss or ndcg between slices |

    Args:
        corrected: CORRECTED_REASONS of the window.
        recommendations: RECOMMENDATIONS of the window.
        evaluation: EVALUATIONS of the window's rankers.
        cleaned: CLEANED_INTERACTIONS up to the window.
        items: ITEMS up to the window.
    """
    good = cleaned.filter(pc.is_null(cleaned["quarantine_code"]))
    item_events = _counts(good["item_id"].to_pylist(), items["item_id"].to_pylist())
    user_events = _counts(good["user_id"].to_pylist(), [])
    item_decile = deciles(item_events, config.deciles)
    user_decile = deciles(user_events, config.deciles)
    exposure = _counts(recommendations["item_id"].to_pylist(), list(item_events))

    rows = _shares("item_share", "catalogue", dict.fromkeys(item_events, 1), item_decile, config)
    rows += _shares("event_share", "events", item_events, item_decile, config)
    rows += _shares("exposure_share", "recommended", exposure, item_decile, config)
    for arm, counts in (("events", item_events), ("recommended", exposure)):
        values = np.array(list(counts.values()), dtype=np.float64)
        shown = bool(values.sum())
        rows.append(_row("exposure_gini", arm, "all", gini(values) if shown else None, len(values)))
        rows.append(_row("catalogue_coverage", arm, "all", float(np.mean(values > 0)) if shown else None, len(values)))
    with_reason = [(row["item_id"], float(row["reason"] is not None)) for row in recommendations.to_pylist()]
    rows += _means("reason_share", "recommended", with_reason, item_decile, config)

    reviews = corrected.to_pylist()
    for side, decile in (("item", item_decile), ("user", user_decile)):
        own = [row for row in reviews if row["side"] == side]
        rows += _review_rows(SIDE_ARMS[side], own, decile, config)
        standing = [row["reason"] for row in own if row["reason"] is not None]
        rows += [
            _row(measure, SIDE_ARMS[side], bucket, value, len(standing))
            for measure, bucket, value in language_measures(standing, config)
        ]
    return pa.Table.from_pylist(rows + _error_gaps(evaluation), schema=BIAS_AUDIT)


def deciles(events: Mapping[str, int], count: int) -> dict[str, str]:
    """The bucket (``d01`` …) of each id: ``count`` groups of equal number by events, fewest first, ties by id."""
    ordered = sorted(events, key=lambda name: (events[name], name))
    return {name: f"d{1 + place * count // len(ordered):02d}" for place, name in enumerate(ordered)}


def gini(values: np.ndarray) -> float:
    """Gini coefficient of non-negative values with a positive sum: ``sum (2 i - n - 1) x_i / (n sum x)``, ascending."""
    ordered = np.sort(values)
    n = len(ordered)
    return float(((2 * np.arange(1, n + 1) - n - 1) * ordered).sum() / (n * ordered.sum()))


def _review_rows(arm: str, reviews: Sequence[Row], decile: Mapping[str, str], config: AuditConfig) -> list[Row]:
    reviewed = [row for row in reviews if row["action"] in REVIEWED]
    contested = [row for row in reviewed if row["action"] in CONTESTED]
    sampled = [row for row in reviewed if row["candidates"]]
    measures: list[tuple[str, Sequence[Row], Callable[[Row], float | None]]] = [
        ("reward", reviewed, lambda row: row["reward"]),
        ("gain", contested, lambda row: row["gain"]),
        ("acceptance_rate", contested, lambda row: float(row["action"] == "corrected")),
        ("candidates_refused", sampled, lambda row: 1.0 - row["candidates_passing_gates"] / row["candidates"]),
        ("withdrawn_share", reviewed, lambda row: float(row["action"] == "withdrawn")),
    ]
    rows = _shares("review_share", arm, _counts([row["subject_id"] for row in reviewed], []), decile, config)
    for measure, chosen, value_of in measures:
        found = [(row["subject_id"], value_of(row)) for row in chosen]
        rows += _means(measure, arm, [(name, value) for name, value in found if value is not None], decile, config)
    return rows


def _shares(
    measure: str, arm: str, counts: Mapping[str, int], decile: Mapping[str, str], config: AuditConfig
) -> list[Row]:
    total = sum(counts.values())
    inside = dict.fromkeys(_buckets(config), 0)
    for name, number in counts.items():
        if name in decile:
            inside[decile[name]] += number
    return [_row(measure, arm, bucket, n / total if total else None, n) for bucket, n in inside.items()]


def _means(
    measure: str, arm: str, values: Sequence[tuple[str, float]], decile: Mapping[str, str], config: AuditConfig
) -> list[Row]:
    found: dict[str, list[float]] = {bucket: [] for bucket in (*_buckets(config), "all")}
    for name, value in values:
        found["all"].append(value)
        if name in decile:
            found[decile[name]].append(value)
    return [
        _row(measure, arm, bucket, float(np.mean(inside)) if inside else None, len(inside))
        for bucket, inside in found.items()
    ]


def _error_gaps(evaluation: pa.Table) -> list[Row]:
    found = {
        (row["backbone"], row["arm"], row["metric"], row["slice"]): row
        for row in evaluation.to_pylist()
        if row["subject"] == "ranker" and " − " not in row["arm"]
    }
    rows = []
    for (backbone, arm, metric, name), row in found.items():
        if metric not in ("auc", "log_loss") and not metric.startswith("ndcg@"):
            continue
        for left, right in ERROR_GAPS:
            other = found.get((backbone, arm, metric, right))
            if name == left and other and row["value"] is not None and other["value"] is not None:
                gap = row["value"] - other["value"]
                rows.append(_row(f"{metric}_gap", f"{backbone}/{arm}", f"{left} − {right}", gap, row["n"] + other["n"]))
    return rows


def _counts(ids: Sequence[str], known: Sequence[str]) -> dict[str, int]:
    counts = dict.fromkeys(sorted(known), 0)
    for name in ids:
        counts[name] = counts.get(name, 0) + 1
    return counts


def _buckets(config: AuditConfig) -> list[str]:
    return [f"d{n:02d}" for n in range(1, config.deciles + 1)]


def _row(measure: str, arm: str, bucket: str, value: float | None, n: int) -> Row:
    return {"measure": measure, "arm": arm, "bucket": bucket, "value": value, "n": n}
