"""What kind of source two or three files are, told by their suffixes, headers and first rows."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
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
    UserColumns,
)
from curec_assets.interactions.delimited import first_line
from curec_assets.interactions.formats import NO_GENRE, amazon_edition, existing_file
from curec_assets.interactions.peek import AskColumn, Peek, Told, is_tsv
from curec_assets.interactions.proposal import NUMBER, propose_attributes
from curec_assets.interactions.rows import UNREADABLE, SourceError, SourceFile, json_names
from curec_assets.interactions.titles import article_is_last
from curec_assets.lake.sql import load_sql

SIBLINGS = {
    "u.data": "u.item",
    "ratings.dat": "movies.dat",
    "ratings.csv": "movies.csv",
    "interactions.parquet": "items.parquet",
    "interactions.csv": "items.csv",
}
"""Names under which the items of an interactions file usually lie beside it."""
SEPARATORS = ("|", ">", ";", ",")
MOVIELENS_CSV = "MovieLens 20M, 25M, 32M or latest"
GROUPLENS = "GroupLens MovieLens licence, research use only, no redistribution"
AMAZON = "Amazon Reviews, research use only, no redistribution"


@dataclass(frozen=True)
class Recognised:
    """What the files were taken for."""

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
    users: Path | None = None,
    user_columns: Mapping[str, str] | None = None,
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
        users: path of the users file, if there is one.
        user_columns: likewise, as in ``UserColumns``; several ``attributes`` are parted by ``+``.

    Raises:
        SourceError: a file that is not there or cannot be read, or a column that cannot be told and is not asked for.
    """
    for path in (interactions, items, *([users] if users else [])):
        existing_file(path)
    try:
        with TemporaryDirectory(prefix="curec-peek-") as scratch, duckdb.connect() as connection:
            for macros in ("interactions/macros.sql", "interactions/json_macros.sql"):
                connection.execute(load_sql(macros))
            given = columns or item_columns or user_columns
            public = None if given else _public_format(connection, interactions, items, users)
            if public:
                return public
            peek = Peek(connection, Path(scratch))
            own = _own_files(peek, interactions, items, columns, item_columns, ask, implicit)
            return own if users is None else _with_users(peek, own, users, user_columns or {}, ask)
    except UNREADABLE as error:
        raise SourceError(f"The files {interactions} and {items} cannot be read: {error}") from error


def _public_format(
    connection: duckdb.DuckDBPyConnection, interactions: Path, items: Path, users: Path | None
) -> Recognised | None:
    events, described = str(interactions), str(items)
    if edition := _movielens_edition(interactions, items):
        people = None if users is None else str(users)
        if people and edition == MOVIELENS_CSV:
            raise SourceError(f"{edition} says nothing of people; leave out --users {people}, or name --user-columns.")
        movielens = MovieLensFiles(kind="movielens", interactions=events, items=described, users=people)
        return Recognised(edition, movielens, GROUPLENS)
    if users is None and (edition := _amazon_edition(connection, interactions, items)):
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
        return MOVIELENS_CSV
    return None


def _amazon_edition(connection: duckdb.DuckDBPyConnection, interactions: Path, items: Path) -> str | None:
    if SourceFile(interactions).format == SourceFile(items).format == "json":
        edition = amazon_edition(json_names(connection, interactions))
        return f"Amazon Reviews {edition}" if edition else None
    return None


def _own_files(
    peek: Peek,
    interactions: Path,
    items: Path,
    columns: Mapping[str, str],
    item_columns: Mapping[str, str],
    ask: AskColumn | None,
    implicit: bool,
) -> Recognised:
    events, described = peek.file(interactions), peek.file(items)
    names, item_names = peek.names(events), peek.names(described)
    told = Told(interactions, names, "--columns", columns, ask)
    user, item, timestamp, rating = told.one("user"), told.one("item"), told.one("timestamp"), told.maybe("rating")
    unclaimed = tuple(name for name in names if rating is None and not implicit and name not in (user, item, timestamp))
    if unclaimed and ask:
        rating, unclaimed = told.choice("rating", unclaimed), ()
    # Items most often go by the very name that the interactions use.
    same = {"item": item, **item_columns} if item in item_names else item_columns
    told = Told(items, item_names, "--item-columns", same, ask)
    title, categories = told.one("title"), told.maybe("categories")
    kinds = peek.values(described, categories, items=True) if categories else []
    titles = peek.values(described, title, items=True)
    delimiters = {file.delimiter for file in (events, described) if file.format == "text" and not is_tsv(file.path)}
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


def _with_users(
    peek: Peek, own: Recognised, users: Path, columns: Mapping[str, str], ask: AskColumn | None
) -> Recognised:
    """``own`` with a users file beside; its attributes are those given, or else proposed."""
    assert isinstance(own.source, FilesSource)
    file = peek.file(users)
    names = peek.names(file)
    known = own.source.interaction_columns.user
    told = Told(users, names, "--user-columns", {"user": known, **columns} if known in names else columns, ask)
    user = told.one("user")
    attributes = told.given_names("attributes") or propose_attributes(
        {name: peek.values(file, name, items=True) for name in names if name != user}
    )
    if not attributes:
        raise SourceError(
            f"The file {users} has no column that tells groups of people apart; its columns are {', '.join(names)}. "
            "Say --user-columns attributes=NAME+NAME, or leave out --users."
        )
    if file.format == "text" and not is_tsv(users) and file.delimiter != own.source.delimiter:
        raise SourceError(f"The file {users} has another delimiter than the others; read them with kind: query.")
    described = {"users": str(users), "user_columns": UserColumns(user=user, attributes=attributes)}
    return replace(own, source=FilesSource.model_validate({**dict(own.source), **described}))


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


def _called(file: SourceFile) -> str:
    if file.format == "parquet":
        return "Parquet"
    if file.format == "json":
        return "JSON lines"
    return {"\t": "TSV", ",": "CSV"}.get(file.delimiter, f"text parted by {file.delimiter!r}")
