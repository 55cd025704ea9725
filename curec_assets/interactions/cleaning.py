"""Raw rows to events: duplicates merged, what cannot be an event set aside with its reason, nothing lost."""

from collections import Counter
from dataclasses import dataclass

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from curec_assets.interactions.config import DataSetConfig
from curec_assets.lake.schemas import CLEANED_INTERACTIONS
from curec_assets.lake.sql import load_sql

QUARANTINE_CODES = (
    "missing_user",
    "missing_item",
    "unknown_item",
    "unparseable_rating",
    "rating_off_scale",
    "conflicting_rating",
)
"""Why a row is no event, in the order of judgement: a row carries the first code that fits."""


@dataclass(frozen=True)
class Cleaned:
    """``table``: good and quarantined rows (schema ``CLEANED_INTERACTIONS``), by time, user, item and source row.

    ``counts``: ``raw``, ``good``, ``quarantined``, ``merged`` and one number per quarantine code.
    """

    table: pa.Table
    counts: dict[str, int]


def clean_interactions(raw: pa.Table, items: pa.Table, data_set: DataSetConfig) -> Cleaned:
    """Cleans one window's raw rows.

    Ids lose surrounding spaces. Rows with the same user, item, time and rating are one event; one with another rating
    than the first of them (by source row) is quarantined. ``event_id`` is the first 16 hex digits of the MD5 of
    ``user|item|microseconds since 1970``, unique among good rows.

    Args:
        raw: schema ``RAW_INTERACTIONS``, rows in any order.
        items: schema ``ITEMS``, all items first seen up to the window's end.
        data_set: the label rule and rating scale; implicit data gets label 1 and a null rating.

    Raises:
        ValueError: raw rows are not good + quarantined + merged rows (a defect of the transformation).
    """
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.register("raw_interactions", raw)
        connection.register("known_items", items.select(["item_id"]))
        table = judged_rows(connection, data_set).to_arrow_table()
    table = table.cast(CLEANED_INTERACTIONS)
    counts = _count(raw.num_rows, table)
    if counts["raw"] != counts["good"] + counts["quarantined"] + counts["merged"]:
        raise ValueError(f"rows went missing in cleaning: {counts}")
    return Cleaned(table, counts)


def judged_rows(connection: duckdb.DuckDBPyConnection, data_set: DataSetConfig) -> duckdb.DuckDBPyRelation:
    """Events and quarantined rows of the connection's ``raw_interactions``, given its ``known_items``."""
    low, high = data_set.rating_scale or (None, None)
    parameters = {"implicit": data_set.implicit, "like_at": data_set.like_at, "lowest": low, "highest": high}
    return connection.sql(load_sql("interactions/clean.sql"), params=parameters)


def _count(raw_rows: int, table: pa.Table) -> dict[str, int]:
    codes = Counter(table["quarantine_code"].to_pylist())
    good = codes.pop(None, 0)
    return {
        "raw": raw_rows,
        "good": good,
        "quarantined": codes.total(),
        "merged": sum(table["merged_duplicates"].to_pylist()),
        **{code: codes[code] for code in QUARANTINE_CODES},
    }


def good_events(cleaned: pa.Table) -> pa.Table:
    """The rows of ``cleaned`` that are events: those without a quarantine code."""
    return cleaned.filter(pc.is_null(cleaned["quarantine_code"]))
