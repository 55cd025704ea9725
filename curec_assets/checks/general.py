"""Checks of every partition, whatever it holds: nothing of the future, unique keys, and whether it is still fresh."""

from collections.abc import Mapping
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from curec_assets.checks.finding import Finding, check, rows_finding
from curec_assets.checks.partition import Partition
from curec_assets.interactions.sources import open_source
from curec_assets.lake.versions import changed_itself

KEYS: Mapping[str, tuple[str, ...]] = {
    "items": ("item_id",),
    "raw_interactions": ("source_row",),
    "users": ("user_id",),
    "cleaned_interactions": ("source_row",),
    "evidence": ("side", "subject_id"),
    "aligned_llm": ("artifact_id",),
    "draft_reasons": ("side", "subject_id", "sample"),
    "reward_model": ("artifact_id",),
    "rl_policy": ("artifact_id",),
    "arrival_reasons": ("side", "subject_id"),
    "corrected_reasons": ("side", "subject_id", "valid_from"),
    "reason_embeddings": ("role", "side", "subject_id"),
    "ranker": ("artifact_id",),
    "ranker_evaluation": ("subject", "backbone", "arm", "metric", "slice"),
    "recommendations": ("served", "arm", "user_id", "rank"),
    "bias_audit": ("measure", "arm", "bucket"),
}
"""The columns that name a row of each asset's partition."""

HOLDS_FROM = ("as_of", "valid_from")
"""Moments from which something holds: the window's end itself is one. Other times are of events, and lie before it."""
MADE_AT = ("created_at",)
"""Times of the clock, not of the data."""


@check("error")
def no_future_data(partition: Partition) -> Finding:
    """Nothing in the partition, and nothing that it was made from, lies at or after the window's end."""
    end = partition.window.end
    offending = []
    for column in partition.rows.schema:
        if pa.types.is_timestamp(column.type) and column.name not in MADE_AT:
            late = pc.greater if column.name in HOLDS_FROM else pc.greater_equal
            rows = partition.rows.filter(late(partition.rows[column.name], pa.scalar(end, column.type)))
            offending += [{"column": column.name, **row} for row in rows.to_pylist()]
    latest = partition.manifest.latest_ts_seen
    if latest is not None and datetime.fromisoformat(latest) >= end:
        offending.append({"column": "latest_ts_seen of the manifest", "value": latest})
    seen = f"the latest event seen is of {latest}" if latest else "no event was seen"
    return rows_finding(offending, f"Nothing lies at or after the window's end, {end:%Y-%m-%d}: {seen}.")


@check("error")
def unique_keys(partition: Partition) -> Finding:
    """The columns that name a row name one row."""
    keys = list(KEYS[partition.asset])
    counted = partition.rows.group_by(keys).aggregate([([], "count_all")])
    repeated = counted.filter(pc.greater(counted["count_all"], 1))
    return rows_finding(repeated.to_pylist(), f"Each ({', '.join(keys)}) stands once.")


@check("warn")
def fresh(partition: Partition) -> Finding:
    """The partition stands for what would be made today: same source, code and configuration, and parents whose content
    has not changed. `curec status` tells it for a whole chain, and through parents of parents."""
    chain, manifest = partition.chain, partition.manifest
    # Only what read the source can be changed by it, and reading a large one again takes a moment.
    fingerprints = open_source(chain.data_set, chain.folder).fingerprints() if manifest.source_fingerprint else {}
    why = changed_itself(manifest, chain, fingerprints, partition.parents())
    return Finding(not why, f"Stale: {why}." if why else "Stands for today's source, code, configuration and parents.")


GENERAL = (no_future_data, unique_keys, fresh)
