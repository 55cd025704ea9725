"""A small world to test the reason stages in: honest fakes and builders of rows of the lake's schemas."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from curec_assets.configuration.windows import Window
from curec_assets.lake.hashing import hash_json
from curec_assets.lake.schemas import ARRIVAL_REASONS, CORRECTED_REASONS, DRAFT_REASONS, EVIDENCE, ITEMS
from curec_assets.language_model.generation import Sample
from curec_assets.language_model.prompts import Prompt
from curec_assets.progress import Progress, silent
from curec_assets.reasons.config import GateConfig
from curec_assets.reasons.gates import Grounding
from curec_assets.reward_model.scoring import PanelScore, ScoreRequest

GATE = GateConfig()
TITLES = ("Heat (1995)", "Speed (1994)", "Toy Story (1995)", "Blade Runner (1982)", "Alien (1979)")
CATEGORIES = ("Action", "Comedy", "Drama", "Film-Noir", "Children's")
GROUNDING = Grounding(TITLES, CATEGORIES)

FIRST = datetime(1998, 1, 1, tzinfo=UTC)
WINDOWS = [
    Window(f"1998-{month:02d}", datetime(1998, month, 1, tzinfo=UTC), datetime(1998, month + 1, 1, tzinfo=UTC))
    for month in range(1, 7)
]


def evidence_row(
    subject_id: str,
    window: Window = WINDOWS[0],
    side: str = "item",
    facts: Sequence[tuple[str, str]] = (("co_liked", "Heat (1995)"), ("liker_category", "Drama")),
    events_in_window: int = 5,
    title: str = "Alien (1979)",
) -> dict[str, Any]:
    row = {
        "side": side,
        "subject_id": subject_id,
        "as_of": window.end,
        "title": title,
        "categories": ["Action"],
        "description": None,
        "n_events": 10,
        "n_likes": 6,
        "like_rate": 0.6,
        "events_in_window": events_in_window,
        "facts": [{"kind": kind, "text": text, "weight": 1.5} for kind, text in facts],
        "evidence_text": "People like it.",
    }
    hashed = hash_json([title, [list(fact) for fact in facts]])
    return row | {"evidence_hash": hashed, "window": window.key}


def evidence_table(rows: Sequence[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=EVIDENCE.append(pa.field("window", pa.string())))


def draft_table(rows: Sequence[dict[str, Any]], cause: str = "new") -> pa.Table:
    """One draft for each row of evidence, in the window of the row."""
    drafts = [
        {name: row[name] for name in ("side", "subject_id", "evidence_hash", "window")}
        | {"review_cause": cause, "sample": 0, "reason": "A draft that nobody has tested yet.", "grounded": True}
        for row in rows
    ]
    return pa.Table.from_pylist(drafts, schema=DRAFT_REASONS.append(pa.field("window", pa.string())))


def item_table(rows: Sequence[dict[str, Any]]) -> pa.Table:
    filled = [
        {"categories": ["Action"], "description": None, "first_seen": FIRST, "title_code": None} | row for row in rows
    ]
    return pa.Table.from_pylist(filled, schema=ITEMS)


def arrival_table(rows: Sequence[dict[str, Any]]) -> pa.Table:
    filled = [{"side": "item", "grounded": True, "policy_id": "policy-0", "valid_from": FIRST} | row for row in rows]
    return pa.Table.from_pylist(filled, schema=ARRIVAL_REASONS)


def no_history() -> pa.Table:
    return CORRECTED_REASONS.empty_table()


@dataclass
class ScriptedGenerator:
    """A fake ``Generator`` that says what ``write(prompt, number, seed)`` says, and remembers what it was asked."""

    write: Callable[[Prompt, int, int], str]
    prompts: list[Prompt] = field(default_factory=list)

    def sample(self, prompts: Sequence[Prompt], n: int, seed: int, progress: Progress = silent) -> list[list[Sample]]:
        self.prompts += prompts
        texts = [[self.write(prompt, number, seed) for number in range(n)] for prompt in prompts]
        return [[Sample(text, len(text.split()), True) for text in group] for group in texts]


@dataclass
class TableScorer:
    """A fake ``Scorer``: ``value(request, event_number)`` nats on ``panel`` events of a day each since 1998-01-01."""

    value: Callable[[ScoreRequest, int], float]
    panel: int = 6
    requests: list[ScoreRequest] = field(default_factory=list)

    def score(self, requests: Sequence[ScoreRequest], gold: bool = False) -> list[PanelScore]:
        self.requests += requests
        return [self._panel(request) for request in requests]

    def _panel(self, request: ScoreRequest) -> PanelScore:
        numbers = [
            number
            for number in range(self.panel)
            if request.since is None or FIRST + timedelta(days=30 * number) >= request.since
        ]
        values = np.array([self.value(request, number) for number in numbers], dtype=np.float64)
        events = tuple(f"{request.subject_id}-{request.group}-{number}" for number in numbers)
        return PanelScore(events, events, values)
