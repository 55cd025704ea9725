"""What kind of source two files are, told by their suffixes, headers and first rows."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from curec_assets.interactions.config import (
    AmazonReviews,
    FilesSource,
    InteractionColumns,
    ItemColumns,
    MovieLensFiles,
    TimestampFormat,
)
from curec_assets.interactions.delimited import first_line, read_header
from curec_assets.interactions.formats import NO_GENRE, amazon_edition, existing_file
from curec_assets.interactions.rows import UNREADABLE, SourceError, SourceFile, event_rows, item_rows, json_names
from curec_assets.interactions.titles import article_is_last
from curec_assets.lake.sql import load_sql

USUAL_NAMES = {
    "user": "userid user customerid customer reviewerid reviewer visitorid memberid member accountid personid uid",
    "item": "itemid item productid product parentasin asin sku movieid movie bookid isbn songid trackid articleid",
    "timestamp": "timestamp ts time datetime date eventtime createdat unixreviewtime ratedat boughtat orderdate day",
    "rating": "rating ratings stars score overall",
    "title": "title name itemname productname producttitle movietitle booktitle itemtitle",
    "year": "year releaseyear publicationyear yearofpublication",
    "categories": "categories category genres genre tags class path kinds topics department",
    "description": "description overview tagline blurb summary plot abstract",
}
"""Column names by what they usually hold, likeliest first; compared without case, punctuation and ``:type``."""
SIBLINGS = {
    "u.data": "u.item",
    "ratings.dat": "movies.dat",
    "ratings.csv": "movies.csv",
    "interactions.parquet": "items.parquet",
    "interactions.csv": "items.csv",
}
"""Names under which the items of an interactions file usually lie beside it."""
PEEKED_ROWS = 1000
NUMBER = re.compile(r"-?\d+(\.\d+)?(e[+-]?\d+)?", re.IGNORECASE)
SEPARATORS = ("|", ">", ";", ",")
GROUPLENS = "GroupLens MovieLens licence, research use only, no redistribution"
AMAZON = "Amazon Reviews, research use only, no redistribution"
NO_COLUMN = "-"
"""The answer that none of the columns is the one asked for."""
AskColumn = Callable[[str, Sequence[str]], str]
"""Puts a question to a person, with the columns that can be the answer; gives back one of them."""


@dataclass(frozen=True)
class Recognised:
    """What two files were taken for."""

    format: str
    """For people, e.g. ``MovieLens 1M or 10M``."""
    source: FilesSource | MovieLensFiles | AmazonReviews
    licence: str | None
    """The licence that the public format comes with; None for files of one's own."""
    unclaimed: tuple[str, ...] = ()
    """Columns of the interactions that may hold ratings under a name that tells it of none, where nobody was asked."""


def usual_items(interactions: Path) -> Path | None:
    """The items file that usually lies beside ``interactions``, if it does."""
    reviews = re.fullmatch(r"(?:reviews_)?(?P<name>\w+?)(?:_5)?(?P<suffix>\.jsonl?(?:\.gz)?)", interactions.name)
    meta = f"meta_{reviews['name']}{reviews['suffix']}" if reviews else None
    names = (SIBLINGS.get(interactions.name), meta)
    return next((path for name in names if name and (path := interactions.with_name(name)).is_file()), None)


def recognise(
    interactions: Path,
    items: Path,
    columns: Mapping[str, str],
    item_columns: Mapping[str, str],
    ask: AskColumn | None = None,
    implicit: bool = False,
) -> Recognised:
    """The source that the files are; its paths are those given.

    Args:
        interactions: path of the interactions file.
        items: path of the items file.
        columns: names of columns that need not be guessed, as in ``InteractionColumns``.
        item_columns: likewise, as in ``ItemColumns``; several of ``description`` are parted by ``+``.
        ask: asked for a column that cannot be told by its name, if it is needed or holds ratings; None where nobody can
            be asked.
        implicit: whether ratings are of no interest.

    Raises:
        SourceError: a file that is not there or cannot be read, or a column that cannot be told and is not asked for.
    """
    for path in (interactions, items):
        existing_file(path)
    try:
        with TemporaryDirectory(prefix="curec-peek-") as scratch, duckdb.connect() as connection:
            for macros in ("interactions/macros.sql", "interactions/json_macros.sql"):
                connection.execute(load_sql(macros))
            public = None if columns or item_columns else _public_format(connection, interactions, items)
            if public:
                return public
            peek = _Peek(connection, Path(scratch))
            return _own_files(peek, interactions, items, columns, item_columns, ask, implicit)
    except UNREADABLE as error:
        raise SourceError(f"The files {interactions} and {items} cannot be read: {error}") from error


