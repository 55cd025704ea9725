"""Descriptions of columns: one for each that the lake holds, none beside them, and no part of what is hashed."""

from collections.abc import Iterator

import pyarrow as pa
import pytest

from curec_assets.lake.catalogue import connect, ensure_catalogue
from curec_assets.lake.descriptions import ALIASES, OWN, SHARED, describe_column
from curec_assets.lake.hashing import hash_table
from curec_assets.lake.schemas import ASSET_SCHEMAS, CORRECTED_REASONS, REJECTS

STORED = {**ASSET_SCHEMAS, "rejects": REJECTS}


@pytest.fixture(scope="module")
def viewed(tmp_path_factory: pytest.TempPathFactory) -> set[tuple[str, str]]:
    """(view, column) of a chain's catalogue."""
    root = tmp_path_factory.mktemp("lake")
    ensure_catalogue(root, ["demo"])
    with connect(root) as catalogue:
        columns = catalogue.execute("SELECT table_name, column_name FROM duckdb_columns() WHERE NOT internal")
        return set(columns.fetchall())


@pytest.mark.parametrize("asset", STORED)
def test_every_stored_column_is_described(asset: str) -> None:
    assert not [name for name in STORED[asset].names if not describe_column(asset, name)]


def test_nothing_is_described_that_no_table_holds(viewed: set[tuple[str, str]]) -> None:
    held = viewed | {(asset, name) for asset, schema in STORED.items() for name in schema.names}
    held |= {(ALIASES[table], column) for table, column in held if table in ALIASES}
    assert {(table, column) for table, texts in OWN.items() for column in texts} <= held
    assert set(SHARED) <= {column for _, column in held}


def test_a_column_that_nobody_knows_has_no_description() -> None:
    assert describe_column("items", "from_another_time") is None


def fields(schema: pa.Schema) -> Iterator[pa.Field]:
    for field in schema:
        yield field
        inner = field.type.value_type if pa.types.is_list(field.type) else field.type
        yield from (inner.field(n) for n in range(inner.num_fields)) if pa.types.is_struct(inner) else ()


def test_descriptions_are_no_part_of_a_schema_and_so_of_no_content_hash() -> None:
    assert not [field for schema in STORED.values() for field in fields(schema) if field.metadata]
    row = {"side": "item", "subject_id": "1", "action": "created", "reason": "People like it.", "gain": 0.5}
    table = pa.Table.from_pylist([row], schema=CORRECTED_REASONS)
    assert hash_table(table) == "e00767287f008b8276eade18d9a92769404008e29a3b0850a2318b6d5b0bedbf"
