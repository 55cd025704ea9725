"""What a data set is: where its rows lie, what its columns are called, and when an event counts as a like."""

from pathlib import PurePath
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from curec_assets.configuration.section import Section

JSON_SUFFIXES = (".json", ".jsonl", ".ndjson")
TimestampFormat = Literal["epoch_seconds", "epoch_millis", "iso"]


class InteractionColumns(Section):
    """Names of the columns of the interactions file."""

    user: str = "user_id"
    """Who: the person's id, read as text."""
    item: str = "item_id"
    """What: the item's id, read as text; the same ids as in the items file."""
    timestamp: str = "timestamp"
    """When, in the form that ``timestamp_format`` names."""
    rating: str | None = None
    """How much it was liked, a number; none where the data set is implicit."""


class ItemColumns(Section):
    """Names of the columns of the items file."""

    item: str = "item_id"
    """The item's id; of rows that repeat an id the first one counts."""
    title: str = "title"
    """What people call the item; may hold HTML, which is cleaned away."""
    year: str | None = None
    """Year of release: a title is then shown as ``Toy Story (1995)``. None where titles carry it already."""
    categories: str | None = None
    """Categories: text parted by ``category_separator``, or a list; none where the data has no categories."""
    description: tuple[str, ...] = ()
    """Columns that are joined by a space into the item's description, in this order."""


