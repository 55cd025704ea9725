"""One file of a source as numbered rows of a DuckDB relation, whatever its format; nothing is read until asked for."""

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import duckdb
from duckdb import (
    CaseExpression,
    CoalesceOperator,
    ColumnExpression,
    ConstantExpression,
    DuckDBPyConnection,
    DuckDBPyRelation,
    Expression,
    FunctionExpression,
    SQLExpression,
)

from curec_assets.interactions.config import JSON_SUFFIXES
from curec_assets.interactions.delimited import as_clean_text, first_line, read_header, read_lines, read_records

PEEKED_LINES = 1000
NO_TEXT = ConstantExpression(None).cast("VARCHAR")
UNREADABLE = (duckdb.Error, EOFError, OSError, zlib.error)
"""What DuckDB and gzip raise for a file that they cannot read."""
YES, NO = ConstantExpression(True), ConstantExpression(False)


class SourceError(ValueError):
    """A source that cannot be read; the message is one sentence that names the file and what it lacks."""


@dataclass(frozen=True)
class SourceFile:
    """A file and how its text falls into columns; Parquet and JSON lines know that themselves."""

    path: Path
    delimiter: str = ","
    names: tuple[str, ...] = ()
    """Column names of text without a header; empty where the first line has them."""
    quoted: bool = True
    """Whether ``"`` quotes a field, which may then hold delimiters (and, in items, line ends)."""
    flags: tuple[str, ...] = ()
    """Columns of 0 and 1; the names of those with 1 make a further column ``flags``, parted by ``|``."""

    @property
    def format(self) -> Literal["parquet", "json", "text"]:
        """What the suffix says of the file."""
        suffix = Path(self.path.name.removesuffix(".gz")).suffix
        return "json" if suffix in JSON_SUFFIXES else "parquet" if suffix == ".parquet" else "text"


@dataclass(frozen=True)
class Column:
    """A column's values as text, or as a list of texts."""

    value: Expression
    kind: Literal["plain", "list", "lists", "json"] = "plain"

    def text(self) -> Expression:
        """VARCHAR; lists joined by spaces."""
        match self.kind:
            case "json":
                return FunctionExpression("json_text", self.value)
            case "list" | "lists":
                return FunctionExpression("array_to_string", self.texts(""), ConstantExpression(" "))
        return self.value.cast("VARCHAR")

    def texts(self, separator: str) -> Expression:
        """VARCHAR[]; text is parted by ``separator``."""
        match self.kind:
            case "json":
                return FunctionExpression("json_texts", self.value, ConstantExpression(separator))
            case "list":
                return self.value.cast("VARCHAR[]")
            case "lists":
                return FunctionExpression("flatten", self.value).cast("VARCHAR[]")
        return FunctionExpression("string_split", self.value.cast("VARCHAR"), ConstantExpression(separator))


@dataclass(frozen=True)
class Rows:
    """The rows of a file: ``number`` counts from 1 in its order; ``line`` is a row's text, null for Parquet; ``splits``
    says whether it falls into columns at all."""

    relation: DuckDBPyRelation
    columns: Mapping[str, Column]
    number: Expression
    line: Expression = NO_TEXT
    splits: Expression = YES


def event_rows(connection: DuckDBPyConnection, file: SourceFile, wanted: Sequence[str], scratch: Path) -> Rows:
    """The rows of an interactions file: each line of text is one, so that none can hide another.

    Raises:
        SourceError: a column of ``wanted`` that is not there.
    """
    match file.format:
        case "parquet":
            return _parquet_rows(connection, file, wanted)
        case "json":
            return _json_rows(connection, file, wanted, scratch)
    return _line_rows(connection, file, wanted, scratch)


def item_rows(connection: DuckDBPyConnection, file: SourceFile, wanted: Sequence[str], scratch: Path) -> Rows:
    """The rows of an items file, as ``event_rows`` but that quoted text may run over several lines."""
    if file.format == "text" and file.quoted:
        return _record_rows(connection, file, wanted, scratch)
    return event_rows(connection, file, wanted, scratch)


