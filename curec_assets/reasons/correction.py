"""Chronological correction: review a window's subjects and write what changed, and what was kept (DESIGN §3.5).

Sampling, picking and judging use three disjoint sources: the policy writes from the evidence group, the reward group
picks the best candidate, and the acceptance group, which has met neither, decides. An incumbent was itself accepted on
acceptance events, so it is compared only on events since then. Reviews that kept it do not restart that clock: they
have judged other candidates on those events, which can only flatter the incumbent.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

import pyarrow as pa

from curec_assets.configuration.windows import Window
from curec_assets.interactions.groups import SIDES
from curec_assets.lake.schemas import CORRECTED_REASONS
from curec_assets.language_model.generation import Generator
from curec_assets.language_model.prompts import explain_prompt, prompt_hash
from curec_assets.progress import Progress, silent
from curec_assets.reasons.acceptance import Judgement
from curec_assets.reasons.candidates import evidence_of, gate_metrics, sample_candidates
from curec_assets.reasons.config import CorrectionConfig, GateConfig
from curec_assets.reasons.contest import Review, Scorer, compare_with_incumbents, pick_challengers
from curec_assets.reasons.correction_metrics import correction_metrics
from curec_assets.reasons.gates import Grounding
from curec_assets.reasons.incumbents import Incumbent, current_incumbents
from curec_assets.reasons.stale import stale_metrics
from curec_assets.reasons.written import Written

Action = Literal["created", "corrected", "kept", "withdrawn"]


def correct_reasons(
    drafts: pa.Table,
    evidence: pa.Table,
    history: pa.Table,
    arrivals: pa.Table,
    generator: Generator,
    scorer: Scorer,
    grounding: Grounding,
    window: Window,
    config: CorrectionConfig,
    gate: GateConfig,
    policy_id: str,
    reward_model_id: str,
    seed: int,
    progress: Progress = silent,
) -> Written:
    """Review every subject of the window's review set once.

    Args:
        drafts: DRAFT_REASONS of this window; names the review set with the cause and evidence hash of each subject.
        evidence: EVIDENCE with its ``window`` column, windows up to this one.
        history: CORRECTED_REASONS of all earlier windows.
        arrivals: ARRIVAL_REASONS of this window; grounded ones become ``arrived`` rows and, at once, incumbents.
        generator: the RL policy of this window.
        scorer: the reward model of this window.
        grounding: the catalogue as of the window's end.
        window: the window under correction.
        config: candidates, shrinkage and the acceptance rule.
        gate: the format gate.
        policy_id: artifact id of the policy.
        reward_model_id: artifact id of the reward model.
        seed: seed of the sampling.

    Returns:
        CORRECTED_REASONS, ordered by side, subject and ``valid_from``: the window's end for reviews, ``first_seen`` for
        arrivals. ``reason`` is the one that holds from then on (null when withdrawn) and ``previous_reason`` the
        incumbent; ``reward`` and ``previous_reward`` are theirs under this window's model. ``gain`` and its bound are
        the challenger's posterior, also where it lost. Of a subject without incumbent and without a candidate that
        passes the gates and names something of its evidence there is no row: nothing is new. A challenger with fewer
        than ``min_acceptance_events`` events is not judged, since the pooled prior says nothing of this subject: the
        incumbent is kept, ``gain`` null.
    """
    arrived = _arrived_rows(arrivals, current_incumbents(history))
    incumbents = current_incumbents(pa.concat_tables([history.select(CORRECTED_REASONS.names), _table(arrived)]))
    reviews = _open_reviews(drafts, evidence, incumbents, grounding)
    prompts = [explain_prompt(review.evidence) for review in reviews]
    rows = [review.evidence for review in reviews]
    sampled = sample_candidates(rows, prompts, config.candidates, generator, grounding, gate, seed, progress)
    reviews = [replace(review, candidates=found) for review, found in zip(reviews, sampled, strict=True)]
    progress("correction: reward group", 0, 2)
    reviews = pick_challengers(reviews, scorer, config)
    progress("correction: acceptance group", 1, 2)
    reviews, pools = compare_with_incumbents(reviews, scorer, config)
    progress("correction: acceptance group", 2, 2)

    written = list(arrived)
    accepted: dict[str, list[Judgement]] = {side: [] for side in SIDES}
    for review, prompt in zip(reviews, prompts, strict=True):
        action = _action(review)
        if action is not None:
            written.append(
                _reviewed_row(review, action, config)
                | {
                    "prompt_hash": prompt_hash(prompt),
                    "policy_id": policy_id,
                    "reward_model_id": reward_model_id,
                    "valid_from": window.end,
                }
            )
        if action == "corrected" and review.judgement is not None:
            accepted[review.side].append(review.judgement)
    table = _table(sorted(written, key=lambda row: (row["side"], row["subject_id"], row["valid_from"])))
    metrics = {
        **correction_metrics(table, pools, accepted),
        **stale_metrics(reviews, current_incumbents(history), evidence, grounding),
        **gate_metrics(sampled),
        "reviews": float(len(reviews)),
        "reviews_without_candidate": float(sum(_action(review) is None for review in reviews)),
    }
    return Written(table, metrics)


def _arrived_rows(arrivals: pa.Table, incumbents: Mapping[tuple[str, str], Incumbent]) -> list[dict[str, Any]]:
    copied = ("side", "subject_id", "reason", "prompt_hash", "policy_id", "valid_from")
    return [
        {name: row[name] for name in copied} | {"action": "arrived", "cause": "first_seen"}
        for row in arrivals.to_pylist()
        if row["grounded"] and (row["side"], row["subject_id"]) not in incumbents
    ]


def _open_reviews(
    drafts: pa.Table,
    evidence: pa.Table,
    incumbents: Mapping[tuple[str, str], Incumbent],
    grounding: Grounding,
) -> list[Review]:
    columns = ["side", "subject_id", "review_cause", "evidence_hash"]
    subjects = drafts.select(columns).group_by(columns).aggregate([]).sort_by([(name, "ascending") for name in columns])
    reviewed = subjects.to_pylist()
    reviews = []
    for subject, row in zip(reviewed, evidence_of(reviewed, evidence), strict=True):
        incumbent = incumbents.get((subject["side"], subject["subject_id"]))
        reviews.append(
            Review(
                side=subject["side"],
                subject_id=subject["subject_id"],
                review_cause=subject["review_cause"],
                evidence=row,
                incumbent=incumbent,
                incumbent_grounded=incumbent is None or not grounding.ungrounded_claims(incumbent.reason, row),
            )
        )
    return reviews


def _action(review: Review) -> Action | None:
    """What becomes of the subject's reason; None where there is none and no candidate passes the gates."""
    if review.incumbent is None:
        return "created" if review.challenger else None
    if not review.incumbent_grounded:
        return "corrected" if review.challenger else "withdrawn"
    return "corrected" if review.judgement is not None and review.judgement.lower_bound > 0 else "kept"


