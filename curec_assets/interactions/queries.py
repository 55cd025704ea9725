"""Sources that are DuckDB queries: each is run once, and its rows kept as Parquet while the source is open.

A query's rows have no order of their own, so they are put in that of their values: the numbers of rows, and which of
two contradicting rows comes first, do not hang on how many threads ran it.
"""

from collections.abc import Sequence
from contextlib import chdir
from hashlib import sha256
from pathlib import Path

import duckdb
from duckdb import ColumnExpression, DuckDBPyConnection, StatementType

from curec_assets.interactions.config import FilesSource, InteractionColumns, ItemColumns, QuerySource, UserColumns
from curec_assets.interactions.formats import FilePair
from curec_assets.interactions.rows import SourceError, SourceFile
from curec_assets.lake.sql import load_sql

EVENT_COLUMNS = ("timestamp", "user_id", "item_id")
ITEM_COLUMNS = ("item_id", "title")
USER_COLUMNS = ("user_id",)
DESCRIBING_COLUMNS = ("year", "categories", "description")


def query_pair(connection: DuckDBPyConnection, source: QuerySource, rated: bool, base: Path, scratch: Path) -> FilePair:
    """Runs the queries in the folder ``base`` (the process works there meanwhile) and says what they gave.

    Args:
        connection: where nothing else runs; no extension is fetched for a query.
        source: the queries.
        rated: whether the interactions need a column ``rating``.
        base: folder that relative paths in the queries start from.
        scratch: folder for the rows; they may be larger than memory.

    Raises:
        SourceError: a text that is not one query, one that DuckDB refuses, or one that lacks a column.
    """
    connection.execute("SET autoinstall_known_extensions = false")
    needed = (*EVENT_COLUMNS, "rating") if rated else EVENT_COLUMNS
    interactions, _ = _keep_rows(connection, "interactions", source.interactions, needed, (), base, scratch)
    items, described = _keep_rows(connection, "items", source.items, ITEM_COLUMNS, DESCRIBING_COLUMNS, base, scratch)
    users: SourceFile | None = None
    attributes: tuple[str, ...] = ()
    if source.users is not None:
        users, attributes = _keep_rows(connection, "users", source.users, USER_COLUMNS, None, base, scratch)
        if not attributes:
            raise SourceError("The query source.users gives user_id alone; each further column is an attribute.")
    return FilePair(
        interactions,
        items,
        FilesSource(
            interactions="interactions.parquet",
            items="items.parquet",
            users="users.parquet" if users else None,
            interaction_columns=InteractionColumns(rating="rating" if rated else None),
            item_columns=ItemColumns(
                year="year" if "year" in described else None,
                categories="categories" if "categories" in described else None,
                description=("description",) if "description" in described else (),
            ),
            user_columns=UserColumns(attributes=attributes),
        ),
        users,
    )


def _keep_rows(
    connection: DuckDBPyConnection,
    name: str,
    query: str,
    needed: Sequence[str],
    optional: Sequence[str] | None,
    base: Path,
    scratch: Path,
) -> tuple[SourceFile, tuple[str, ...]]:
    """The query's rows as a file, and which of the optional columns it has (None: any but the needed)."""
    kept = scratch / f"{name}.parquet"
    try:
        if [statement.type for statement in connection.extract_statements(query)] != [StatementType.SELECT]:
            raise SourceError(f"The query source.{name} must be one SELECT (or FROM, or WITH) and write nothing.")
        with chdir(base):
            rows = connection.sql(query)
            if missing := [column for column in needed if column not in rows.columns]:
                raise SourceError(
                    f"The query source.{name} gives no column {missing[0]!r}; it gives {', '.join(rows.columns)}."
                )
            found = _further(rows.columns, needed, optional)
            columns = [ColumnExpression(column) for column in (*needed, *found)]
            rows.select(*columns).order("ALL").write_parquet(str(kept))
    except duckdb.Error as error:
        raise SourceError(f"The query source.{name} cannot be run in {base}: {error}") from error
    return SourceFile(kept), found


def _further(columns: Sequence[str], needed: Sequence[str], optional: Sequence[str] | None) -> tuple[str, ...]:
    if optional is None:
        return tuple(column for column in columns if column not in needed)
    return tuple(column for column in optional if column in columns)


def rows_fingerprint(connection: DuckDBPyConnection, files: Sequence[SourceFile]) -> str:
    """SHA-256 (64 hex digits) that follows the rows that queries gave, whatever file or thread they came from."""
    digest = sha256()
    for file in files:
        names = ",".join(connection.read_parquet(str(file.path)).columns)
        found = connection.execute(load_sql("interactions/rows_digest.sql"), {"path": str(file.path)}).fetchall()
        digest.update(f"{names}:{found}\n".encode())
    return digest.hexdigest()