def json_names(connection: DuckDBPyConnection, path: Path) -> list[str]:
    """Names in the first lines of a JSON-lines file, in order of appearance.

    Raises:
        SourceError: a file that is one JSON array.
    """
    if first_line(path).lstrip().startswith("["):
        raise SourceError(
            f"The file {path} is one JSON array, not one object a line; rewrite it with "
            f"COPY (FROM read_json('{path.name}')) TO '{path.stem}.jsonl' in DuckDB, or read it with kind: query."
        )
    lines = read_lines(connection, path, skip=0).limit(PEEKED_LINES)
    found = lines.select(FunctionExpression("json_names", ColumnExpression("line"))).fetchall()
    return list(dict.fromkeys(name for (names,) in found for name in names or ()))


def _parquet_rows(connection: DuckDBPyConnection, file: SourceFile, wanted: Iterable[str]) -> Rows:
    relation = connection.read_parquet(str(file.path), file_row_number=True)
    _require(file.path, wanted, relation.columns)
    types = dict(zip(relation.columns, map(str, relation.types), strict=True))
    columns = {name: Column(ColumnExpression(name), _list_depth(types[name])) for name in wanted}
    return Rows(relation, columns, ColumnExpression("file_row_number") + ConstantExpression(1))


def _line_rows(connection: DuckDBPyConnection, file: SourceFile, wanted: Iterable[str], scratch: Path) -> Rows:
    header = list(file.names) or read_header(file.path, file.delimiter)
    _require(file.path, wanted, [*header, "flags"] if file.flags else header)
    lines = _numbered(read_lines(connection, as_clean_text(file.path, scratch), skip=0 if file.names else 1))
    split = "line_fields" if file.quoted else "string_split"
    fields = FunctionExpression(split, ColumnExpression("line"), ConstantExpression(file.delimiter))
    relation = lines.select(ColumnExpression("number"), ColumnExpression("line"), fields.alias("fields"))
    columns = {name: Column(_field(index)) for index, name in enumerate(header, 1)}
    if file.flags:
        named = (
            CaseExpression(columns[name].value == ConstantExpression("1"), ConstantExpression(name))
            for name in file.flags
        )
        columns["flags"] = Column(FunctionExpression("concat_ws", ConstantExpression("|"), *named))
    count = FunctionExpression("len", ColumnExpression("fields"))
    splits = CoalesceOperator(count == ConstantExpression(len(header)), NO)
    return Rows(relation, columns, ColumnExpression("number"), ColumnExpression("line"), splits)


def _record_rows(connection: DuckDBPyConnection, file: SourceFile, wanted: Iterable[str], scratch: Path) -> Rows:
    records = read_records(connection, as_clean_text(file.path, scratch), file.delimiter)
    _require(file.path, wanted, records.columns)
    relation = records.select(SQLExpression("row_number() OVER ()").alias("number"), SQLExpression("*"))
    return Rows(relation, {name: Column(ColumnExpression(name)) for name in wanted}, ColumnExpression("number"))


def _json_rows(connection: DuckDBPyConnection, file: SourceFile, wanted: Iterable[str], scratch: Path) -> Rows:
    clean = as_clean_text(file.path, scratch)
    _require(file.path, wanted, json_names(connection, clean))
    names = list(dict.fromkeys(wanted))
    pointers = ConstantExpression(["/" + name.replace("~", "~0").replace("/", "~1") for name in names])
    relation = _numbered(read_lines(connection, clean, skip=0)).select(
        ColumnExpression("number"),
        ColumnExpression("line"),
        FunctionExpression("json_fields", ColumnExpression("line"), pointers).alias("fields"),
    )
    columns = {name: Column(_field(index), "json") for index, name in enumerate(names, 1)}
    return Rows(
        relation, columns, ColumnExpression("number"), ColumnExpression("line"), ColumnExpression("fields").isnotnull()
    )


def _numbered(lines: DuckDBPyRelation) -> DuckDBPyRelation:
    return lines.select(SQLExpression("row_number() OVER ()").alias("number"), ColumnExpression("line"))


def _field(index: int) -> Expression:
    return FunctionExpression("list_extract", ColumnExpression("fields"), ConstantExpression(index))


def _list_depth(kind: str) -> Literal["plain", "list", "lists"]:
    return "lists" if kind.endswith("[][]") else "list" if kind.endswith("[]") else "plain"


def _require(path: Path, wanted: Iterable[str], present: Sequence[str]) -> None:
    for name in wanted:
        if name not in present:
            raise SourceError(f"The file {path} has no column {name!r}; its columns are {', '.join(present)}.")
