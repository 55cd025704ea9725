"""The users and items a ranker call knows: their order, their rows in a model's id embeddings, their metadata."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curec_assets.configuration.windows import microseconds
from curec_assets.language_model.encoder import TextEncoder
from curec_assets.ranker.events import Events

UNKNOWN = 0
"""The id-embedding row of every id the model was not trained on."""


@dataclass(frozen=True)
class Universe:
    """Ids in ascending order; every other array of this package names users and items by their position here.

    ``item_ids`` holds every item of the catalogue first seen before the moment of the call, and every item with an
    event. ``item_rows`` and ``user_rows`` (int64) are rows of a model's id embeddings. ``first_seen`` is int64
    microseconds. ``metadata`` is float32 (items, dimension), unit length, all zero where an item has no text.
    """

    item_ids: tuple[str, ...]
    user_ids: tuple[str, ...]
    item_rows: np.ndarray
    user_rows: np.ndarray
    first_seen: np.ndarray
    metadata: np.ndarray
    titles: tuple[str, ...]

    def positions(self, side: str, ids: Sequence[str]) -> np.ndarray:
        """Positions (int64) of ``ids`` on a side; -1 for an id this universe does not hold."""
        place = {name: n for n, name in enumerate(self.item_ids if side == "item" else self.user_ids)}
        return np.array([place.get(name, -1) for name in ids], dtype=np.int64)

    def events(self, table: pa.Table) -> Events:
        """A CLEANED_INTERACTIONS table, whose ids this universe holds, as arrays in the table's order."""
        return Events(
            user=self.positions("user", table["user_id"].to_pylist()),
            item=self.positions("item", table["item_id"].to_pylist()),
            ts=table["ts"].cast(pa.int64()).to_numpy().copy(),
            label=table["label"].to_numpy().astype(np.float32),
        )


def build_universe(
    good: pa.Table,
    items: pa.Table,
    end: datetime,
    encoder: TextEncoder,
    item_vocabulary: Sequence[str],
    user_vocabulary: Sequence[str],
) -> Universe:
    """The universe of ``good`` events and of the ``items`` first seen before ``end``.

    A model's vocabularies give row n + 1 to their n-th id; any other id shares row ``UNKNOWN``.
    """
    known = items.filter(pc.less(items["first_seen"], pa.scalar(end, items["first_seen"].type)))
    rows = {row["item_id"]: row for row in known.to_pylist()}
    item_ids = tuple(sorted({*rows, *good["item_id"].to_pylist()}))
    user_ids = tuple(sorted(set(good["user_id"].to_pylist())))
    texts = [metadata_text(rows[name]) if name in rows else "" for name in item_ids]
    first_seen = {name: microseconds(row["first_seen"]) for name, row in rows.items()}
    # An item with events but no catalogue row joins the catalogue with its first event.
    earliest = good.group_by("item_id").aggregate([("ts", "min")])
    for name, ts in zip(earliest["item_id"].to_pylist(), earliest["ts_min"].to_pylist(), strict=True):
        first_seen.setdefault(name, microseconds(ts))
    return Universe(
        item_ids=item_ids,
        user_ids=user_ids,
        item_rows=_rows(item_ids, item_vocabulary),
        user_rows=_rows(user_ids, user_vocabulary),
        first_seen=np.array([first_seen[name] for name in item_ids], dtype=np.int64),
        metadata=encode_texts(texts, encoder),
        titles=tuple(rows[name]["title"] if name in rows else name for name in item_ids),
    )


def metadata_text(item: Mapping[str, Any]) -> str:
    """The text of an ITEMS row that every text arm reads: "title: categories. description"."""
    categories = ", ".join(item["categories"] or [])
    return f"{item['title'] or ''}: {categories}. {item['description'] or ''}".strip(" .:")


def encode_texts(texts: Sequence[str], encoder: TextEncoder) -> np.ndarray:
    """float32 (texts, dimension); an empty text gives zeros, since an encoder would invent a direction for it."""
    vectors = np.zeros((len(texts), encoder.dimension), dtype=np.float32)
    filled = [n for n, text in enumerate(texts) if text]
    if filled:
        vectors[filled] = encoder.encode([texts[n] for n in filled])
    return vectors


def _rows(ids: Sequence[str], vocabulary: Sequence[str]) -> np.ndarray:
    row = {name: n + 1 for n, name in enumerate(vocabulary)}
    return np.array([row.get(name, UNKNOWN) for name in ids], dtype=np.int64)
