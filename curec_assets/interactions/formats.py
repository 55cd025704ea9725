"""What each kind of source comes down to: its files, and a ``FilesSource`` that says what their columns mean."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

from duckdb import DuckDBPyConnection

from curec_assets.interactions.config import (
    AmazonReviews,
    FilesSource,
    InteractionColumns,
    ItemColumns,
    MovieLens100K,
    MovieLensFiles,
    UserColumns,
)
from curec_assets.interactions.rows import SourceError, SourceFile, json_names

RECBOLE_FOLDER = "recbole/dataset_example/ml-100k"
GENRES_100K = (
    *("unknown", "Action", "Adventure", "Animation", "Children's", "Comedy", "Crime", "Documentary", "Drama"),
    *("Fantasy", "Film-Noir", "Horror", "Musical", "Mystery", "Romance", "Sci-Fi", "Thriller", "War", "Western"),
)
"""The last columns of ``u.item``, in the order of the archive's README."""
MOVIELENS_ATTRIBUTES = ("age", "gender", "occupation")
"""What is taken of a person; a zip code is nearly a name."""
NO_GENRE = ("unknown", "(no genres listed)")


@dataclass(frozen=True)
class FilePair:
    """Two files, a third where the source describes users, and what their columns mean; the paths in ``meaning`` play
    no part."""

    interactions: SourceFile
    items: SourceFile
    meaning: FilesSource
    users: SourceFile | None = None

    @property
    def files(self) -> tuple[SourceFile, ...]:
        """All of them."""
        return (self.interactions, self.items, *([self.users] if self.users else []))


def file_pair(
    connection: DuckDBPyConnection,
    source: FilesSource | MovieLens100K | MovieLensFiles | AmazonReviews,
    base: Path,
) -> FilePair:
    """The pair that a source of files comes down to.

    Raises:
        SourceError: a file or package that is not there, or files that are not of the format they are said to be.
    """
    match source:
        case MovieLens100K():
            return _plain_pair(_recbole_movielens(), base)
        case MovieLensFiles():
            return _movielens(source, base)
        case AmazonReviews():
            return _amazon_reviews(connection, source, base)
    return _plain_pair(source, base)


def _plain_pair(source: FilesSource, base: Path) -> FilePair:
    interactions, items = (_named(base, name, source.delimiter) for name in (source.interactions, source.items))
    users = None if source.users is None else _named(base, source.users, source.delimiter)
    return FilePair(interactions, items, source, users)


def _named(base: Path, name: str, delimiter: str) -> SourceFile:
    tabs = name.removesuffix(".gz").endswith(".tsv")
    return SourceFile(existing_file(base / name), "\t" if tabs else delimiter)


def existing_file(path: Path) -> Path:
    """``path``, if there is a file.

    Raises:
        SourceError: there is none, or a folder.
    """
    if path.is_dir():
        raise SourceError(f"{path} is a folder; name the file in it.")
    if not path.is_file():
        raise SourceError(f"The file {path} does not exist.")
    return path


def _recbole_movielens() -> FilesSource:
    try:
        carried = files("recbole") or []
    except PackageNotFoundError:
        raise SourceError(
            "The data set movielens_100k needs the package recbole (only its data files are read): "
            "pip install --no-deps recbole==1.2.1."
        ) from None
    found = {path.name: str(path.locate()) for path in carried if path.as_posix().startswith(RECBOLE_FOLDER)}
    for name in ("ml-100k.inter", "ml-100k.item", "ml-100k.user"):
        if name not in found:
            raise SourceError(f"The package recbole carries no file {RECBOLE_FOLDER}/{name}; install recbole==1.2.1.")
    return FilesSource(
        interactions=found["ml-100k.inter"],
        items=found["ml-100k.item"],
        users=found["ml-100k.user"],
        interaction_columns=InteractionColumns(
            user="user_id:token", item="item_id:token", timestamp="timestamp:float", rating="rating:float"
        ),
        item_columns=ItemColumns(
            item="item_id:token",
            title="movie_title:token_seq",
            year="release_year:token",
            categories="class:token_seq",
        ),
        user_columns=UserColumns(
            user="user_id:token", attributes=tuple(f"{name}:token" for name in MOVIELENS_ATTRIBUTES)
        ),
        timestamp_format="epoch_seconds",
        category_separator=" ",
        absent_categories=("unknown",),
        delimiter="\t",
        articles_follow_titles=True,
    )


