"""What a source holds, seen as a whole and by the very SQL that windows are made with.

Everything is counted in DuckDB, which spills what exceeds its memory; only counts and one batch of items at a time
reach Python.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime

from curec_assets.configuration.windows import EPOCH
from curec_assets.interactions.cleaning import judged_rows
from curec_assets.interactions.config import DataSetConfig
from curec_assets.interactions.sources import OpenSource
from curec_assets.lake.sql import load_sql

WHOLE_TIME = {"start_us": 0, "end_us": 1 << 62}
WHOLE_START, WHOLE_END = EPOCH, datetime(9999, 1, 1, tzinfo=UTC)
MOST_RATINGS = 1000
ITEMS_AT_ONCE = 10_000


@dataclass(frozen=True)
class Ratings:
    """Ratings that are numbers: how many rows carry each of the ``MOST_RATINGS`` commonest, most frequent first."""

    counts: tuple[tuple[float, int], ...] = ()
    lowest: float = 0.0
    highest: float = 0.0
    rated: int = 0


@dataclass(frozen=True)
class Survey:
    """The rows of a source before any label rule."""

    rows: int
    """Rows with a time."""
    rejected: dict[str, int]
    """Rows that belong to no window, by code."""
    days: tuple[tuple[date, int], ...]
    """Rows of each day that has any, in order."""
    ratings: Ratings


@dataclass(frozen=True)
class ItemTexts:
    """Of the items that were met and are described: how many have a text of each kind."""

    items: int
    titled: int
    categorised: int
    described: int


@dataclass(frozen=True)
class Judgement:
    """What became of the rows under a label rule."""

    events: int
    likes: int
    users: int
    items: int
    merged: int
    quarantined: dict[str, int]


def survey(source: OpenSource) -> Survey:
    """Reads the whole source once and keeps its rows in the connection's ``raw_interactions`` for ``judge``."""
    connection = source.connection
    with source.readable():
        source.relation("interactions/window_rows.sql", **WHOLE_TIME).create("raw_interactions")
        rejected = dict(source.relation("survey/rejected.sql").fetchall())
        days = tuple(connection.sql(load_sql("survey/days.sql")).fetchall())
        found = connection.sql(load_sql("survey/ratings.sql"), params={"most": MOST_RATINGS}).fetchall()
    ratings = Ratings()
    if found:
        *_, lowest, highest, rated = found[0]
        ratings = Ratings(tuple((rating, n) for rating, n, *_ in found), lowest, highest, int(rated))
    return Survey(sum(n for _, n in days), rejected, days, ratings)


def item_texts(source: OpenSource) -> ItemTexts:
    """Counts texts of the items that were met; keeps these as the connection's ``known_items`` for ``judge``."""
    counts: Counter[str] = Counter()
    with source.readable():
        source.relation("interactions/items_first_seen.sql", **WHOLE_TIME, opening=True).create("known_items")
        for batch in source.connection.table("known_items").to_arrow_reader(ITEMS_AT_ONCE):
            for item in source.cleaned_items(batch).to_pylist():
                counts["items"] += 1
                counts["titled"] += item["title_code"] not in ("missing", "html_junk")
                counts["categorised"] += bool(item["categories"])
                counts["described"] += bool(item["description"])
    return ItemTexts(counts["items"], counts["titled"], counts["categorised"], counts["described"])


def user_attributes(source: OpenSource) -> tuple[int, dict[str, int]]:
    """How many users who were met the source describes, and how many values each attribute has among them."""
    found = source.users_first_seen(WHOLE_START, WHOLE_END, opening=True)["attributes"].to_pylist()
    values: dict[str, set[str]] = {}
    for attributes in found:
        for name, value in attributes:
            values.setdefault(name, set()).add(value)
    return len(found), {name: len(values[name]) for name in sorted(values)}


def judge(source: OpenSource, data_set: DataSetConfig) -> Judgement:
    """Cleans all rows as windows are cleaned, after ``survey`` and ``item_texts``."""
    judged_rows(source.connection, data_set).create("judged")
    found = source.connection.sql(load_sql("survey/judged.sql")).fetchall()
    quarantined = {code: n for code, n, *_ in found if code is not None}
    for code, n, merged, likes, users, items in found:
        if code is None:
            return Judgement(n, likes, users, items, int(merged), quarantined)
    return Judgement(0, 0, 0, 0, 0, quarantined)
