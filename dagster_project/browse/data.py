"""What the page shows of a chain: a choice of its items and users, bounded in size, as values of JSON."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from curec_assets.interactions.groups import Side
from curec_assets.lake.catalogue import connect
from curec_assets.lake.sql import load_sql
from dagster_project.one_state import Row, of_one_state


@dataclass(frozen=True)
class Caps:
    """The most that is shown of each kind, so that a large catalogue still gives a page that a browser opens."""

    items: int = 5_000
    users: int = 2_000
    description_characters: int = 400
    reviews: int = 12
    """Latest reviews of one subject."""
    near: int = 8
    """Neighbours of one subject."""
    recommended_to: int = 24
    """Users that one item is recommended to, by rank."""


def read_data(lake_root: Path, chain: str, caps: Caps) -> dict[str, Any]:
    """The chain in one state of the lake.

    Returns:
        ``chain``, ``made`` (what it was read from), ``notes`` (what was left out), and ``item`` and ``user``: lists of
        subjects with ``id``, ``events``, ``likes``, ``reason`` in force, latest ``evidence``, ``reviews``, ``near``
        (position in the list, cosine), of items also ``title``, ``categories``, ``description``, ``first_seen``,
        ``to`` and ``to_count``, of users the ``list`` that the last window recommends.

    Raises:
        ValueError: the catalogue has no such chain, or the chain no partitions.
        duckdb.Error: files that the queries cannot read.
        RuntimeError: partitions appeared or changed during every attempt.
    """

    def read(overview: Row) -> dict[str, Any]:
        with connect(lake_root, chain) as connection:
            return _Reader(connection, caps).data(chain, overview)

    return of_one_state(lake_root, chain, read)


class _Reader:
    def __init__(self, connection: duckdb.DuckDBPyConnection, caps: Caps) -> None:
        self.connection, self.caps = connection, caps

    def table(self, name: str, **parameters: object) -> pa.Table:
        return self.connection.sql(load_sql(f"browse/{name}.sql"), params=parameters).to_arrow_table()

    def rows(self, name: str, **parameters: object) -> list[Row]:
        return self.table(name, **parameters).to_pylist()

    def data(self, chain: str, overview: Row) -> dict[str, Any]:
        items = self.rows("items", characters=self.caps.description_characters, most=self.caps.items)
        users = self.rows("users", most=self.caps.users)
        notes = [
            f"{len(found):,} of {found[0]['of_all'] if found else 0:,} {kind}"
            f"{', those with a reason first, then by events' if found and found[0]['of_all'] > len(found) else ''}"
            for kind, found in (("items", items), ("users", users))
        ]
        notes.append(
            f"of each at most {self.caps.reviews} reviews, {self.caps.near} neighbours and, of an item, "
            f"{self.caps.recommended_to} users that it is recommended to"
        )
        for subject in (*items, *users):
            del subject["of_all"]
        self._tell("item", items)
        self._tell("user", users)
        window = self._recommend(items, users)
        made = f"windows {overview['first_window']} to {overview['last_window']}, the latest made {overview['latest']}"
        return {"chain": chain, "made": made, "recommended": window, "notes": notes, "item": items, "user": users}

    def _tell(self, side: Side, subjects: list[Row]) -> None:
        """What both sides have: reason, evidence, reviews, neighbours."""
        asked: dict[str, object] = {"side": side, "shown": [subject["id"] for subject in subjects]}
        reasons, evidence = ({row.pop("id"): row for row in self.rows(n, **asked)} for n in ("reasons", "evidence"))
        reviews: dict[str, list[Row]] = {}
        for row in self.rows("reviews", most=self.caps.reviews, **asked):
            row |= {name: _rounded(row[name]) for name in ("reward", "gain", "gain_lower_bound")}
            reviews.setdefault(row.pop("id"), []).append(row)
        near = _neighbours(self.table("embeddings", **asked), [subject["id"] for subject in subjects], self.caps.near)
        for position, subject in enumerate(subjects):
            name = subject["id"]
            subject |= {
                "reason": reasons.get(name),
                "evidence": evidence.get(name),
                "reviews": reviews.get(name, []),
                "near": near.get(position, []),
            }

    def _recommend(self, items: list[Row], users: list[Row]) -> str | None:
        """Puts the last window's recommendations beside both sides; returns its key, None where there are none."""
        place = {item["id"]: position for position, item in enumerate(items)}
        shown = {user["id"]: user for user in users}
        for item in items:
            item |= {"to": [], "to_count": 0}
        for user in users:
            user["list"] = []
        rows = self.rows("recommendations")
        for row in sorted(rows, key=lambda row: (row["rank"], row["user_id"])):
            at = place.get(row["item_id"])
            if at is not None:
                items[at]["to_count"] += 1
                if len(items[at]["to"]) < self.caps.recommended_to:
                    items[at]["to"].append([row["user_id"], row["rank"]])
            if row["user_id"] in shown:
                why = [
                    [part["part"], place.get(part["item_id"]), part["text"], part["drop"]] for part in row["why"] or []
                ]
                title = None if at is not None else row["title"] or row["item_id"]
                shown[row["user_id"]]["list"].append([at, title, row["score"], why])
        return rows[0]["window"] if rows else None


def _neighbours(embeddings: pa.Table, subjects: Sequence[str], count: int) -> dict[int, list[list[float]]]:
    """The ``count`` nearest by cosine of each embedded subject: by position, [position, cosine], nearest first."""
    if not len(embeddings):
        return {}
    place = {name: position for position, name in enumerate(subjects)}
    positions = [place[name] for name in embeddings["id"].to_pylist()]
    vectors = np.stack(embeddings["embedding"].to_numpy()).astype(np.float32)
    found: dict[int, list[list[float]]] = {}
    for row, vector in enumerate(vectors):
        cosines = vectors @ vector
        cosines[row] = -np.inf
        nearest = np.argsort(-cosines, kind="stable")[: min(count, len(vectors) - 1)]
        found[positions[row]] = [[positions[other], round(float(cosines[other]), 3)] for other in nearest]
    return found


def _rounded(value: float | None) -> float | None:
    return None if value is None or not np.isfinite(value) else round(value, 4)