def _public_format(connection: duckdb.DuckDBPyConnection, interactions: Path, items: Path) -> Recognised | None:
    events, described = str(interactions), str(items)
    if edition := _movielens_edition(interactions, items):
        movielens = MovieLensFiles(kind="movielens", interactions=events, items=described)
        return Recognised(edition, movielens, GROUPLENS)
    if edition := _amazon_edition(connection, interactions, items):
        amazon = AmazonReviews(kind="amazon_reviews", interactions=events, items=described)
        return Recognised(edition, amazon, AMAZON)
    return None


def _movielens_edition(interactions: Path, items: Path) -> str | None:
    suffixes = [Path(path.name.removesuffix(".gz")).suffix for path in (interactions, items)]
    if any(SourceFile(path).format != "text" for path in (interactions, items)):
        return None
    line = first_line(interactions)
    if suffixes == [".data", ".item"] and line.count("\t") == 3:
        return "MovieLens 100K"
    if suffixes == [".dat", ".dat"] and line.count("::") == 3:
        return "MovieLens 1M or 10M"
    headers = ["userId,movieId,rating,timestamp", "movieId,title,genres"]
    if suffixes == [".csv", ".csv"] and [line, first_line(items)] == headers:
        return "MovieLens 20M, 25M, 32M or latest"
    return None


def _amazon_edition(connection: duckdb.DuckDBPyConnection, interactions: Path, items: Path) -> str | None:
    if SourceFile(interactions).format == SourceFile(items).format == "json":
        edition = amazon_edition(json_names(connection, interactions))
        return f"Amazon Reviews {edition}" if edition else None
    return None


@dataclass(frozen=True)
class _Peek:
    connection: duckdb.DuckDBPyConnection
    scratch: Path

    def file(self, path: Path) -> SourceFile:
        """The file, with the delimiter that its first line has most of."""
        file = SourceFile(path)
        if file.format != "text":
            return file
        line = first_line(path)
        return SourceFile(path, max(("\t", ",", ";", "|"), key=line.count))

    def names(self, file: SourceFile) -> list[str]:
        if file.format == "json":
            return json_names(self.connection, file.path)
        if file.format == "parquet":
            return list(self.connection.read_parquet(str(file.path)).columns)
        header = read_header(file.path, file.delimiter)
        if any(NUMBER.fullmatch(name) for name in header):
            raise SourceError(
                f"The file {file.path} has no column names in its first line ({first_line(file.path)[:80]}). Write a "
                "line of names above it, or read it with kind: query and read_csv(…, names = […])."
            )
        return header

    def values(self, file: SourceFile, column: str, items: bool = False) -> list[str]:
        """The texts of a column in the first rows that have any."""
        rows = (item_rows if items else event_rows)(self.connection, file, [column], self.scratch)
        cells = rows.relation.select(rows.columns[column].text()).limit(PEEKED_ROWS).fetchall()
        return [cell for (cell,) in cells if cell]


