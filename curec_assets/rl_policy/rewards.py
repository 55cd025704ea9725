"""The reward of a completion: format gate, panel reward in standard deviations, penalty for what its evidence misses.

    fails the format gate:  floor
    passes it:              clip((panel − mean) / std) − penalty · min(faults, cap)

A fault is each ungrounded claim, and one more where the reason names too little of its evidence (``gate.min_names``): a
sentence that would suit any subject claims nothing false.

``panel`` is the reward model's score in nats (DESIGN §3.3). Mean and std run over all scored completions of the run so
far, the present batch included, for each side apart: item and user rewards have scales of their own, and a first batch
alone would fix a noisy std for good. Completions of one group share both numbers, so their moving never reorders a
group; it only changes how the panel weighs against penalty and floor, which are in standard deviations.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import sqrt
from typing import Any

import numpy as np

from curec_assets.reasons.config import GateConfig
from curec_assets.reasons.gates import Grounding, tidy_reason
from curec_assets.reasons.naming import names_evidence
from curec_assets.rl_policy.config import PolicyConfig

SMALLEST_STD = 1e-6
"""Below this all panel rewards count as equal."""


@dataclass(frozen=True)
class RLSubject:
    """A subject to write for: its side and id, and its row of EVIDENCE."""

    side: str
    subject_id: str
    evidence_row: Mapping[str, Any]


@dataclass(frozen=True)
class RLCompletion:
    """A tidied completion to be scored by the panel of its subject."""

    side: str
    subject_id: str
    text: str


Scorer = Callable[[list[RLCompletion]], list[float]]
"""Panel rewards (nats, finite) of completions, in order."""


@dataclass(frozen=True)
class Scores:
    """Rewards of a batch, in order, and what a person should see of it (shares in [0, 1], rewards in nats)."""

    rewards: list[float]
    log: dict[str, float]


class RewardShaper:
    """Scores batches of raw completions; carries the running statistics of a run."""

    def __init__(
        self, reward: Scorer, gold: Scorer | None, config: PolicyConfig, gate: GateConfig, grounding: Grounding
    ) -> None:
        self._reward = reward
        self._gold = gold
        self._config = config
        self._gate = gate
        self._grounding = grounding
        self._running: dict[str, _Running] = {}

    def score(self, subjects: Sequence[RLSubject], texts: Sequence[str]) -> Scores:
        """Rewards of ``texts``, each written for the subject at its place."""
        reasons = [tidy_reason(text, self._gate) for text in texts]
        passing = [index for index, reason in enumerate(reasons) if reason is not None]
        completions = [
            RLCompletion(subjects[index].side, subjects[index].subject_id, reasons[index] or "") for index in passing
        ]
        panel = _checked(self._reward(completions), completions) if completions else []
        claims = [
            len(self._grounding.ungrounded_claims(completion.text, subjects[index].evidence_row))
            for index, completion in zip(passing, completions, strict=True)
        ]
        empty = [
            not names_evidence(completion.text, subjects[index].evidence_row, self._gate.min_names)
            for index, completion in zip(passing, completions, strict=True)
        ]
        faults = [count + says_nothing for count, says_nothing in zip(claims, empty, strict=True)]
        rewards = [self._config.format_floor] * len(texts)
        for index, standard, count in zip(passing, self._standardised(completions, panel), faults, strict=True):
            rewards[index] = standard - self._config.fault_penalty * min(count, self._config.penalised_faults)
        log = {
            "format_pass_share": len(passing) / len(texts),
            "grounded_share": sum(count == 0 for count in claims) / len(texts),
        }
        if completions:
            log["panel_reward"] = float(np.mean(panel))
            if self._gold is not None:
                log["gold"] = float(np.mean(_checked(self._gold(completions), completions)))
        return Scores(rewards, log)

    def state(self) -> dict[str, Any]:
        """The running statistics of each side."""
        return {side: asdict(running) for side, running in self._running.items()}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from the running statistics ``state``."""
        self._running = {side: _Running(**running) for side, running in state.items()}

    def _standardised(self, completions: Sequence[RLCompletion], panel: Sequence[float]) -> list[float]:
        for completion, value in zip(completions, panel, strict=True):
            self._running.setdefault(completion.side, _Running()).add(value)
        limit = self._config.reward_clip
        return [
            float(np.clip(self._running[completion.side].standardise(value), -limit, limit))
            for completion, value in zip(completions, panel, strict=True)
        ]


@dataclass
class _Running:
    """Welford's running mean and variance."""

    count: int = 0
    mean: float = 0.0
    squares: float = 0.0

    def add(self, value: float) -> None:
        self.count += 1
        delta = value - self.mean
        self.mean += delta / self.count
        self.squares += delta * (value - self.mean)

    def standardise(self, value: float) -> float:
        std = sqrt(self.squares / self.count)
        return (value - self.mean) / std if std > SMALLEST_STD else 0.0


def _checked(scores: Sequence[float], completions: Sequence[RLCompletion]) -> list[float]:
    values = [float(score) for score in scores]
    if len(values) != len(completions) or not np.isfinite(values).all():
        raise ValueError(f"expected {len(completions)} finite panel rewards, got {values}")
    return values
