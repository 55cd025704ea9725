"""The same invented events and items, written in each format that a source can be in."""

import csv
import gzip
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from curec_assets.interactions.formats import GENRES_100K


@dataclass(frozen=True)
class Item:
    """An invented item: ``filed`` is its title as MovieLens files it, article last."""

    item_id: str
    title: str
    filed: str
    genres: tuple[str, ...]


ITEMS = (
    Item("1", "The Lantern Keeper (1991)", "Lantern Keeper, The (1991)", ("Drama", "Film-Noir")),
    Item("2", "Café at Dawn (1993)", "Café at Dawn (1993)", ("Comedy", "Romance")),
    Item("3", 'Who Said "Go"? (1994)', 'Who Said "Go"? (1994)', ("Comedy",)),
    Item("4", "Tin, Copper, Gold (1995)", "Tin, Copper, Gold (1995)", ()),
    Item("5", "It's a Long Way (1996)", "It's a Long Way (1996)", ("Drama", "Western")),
)
START = int(datetime(2001, 1, 1, tzinfo=UTC).timestamp())
DAY = 86_400
EVENTS = tuple(
    (str(10 + user), ITEMS[(user * 3 + step) % len(ITEMS)].item_id, 1 + (user + 2 * step) % 5, START + DAY * 9 * step)
    for step in range(12)
    for user in range(4)
)
"""48 events of 4 users with 5 items: user, item, rating, seconds since 1970; four at a time, nine days apart."""
BAD_EVENT = ("10", "1", 3, "soon")
"""One more row, whose time cannot be read."""
ROWS = (*EVENTS, BAD_EVENT)
BOUNDARIES = [datetime(2001, month, 1, tzinfo=UTC) for month in (1, 2, 3, 4)]

PEOPLE = (
    ("10", "24", "F", "cook"),
    ("11", "35", "M", "baker"),
    ("12", "35", "", "other"),
    ("13", "61", "F", "cook"),
    ("99", "50", "M", "nobody"),
)
"""User, age, gender and occupation; the last has no event. The zip code that files have beside them is 12345."""
USERS = tuple(
    (user, [(name, value) for name, value in (("age", age), ("gender", gender), ("occupation", job)) if value])
    for user, age, gender, job in PEOPLE[:-1]
)
"""What a source holds of those who have events: their ids and their attributes, by name."""

PARAGRAPHS = ["One.", "Two."]

Source = dict[str, Any]


def movielens_100k(folder: Path) -> Source:
    """u.data, u.item and u.user: no headers, categories as flags, Latin-1."""
    _text(folder / "u.data", ("\t".join(map(str, row)) for row in ROWS), "latin-1")
    rows = []
    for item in ITEMS:
        flags = ["1" if genre in (item.genres or ("unknown",)) else "0" for genre in GENRES_100K]
        rows.append("|".join([item.item_id, item.filed, "01-Jan-1995", "", "http://example.invalid/", *flags]))
    _text(folder / "u.item", rows, "latin-1")
    _text(folder / "u.user", ("|".join((*person, "12345")) for person in PEOPLE), "latin-1")
    return {"kind": "movielens", "interactions": "u.data", "items": "u.item", "users": "u.user"}


def movielens_1m(folder: Path) -> Source:
    """ratings.dat, movies.dat and users.dat: no headers, ``::`` between columns, Latin-1."""
    _text(folder / "ratings.dat", ("::".join(map(str, row)) for row in ROWS), "latin-1")
    rows = (f"{item.item_id}::{item.filed}::{'|'.join(item.genres) or '(no genres listed)'}" for item in ITEMS)
    _text(folder / "movies.dat", rows, "latin-1")
    people = ("::".join((user, gender, age, job, "12345")) for user, age, gender, job in PEOPLE)
    _text(folder / "users.dat", people, "latin-1")
    return {"kind": "movielens", "interactions": "ratings.dat", "items": "movies.dat", "users": "users.dat"}


