"""A file larger than the memory that a process may take is read all the same: it is streamed, never held."""

import re
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import duckdb
import pytest

from curec_assets.interactions.config import DataSetConfig
from curec_assets.interactions.sources import open_source
from tests.interactions.interaction_rows import NOW, at
from tests.interactions.source_conformance import DAWN

ROWS = 900_000
DATABASE = "400MB"
"""What DuckDB may take; beside it stand Python and its libraries."""
PROCESS = 0.75
"""Share of the file's size that the whole process may ever hold."""


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
    source = {
        "kind": "files",
        "interactions": files["interactions"].name,
        "items": files["items"].name,
        "interaction_columns": {"rating": "rating"},
        "timestamp_format": "epoch_seconds",
    }
    # A process of its own, whose peak is nobody else's.
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as alone:
        source_rows, items, rejects, peak = alone.submit(read_a_window, source, tmp_path).result()
    assert source_rows == list(range(1001, 1501))
    assert (items, rejects) == (300, 0)
    assert peak < PROCESS * files["interactions"].stat().st_size
    # Not left for the next runs of the tests.
    files["interactions"].unlink()


def read_a_window(source: dict[str, object], folder: Path) -> tuple[list[int], int, int, int]:
    """Source rows of one window, counts of items and rejects, and the bytes that this process held at most."""
    config = DataSetConfig(name="large", source=source, licence="none", like_at=4, rating_scale=(1, 5))
    opened = open_source(config, folder, NOW)
    # Each thread holds buffers of its own.
    opened.connection.execute("SET threads = 2")
    opened.connection.execute(f"SET memory_limit = '{DATABASE}'")
    window = opened.interactions(at(1000), at(1500))
    items, rejects = opened.items_first_seen(DAWN, at(ROWS), opening=True), opened.rejects()
    kilobytes = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert kilobytes
    return window["source_row"].to_pylist(), len(items), len(rejects), int(kilobytes[1]) * 1024
