"""What each arm takes for a subject's reason, and from when: the arms of DESIGN §3.6 as dated entries."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

import numpy as np
import pyarrow as pa

from curec_assets.configuration.windows import microseconds
from curec_assets.language_model.encoder import TextEncoder
from curec_assets.ranker.config import ArmName
from curec_assets.ranker.universe import Universe, encode_texts

ARM_ROLES: Mapping[ArmName, tuple[str, ...]] = {
    "id_only": (),
    "metadata_text": (),
    "evidence_text": ("evidence",),
    "draft_reasons": ("draft",),
    "rl_frozen": ("arrival", "corrected"),
    "rl_refreshed": ("arrival", "rl_sample"),
    "corrected_item_reasons": ("arrival", "corrected"),
    "corrected_reasons": ("arrival", "corrected"),
    "shuffled_reasons": ("arrival", "corrected"),
}
"""Which roles of ``reason_embeddings`` an arm reads; ``evidence`` is the template text of that window's review set."""

ITEM_SIDE_ONLY: tuple[ArmName, ...] = ("corrected_item_reasons",)
NO_TEXT: tuple[ArmName, ...] = ("id_only",)
WITHDRAWN = 0
"""Row 0 of every reason matrix is all zero and stands for "no reason"."""


@dataclass(frozen=True)
class Entry:
    """From ``valid_from`` (microseconds) on, the subject's reason is row ``vector`` of the book's matrix."""

    subject: int
    valid_from: int
    role: str
    vector: int


class ReasonBook:
    """All reasons of both sides known by some moment, and the timeline that each arm makes of them.

    ``vectors`` is float32 (1 + reasons, dimension), row 0 zero.
    """

    def __init__(
        self,
        universe: Universe,
        evidence: pa.Table,
        reason_embeddings: pa.Table,
        encoder: TextEncoder,
        until: datetime,
    ) -> None:
        """Reads rows valid by ``until`` alone.

        Args:
            universe: subjects outside it are left out.
            evidence: EVIDENCE with a ``window`` column, every window up to the call's.
            reason_embeddings: REASON_EMBEDDINGS with a ``window`` column, likewise.
            encoder: encodes the evidence texts; its dimension must be that of the embeddings.
            until: the end of the call's window.

        Raises:
            ValueError: an embedding of another dimension than the encoder's.
        """
        self._rows = _dated_rows(universe, reason_embeddings, microseconds(until))
        self._add_evidence(evidence, encoder)
        self._rows.sort(key=_into_force)
        found = [row["embedding"] for row in self._rows if row["embedding"] is not None]
        if any(len(vector) != encoder.dimension for vector in found):
            raise ValueError(f"reason embeddings are not {encoder.dimension} wide, as {encoder.name}'s are")
        self.vectors = np.zeros((1 + len(found), encoder.dimension), dtype=np.float32)
        if found:
            self.vectors[1:] = np.asarray(found, dtype=np.float32)
        number = 0
        for row in self._rows:
            number += row["embedding"] is not None
            row["vector"] = number if row["embedding"] is not None else WITHDRAWN

    def _add_evidence(self, evidence: pa.Table, encoder: TextEncoder) -> None:
        # The evidence arm is refreshed for the review set alone, which is whom the drafts of a window were made for.
        columns = ["side", "subject_id", "window", "evidence_text"]
        texts = {
            (row["side"], row["subject_id"], row["window"]): row["evidence_text"]
            for row in evidence.select(columns).to_pylist()
        }
        drafts = {(row["side"], row["subject_id"], row["window"]): row for row in self._rows if row["role"] == "draft"}
        chosen = [(draft, texts[key]) for key, draft in sorted(drafts.items()) if texts.get(key)]
        vectors = encode_texts([text for _, text in chosen], encoder)
        for (draft, _), vector in zip(chosen, vectors, strict=True):
            self._rows.append({**draft, "role": "evidence", "embedding": vector})

    def timeline(self, arm: ArmName, side: str, seed: int) -> list[Entry]:
        """The entries of one arm and side, in the order in which they come into force.

        A later entry replaces an earlier one; ``WITHDRAWN`` takes the reason away. ``rl_frozen`` keeps each subject's
        first reason for good. ``shuffled_reasons`` hands every reason to another subject of the same window and role,
        so that coverage, times and the stock of vectors stay those of ``corrected_reasons`` (seeded).
        """
        if side == "user" and arm in ITEM_SIDE_ONLY:
            return []
        rows = [row for row in self._rows if row["side"] == side and row["role"] in ARM_ROLES[arm]]
        if arm == "shuffled_reasons":
            rows = _shuffled(rows, seed)
        entries = [Entry(row["subject"], row["valid_from"], row["role"], row["vector"]) for row in rows]
        if arm == "rl_frozen":
            first: dict[int, Entry] = {}
            for entry in entries:
                if entry.vector != WITHDRAWN:
                    first.setdefault(entry.subject, entry)
            return list(first.values())
        return entries


def _dated_rows(universe: Universe, reason_embeddings: pa.Table, until: int) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = reason_embeddings.to_pylist()
    place = {
        side: dict(zip(ids, range(len(ids)), strict=True))
        for side, ids in (("item", universe.item_ids), ("user", universe.user_ids))
    }
    kept = []
    for row in rows:
        subject = place[row["side"]].get(row["subject_id"])
        valid_from = microseconds(row["valid_from"])
        withdrawn = row["embedding"] is None
        # Only a correction can withdraw; any other role without a vector never was a reason.
        if subject is None or valid_from > until or (withdrawn and row["role"] != "corrected"):
            continue
        kept.append({**row, "subject": subject, "valid_from": valid_from})
    return kept


def _into_force(row: Mapping[str, Any]) -> tuple[int, bool, str, int, str]:
    # At one moment an arrival comes before what corrects it; the rest of the key only makes the order canonical.
    return (row["valid_from"], row["role"] != "arrival", row["side"], row["subject"], row["reason_hash"] or "")


def _shuffled(rows: list[dict[str, Any]], seed: int) -> list[dict[str, Any]]:
    batches: dict[tuple[str, str], list[int]] = {}
    for number, row in enumerate(rows):
        if row["vector"] != WITHDRAWN:
            batches.setdefault((row["window"], row["role"]), []).append(number)
    shuffled = list(rows)
    for batch in batches.values():
        # A hash order turned by one place: seeded, blind to row order, and no subject of a batch keeps its own reason.
        ordered = sorted(batch, key=lambda n: sha256(f"{seed}:{rows[n]['subject_id']}".encode()).digest())
        for receiver, giver in zip(ordered, ordered[1:] + ordered[:1], strict=True):
            shuffled[receiver] = {**rows[receiver], "vector": rows[giver]["vector"]}
    return shuffled
