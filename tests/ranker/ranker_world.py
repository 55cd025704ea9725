"""A small world of tastes that only reasons tell: titles say nothing, an item's reason names the crowd it pleases."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from curec_assets.configuration.windows import Window, microseconds
from curec_assets.lake import schemas
from curec_assets.lake.hashing import hash_text
from curec_assets.language_model.encoder import HashingEncoder
from curec_assets.ranker.config import RankerConfig, UserGroupConfig

DIMENSION = 32
ENCODER = HashingEncoder(DIMENSION)
CROWDS = ("racing cars engines", "quiet gardens flowers", "ghosts haunted houses", "space rockets planets")
WINDOWS = tuple(
    Window(f"2020-{month:02d}", datetime(2020, month, 1, tzinfo=UTC), datetime(2020, month + 1, 1, tzinfo=UTC))
    for month in (1, 2, 3, 4)
)
TINY = RankerConfig(
    dimension=8,
    history_events=5,
    epochs=1,
    sasrec_epochs=1,
    batch_size=128,
    bootstrap_samples=20,
    recommend_items=3,
)


GROUPING = UserGroupConfig(most_values=4, bands=2, fewest_users=5)


@dataclass(frozen=True)
class RankerWorld:
    """The tables a ranker reads, over ``WINDOWS``."""

    cleaned: pa.Table
    items: pa.Table
    evidence: pa.Table
    reasons: pa.Table
    users: pa.Table

    def shuffled(self, seed: int) -> "RankerWorld":
        """The same rows in another order."""
        rng = np.random.default_rng(seed)
        return RankerWorld(
            **{name: getattr(self, name).take(rng.permutation(len(getattr(self, name)))) for name in vars(self)}
        )

    def up_to(self, window: Window) -> "RankerWorld":
        """What a reader bound to ``window`` is handed."""
        keys = [known.key for known in WINDOWS if known.end <= window.end]
        return RankerWorld(
            cleaned=_where(self.cleaned, lambda row: row["ts"] < window.end),
            items=_where(self.items, lambda row: row["first_seen"] < window.end),
            evidence=_where(self.evidence, lambda row: row["window"] in keys),
            reasons=_where(self.reasons, lambda row: row["window"] in keys),
            users=_where(self.users, lambda row: row["first_seen"] < window.end),
        )

    def poisoned_from(self, moment: int) -> "RankerWorld":
        """The same ids at the same times, but all that happened or came into force at ``moment`` (microseconds) or
        later was otherwise: others met other items and thought the opposite, for reasons turned about."""
        later = [microseconds(row["ts"]) >= moment for row in self.cleaned.to_pylist()]
        return RankerWorld(
            cleaned=_turned(self.cleaned, later, ("user_id", "item_id"), {"label": lambda label: 1 - label}),
            items=self.items,
            evidence=_turned(
                self.evidence,
                [microseconds(row["as_of"]) >= moment for row in self.evidence.to_pylist()],
                (),
                {"evidence_text": lambda text: f"{text[::-1]} poison"},
            ),
            reasons=_turned(
                self.reasons,
                [microseconds(row["valid_from"]) > moment for row in self.reasons.to_pylist()],
                (),
                {"embedding": lambda vector: None if vector is None else [-value for value in vector]},
            ),
            users=self.users,
        )

    def without_text(self) -> "RankerWorld":
        """No evidence, no reasons."""
        return replace(self, evidence=self.evidence.slice(0, 0), reasons=self.reasons.slice(0, 0))


def make_world(users: int = 24, items: int = 32, events: int = 900, seed: int = 5) -> RankerWorld:
    """Users like the items of their own crowd (with noise); items appear over all windows; times are whole hours."""
    rng = np.random.default_rng(seed)
    start, end = WINDOWS[0].start, WINDOWS[-1].end
    hours = int((end - start).total_seconds() // 3600)
    first_seen = np.sort(rng.integers(0, hours - 24, items))
    first_seen[: items // 3] = 0
    rows: dict[tuple[int, int], dict[str, Any]] = {}
    for hour in np.sort(rng.integers(1, hours, events)):
        user, item = int(rng.integers(users)), int(rng.integers(np.searchsorted(first_seen, hour, side="right")))
        liked = (user % 4 == item % 4) != (rng.random() < 0.1)
        ts = start + timedelta(hours=int(hour))
        rows.setdefault((user, item), event(f"u{user:02d}", f"i{item:02d}", ts, int(liked)))
    seen: dict[str, datetime] = {}
    for row in rows.values():
        seen.setdefault(row["item_id"], row["ts"])
    catalogue = [item_row(name, seen[name]) for name in sorted(seen)]
    reasons, evidence = [], []
    for name, ts in seen.items():
        window = next(window for window in WINDOWS if ts < window.end)
        reasons.append(reason("item", name, "arrival", ts, window.key, CROWDS[int(name[1:]) % 4]))
    for window in WINDOWS[:-1]:
        for side, subjects in (("item", sorted(seen)), ("user", [f"u{n:02d}" for n in range(users)])):
            for name in [name for name in subjects if side == "user" or seen[name] < window.end]:
                text = f"{CROWDS[int(name[1:]) % 4]} {window.key}"
                for role in ("draft", "rl_sample", "corrected"):
                    reasons.append(reason(side, name, role, window.end, window.key, text))
                evidence.append(evidence_row(side, name, window, f"liked by {name}"))
    return RankerWorld(
        cleaned=pa.Table.from_pylist(list(rows.values()), schema=schemas.CLEANED_INTERACTIONS),
        items=pa.Table.from_pylist(catalogue, schema=schemas.ITEMS),
        evidence=pa.Table.from_pylist(evidence, schema=windowed(schemas.EVIDENCE)),
        reasons=pa.Table.from_pylist(reasons, schema=windowed(schemas.reason_embeddings(DIMENSION))),
        users=pa.Table.from_pylist(_people(users, rows.values()), schema=schemas.USERS),
    )


def user_row(name: str, first_seen: datetime, **attributes: str) -> dict[str, Any]:
    """A row of USERS."""
    return {"user_id": name, "attributes": sorted(attributes.items()), "first_seen": first_seen}


def windowed(schema: pa.Schema) -> pa.Schema:
    """``schema`` as the reader hands it over, with the window's key."""
    return schema.append(pa.field("window", pa.string()))


