"""Whom the policy is tuned on, and how their reward panels score what it writes."""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from curec_assets.configuration.windows import Window
from curec_assets.interactions.groups import SIDES, Side
from curec_assets.lake.hashing import hash_text
from curec_assets.reward_model.scoring import RewardScorer, ScoreRequest
from curec_assets.rl_policy.config import PolicyConfig
from curec_assets.rl_policy.rewards import RLCompletion, RLSubject, Scorer

KEPT_OUT = 4
"""One subject in so many is kept out of RL, to measure it on."""


@dataclass(frozen=True)
class Drawn:
    """``tuned`` are the subjects of RL, ``held_out`` others that it never writes for."""

    tuned: list[RLSubject]
    held_out: list[RLSubject]


def rl_subjects(evidence: pa.Table, window: Window, scorer: RewardScorer, config: PolicyConfig, seed: int) -> Drawn:
    """Subjects to tune on, as many as the steps will ask for, and up to ``held_out_subjects`` others to measure on; of
    both, half items and half users where there are enough.

    Args:
        evidence: EVIDENCE with its ``window`` column; subjects are those touched in ``window``.
        window: the window of the policy.
        scorer: tells how many reward-group events a subject has.
        config: the budget, and the thinnest panel that may teach.
        seed: decides who is drawn among those with panel enough.

    Returns:
        Subjects of both sides by turns, so that every step sees both. Those to measure on are left out of RL in every
        window (``never_tuned_on``), for a policy goes on from what the windows before taught it.
    """
    touched = evidence.filter(pc.equal(evidence["window"], window.key))
    drawn = [_drawn(touched, side, scorer, config, seed) for side in SIDES]
    half = config.held_out_subjects // len(SIDES)
    tuned = _by_turns([[subject for subject in side if not never_tuned_on(subject)] for side in drawn])
    held_out = _by_turns([[subject for subject in side if never_tuned_on(subject)][:half] for side in drawn])
    return Drawn(tuned[: config.steps * config.prompts_per_step], held_out)


def never_tuned_on(subject: RLSubject) -> bool:
    """Whether RL leaves the subject out in every window: one in KEPT_OUT, by a stable hash."""
    return int(hash_text(f"kept out of RL/{subject.side}/{subject.subject_id}"), 16) % KEPT_OUT == 0


def panel_rewards(scorer: RewardScorer, config: PolicyConfig, gold: bool = False) -> Scorer:
    """A function from completions to rewards (nats per event) on their subjects' reward-group panels.

    Args:
        scorer: the window's reward model.
        config: how far thin panels are drawn to zero.
        gold: score by the gold model, which the policy is never tuned on.
    """

    def rewards(completions: Sequence[RLCompletion]) -> list[float]:
        requests = [ScoreRequest(c.side, c.subject_id, c.text, "reward") for c in completions]
        return [score.pooled(config.prior_events) for score in scorer.score(requests, gold=gold)]

    return rewards


def _by_turns(drawn: Sequence[Sequence[RLSubject]]) -> list[RLSubject]:
    pairs = [subject for pair in zip(*drawn, strict=False) for subject in pair]
    shorter = min(len(side) for side in drawn)
    return [*pairs, *(subject for side in drawn for subject in side[shorter:])]


def _drawn(touched: pa.Table, side: Side, scorer: RewardScorer, config: PolicyConfig, seed: int) -> list[RLSubject]:
    rows = touched.filter(pc.equal(touched["side"], side)).to_pylist()
    panels = scorer.score([ScoreRequest(side, row["subject_id"], None, "reward") for row in rows])
    thick = [row for row, panel in zip(rows, panels, strict=True) if len(panel.event_ids) >= config.min_panel_events]
    thick.sort(key=lambda row: (hash_text(f"{seed}/{row['subject_id']}"), row["subject_id"]))
    return [RLSubject(side, row["subject_id"], row) for row in thick]
