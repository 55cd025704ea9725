"""``curec export``: a window's recommendations, one record a user, for a feature store or a cache."""

import json
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from curec_assets.lake.catalogue import connect
from curec_assets.lake.schemas import RECOMMENDATIONS, TIMESTAMP
from curec_assets.lake.sql import load_sql
from dagster_project.one_state import of_one_state, require_chain
from dagster_project.whole_file import whole_file

EXPORT = pa.schema(
    [
        ("chain", pa.string()),
        ("window", pa.string()),
        ("as_of", TIMESTAMP),
        ("artifact_id", pa.string()),
        ("user_id", pa.string()),
        (
            "items",
            pa.list_(
                pa.struct(
                    [
                        ("rank", pa.int32()),
                        ("item_id", pa.string()),
                        ("title", pa.string()),
                        ("score", pa.float64()),
                        ("reason", pa.string()),
                        RECOMMENDATIONS.field("because"),
                        RECOMMENDATIONS.field("why"),
                    ]
                )
            ),
        ),
    ]
)
"""One record a user, keyed by ``user_id``; ``as_of`` (the window's end) is the moment from which it holds. ``items`` is
in order of rank. The JSON lines have the same fields, with times in ISO 8601."""

BATCH = 1_000


def export_recommendations(
    chain: str, lake_root: Path, configuration: Path, folder: Path, window: str | None = None
) -> list[Path]:
    """Write ``<chain>-<window>.parquet`` and ``.jsonl`` into ``folder`` and return them; ``window`` is the last that
    has recommendations if left out. Each file is replaced in one rename.

    Raises:
        ConfigError: a chain that neither the lake nor the configuration knows.
        ValueError: no recommendations there yet, or none of ``window``; a lake that cannot be read.
    """
    require_chain(lake_root, chain, configuration)
    try:
        window, rows = of_one_state(lake_root, chain, lambda _: _read(lake_root, chain, window))
    except duckdb.Error as error:
        raise ValueError(f"{lake_root}: the recommendations of {chain} cannot be read: {error}") from None
    records = rows.cast(EXPORT)
    written = [folder / f"{chain}-{window}.{form}" for form in ("parquet", "jsonl")]
    with whole_file(written[0]) as file:
        pq.write_table(records, file, compression="zstd")
    with whole_file(written[1]) as file:
        for batch in records.to_batches(BATCH):
            for record in batch.to_pylist():
                # In ASCII, since some readers take U+2028 for the end of a line.
                file.write(json.dumps(_plain(record), allow_nan=False).encode() + b"\n")
    return written


def _read(lake_root: Path, chain: str, window: str | None) -> tuple[str, pa.Table]:
    with connect(lake_root, chain) as connection:
        windows = [found for (found,) in connection.sql(load_sql("export/windows.sql")).fetchall()]
        if not windows:
            raise ValueError(
                f"chain {chain!r} has no recommendations in {lake_root}; make some first: curec run --chain {chain}"
            )
        if window is not None and window not in windows:
            raise ValueError(
                f"{window!r}: chain {chain!r} has no recommendations of that window; there are: {', '.join(windows)}"
            )
        chosen = window or windows[-1]
        statement = load_sql("export/recommendations.sql")
        parameters = {"chain": chain, "window": chosen}
        return chosen, connection.sql(statement, params=parameters).to_arrow_table()


def _plain(record: dict[str, Any]) -> dict[str, Any]:
    return {**record, "as_of": record["as_of"] and record["as_of"].isoformat()}
