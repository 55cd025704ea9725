"""Partitions published by hand: the rows a check meets, good ones and such as no stage would write."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from curec_assets.checks.checks import CHECKS
from curec_assets.checks.finding import Finding
from curec_assets.checks.partition import Partition
from curec_assets.configuration.chain import Chain
from curec_assets.lake.hashing import hash_text
from curec_assets.lake.lake import Lake
from curec_assets.lake.schemas import ASSET_SCHEMAS, reason_embeddings
from curec_assets.lake.versions import config_hash
from curec_assets.lineage import LINEAGE
from tests.lake.manifests import manifest_of

Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class HandMadeLake:
    """One chain's lake, filled partition by partition."""

    root: Path
    chain: Chain

    @property
    def lake(self) -> Lake:
        return Lake(self.root, self.chain.name)

    def publish(self, asset: str, window: str, rows: Rows = (), **manifest: Any) -> None:
        """Publish ``rows``; columns they lack are null. Further arguments are fields of the manifest."""
        schema = reason_embeddings(2) if asset == "reason_embeddings" else ASSET_SCHEMAS[asset]
        made = {
            "chain": self.chain.name,
            "config_hash": config_hash(self.chain, asset),
            "code_version": LINEAGE[asset].code_version,
        }
        found = replace(manifest_of(asset, window, rows=len(rows)), **{**made, **manifest})
        self.lake.publish(pa.Table.from_pylist(list(rows), schema=schema), found)

    def judge(self, asset: str, check: str, window: str) -> Finding:
        """What ``check`` finds in a partition."""
        (found,) = [known for known in CHECKS[asset] if known.name == check]
        place = self.chain.window(window)
        return found.judge(Partition(self.lake, self.chain, asset, place))


def event(number: int, user: str, item: str, ts: datetime, **changes: Any) -> dict[str, Any]:
    """A good row of CLEANED_INTERACTIONS."""
    row = {"event_id": f"e{number}", "user_id": user, "item_id": item, "ts": ts, "rating": 5.0, "label": 1}
    return row | {"merged_duplicates": 0, "source_row": number} | changes


def review(item: str, at: datetime, **changes: Any) -> dict[str, Any]:
    """A row of CORRECTED_REASONS in which an item got its first reason."""
    row = {"side": "item", "subject_id": item, "action": "created", "cause": "new", "reason": f"Why {item}."}
    return row | {"candidates": 4, "candidates_passing_gates": 3, "evidence_hash": "h", "valid_from": at} | changes


def recommended(user: str, rank: int, item: str, **changes: Any) -> dict[str, Any]:
    """A row of RECOMMENDATIONS."""
    row = {"user_id": user, "rank": rank, "item_id": item, "score": 1.0 / rank, "reason": f"Why {item}."}
    return row | {"because": [], "why": [], "arm": "corrected_reasons", "served": True} | changes


def embedded(role: str, item: str, text: str | None, at: datetime, vector: Sequence[float] | None) -> dict[str, Any]:
    """A row of REASON_EMBEDDINGS."""
    found = {"side": "item", "subject_id": item, "role": role, "reason_hash": text and hash_text(text)}
    return found | {"valid_from": at, "embedding": vector}


def measured(subject: str, arm: str, metric: str, low: float, high: float, **changes: Any) -> dict[str, Any]:
    """A row of EVALUATIONS whose value is the middle of its interval."""
    row = {"subject": subject, "backbone": None, "arm": arm, "metric": metric, "slice": "all"}
    return row | {"value": (low + high) / 2, "ci_low": low, "ci_high": high, "n": 9} | changes
