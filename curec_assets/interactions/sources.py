"""Sources of interactions: rows as text by window, items and users by when they are first seen, rows without a time.

DuckDB streams the files; only the rows of the asked window ever reach Python.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache, partial
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

import duckdb
import pyarrow as pa
from duckdb import ConstantExpression, DuckDBPyRelation, Expression, FunctionExpression

from curec_assets.configuration.windows import microseconds
from curec_assets.interactions.config import DataSetConfig, QuerySource, attribute_name
from curec_assets.interactions.formats import FilePair, file_pair
from curec_assets.interactions.queries import query_pair, rows_fingerprint
from curec_assets.interactions.rows import (
    NO_TEXT,
    UNREADABLE,
    Rows,
    SourceError,
    SourceFile,
    event_rows,
    item_rows,
)
from curec_assets.interactions.titles import clean_text, clean_title
from curec_assets.lake.schemas import ITEMS, RAW_INTERACTIONS, REJECTS, USERS
from curec_assets.lake.sql import load_sql

__all__ = ["InteractionSource", "OpenSource", "SourceError", "open_source"]


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

    def users_first_seen(self, start: datetime, end: datetime, opening: bool) -> pa.Table:
        """Users (schema ``USERS``) whom the source describes, likewise by their first interaction, by user id; no rows
        where it describes none."""
        ...

    def rejects(self) -> pa.Table:
        """Rows that belong to no window (schema ``REJECTS``).

        Codes: ``invalid_row`` (cannot be split into its columns), ``unreadable_time``, ``negative_time`` (before
        1970) and ``future_time`` (later than the moment the source was opened).
        """
        ...

    def fingerprints(self) -> Mapping[str, str]:
        """SHA-256 (64 hex digits) of the content of the files that each asset reads, whatever their names, by asset.

        ``users`` is left out where the source describes none: nothing is read for it then.
        """
        ...


def open_source(config: DataSetConfig, base: Path, now: datetime | None = None) -> "OpenSource":
    """Opens a data set's source; a query is run, files are read when they are asked.

    Args:
        config: the data set.
        base: folder that relative paths start from.
        now: times after this are ``future_time`` rejects; the present moment by default.

    Raises:
        SourceError: a file, column or package that is not there, or a file or query that cannot be read.
    """
    return OpenSource(config, base, now or datetime.now(UTC))


class OpenSource:
    """A source behind DuckDB views with standard names: ``source_rows``, ``item_rows`` and, where it describes users,
    ``user_rows``.

    What a query or a rewritten file needs of disk lies in the system's folder for temporary files until the source is
    closed, and DuckDB spills there what exceeds its memory.
    """

    def __init__(self, config: DataSetConfig, base: Path, now: datetime) -> None:
        self._now_us = microseconds(now)
        self._scratch = TemporaryDirectory(prefix="curec-source-")
        scratch = Path(self._scratch.name)
        self.connection = duckdb.connect(config={"temp_directory": str(scratch)})
        self.connection.execute("SET TimeZone = 'UTC'")
        for macros in ("interactions/macros.sql", "interactions/json_macros.sql"):
            self.connection.execute(load_sql(macros))
        self._named = "source"
        self._fingerprint: Callable[[Sequence[SourceFile]], str] = _files_fingerprint
        if isinstance(config.source, QuerySource):
            self._named = "rows of the queries"
            pair = query_pair(self.connection, config.source, not config.implicit, base, scratch)
            self._fingerprint = partial(rows_fingerprint, self.connection)
        else:
            with self.readable():
                pair = file_pair(self.connection, config.source, base)
            self._named = f"files {' and '.join(str(file.path) for file in pair.files)}"
        self._pair, self._meaning = pair, pair.meaning
        with self.readable():
            self._create_views(pair, scratch)

    def interactions(self, start: datetime, end: datetime) -> pa.Table:
        span = {"start_us": microseconds(start), "end_us": microseconds(end)}
        return self._table("interactions/window_rows.sql", **span).cast(RAW_INTERACTIONS)

    def items_first_seen(self, start: datetime, end: datetime, opening: bool) -> pa.Table:
        found = self._table(
            "interactions/items_first_seen.sql",
            start_us=microseconds(start),
            end_us=microseconds(end),
            opening=opening,
        )
        return self.cleaned_items(found)

    def users_first_seen(self, start: datetime, end: datetime, opening: bool) -> pa.Table:
        if self._pair.users is None:
            return USERS.empty_table()
        found = self._table(
            "interactions/users_first_seen.sql",
            start_us=microseconds(start),
            end_us=microseconds(end),
            opening=opening,
        )
        return pa.Table.from_pylist([self._user(row) for row in found.to_pylist()], schema=USERS)

    def rejects(self) -> pa.Table:
        return self._table("interactions/rejects.sql").cast(REJECTS)

    def fingerprints(self) -> Mapping[str, str]:
        files = [self._pair.interactions, self._pair.items]
        # Items and events do not depend on what is said of people, so that another users file leaves them fresh.
        found = dict.fromkeys(("items", "raw_interactions"), self._fingerprint(files))
        if self._pair.users is not None:
            found["users"] = self._fingerprint([self._pair.interactions, self._pair.users])
        return found

    def relation(self, name: str, **parameters: int | bool) -> DuckDBPyRelation:
        """What ``sql/<name>`` finds in the views, with ``timestamp_format``, ``now_us`` and ``parameters`` bound."""
        bound = {"timestamp_format": self._meaning.timestamp_format, "now_us": self._now_us, **parameters}
        with self.readable():
            return self.connection.sql(load_sql(name), params=bound)

    def cleaned_items(self, found: pa.Table | pa.RecordBatch) -> pa.Table:
        """Rows of ``interactions/items_first_seen.sql`` as schema ``ITEMS``: texts cleaned, categories told apart."""
        return pa.Table.from_pylist([self._item(row) for row in found.to_pylist()], schema=ITEMS)

    def _table(self, name: str, **parameters: int | bool) -> pa.Table:
        with self.readable():
            return self.relation(name, **parameters).to_arrow_table()

    @contextmanager
    def readable(self) -> Iterator[None]:
        """Turns what DuckDB and gzip say of a file that they cannot read into a ``SourceError`` that names it."""
        try:
            yield
        except UNREADABLE as error:
            raise SourceError(f"The {self._named} cannot be read: {error}") from error

    def _create_views(self, pair: FilePair, scratch: Path) -> None:
        events, items = pair.meaning.interaction_columns, pair.meaning.item_columns
        wanted = [name for name in (events.user, events.item, events.timestamp, events.rating) if name is not None]
        rows = event_rows(self.connection, pair.interactions, wanted, scratch)
        named = {"user_id": events.user, "item_id": events.item, "rating": events.rating, "timestamp": events.timestamp}
        rows.relation.select(
            rows.number.alias("source_row"),
            *(_text(rows, column).alias(name) for name, column in named.items()),
            rows.line.alias("line"),
            rows.splits.alias("splits"),
        ).create_view("source_rows")
        named = {"item_id": items.item, "title": items.title, "release_year": items.year}
        wanted = [name for name in (*named.values(), items.categories, *items.description) if name is not None]
        rows = item_rows(self.connection, pair.items, wanted, scratch)
        described = [rows.columns[name].text() for name in items.description]
        separator = pair.meaning.category_separator
        categories = rows.columns[items.categories].texts(separator) if items.categories else NO_TEXT
        rows.relation.select(
            rows.number.alias("item_row"),
            *(_text(rows, column).alias(name) for name, column in named.items()),
            categories.cast("VARCHAR[]").alias("categories"),
            FunctionExpression("concat_ws", ConstantExpression(" "), NO_TEXT, *described).alias("description"),
        ).create_view("item_rows")
        if pair.users is not None:
            self._create_user_view(pair.users, scratch)

    def _create_user_view(self, file: SourceFile, scratch: Path) -> None:
        columns = self._meaning.user_columns
        rows = item_rows(self.connection, file, [columns.user, *columns.attributes], scratch)
        values = [rows.columns[name].text() for name in columns.attributes]
        rows.relation.select(
            rows.number.alias("user_row"),
            _text(rows, columns.user).alias("user_id"),
            FunctionExpression("list_value", *values).alias("attribute_values"),
        ).create_view("user_rows")

    def _item(self, row: dict[str, Any]) -> dict[str, Any]:
        title, code = clean_title(
            row["item_id"], row["title"], row["release_year"], self._meaning.articles_follow_titles
        )
        names = (clean_text(name)[0] for name in row["categories"] or ())
        absent = {"", *self._meaning.absent_categories}
        return {
            "item_id": row["item_id"],
            "title": title,
            "categories": [name for name in dict.fromkeys(names) if name not in absent],
            "description": clean_text(row["description"])[0] or None,
            "first_seen": row["first_seen"],
            "title_code": code,
        }

    def _user(self, row: dict[str, Any]) -> dict[str, Any]:
        names = map(attribute_name, self._meaning.user_columns.attributes)
        cleaned = ((name, clean_text(value)[0]) for name, value in zip(names, row["attribute_values"], strict=True))
        return {
            "user_id": row["user_id"],
            "attributes": sorted((name, value) for name, value in cleaned if value),
            "first_seen": row["first_seen"],
        }


def _text(rows: Rows, column: str | None) -> Expression:
    return NO_TEXT if column is None else rows.columns[column].text()


def _files_fingerprint(files: Sequence[SourceFile]) -> str:
    digest = sha256()
    for file in files:
        found = file.path.stat()
        digest.update(_file_digest(file.path, found.st_ino, found.st_size, found.st_mtime_ns))
    return digest.hexdigest()


@lru_cache(maxsize=64)
def _file_digest(path: Path, *identity: int) -> bytes:
    """SHA-256 of a file; looked up once a process, as each window opens its source anew."""
    content = sha256()
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            content.update(chunk)
    return content.digest()
