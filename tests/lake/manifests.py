"""A manifest made by hand, for tests that publish without a stage."""

from datetime import UTC, datetime

from curec_assets.lake.manifest import Manifest
from curec_assets.lineage import LINEAGE


def manifest_of(asset: str, window: str, rows: int = 0, content_hash: str = "0") -> Manifest:
    return Manifest(
        chain="chain",
        asset=asset,
        window=window,
        artifact_id=f"{asset}@{window}:{content_hash}",
        content_hash=content_hash,
        config_hash="c",
        code_version=LINEAGE[asset].code_version if asset in LINEAGE else "1",
        parents=(),
        rows=rows,
        rows_seen=0,
        latest_ts_seen=None,
        # After the end of every window that tests make by hand.
        created_at=datetime(2021, 1, 1, tzinfo=UTC).isoformat(),
        seconds=0.0,
    )
