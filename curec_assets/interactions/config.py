"""What a data set is: where its rows lie, what its columns are called, and when an event counts as a like."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from curec_assets.configuration.section import Section

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
    """Categories in one text column, parted by ``category_separator``; none where the data has no categories."""
    description: tuple[str, ...] = ()
    """Columns that are joined by a space into the item's description, in this order."""


class FilesSource(Section):
    """A pair of files, Parquet or delimited text, each known by its suffix (``.parquet`` or anything else)."""

    kind: Literal["files"] = "files"
    """Says that the source is a pair of files."""
    interactions: str
    """Path of the interactions file, absolute or relative to the folder that the chain's loader passes."""
    items: str
    """Path of the items file, likewise."""
    interaction_columns: InteractionColumns = InteractionColumns()
    """What the columns of the interactions file are called."""
    item_columns: ItemColumns = ItemColumns()
    """What the columns of the items file are called."""
    timestamp_format: TimestampFormat = "iso"
    """``epoch_seconds`` or ``epoch_millis`` (numbers), or ``iso``: ISO 8601 text, and timestamp or date columns of
    Parquet. Times without an offset are UTC."""
    category_separator: str = Field(default="|", min_length=1, max_length=8)
    """What stands between two categories; spaces around a category are dropped, so ``|`` reads ``a | b`` as well."""
    absent_categories: tuple[str, ...] = ()
    """Names in the category column that mean there is none, e.g. ``(no genres listed)``."""
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    """What parts the columns of delimited text: one character. Parquet files have no use for it."""
    articles_follow_titles: bool = False
    """Whether titles are filed as ``Usual Suspects, The (1995)``; they are then shown as people say them."""


class MovieLens100K(Section):
    """MovieLens-100K as the wheel of the package recbole carries it (GroupLens licence: research use)."""

    kind: Literal["movielens_100k"]
    """Says that the source is the package's copy of MovieLens-100K: 100,000 ratings, 1997-09-20 to 1998-04-22."""


class DataSetConfig(Section):
    """One data set: its source, its licence, and the rule that makes a rating a like."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    """Lower-case name, used in reports."""
    source: Annotated[FilesSource | MovieLens100K, Field(discriminator="kind")]
    """Where the rows are."""
    licence: str = Field(min_length=1)
    """The licence or terms of the data, one line, shown with everything made from it."""
    implicit: bool = False
    """Whether an event itself is the like (label 1, no rating). Training then samples negatives as of the event."""
    like_at: float | None = None
    """A rating of at least this is a like (label 1), any other a dislike (label 0). Needed unless ``implicit``."""
    rating_scale: tuple[float, float] | None = None
    """Lowest and highest possible rating; a rating beyond is quarantined. Needed unless ``implicit``."""

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
