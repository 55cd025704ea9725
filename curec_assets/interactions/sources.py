"""Sources of interactions: rows as text by window, items by when they are first seen, and rows without a time.

DuckDB streams the files; only the rows of the asked window ever reach Python.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

import duckdb
import pyarrow as pa
from duckdb import CoalesceOperator, ColumnExpression, ConstantExpression, Expression, FunctionExpression

from curec_assets.interactions.config import DataSetConfig, FilesSource, InteractionColumns, ItemColumns
from curec_assets.interactions.delimited import as_clean_text, read_header, read_lines, read_records
from curec_assets.interactions.titles import clean_text, clean_title
from curec_assets.lake.schemas import ITEMS, RAW_INTERACTIONS, REJECTS
from curec_assets.lake.sql import load_sql

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MOVIELENS_FOLDER = "recbole/dataset_example/ml-100k"


class SourceError(ValueError):
    """A source that cannot be read; the message is one sentence that names the file and what it lacks."""


class InteractionSource(Protocol):
    """Where interactions come from. Every source row is in exactly one window or in ``rejects()``."""

    def interactions(self, start: datetime, end: datetime) -> pa.Table:
        """Rows with ``start <= ts < end`` as text (schema ``RAW_INTERACTIONS``), in the order of the source."""
        ...

    def items_first_seen(self, start: datetime, end: datetime, opening: bool) -> pa.Table:
        """Items (schema ``ITEMS``) whose first readable interaction lies in ``[start, end)``, by item id.

        With ``opening`` also those first seen before ``start``. Rows with ``ts >= end`` play no part.
        """
        ...

    def rejects(self) -> pa.Table:
        """Rows that belong to no window (schema ``REJECTS``).

        Codes: ``invalid_row`` (cannot be split into its columns), ``unreadable_time``, ``negative_time`` (before
        1970) and ``future_time`` (later than the moment the source was opened).
        """
        ...

    def fingerprint(self) -> str:
        """SHA-256 (64 hex digits) of the content of the source's files, whatever their names."""
        ...


def open_source(config: DataSetConfig, base: Path, now: datetime | None = None) -> InteractionSource:
    """Opens a data set's source.

    Args:
        config: the data set.
        base: folder that relative paths start from.
        now: times after this are ``future_time`` rejects; the present moment by default.

    Raises:
        SourceError: a file, column or package that is not there, or a file that cannot be read.
    """
    source = config.source if isinstance(config.source, FilesSource) else _movielens_100k()
    return FileSource(source, base, now or datetime.now(UTC))