def movielens_25m(folder: Path) -> Source:
    """ratings.csv and movies.csv."""
    _csv(folder / "ratings.csv", [("userId", "movieId", "rating", "timestamp"), *ROWS])
    movies = ((item.item_id, item.filed, "|".join(item.genres) or "(no genres listed)") for item in ITEMS)
    _csv(folder / "movies.csv", [("movieId", "title", "genres"), *movies])
    return {"kind": "movielens", "interactions": "ratings.csv", "items": "movies.csv"}


def amazon_2014(folder: Path) -> Source:
    """Gzipped reviews in JSON; metadata as Python literals, without a title where there is none."""
    reviews = (
        json.dumps({"reviewerID": u, "asin": i, "reviewText": "Fine.", "overall": float(r), "unixReviewTime": t})
        for u, i, r, t in ROWS
    )
    _text(folder / "reviews_Things_5.json.gz", reviews)
    metadata = (
        ascii({"asin": item.item_id, "imUrl": None, "categories": [list(item.genres)], "title": item.title})
        for item in ITEMS
    )
    _text(folder / "meta_Things.json.gz", metadata)
    return {"kind": "amazon_reviews", "interactions": "reviews_Things_5.json.gz", "items": "meta_Things.json.gz"}


def amazon_2018(folder: Path) -> Source:
    """Reviews and metadata in JSON; the description is a list of paragraphs."""
    reviews = (
        json.dumps({"overall": float(r), "verified": True, "reviewerID": u, "asin": i, "unixReviewTime": t})
        for u, i, r, t in ROWS
    )
    _text(folder / "Things_5.json", reviews)
    metadata = (
        json.dumps({"category": item.genres, "description": PARAGRAPHS, "title": item.title, "asin": item.item_id})
        for item in ITEMS
    )
    _text(folder / "meta_Things.json", metadata)
    return {"kind": "amazon_reviews", "interactions": "Things_5.json", "items": "meta_Things.json"}


def amazon_2023(folder: Path) -> Source:
    """Reviews and metadata in gzipped JSON lines; times in milliseconds, variants of one product share a parent."""
    reviews = (
        json.dumps({"rating": r, "asin": f"B{n}", "parent_asin": i, "user_id": u, "timestamp": _millis(t)})
        for n, (u, i, r, t) in enumerate(ROWS)
    )
    _text(folder / "Things.jsonl.gz", reviews)
    metadata = (
        json.dumps({"main_category": "Things", "title": item.title, "categories": item.genres, "description": [],
                    "parent_asin": item.item_id})
        for item in ITEMS
    )  # fmt: skip
    _text(folder / "meta_Things.jsonl.gz", metadata)
    return {"kind": "amazon_reviews", "interactions": "Things.jsonl.gz", "items": "meta_Things.jsonl.gz"}


USER_COLUMNS = ("customer", "age", "gender", "occupation", "zip")
COLUMNS = ("customer", "sku", "stars", "bought_at")
ITEM_COLUMNS = ("sku", "name", "path")


def csv_files(folder: Path, suffix: str = ".csv") -> Source:
    """Comma-separated text with columns of its own."""
    _csv(folder / f"orders{suffix}", [COLUMNS, *ROWS])
    _csv(folder / f"products{suffix}", [ITEM_COLUMNS, *((i.item_id, i.title, " > ".join(i.genres)) for i in ITEMS)])
    _csv(folder / f"people{suffix}", [USER_COLUMNS, *((*person, "12345") for person in PEOPLE)])
    return _mapped(suffix)


def csv_gz_files(folder: Path) -> Source:
    """The same, gzipped."""
    return csv_files(folder, ".csv.gz")


def tsv_files(folder: Path) -> Source:
    """Columns parted by tabs."""
    return csv_files(folder, ".tsv")


def json_files(folder: Path, suffix: str = ".jsonl") -> Source:
    """One object a line; categories are lists."""
    _text(folder / f"orders{suffix}", (json.dumps(dict(zip(COLUMNS, row, strict=True))) for row in ROWS))
    rows = (dict(zip(ITEM_COLUMNS, (i.item_id, i.title, i.genres), strict=True)) for i in ITEMS)
    _text(folder / f"products{suffix}", map(json.dumps, rows))
    people = (dict(zip(USER_COLUMNS, (*person, "12345"), strict=True)) for person in PEOPLE)
    _text(folder / f"people{suffix}", map(json.dumps, people))
    return _mapped(suffix)


