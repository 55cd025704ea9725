"""The reason each subject carries before a window's reviews, read from the rows that set or withdrew it."""

from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

ACTIONS = ("arrived", "created", "corrected", "kept", "withdrawn")
"""What a row of CORRECTED_REASONS can say was done."""
SETS_REASON = ("arrived", "created", "corrected")
"""Actions whose row starts a reason; ``withdrawn`` ends one, and ``kept`` changes nothing."""


@dataclass(frozen=True)
class Incumbent:
    """A subject's current reason: since when, and its reward (nats per event) when it was set (None: never scored)."""

    reason: str
    since: datetime
    reward: float | None


def current_incumbents(history: pa.Table) -> dict[tuple[str, str], Incumbent]:
    """The incumbents by (side, subject_id) after all rows of ``history`` (CORRECTED_REASONS, in any order)."""
    decisive = history.filter(pc.is_in(history["action"], pa.array([*SETS_REASON, "withdrawn"])))
    incumbents: dict[tuple[str, str], Incumbent] = {}
    for row in sorted(decisive.to_pylist(), key=lambda row: row["valid_from"]):
        key = (row["side"], row["subject_id"])
        if row["action"] == "withdrawn":
            incumbents.pop(key, None)
        else:
            incumbents[key] = Incumbent(row["reason"], row["valid_from"], row["reward"])
    return incumbents