class FileSource:
    """A pair of files behind DuckDB views: ``source_rows`` and ``item_rows``, text columns with standard names."""

    def __init__(self, source: FilesSource, base: Path, now: datetime) -> None:
        self._source = source
        self._now_us = _microseconds(now)
        self._paths = tuple(_existing(base / name) for name in (source.interactions, source.items))
        self._scratch = TemporaryDirectory(prefix="curec-source-")
        self._connection = duckdb.connect()
        self._connection.execute("SET TimeZone = 'UTC'")
        self._connection.execute(load_sql("interactions/macros.sql"))
        interactions, items = self._paths
        try:
            self._interaction_rows(interactions, source.interaction_columns).create_view("source_rows")
            self._item_rows(items, source.item_columns).create_view("item_rows")
        except duckdb.Error as error:
            raise SourceError(f"The files {interactions} and {items} cannot be read: {error}") from error

    def interactions(self, start: datetime, end: datetime) -> pa.Table:
        span = {"start_us": _microseconds(start), "end_us": _microseconds(end)}
        return self._query("interactions/window_rows.sql", **span).cast(RAW_INTERACTIONS)

    def items_first_seen(self, start: datetime, end: datetime, opening: bool) -> pa.Table:
        found = self._query(
            "interactions/items_first_seen.sql",
            start_us=_microseconds(start),
            end_us=_microseconds(end),
            opening=opening,
        )
        return pa.Table.from_pylist([self._item(row) for row in found.to_pylist()], schema=ITEMS)

    def rejects(self) -> pa.Table:
        return self._query("interactions/rejects.sql").cast(REJECTS)

    def fingerprint(self) -> str:
        digest = sha256()
        for path in self._paths:
            with path.open("rb") as file:
                content = sha256()
                while chunk := file.read(1 << 20):
                    content.update(chunk)
            digest.update(content.digest())
        return digest.hexdigest()

    def _query(self, name: str, **parameters: int | bool) -> pa.Table:
        bound = {"timestamp_format": self._source.timestamp_format, "now_us": self._now_us, **parameters}
        try:
            return self._connection.sql(load_sql(name), params=bound).to_arrow_table()
        except duckdb.Error as error:
            named = " and ".join(str(path) for path in self._paths)
            raise SourceError(f"The files {named} cannot be read: {error}") from error

    def _interaction_rows(self, path: Path, columns: InteractionColumns) -> duckdb.DuckDBPyRelation:
        """Columns source_row (from 1), user_id, item_id, rating, timestamp, line (null for Parquet), splits (bool)."""
        named = {"user_id": columns.user, "item_id": columns.item, "timestamp": columns.timestamp}
        if columns.rating is not None:
            named["rating"] = columns.rating
        if _is_parquet(path):
            rows = self._connection.read_parquet(str(path), file_row_number=True)
            _require(path, named.values(), rows.columns)
            fields = {name: _column(column) for name, column in named.items()}
            number = ColumnExpression("file_row_number") + ConstantExpression(1)
            line, splits = _NO_TEXT, ConstantExpression(True)
        else:
            header = read_header(path, self._source.delimiter)
            _require(path, named.values(), header)
            self._connection.execute("SET VARIABLE delimiter = $delimiter", {"delimiter": self._source.delimiter})
            read_lines(self._connection, as_clean_text(path, Path(self._scratch.name))).create_view("source_lines")
            rows = self._connection.sql(load_sql("interactions/numbered_lines.sql"))
            split = ColumnExpression("fields")
            fields = {
                name: FunctionExpression("list_extract", split, ConstantExpression(header.index(column) + 1))
                for name, column in named.items()
            }
            number, line = ColumnExpression("source_row"), ColumnExpression("line")
            splits = CoalesceOperator(
                FunctionExpression("len", split) == ConstantExpression(len(header)), ConstantExpression(False)
            )
        fields.setdefault("rating", _NO_TEXT)
        return rows.select(
            number.alias("source_row"),
            *(expression.alias(name) for name, expression in fields.items()),
            line.alias("line"),
            splits.alias("splits"),
        )

    def _item_rows(self, path: Path, columns: ItemColumns) -> duckdb.DuckDBPyRelation:
        """Columns item_row, item_id, title, release_year, categories, description: text, null where not mapped."""
        named = {
            "item_id": columns.item,
            "title": columns.title,
            "release_year": columns.year,
            "categories": columns.categories,
        }
        wanted = [column for column in (*named.values(), *columns.description) if column is not None]
        if _is_parquet(path):
            rows = self._connection.read_parquet(str(path), file_row_number=True)
            _require(path, wanted, rows.columns)
            number = ColumnExpression("file_row_number")
        else:
            clean = as_clean_text(path, Path(self._scratch.name))
            records = read_records(self._connection, clean, self._source.delimiter)
            _require(path, wanted, records.columns)
            records.create_view("item_records")
            rows = self._connection.sql(load_sql("interactions/numbered_items.sql"))
            number = ColumnExpression("item_row")
        described = map(_column, columns.description)
        return rows.select(
            number.alias("item_row"),
            *((_column(column) if column else _NO_TEXT).alias(name) for name, column in named.items()),
            FunctionExpression("concat_ws", ConstantExpression(" "), _NO_TEXT, *described).alias("description"),
        )

    def _item(self, row: dict[str, Any]) -> dict[str, Any]:
        title, code = clean_title(
            row["item_id"], row["title"], row["release_year"], self._source.articles_follow_titles
        )
        names = (clean_text(name)[0] for name in (row["categories"] or "").split(self._source.category_separator))
        absent = {"", *self._source.absent_categories}
        return {
            "item_id": row["item_id"],
            "title": title,
            "categories": [name for name in dict.fromkeys(names) if name not in absent],
            "description": clean_text(row["description"])[0] or None,
            "first_seen": row["first_seen"],
            "title_code": code,
        }


_NO_TEXT = ConstantExpression(None).cast("VARCHAR")


def _column(name: str) -> Expression:
    return ColumnExpression(name).cast("VARCHAR")


def _movielens_100k() -> FilesSource:
    try:
        carried = files("recbole") or []
    except PackageNotFoundError:
        raise SourceError(
            "The data set movielens_100k needs the package recbole (only its data files are read): "
            "pip install --no-deps recbole==1.2.1."
        ) from None
    found = {path.name: str(path.locate()) for path in carried if path.as_posix().startswith(MOVIELENS_FOLDER)}
    for name in ("ml-100k.inter", "ml-100k.item"):
        if name not in found:
            raise SourceError(f"The package recbole carries no file {MOVIELENS_FOLDER}/{name}; install recbole==1.2.1.")
    return FilesSource(
        interactions=found["ml-100k.inter"],
        items=found["ml-100k.item"],
        interaction_columns=InteractionColumns(
            user="user_id:token", item="item_id:token", timestamp="timestamp:float", rating="rating:float"
        ),
        item_columns=ItemColumns(
            item="item_id:token",
            title="movie_title:token_seq",
            year="release_year:token",
            categories="class:token_seq",
        ),
        timestamp_format="epoch_seconds",
        category_separator=" ",
        absent_categories=("unknown",),
        delimiter="\t",
        articles_follow_titles=True,
    )


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise SourceError(f"The file {path} does not exist.")
    return path


def _require(path: Path, wanted: Iterable[str], present: Sequence[str]) -> None:
    for name in wanted:
        if name not in present:
            raise SourceError(f"The file {path} has no column {name!r}; its columns are {', '.join(present)}.")


def _is_parquet(path: Path) -> bool:
    return path.suffix == ".parquet"


def _microseconds(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)