def event(user: str, item: str, ts: datetime, label: int) -> dict[str, Any]:
    """A good row of CLEANED_INTERACTIONS."""
    return {
        "event_id": hash_text(f"{user} {item} {ts.isoformat()}"),
        "user_id": user,
        "item_id": item,
        "ts": ts,
        "rating": None,
        "label": label,
        "quarantine_code": None,
        "quarantine_detail": None,
        "merged_duplicates": 0,
        "source_row": 0,
    }


def item_row(name: str, first_seen: datetime) -> dict[str, Any]:
    """A row of ITEMS whose words say nothing of its crowd."""
    return {"item_id": name, "title": f"Thing {name}", "categories": [], "description": None, "first_seen": first_seen}


def reason(side: str, subject: str, role: str, valid_from: datetime, window: str, text: str | None) -> dict[str, Any]:
    """A row of REASON_EMBEDDINGS; no ``text`` makes it a withdrawal."""
    return {
        "side": side,
        "subject_id": subject,
        "role": role,
        "reason_hash": text,
        "valid_from": valid_from,
        "embedding": None if text is None else ENCODER.encode([text])[0],
        "window": window,
    }


def evidence_row(side: str, subject: str, window: Window, text: str) -> dict[str, Any]:
    """A row of EVIDENCE of which rankers read the text alone."""
    return {
        "side": side,
        "subject_id": subject,
        "as_of": window.end,
        "evidence_text": text,
        "window": window.key,
    }


def _people(users: int, events: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Everybody with an event, half of them women, each of another age."""
    seen: dict[str, datetime] = {}
    for row in events:
        seen.setdefault(row["user_id"], row["ts"])
    names = [f"u{n:02d}" for n in range(users)]
    return [
        user_row(name, seen[name], gender="FM"[n % 2], age=str(20 + n)) for n, name in enumerate(names) if name in seen
    ]


def _where(table: pa.Table, keeps: Any) -> pa.Table:
    return table.take([n for n, row in enumerate(table.to_pylist()) if keeps(row)])


def _turned(
    table: pa.Table, changed: Sequence[bool], moved: Sequence[str], made: Mapping[str, Callable[[Any], Any]]
) -> pa.Table:
    """``table`` with its ``changed`` rows otherwise: each of the columns ``moved`` handed on among them (each
    column by another step), those of ``made`` made of what stood there."""
    rows = table.to_pylist()
    places = [place for place, is_changed in enumerate(changed) if is_changed]
    for step, column in enumerate(moved, start=1):
        values = [rows[place][column] for place in places]
        for place, value in zip(places, values[step:] + values[:step], strict=True):
            rows[place][column] = value
    for place in places:
        rows[place] |= {column: make(rows[place][column]) for column, make in made.items()}
    return pa.Table.from_pylist(rows, schema=table.schema)