def json_gz_files(folder: Path) -> Source:
    """The same, gzipped."""
    return json_files(folder, ".ndjson.gz")


def parquet_files(folder: Path) -> Source:
    """Parquet; categories are lists, times timestamps, the unreadable one is null."""
    users, items, stars, seconds = zip(*ROWS, strict=True)
    times = [datetime.fromtimestamp(t, UTC) if isinstance(t, int) else None for t in seconds]
    orders = pa.table([users, items, stars, pa.array(times, pa.timestamp("s", "UTC"))], names=COLUMNS)
    pq.write_table(orders, folder / "orders.parquet")
    products = [[i.item_id for i in ITEMS], [i.title for i in ITEMS], [list(i.genres) for i in ITEMS]]
    pq.write_table(pa.table(products, names=ITEM_COLUMNS), folder / "products.parquet")
    named, ages, genders, jobs = zip(*PEOPLE, strict=True)
    people = [named, [int(age) for age in ages], [gender or None for gender in genders], jobs, ["12345"] * len(named)]
    pq.write_table(pa.table([pa.array(column) for column in people], names=USER_COLUMNS), folder / "people.parquet")
    return _mapped(".parquet") | {"timestamp_format": "iso"}


def query_pair(folder: Path) -> Source:
    """Queries over a DuckDB database and a JSON file, named relative to the folder."""
    with duckdb.connect(str(folder / "shop.duckdb")) as connection:
        connection.execute("CREATE TABLE orders (customer VARCHAR, sku VARCHAR, stars INTEGER, bought_at VARCHAR)")
        connection.executemany("INSERT INTO orders VALUES ($1, $2, $3, $4)", [list(row) for row in ROWS])
    products = [{"sku": i.item_id, "name": i.title, "kinds": i.genres} for i in ITEMS]
    (folder / "products.json").write_text(json.dumps(products))
    return {
        "kind": "query",
        "interactions": """
            SELECT customer AS user_id, sku AS item_id, stars AS rating,
                   to_timestamp(TRY_CAST(bought_at AS BIGINT)) AS "timestamp"
            FROM read_duckdb('shop.duckdb', table_name = 'orders')
        """,
        "items": "SELECT sku AS item_id, name AS title, kinds AS categories FROM read_json('products.json')",
        "users": f"SELECT * FROM (VALUES {', '.join(map(str, PEOPLE))}) AS people (user_id, age, gender, occupation)",
    }


FORMATS: dict[str, Callable[[Path], Source]] = {
    writer.__name__: writer
    for writer in (
        *(movielens_100k, movielens_1m, movielens_25m, amazon_2014, amazon_2018, amazon_2023),
        *(csv_files, csv_gz_files, tsv_files, json_files, json_gz_files, parquet_files, query_pair),
    )
}
"""Writers by name: each writes its files into a folder and gives the ``source`` of a data set over them."""


def _mapped(suffix: str) -> Source:
    return {
        "kind": "files",
        "interactions": f"orders{suffix}",
        "items": f"products{suffix}",
        "users": f"people{suffix}",
        "interaction_columns": {"user": "customer", "item": "sku", "timestamp": "bought_at", "rating": "stars"},
        "item_columns": {"item": "sku", "title": "name", "categories": "path"},
        "user_columns": {"user": "customer", "attributes": ["occupation", "gender", "age"]},
        "category_separator": ">",
        "timestamp_format": "epoch_seconds",
    }


def _millis(seconds: int | str) -> int | str:
    return seconds * 1000 if isinstance(seconds, int) else seconds


def _text(path: Path, lines: Any, encoding: str = "utf-8") -> None:
    data = "".join(f"{line}\n" for line in lines).encode(encoding)
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)


def _csv(path: Path, rows: Any) -> None:
    delimiter = "\t" if ".tsv" in path.name else ","
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator="\n").writerows(rows)
    _text(path, text.getvalue().splitlines())
