"""A small recorded world: two tastes, users who like their own, evidence rows for all of them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from curec_assets.interactions.groups import subject_group
from curec_assets.lake.schemas import CLEANED_INTERACTIONS, EVIDENCE

START = datetime(2020, 1, 1, tzinfo=UTC)


def evidence_group_ids(prefix: str, count: int) -> list[str]:
    """The first ``count`` ids of the evidence group."""
    found: list[str] = []
    number = 0
    while len(found) < count:
        number += 1
        if subject_group(f"{prefix}{number}") == "evidence":
            found.append(f"{prefix}{number}")
    return found


ITEMS = [*evidence_group_ids("i", 24), *(f"i{n}" for n in range(900, 930) if subject_group(f"i{n}") == "reward")]
USERS = [*evidence_group_ids("u", 16), *(f"u{n}" for n in range(900, 930) if subject_group(f"u{n}") == "acceptance")]


def taste(index: int) -> str:
    return "Drama" if index % 2 else "Comedy"


def title(item_id: str) -> str:
    return f"Film {item_id} (1990)"


def event(user: str, item: str, day: float, label: int, **more: Any) -> dict[str, Any]:
    return {
        "event_id": f"{user}-{item}-{day}",
        "user_id": user,
        "item_id": item,
        "ts": START + timedelta(days=day),
        "rating": 5.0 if label else 1.0,
        "label": label,
        "quarantine_code": None,
        "quarantine_detail": None,
        "merged_duplicates": 0,
        "source_row": 1,
        **more,
    }


def cleaned_table(rows: list[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=CLEANED_INTERACTIONS)


def cleaned_world(seed: int = 0) -> pa.Table:
    """Every user meets twelve items on six days, two at the same instant each day."""
    rng = np.random.default_rng(seed)
    rows = []
    for u, user in enumerate(USERS):
        for place, index in enumerate(rng.permutation(len(ITEMS))[:12].tolist()):
            rows.append(event(user, ITEMS[index], place // 2, int(taste(index) == taste(u))))
    return cleaned_table(rows)


def evidence_row(side: str, subject: str, **more: Any) -> dict[str, Any]:
    index = (ITEMS if side == "item" else USERS).index(subject)
    liked = taste(index)
    facts = (
        [("co_liked", title(ITEMS[(index + 2) % 24])), ("liker_category", liked), ("trend", "rising")]
        if side == "item"
        else [("recent_like", title(ITEMS[index % 24])), ("liked_category", liked)]
    )
    return {
        "side": side,
        "subject_id": subject,
        "as_of": START + timedelta(days=10),
        "title": title(subject) if side == "item" else None,
        "categories": [liked] if side == "item" else None,
        "description": None,
        "n_events": 10,
        "n_likes": 5,
        "like_rate": 0.5,
        "events_in_window": 3,
        "facts": [{"kind": kind, "text": text, "weight": 1.0} for kind, text in facts],
        "evidence_text": f"people who like {liked.lower()} stories and warm scenes like it too.",
        "evidence_hash": f"{side}{subject}",
        **more,
    }


def evidence_table(rows: list[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=EVIDENCE)


def evidence_world() -> pa.Table:
    return evidence_table(
        [*(evidence_row("item", item) for item in ITEMS), *(evidence_row("user", user) for user in USERS)]
    )
