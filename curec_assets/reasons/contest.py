"""The two panels of a review: the reward group picks the best candidate, the acceptance group compares it.

Picking and judging on one panel would flatter the winner (DESIGN §3.5), so the acceptance group is only ever shown the
one challenger and the incumbent.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from curec_assets.interactions.groups import SIDES, Side
from curec_assets.reasons.acceptance import Judgement, PooledGains, judge_gains
from curec_assets.reasons.candidates import Candidate, EvidenceRow
from curec_assets.reasons.config import CorrectionConfig
from curec_assets.reasons.incumbents import Incumbent
from curec_assets.reward_model.scoring import PanelScore, ScoreRequest


class Scorer(Protocol):
    """What scores reasons: the reward model of the window."""

    def score(self, requests: Sequence[ScoreRequest]) -> Sequence[PanelScore]:
        """The panel of each request in their order."""
        ...


@dataclass(frozen=True)
class Review:
    """One subject under review, filled in as the stage proceeds; rewards are pooled reward-group means (nats)."""

    side: Side
    subject_id: str
    review_cause: str
    evidence: EvidenceRow
    incumbent: Incumbent | None
    incumbent_grounded: bool
    candidates: Sequence[Candidate] = ()
    incumbent_reward: float | None = None
    challenger: str | None = None
    challenger_reward: float | None = None
    acceptance_events: int = 0
    judgement: Judgement | None = None


def pick_challengers(reviews: Sequence[Review], scorer: Scorer, config: CorrectionConfig) -> list[Review]:
    """Score incumbents and eligible candidates on the reward group; the best candidate becomes the challenger.

    Eligible are those that pass the gates.
    Of equal rewards (an empty panel gives all the same) the earlier sample wins. A best candidate that says what the
    incumbent says challenges nothing.
    """
    requests = [
        ScoreRequest(review.side, review.subject_id, reason, "reward")
        for review in reviews
        for reason in _rivals(review)
    ]
    scores = iter(scorer.score(requests) if requests else [])
    picked = []
    for review in reviews:
        rewards = {reason: next(scores).pooled(config.prior_events) for reason in _rivals(review)}
        incumbent = review.incumbent.reason if review.incumbent else None
        best = max(_eligible(review), key=rewards.__getitem__, default=None)
        picked.append(
            replace(
                review,
                incumbent_reward=rewards[incumbent] if incumbent else None,
                challenger=best if best != incumbent else None,
                challenger_reward=rewards[best] if best and best != incumbent else None,
            )
        )
    return picked


def compare_with_incumbents(
    reviews: Sequence[Review], scorer: Scorer, config: CorrectionConfig
) -> tuple[list[Review], dict[str, PooledGains]]:
    """Judge challengers of grounded incumbents on acceptance events since the incumbent was accepted.

    Gains are pooled per side, since an item's and a user's words move the score by different amounts; what one person
    thinks of several challengers counts as one person's. Returns the reviews, filled in, and each side's pool.
    """
    compared = [
        (review, review.incumbent, review.challenger)
        for review in reviews
        if review.incumbent and review.incumbent_grounded and review.challenger
    ]
    requests = [
        ScoreRequest(review.side, review.subject_id, reason, "acceptance", since=incumbent.since)
        for review, incumbent, challenger in compared
        for reason in (challenger, incumbent.reason)
    ]
    scores = scorer.score(requests) if requests else []
    gains = {
        (review.side, review.subject_id): _paired_gain(challenger, incumbent)
        for (review, _, _), challenger, incumbent in zip(compared, scores[::2], scores[1::2], strict=True)
    }
    people = {
        (review.side, review.subject_id): incumbent.others
        for (review, _, _), incumbent in zip(compared, scores[1::2], strict=True)
    }
    judgements: dict[tuple[str, str], Judgement] = {}
    pools: dict[str, PooledGains] = {}
    for side in SIDES:
        judged = [key for key in gains if key[0] == side and len(gains[key]) >= config.min_acceptance_events]
        pools[side] = judge_gains(
            [gains[key] for key in judged], [people[key] for key in judged], config.acceptance_quantile
        )
        judgements |= dict(zip(judged, pools[side].judgements, strict=True))
    filled = []
    for review in reviews:
        key = (review.side, review.subject_id)
        filled.append(replace(review, acceptance_events=len(gains.get(key, ())), judgement=judgements.get(key)))
    return filled, pools


def _rivals(review: Review) -> list[str]:
    """The distinct reasons to score: the incumbent's, then the eligible candidates' in the order they were sampled."""
    eligible = _eligible(review)
    return list(dict.fromkeys([review.incumbent.reason, *eligible] if review.incumbent else eligible))


def _eligible(review: Review) -> list[str]:
    return [candidate.reason for candidate in review.candidates if candidate.reason and candidate.passes]


def _paired_gain(challenger: PanelScore, incumbent: PanelScore) -> np.ndarray:
    if challenger.event_ids != incumbent.event_ids:
        raise ValueError("two reasons of one subject were scored on different acceptance events")
    return np.asarray(challenger.values, dtype=np.float64) - np.asarray(incumbent.values, dtype=np.float64)
