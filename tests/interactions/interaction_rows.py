"""Small sources and raw rows for tests."""

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest

from curec_assets.interactions.config import DataSetConfig
from curec_assets.interactions.sources import InteractionSource, open_source
from curec_assets.lake.schemas import ITEMS, RAW_INTERACTIONS

NOW = datetime(2020, 1, 1, tzinfo=UTC)


def rated_files(**source) -> DataSetConfig:
    """An explicit data set of two files with the usual column names; ``source`` overrides parts of its source."""
    given = {
        "kind": "files",
        "interactions": "interactions.csv",
        "items": "items.csv",
        "interaction_columns": {"rating": "rating"},
        "item_columns": {"categories": "categories"},
        "timestamp_format": "epoch_seconds",
        **source,
    }
    return DataSetConfig(name="small", source=given, licence="none", like_at=4, rating_scale=(1, 5))


def implicit_data() -> DataSetConfig:
    """An implicit data set; its files are never opened."""
    source = {"kind": "files", "interactions": "i.csv", "items": "j.csv"}
    return DataSetConfig(name="small", source=source, licence="none", implicit=True)


def csv_source(folder: Path, interactions: bytes, items: bytes, **source) -> InteractionSource:
    """A source over two files with exactly these bytes."""
    (folder / "interactions.csv").write_bytes(interactions)
    (folder / "items.csv").write_bytes(items)
    return open_source(rated_files(**source), folder, NOW)


def write_table(path: Path, table: pa.Table) -> None:
    """Writes Parquet or CSV, as the suffix says."""
    if path.suffix == ".parquet":
        pq.write_table(table, path)
    else:
        pacsv.write_csv(table, path)


def at(second: float) -> datetime:
    """That many seconds after 1970."""
    return datetime.fromtimestamp(second, UTC)


def raw_rows(rows: Sequence[tuple[str | None, str | None, str | None, float]]) -> pa.Table:
    """RAW_INTERACTIONS from (user, item, rating text, seconds), source rows numbered from 1."""
    return pa.Table.from_pylist(
        [
            {"source_row": n, "user_id": u, "item_id": i, "rating": r, "timestamp": str(t), "ts": at(t)}
            for n, (u, i, r, t) in enumerate(rows, 1)
        ],
        schema=RAW_INTERACTIONS,
    )


def catalogue(*item_ids: str) -> pa.Table:
    """ITEMS with these ids, first seen in 1970."""
    rows = [{"item_id": i, "title": f"Title {i}", "categories": [], "first_seen": at(0)} for i in item_ids]
    return pa.Table.from_pylist(rows, schema=ITEMS)


def shared_data(name: str) -> Path:
    """A folder of the real data beside the repository; skips the test where it is absent."""
    beside = Path(__file__).resolve().parents[2].parent / "shared" / "data"
    folder = Path(os.environ.get("CUREC_SHARED_DATA", beside)) / name
    if not folder.is_dir():
        pytest.skip(f"the shared data set {name} is not at {folder} (set CUREC_SHARED_DATA)")
    return folder
