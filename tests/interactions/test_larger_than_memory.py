"""A file larger than the memory that DuckDB may use is read all the same: it is streamed, never held."""

import duckdb
import pytest
from interaction_rows import NOW, at
from source_conformance import DAWN

from curec_assets.interactions.config import DataSetConfig
from curec_assets.interactions.sources import open_source

ROWS = 450_000
MEMORY = "400MB"


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_a_window_of_a_file_larger_than_memory_is_read(tmp_path, suffix):
    rows = f"""
        SELECT 'u' || range % 5000 AS user_id, 'i' || range % 300 AS item_id, 3 AS rating, range AS "timestamp",
               repeat('x', 1000) AS review
        FROM range({ROWS})
    """
    files = {name: tmp_path / f"{name}.{suffix}" for name in ("interactions", "items")}
    duckdb.sql(rows).create_view("rows")
    duckdb.execute(f"COPY rows TO '{files['interactions']}'")
    duckdb.execute(
        f"COPY (SELECT DISTINCT item_id, 'Title ' || item_id AS title FROM rows ORDER BY ALL) TO '{files['items']}'"
    )
    assert files["interactions"].stat().st_size > 450_000_000
    source = {
        "kind": "files",
        "interactions": files["interactions"].name,
        "items": files["items"].name,
        "interaction_columns": {"rating": "rating"},
        "timestamp_format": "epoch_seconds",
    }
    config = DataSetConfig(name="large", source=source, licence="none", like_at=4, rating_scale=(1, 5))
    opened = open_source(config, tmp_path, NOW)
    # Each thread holds buffers of its own.
    opened.connection.execute("SET threads = 2")
    opened.connection.execute(f"SET memory_limit = '{MEMORY}'")
    window = opened.interactions(at(1000), at(1500))
    assert window["source_row"].to_pylist() == list(range(1001, 1501))
    assert len(opened.items_first_seen(DAWN, at(ROWS), opening=True)) == 300
    assert len(opened.rejects()) == 0
    # Not left for the next runs of the tests.
    files["interactions"].unlink()
