"""Sampling reasons and passing them through the gates: what drafts, arrivals and corrections have in common."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from curec_assets.language_model.generation import Generator
from curec_assets.language_model.prompts import Prompt
from curec_assets.progress import Progress, silent
from curec_assets.reasons.config import GateConfig
from curec_assets.reasons.gates import Grounding, tidy_reason
from curec_assets.reasons.naming import names_evidence

EvidenceRow = Mapping[str, Any]


@dataclass(frozen=True)
class Candidate:
    """One sample: its text as generated, the reason in it (None where the format gate fails), unfounded claims, and
    whether it names enough of its evidence."""

    raw_text: str
    reason: str | None
    ungrounded_claims: tuple[str, ...]
    names_evidence: bool
    tokens: int

    @property
    def passes(self) -> bool:
        """Whether it is a reason by its form, claims nothing but the evidence, and names some of it."""
        return self.reason is not None and not self.ungrounded_claims and self.names_evidence


def sample_candidates(
    rows: Sequence[EvidenceRow],
    prompts: Sequence[Prompt],
    samples: int,
    generator: Generator,
    grounding: Grounding,
    gate: GateConfig,
    seed: int,
    progress: Progress = silent,
) -> list[list[Candidate]]:
    """``samples`` gated candidates for each row, which is also what their claims must stand in."""
    if not rows:
        return []
    sampled = generator.sample(prompts, samples, seed, progress)
    found = []
    for row, texts in zip(rows, sampled, strict=True):
        tidied = [(sample, tidy_reason(sample.text, gate, row)) for sample in texts]
        found.append(
            [
                Candidate(
                    raw_text=sample.text,
                    reason=reason,
                    ungrounded_claims=tuple(grounding.ungrounded_claims(reason, row)) if reason else (),
                    names_evidence=reason is not None and names_evidence(reason, row, gate.min_names),
                    tokens=sample.tokens,
                )
                for sample, reason in tidied
            ]
        )
    return found


def gate_metrics(candidates: Iterable[Sequence[Candidate]]) -> dict[str, float]:
    """Tokens generated and the shares of samples that pass the format gate and all gates (0 without samples)."""
    flat = [candidate for group in candidates for candidate in group]
    return {
        "samples": len(flat),
        "tokens_generated": sum(candidate.tokens for candidate in flat),
        "format_pass_share": sum(candidate.reason is not None for candidate in flat) / max(len(flat), 1),
        "gates_pass_share": sum(candidate.passes for candidate in flat) / max(len(flat), 1),
    }


def evidence_of(reviewed: Sequence[Mapping[str, Any]], evidence: pa.Table) -> list[EvidenceRow]:
    """The evidence row each reviewed subject (side, subject_id, evidence_hash) was chosen with, in their order.

    Raises:
        ValueError: a subject whose evidence is not in the table.
    """
    hashes = pa.array(sorted({row["evidence_hash"] for row in reviewed}), pa.string())
    rows = evidence.filter(pc.is_in(evidence["evidence_hash"], hashes)).to_pylist()
    latest = {
        (row["side"], row["subject_id"], row["evidence_hash"]): row
        for row in sorted(rows, key=lambda row: row["as_of"])
    }
    found = []
    for row in reviewed:
        key = (row["side"], row["subject_id"], row["evidence_hash"])
        if key not in latest:
            raise ValueError(
                f"no evidence row for {key[0]} {key[1]} with hash {key[2]}, which its review was chosen by"
            )
        found.append(latest[key])
    return found
