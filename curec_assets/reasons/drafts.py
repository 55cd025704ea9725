"""Draft reasons: what the aligned LLM says before any reward has been seen (DESIGN §2, ``draft_reasons``)."""

import pyarrow as pa

from curec_assets.lake.schemas import DRAFT_REASONS
from curec_assets.language_model.generation import Generator
from curec_assets.language_model.prompts import explain_prompt, prompt_hash
from curec_assets.progress import Progress, silent
from curec_assets.reasons.candidates import evidence_of, gate_metrics, sample_candidates
from curec_assets.reasons.config import DraftConfig, GateConfig
from curec_assets.reasons.gates import Grounding
from curec_assets.reasons.review_set import ReviewSet
from curec_assets.reasons.written import Written


def draft_reasons(
    review: ReviewSet,
    evidence: pa.Table,
    generator: Generator,
    grounding: Grounding,
    config: DraftConfig,
    gate: GateConfig,
    policy_id: str,
    seed: int,
    progress: Progress = silent,
) -> Written:
    """``config.samples`` drafts for every subject of the review set, whether they pass the gates or not.

    Args:
        review: the window's review set.
        evidence: EVIDENCE, with at least the rows the review set was chosen by.
        generator: the aligned LLM of the window.
        grounding: the catalogue as of the window's end.
        config: samples per subject.
        gate: the format gate.
        policy_id: artifact id of the aligned LLM.
        seed: seed of the sampling.

    Returns:
        DRAFT_REASONS, ``reason`` null where the format gate fails; metrics: tokens and shares that pass the gates, and
        ``left_over_*`` counts of the review set.
    """
    subjects = review.subjects.sort_by([("side", "ascending"), ("subject_id", "ascending")]).to_pylist()
    rows = evidence_of(subjects, evidence)
    prompts = [explain_prompt(row) for row in rows]
    drafts = sample_candidates(rows, prompts, config.samples, generator, grounding, gate, seed, progress)
    written = [
        {
            **subject,
            "sample": number,
            "reason": draft.reason,
            "raw_text": draft.raw_text,
            "grounded": draft.passes,
            "ungrounded_claims": list(draft.ungrounded_claims),
            "prompt_hash": prompt_hash(prompt),
            "policy_id": policy_id,
            "tokens": draft.tokens,
        }
        for subject, prompt, samples in zip(subjects, prompts, drafts, strict=True)
        for number, draft in enumerate(samples)
    ]
    metrics = {"subjects": float(len(subjects)), **gate_metrics(drafts)}
    metrics |= {f"left_over_{why}": float(count) for why, count in review.left_over.items()}
    return Written(pa.Table.from_pylist(written, schema=DRAFT_REASONS), metrics)