def _own_files(
    peek: _Peek,
    interactions: Path,
    items: Path,
    columns: Mapping[str, str],
    item_columns: Mapping[str, str],
    ask: AskColumn | None,
    implicit: bool,
) -> Recognised:
    events, described = peek.file(interactions), peek.file(items)
    names, item_names = peek.names(events), peek.names(described)
    told = _Told(interactions, names, "--columns", columns, ask)
    user, item, timestamp, rating = told.one("user"), told.one("item"), told.one("timestamp"), told.maybe("rating")
    unclaimed = tuple(name for name in names if rating is None and not implicit and name not in (user, item, timestamp))
    if unclaimed and ask:
        rating, unclaimed = told.choice("rating", unclaimed), ()
    # Items most often go by the very name that the interactions use.
    same = {"item": item, **item_columns} if item in item_names else item_columns
    told = _Told(items, item_names, "--item-columns", same, ask)
    title, categories = told.one("title"), told.maybe("categories")
    kinds = peek.values(described, categories, items=True) if categories else []
    titles = peek.values(described, title, items=True)
    delimiters = {file.delimiter for file in (events, described) if file.format == "text" and not _is_tsv(file.path)}
    if len(delimiters) > 1:
        raise SourceError(
            f"The files {interactions} and {items} have different delimiters; read them with kind: query."
        )
    source = FilesSource(
        interactions=str(interactions),
        items=str(items),
        interaction_columns=InteractionColumns(user=user, item=item, timestamp=timestamp, rating=rating),
        item_columns=ItemColumns(
            item=told.one("item"),
            title=title,
            year=told.maybe("year"),
            categories=categories,
            description=told.several("description"),
        ),
        timestamp_format=_timestamp_format(peek.values(events, timestamp)),
        category_separator=_separator(categories, kinds),
        absent_categories=tuple(name for name in NO_GENRE if name in kinds),
        delimiter=delimiters.pop() if delimiters else ",",
        # A few titles end in ", The" by themselves; a catalogue that files them so has many.
        articles_follow_titles=sum(map(article_is_last, titles)) * 50 > len(titles),
    )
    called = " and ".join(dict.fromkeys((_called(events), _called(described))))
    return Recognised(called, source, None, unclaimed)


@dataclass(frozen=True)
class _Told:
    """A file's columns as they were given, or else by their usual names."""

    path: Path
    names: Sequence[str]
    flag: str
    given: Mapping[str, str]
    ask: AskColumn | None

    def one(self, what: str) -> str:
        found = self.maybe(what)
        if found is not None:
            return found
        question = f"Which column of {self.path} holds the {what}?"
        if self.ask:
            return self._there(self.ask(question, self.names))
        raise SourceError(f"{question} Its columns are {', '.join(self.names)}; say {self.flag} {what}=NAME.")

    def maybe(self, what: str) -> str | None:
        if what in self.given:
            return self._there(self.given[what])
        plain = {_plain(name): name for name in reversed(self.names)}
        return next((plain[usual] for usual in USUAL_NAMES[what].split() if usual in plain), None)

    def choice(self, what: str, names: Sequence[str]) -> str | None:
        """One of ``names``, as a person says who can be asked; None for none of them."""
        assert self.ask is not None
        answer = self.ask(f"Which column of {self.path} holds the {what} ({NO_COLUMN} for none)?", [*names, NO_COLUMN])
        return None if answer == NO_COLUMN else self._there(answer)

    def several(self, what: str) -> tuple[str, ...]:
        if what in self.given:
            return tuple(self._there(name) for name in self.given[what].split("+"))
        return tuple(name for name in self.names if _plain(name) in USUAL_NAMES[what].split())

    def _there(self, name: str) -> str:
        if name not in self.names:
            raise SourceError(f"The file {self.path} has no column {name!r}; its columns are {', '.join(self.names)}.")
        return name


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.partition(":")[0].lower())


def _timestamp_format(values: Sequence[str]) -> TimestampFormat:
    numbers = sorted(float(value) for value in values if NUMBER.fullmatch(value))
    if 2 * len(numbers) <= len(values):
        return "iso"
    typical = numbers[len(numbers) // 2]
    # In seconds, 1e11 lies beyond the year 5000; in milliseconds, in 1973.
    return "epoch_millis" if typical > 1e11 else "epoch_seconds"


def _separator(column: str | None, values: Sequence[str]) -> str:
    if column is not None and column.endswith(":token_seq"):
        return " "
    counts = {separator: sum(separator in value for value in values) for separator in SEPARATORS}
    # Names hold commas and the like now and then; what parts them stands in most rows with several.
    return next((separator for separator in SEPARATORS if counts[separator] * 3 > len(values)), "|")


def _is_tsv(path: Path) -> bool:
    return path.name.removesuffix(".gz").endswith(".tsv")


def _called(file: SourceFile) -> str:
    if file.format == "parquet":
        return "Parquet"
    if file.format == "json":
        return "JSON lines"
    return {"\t": "TSV", ",": "CSV"}.get(file.delimiter, f"text parted by {file.delimiter!r}")
