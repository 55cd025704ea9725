"""Who gets shown: exposure by popularity, its concentration and its reach, of what is served and of every arm."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from curec_assets.audit.config import AuditConfig
from curec_assets.audit.measures import Row, counts_of, gini, means, row_of, shares


def exposure_rows(
    recommendations: pa.Table, events: Mapping[str, int], decile: Mapping[str, str], config: AuditConfig
) -> list[Row]:
    """Measures of exposure, see ``audit_bias``.

    Args:
        recommendations: RECOMMENDATIONS of the window.
        events: of each item of the catalogue, so far.
        decile: of each item.
    """
    served = recommendations.filter(recommendations["served"])
    exposure = counts_of(served["item_id"].to_pylist(), list(events))
    rows = shares("item_share", "catalogue", dict.fromkeys(events, 1), decile, config)
    rows += shares("event_share", "events", events, decile, config)
    rows += shares("exposure_share", "recommended", exposure, decile, config)
    rows += _reach("events", events) + _reach("recommended", exposure)
    with_reason = [(row["item_id"], float(row["reason"] is not None)) for row in served.to_pylist()]
    rows += means("reason_share", "recommended", with_reason, decile, config)
    sampled = recommendations.select(["arm", "served", "user_id", "item_id"]).to_pylist()
    lists: dict[str, list[str]] = {}
    for row in sampled:
        if not row["served"]:
            lists.setdefault(row["arm"], []).append(row["item_id"])
    users = {row["user_id"] for row in sampled if not row["served"]}
    rows.append(row_of("sampled_users", "every_arm", "all", float(len(users)), len(users)))
    for arm, item_ids in lists.items():
        rows += _reach(arm, counts_of(item_ids, list(events)))
    return rows


def _reach(arm: str, counts: Mapping[str, int]) -> list[Row]:
    values = np.array(list(counts.values()), dtype=np.float64)
    shown = bool(values.sum())
    return [
        row_of("exposure_gini", arm, "all", gini(values) if shown else None, len(values)),
        row_of("catalogue_coverage", arm, "all", float(np.mean(values > 0)) if shown else None, len(values)),
    ]
