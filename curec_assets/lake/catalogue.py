"""The catalogue: ``<lake>/curec.duckdb``, views and macros over the Parquet files and nothing else.

It is built aside and renamed into place, so a reader never meets a lock, and it holds no rows, so it never goes stale
as windows are published. It is rebuilt only when a chain is new, its embedding length is known for the first time, or
the SQL changed.
"""

import logging
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from string import Template

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from curec_assets.configuration.chain import can_name_chain
from curec_assets.lake import descriptions, schemas
from curec_assets.lake.hashing import hash_json
from curec_assets.lake.lake import Lake
from curec_assets.lake.sql import load_sql

CATALOGUE = "curec.duckdb"
QUERY_ATTEMPTS = 20
OLDEST_CLIENT = "v1.0.0"
"""The file is written so that every DuckDB from this version on can open it; by default, only the newest could."""
EMPTY_WINDOW = "window=__empty__"
"""Folder of the row-less file that gives a view its columns before any window is published: no window can have this
name, since names start with a letter or digit."""


def ensure_catalogue(root: Path, chains: list[str]) -> Path:
    """The catalogue of the lake at ``root``, built or rebuilt if it does not stand for ``chains`` and what lies there.

    Chains that already have a folder in the lake are always part of it; a folder whose name no chain can have, such as
    a copy called ``demo-old``, is passed over. A file in its place that does not open is kept beside it, as
    ``curec.duckdb.unreadable-1``.

    Raises:
        ValueError: the file in its place holds somebody's own tables, or is open for writing; or a partition of the
            lake cannot be read.
    """
    there = (path.name for path in root.glob("*") if can_name_chain(path.name) and (path / "items").is_dir())
    known = sorted({*chains, *there})
    dimensions = {chain: _embedding_dimension(Lake(root, chain)) for chain in known}
    fingerprint = hash_json(
        {
            "sql": load_sql("catalogue/chain.sql"),
            "columns": [descriptions.SHARED, descriptions.OWN, descriptions.ALIASES],
            "root": str(root),
            "dimensions": dimensions,
        }
    )
    path = root / CATALOGUE
    if _fingerprint(path) != fingerprint:
        _make_way(path)
        try:
            _build(path, dimensions, fingerprint)
        except duckdb.Error as error:
            raise ValueError(f"{path} cannot be built over this lake: {error}") from None
    return path


def connect(root: Path, chain: str | None = None) -> duckdb.DuckDBPyConnection:
    """A read-only connection to the catalogue that shows times in UTC; names without a schema are ``chain``'s.

    Raises:
        FileNotFoundError: no catalogue there yet.
        ValueError: the catalogue has no such chain.
    """
    path = root / CATALOGUE
    if not path.exists():
        raise FileNotFoundError(f"{path}: no catalogue yet; run a chain first, e.g. curec run --chain demo")
    connection = duckdb.connect(str(path), read_only=True)
    connection.execute("SET TimeZone = 'UTC'")
    if chain is not None:
        known = {name for (name,) in connection.execute("SELECT schema_name FROM duckdb_schemas()").fetchall()}
        if chain not in known:
            connection.close()
            raise ValueError(f"the catalogue has no chain {chain!r}; run it first, or `curec catalog`")
        connection.execute(Template("SET schema = ${chain}").substitute(chain=_literal(chain)))
    return connection


def query(root: Path, statement: str, chain: str | None = None, variables: Mapping[str, str] | None = None) -> pa.Table:
    """The rows of ``statement``, each partition wholly old or wholly new; ``getvariable(name)`` in it is the value that
    ``variables`` gives the name, as text.

    DuckDB opens a Parquet file once to plan and again to scan, so a query can meet an existing partition in the middle
    of being replaced. Where one was, the query is asked again; new partitions disturb nobody.

    Raises:
        duckdb.Error: a statement that DuckDB refuses.
        RuntimeError: partitions were replaced during every attempt.
    """
    for _ in range(QUERY_ATTEMPTS):
        before = _partition_files(root)
        try:
            with connect(root, chain) as connection:
                for name, value in (variables or {}).items():
                    setting = Template("SET VARIABLE ${name} = ?").substitute(name=_identifier(name))
                    connection.execute(setting, [value])
                relation = connection.sql(statement)
                rows = pa.table({}) if relation is None else relation.to_arrow_table()
        except duckdb.Error:
            if not _replaced(before):
                raise
            continue
        if not _replaced(before):
            return rows
    raise RuntimeError("partitions were replaced during every attempt to read them; ask again when the run is over")


def _partition_files(root: Path) -> dict[Path, tuple[int, int]]:
    return {path: _identity(path) for path in root.glob("*/*/window=*/data.parquet")}