def _movielens(source: MovieLensFiles, base: Path) -> FilePair:
    ratings, movies = (existing_file(base / name) for name in (source.interactions, source.items))
    names: Sequence[str] = ("userId", "movieId", "rating", "timestamp")
    categories = "genres"
    people = None if source.users is None else existing_file(base / source.users)
    users: SourceFile | None = None
    match Path(source.interactions.removesuffix(".gz")).suffix:
        case ".data":
            described = ("movieId", "title", "release date", "video release date", "IMDb URL", *GENRES_100K)
            interactions = SourceFile(ratings, "\t", tuple(names), quoted=False)
            items = SourceFile(movies, "|", described, quoted=False, flags=GENRES_100K)
            categories = "flags"
            told = ("userId", "age", "gender", "occupation", "zip code")
            users = SourceFile(people, "|", told, quoted=False) if people else None
        case ".dat":
            interactions = SourceFile(ratings, "::", tuple(names), quoted=False)
            items = SourceFile(movies, "::", ("movieId", "title", "genres"), quoted=False)
            told = ("userId", "gender", "age", "occupation", "zip code")
            users = SourceFile(people, "::", told, quoted=False) if people else None
        case _:
            interactions, items = SourceFile(ratings), SourceFile(movies)
    return FilePair(
        interactions,
        items,
        FilesSource(
            interactions=source.interactions,
            items=source.items,
            users=source.users,
            interaction_columns=InteractionColumns(user="userId", item="movieId", rating="rating"),
            item_columns=ItemColumns(item="movieId", categories=categories),
            user_columns=UserColumns(user="userId", attributes=MOVIELENS_ATTRIBUTES if users else ()),
            timestamp_format="epoch_seconds",
            absent_categories=NO_GENRE,
            articles_follow_titles=True,
        ),
        users,
    )


AMAZON_KEYS = {
    "2023": InteractionColumns(user="user_id", item="parent_asin", timestamp="timestamp", rating="rating"),
    "2014 or 2018": InteractionColumns(user="reviewerID", item="asin", timestamp="unixReviewTime", rating="overall"),
}
"""Columns of the reviews of each edition of Amazon Reviews, by which it is told."""


def amazon_edition(names: Sequence[str]) -> str | None:
    """The edition of Amazon Reviews whose reviews have these keys, or None."""
    for edition, columns in AMAZON_KEYS.items():
        if {columns.user, columns.item, columns.timestamp, columns.rating} <= set(names):
            return edition
    return None


def _amazon_reviews(connection: DuckDBPyConnection, source: AmazonReviews, base: Path) -> FilePair:
    reviews, metadata = (existing_file(base / name) for name in (source.interactions, source.items))
    names, described = json_names(connection, reviews), json_names(connection, metadata)
    edition = amazon_edition(names)
    if edition is None:
        raise SourceError(
            f"The file {reviews} is no edition of Amazon Reviews (one JSON object a line, 2014, 2018 or 2023); "
            f"its keys are {', '.join(names) or 'none that can be read'}. Name its columns with kind: files."
        )
    columns = AMAZON_KEYS[edition]
    if columns.item not in described:
        raise SourceError(
            f"The file {metadata} does not describe the items of {reviews.name} (Amazon Reviews {edition}): it has no "
            f"key {columns.item!r}; its keys are {', '.join(described) or 'none that can be read'}."
        )
    category = next((name for name in ("categories", "category") if name in described), None)
    return FilePair(
        SourceFile(reviews),
        SourceFile(metadata),
        FilesSource(
            interactions=source.interactions,
            items=source.items,
            interaction_columns=columns,
            item_columns=ItemColumns(
                item=columns.item,
                categories=category,
                description=("description",) if "description" in described else (),
            ),
            timestamp_format="epoch_millis" if edition == "2023" else "epoch_seconds",
        ),
    )