def _cause(review: Review, margin: float) -> str:
    if not review.incumbent_grounded:
        return "ungrounded"
    set_with = review.incumbent.reward if review.incumbent else None
    if set_with is not None and review.incumbent_reward is not None and review.incumbent_reward < set_with - margin:
        return "score_fell"
    return review.review_cause


def _reviewed_row(review: Review, action: Action, config: CorrectionConfig) -> dict[str, Any]:
    """The row of a review, without the ids and time that all reviews of a window share."""
    incumbent = review.incumbent.reason if review.incumbent else None
    reasons = {"kept": (incumbent, review.incumbent_reward), "withdrawn": (None, None)}
    reason, reward = reasons.get(action, (review.challenger, review.challenger_reward))
    return {
        "side": review.side,
        "subject_id": review.subject_id,
        "action": action,
        "cause": _cause(review, config.score_fall_margin),
        "reason": reason,
        "previous_reason": incumbent,
        "reward": reward,
        "previous_reward": review.incumbent_reward,
        "gain": review.judgement.gain if review.judgement else None,
        "gain_lower_bound": review.judgement.lower_bound if review.judgement else None,
        "acceptance_events": review.acceptance_events,
        "candidates": len(review.candidates),
        "candidates_passing_gates": sum(candidate.passes for candidate in review.candidates),
        "first_sample": next((candidate.reason for candidate in review.candidates if candidate.reason), None),
        "evidence_hash": review.evidence["evidence_hash"],
    }


def _table(rows: list[dict[str, Any]]) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=CORRECTED_REASONS)