def _replaced(before: dict[Path, tuple[int, int]]) -> bool:
    return any(_identity(path) != identity for path, identity in before.items())


def _identity(path: Path) -> tuple[int, int]:
    found = path.stat()
    return found.st_ino, found.st_mtime_ns


def _build(path: Path, dimensions: dict[str, int], fingerprint: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    lakes = [Lake(path.parent, chain) for chain in dimensions]
    for lake in lakes:
        _bootstrap(lake)
    staged = lakes[0].stage() if lakes else path.with_suffix(".staged")
    with duckdb.connect() as connection:
        attach = Template("ATTACH ${path} AS staged (STORAGE_VERSION ${version})")
        connection.execute(attach.substitute(path=_literal(str(staged)), version=_literal(OLDEST_CLIENT)))
        connection.execute("USE staged")
        for lake in lakes:
            # A view's text cannot hold bound parameters: the schema's name and the path are quoted instead.
            statement = Template(load_sql("catalogue/chain.sql")).substitute(
                chain=_identifier(lake.chain), lake=_literal(str(lake.folder)), dimension=dimensions[lake.chain]
            )
            connection.execute(statement)
        connection.execute(
            Template("CREATE VIEW main.catalogue AS SELECT ${fingerprint} AS fingerprint").substitute(
                fingerprint=_literal(fingerprint)
            )
        )
        connection.execute("COMMENT ON VIEW main.catalogue IS 'What this catalogue was built from.'")
        _comment_on_columns(connection)
    staged.replace(path)


def _comment_on_columns(connection: duckdb.DuckDBPyConnection) -> None:
    columns = connection.execute(
        "SELECT schema_name, table_name, column_name FROM duckdb_columns() WHERE NOT internal"
    ).fetchall()
    connection.begin()
    for schema, view, column in columns:
        if (text := descriptions.describe_column(view, column)) is not None:
            statement = Template("COMMENT ON COLUMN ${schema}.${view}.${column} IS ${text}").substitute(
                schema=_identifier(schema), view=view, column=_identifier(column), text=_literal(text)
            )
            connection.execute(statement)
    connection.commit()


def _bootstrap(lake: Lake) -> None:
    for asset, schema in schemas.ASSET_SCHEMAS.items():
        target = lake.folder / asset / EMPTY_WINDOW / "data.parquet"
        # An older version may have written it, without the columns that views name since.
        if not target.exists() or not pq.read_schema(target).equals(schema):
            _write_empty(lake, target, schema)
    rejects = lake.folder / "rejects" / "data.parquet"
    if not rejects.exists():
        _write_empty(lake, rejects, schemas.REJECTS)


def _write_empty(lake: Lake, target: Path, schema: pa.Schema) -> None:
    staged = lake.stage()
    pq.write_table(schema.empty_table(), staged)
    target.parent.mkdir(parents=True, exist_ok=True)
    staged.replace(target)


def _embedding_dimension(lake: Lake) -> int:
    """Length of the chain's published embeddings, 1 before there are any."""
    for path in sorted((lake.folder / "reason_embeddings").glob("window=[!_]*/data.parquet")):
        return pq.read_schema(path).field("embedding").type.list_size
    return 1


def _fingerprint(path: Path) -> str | None:
    """What the catalogue was built from; None where there is none that can be read."""
    try:
        with duckdb.connect(str(path), read_only=True) as connection:
            row = connection.execute("SELECT fingerprint FROM main.catalogue").fetchone()
    except duckdb.Error:
        return None
    return row[0] if row else None


def _make_way(path: Path) -> None:
    """See to it that a catalogue built at ``path`` destroys nothing but views and macros."""
    if not path.exists():
        return
    try:
        with duckdb.connect(str(path), read_only=True) as connection:
            tables = connection.execute("SELECT schema_name || '.' || table_name FROM duckdb_tables()").fetchall()
    except duckdb.Error as error:
        # DuckDB has no type of its own for a file that another process holds.
        if isinstance(error, duckdb.ConnectionException) or "Could not set lock" in str(error):
            raise ValueError(f"{path} is open for writing elsewhere; close it there, then run: curec catalog") from None
        _keep_beside(path)
        return
    if tables:
        named = ", ".join(name for (name,) in tables)
        raise ValueError(
            f"{path} holds tables that are not the catalogue's: {named}; move that file elsewhere, "
            "then run: curec catalog"
        )


def _keep_beside(path: Path) -> None:
    names = (path.with_name(f"{path.name}.unreadable-{number}") for number in count(1))
    kept = next(name for name in names if not name.exists())
    path.rename(kept)
    logging.getLogger(__name__).warning("%s could not be read; kept as %s", path, kept)


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
