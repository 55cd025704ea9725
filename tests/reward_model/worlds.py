"""Small made-up worlds for the reward model's tests."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa

from curec_assets.lake.schemas import CLEANED_INTERACTIONS, DRAFT_REASONS, EVIDENCE, ITEMS
from curec_assets.reward_model.config import RewardModelConfig

START = datetime(2020, 1, 1, tzinfo=UTC)
TASTES = ("comedy", "horror")

SMALL = RewardModelConfig(
    folds=2,
    history_length=8,
    width=16,
    hidden=16,
    epochs=5,
    batch_size=128,
    learning_rate=1e-2,
    max_evaluation_events=400,
    bootstrap_samples=20,
)


@dataclass(frozen=True)
class World:
    """Tables of a world, and whom each item is for and what each user likes."""

    cleaned: pa.Table
    items: pa.Table
    evidence: pa.Table
    drafts: pa.Table
    item_taste: dict[str, str]
    user_taste: dict[str, str]


def cleaned_table(events: list[tuple[str, str, int, int]]) -> pa.Table:
    """CLEANED_INTERACTIONS of (user, item, minutes after START, label)."""
    rows = [
        {
            "event_id": f"{user}-{item}-{minute}",
            "user_id": user,
            "item_id": item,
            "ts": START + timedelta(minutes=minute),
            "rating": float(label),
            "label": label,
            "quarantine_code": None,
            "quarantine_detail": None,
            "merged_duplicates": 0,
            "source_row": number,
        }
        for number, (user, item, minute, label) in enumerate(events)
    ]
    return pa.Table.from_pylist(rows, schema=CLEANED_INTERACTIONS)


def items_table(categories: dict[str, list[str]]) -> pa.Table:
    """ITEMS with a title that tells nothing and the given categories."""
    rows = [
        {
            "item_id": item,
            "title": f"Number {item}",
            "categories": found,
            "description": None,
            "first_seen": START,
            "title_code": None,
        }
        for item, found in categories.items()
    ]
    return pa.Table.from_pylist(rows, schema=ITEMS)


def drafts_table(reasons: Sequence[tuple[str, str, int, str | None]], window: str | None = None) -> pa.Table:
    """DRAFT_REASONS of (side, subject, sample, reason), with a ``window`` column if one is given."""
    blank = dict.fromkeys(DRAFT_REASONS.names)
    rows = [
        {**blank, "side": side, "subject_id": subject, "sample": sample, "reason": reason}
        for side, subject, sample, reason in reasons
    ]
    table = pa.Table.from_pylist(rows, schema=DRAFT_REASONS)
    return table if window is None else table.append_column("window", pa.array([window] * len(table), pa.string()))


def evidence_table(texts: list[tuple[str, str, str]]) -> pa.Table:
    """EVIDENCE of (side, subject, evidence_text)."""
    blank = dict.fromkeys(EVIDENCE.names)
    rows = [
        {**blank, "side": side, "subject_id": subject, "as_of": START, "evidence_text": text}
        for side, subject, text in texts
    ]
    return pa.Table.from_pylist(rows, schema=EVIDENCE)


def world_of_tastes(users: int = 100, seed: int = 0) -> World:
    """Users like one of two genres. Half of the items carry their genre as metadata; of the others only the reason
    tells whom they are for. A match is liked nine times out of ten, anything else one time out of ten."""
    rng = np.random.default_rng(seed)
    user_taste = {f"u{k}": TASTES[k % 2] for k in range(users)}
    item_taste = {f"i{k}": TASTES[k % 2] for k in range(60)}
    told = {item: [taste] if int(item[1:]) < 30 else [] for item, taste in item_taste.items()}
    events = []
    for user, taste in user_taste.items():
        # What users meet first is described, so that their histories say what they like.
        order = [*rng.permutation(30)[:10], *(30 + rng.permutation(30)[:20])]
        for place, number in enumerate(order):
            match = item_taste[f"i{number}"] == taste
            label = int(rng.random() < (0.9 if match else 0.1))
            events.append((user, f"i{number}", place * 1000 + int(rng.integers(900)), label))
    wordings = {
        "item": ("Fans of {} like it.", "It is for people fond of {}."),
        "user": ("This person enjoys {}.", "A friend of {} above all."),
    }
    drafts = [
        (side, subject, sample, wording.format(taste))
        for side, tastes in (("item", item_taste), ("user", user_taste))
        for subject, taste in tastes.items()
        for sample, wording in enumerate(wordings[side])
    ]
    return World(
        cleaned_table(events), items_table(told), evidence_table([]), drafts_table(drafts), item_taste, user_taste
    )


def shuffled(table: pa.Table, seed: int) -> pa.Table:
    """The same rows in another order."""
    return table.take(np.random.default_rng(seed).permutation(len(table)))