class UserColumns(Section):
    """Names of the columns of the users file."""

    user: str = "user_id"
    """The person's id, as in the interactions file; of rows that repeat an id the first one counts."""
    attributes: tuple[str, ...] = ()
    """Columns that say of what group a person is: age, gender, occupation. Each is called as its column is (without
    the ``:type`` that RecBole's files append); an empty value is none."""

    @field_validator("attributes")
    @classmethod
    def _each_once(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        names = [attribute_name(column) for column in value]
        if len(set(names)) != len(names):
            raise ValueError("an attribute stands there twice")
        return value


def attribute_name(column: str) -> str:
    """What the attribute in a column is called: ``age`` of ``age`` and of ``age:token``."""
    return column.partition(":")[0]


class FilesSource(Section):
    """Two or three files, each known by its suffix: ``.parquet``; ``.json``, ``.jsonl`` or ``.ndjson`` for one object a
    line; ``.tsv`` for columns parted by tabs; anything else is text parted by ``delimiter``. A further ``.gz`` says
    that text is compressed."""

    kind: Literal["files"] = "files"
    """Says that the source is files."""
    interactions: str
    """Path of the interactions file, absolute or relative to the configuration folder."""
    items: str
    """Path of the items file, likewise."""
    users: str | None = None
    """Path of a users file, likewise, from which the audit has its groups; none where the data says nothing of people.
    Nothing else reads it."""
    interaction_columns: InteractionColumns = InteractionColumns()
    """What the columns of the interactions file are called."""
    item_columns: ItemColumns = ItemColumns()
    """What the columns of the items file are called."""
    user_columns: UserColumns = UserColumns()
    """What the columns of the users file are called."""
    timestamp_format: TimestampFormat = "iso"
    """``epoch_seconds`` or ``epoch_millis`` (numbers), or ``iso``: ISO 8601 text, and timestamp or date columns of
    Parquet. Times without an offset are UTC."""
    category_separator: str = Field(default="|", min_length=1, max_length=8)
    """What stands between two categories; spaces around a category are dropped, so ``|`` reads ``a | b`` as well."""
    absent_categories: tuple[str, ...] = ()
    """Names in the category column that mean there is none, e.g. ``(no genres listed)``."""
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    """What parts the columns of delimited text: one character. Other files have no use for it."""
    articles_follow_titles: bool = False
    """Whether titles are filed as ``Usual Suspects, The (1995)``; they are then shown as people say them."""

    @model_validator(mode="after")
    def _users_have_attributes(self) -> "FilesSource":
        if (self.users is None) == bool(self.user_columns.attributes):
            raise ValueError("users needs user_columns.attributes, the columns to tell groups by, and they need users")
        return self


class MovieLens100K(Section):
    """MovieLens-100K as the wheel of the package recbole carries it (GroupLens licence: research use)."""

    kind: Literal["movielens_100k"]
    """Says that the source is the package's copy of MovieLens-100K: 100,000 ratings, 1997-09-20 to 1998-04-22."""


class MovieLensFiles(Section):
    """The files of a MovieLens archive as GroupLens gives them out (research use), whichever its edition."""

    kind: Literal["movielens"]
    """Says that the source is a MovieLens archive."""
    interactions: str
    """Path of ``u.data`` (100K), ``ratings.dat`` (1M, 10M) or ``ratings.csv`` (20M, 25M, 32M, latest); may be gzipped.
    Absolute, or relative to the configuration folder."""
    items: str
    """Path of the archive's ``u.item``, ``movies.dat`` or ``movies.csv``, likewise."""
    users: str | None = None
    """Path of ``u.user`` (100K) or ``users.dat`` (1M), likewise: age, gender and occupation, without zip codes. Other
    editions say nothing of people."""

    @field_validator("interactions")
    @classmethod
    def _known_edition(cls, value: str) -> str:
        if PurePath(value.removesuffix(".gz")).suffix not in (".data", ".dat", ".csv"):
            raise ValueError("expected u.data, ratings.dat or ratings.csv of a MovieLens archive")
        return value

    @model_validator(mode="after")
    def _users_of_the_edition(self) -> "MovieLensFiles":
        edition = PurePath(self.interactions.removesuffix(".gz")).suffix
        if self.users is not None and edition == ".csv":
            raise ValueError("users goes with u.data (u.user) or ratings.dat (users.dat); the CSV editions have none")
        return self


class AmazonReviews(Section):
    """Reviews and metadata of Amazon Reviews 2014, 2018 or 2023: one JSON object a line, often gzipped."""

    kind: Literal["amazon_reviews"]
    """Says that the source is a pair of files of one of these editions; which one is told by their keys."""
    interactions: str
    """Path of the reviews, absolute or relative to the configuration folder."""
    items: str
    """Path of the metadata, likewise."""

    @field_validator("interactions", "items")
    @classmethod
    def _lines_of_json(cls, value: str) -> str:
        if PurePath(value.removesuffix(".gz")).suffix not in JSON_SUFFIXES:
            raise ValueError(f"expected a file that ends in {', '.join(JSON_SUFFIXES)}, or one of these and .gz")
        return value


class QuerySource(Section):
    """Two or three DuckDB queries, over anything that DuckDB reads. They are code: each runs with the rights of whoever
    runs the chain, in the configuration folder, and may only select."""

    kind: Literal["query"]
    """Says that the source is queries."""
    interactions: str
    """Gives ``user_id``, ``item_id``, ``timestamp`` and, unless the data is implicit, ``rating``. Times are timestamps,
    dates or ISO 8601 text; without an offset they are UTC. Rows are numbered in the order of their values."""
    items: str
    """Gives ``item_id``, ``title`` and, if it likes, ``year``, ``categories`` (a list, or text parted by ``|``) and
    ``description``."""
    users: str | None = None
    """Gives ``user_id`` and, each in a column, what tells groups of people apart (age, gender); none where the data
    says nothing of people."""


class DataSetConfig(Section):
    """One data set: its source, its licence, and the rule that makes a rating a like."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    """Lower-case name, used in reports."""
    source: Annotated[
        FilesSource | MovieLens100K | MovieLensFiles | AmazonReviews | QuerySource, Field(discriminator="kind")
    ]
    """Where the rows are."""
    licence: str = Field(min_length=1)
    """The licence or terms of the data, one line, shown with everything made from it."""
    implicit: bool = False
    """Whether an event itself is the like (label 1, no rating). Training then samples negatives as of the event."""
    like_at: float | None = None
    """A rating of at least this is a like (label 1), any other a dislike (label 0). Needed unless ``implicit``."""
    rating_scale: tuple[float, float] | None = None
    """Lowest and highest possible rating; a rating beyond is quarantined. Needed unless ``implicit``."""

    @property
    def describes_users(self) -> bool:
        """Whether the source says anything of people beside what they did."""
        return isinstance(self.source, MovieLens100K) or getattr(self.source, "users", None) is not None

    @model_validator(mode="after")
    def _check_label_rule(self) -> "DataSetConfig":
        if self.implicit:
            if self.like_at is not None or self.rating_scale is not None:
                raise ValueError("implicit data has no ratings: leave out like_at and rating_scale")
            return self
        if self.like_at is None or self.rating_scale is None:
            raise ValueError("data with ratings needs like_at and rating_scale (or implicit: true)")
        low, high = self.rating_scale
        if not low < self.like_at <= high:
            raise ValueError(f"like_at must lie above {low:g} and at most at {high:g}, the ends of rating_scale")
        if isinstance(self.source, FilesSource) and self.source.interaction_columns.rating is None:
            raise ValueError("data with ratings needs source.interaction_columns.rating (or implicit: true)")
        return self
