"""The reward of a completion: format gate, panel reward beside its group's, penalty for what its evidence misses.

    fails the format gate:  floor
    passes it:              clip((panel − mean) / spread) − penalty · min(faults, cap)

A fault is each ungrounded claim, and one more where the reason names too little of its evidence (``gate.min_names``): a
sentence that would suit any subject claims nothing false.

``panel`` is the reward model's score in nats (DESIGN §3.3), ``mean`` that of the subject's own passing texts in the
step, ``spread`` the standard deviation of texts about their subject's mean, over all scored completions of the run so
far, the present step included, for each side apart: item and user rewards have scales of their own. How subjects
differ from one another is left out on purpose. It is several times as much as how texts of one subject do; by that
scale a penalty of 1 drowns whatever the panel says, and the policy learns the gates alone.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from math import sqrt
from typing import Any

import numpy as np

from curec_assets.interactions.groups import Side
from curec_assets.reasons.config import GateConfig
from curec_assets.reasons.gates import Grounding, tidy_reason
from curec_assets.reasons.naming import names_evidence
from curec_assets.rl_policy.config import PolicyConfig

SMALLEST_STD = 1e-6
"""Below this all panel rewards count as equal."""


@dataclass(frozen=True)
class RLSubject:
    """A subject to write for: its side and id, and its row of EVIDENCE."""

    side: Side
    subject_id: str
    evidence_row: Mapping[str, Any]


@dataclass(frozen=True)
class RLCompletion:
    """A tidied completion to be scored by the panel of its subject."""

    side: Side
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
    """Scores batches of raw completions; carries the spreads of a run."""

    def __init__(
        self, reward: Scorer, gold: Scorer | None, config: PolicyConfig, gate: GateConfig, grounding: Grounding
    ) -> None:
        self._reward = reward
        self._gold = gold
        self._config = config
        self._gate = gate
        self._grounding = grounding
        self._spread: dict[str, _Spread] = {}

    def score(self, subjects: Sequence[RLSubject], texts: Sequence[str]) -> Scores:
        """Rewards of ``texts``, each written for the subject at its place."""
        reasons = [
            tidy_reason(text, self._gate, subject.evidence_row) for text, subject in zip(texts, subjects, strict=True)
        ]
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
        """What is known of each side's spread."""
        return {side: asdict(spread) for side, spread in self._spread.items()}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from the spreads ``state``."""
        self._spread = {side: _Spread(**spread) for side, spread in state.items()}

    def _standardised(self, completions: Sequence[RLCompletion], panel: Sequence[float]) -> list[float]:
        groups: dict[tuple[str, str], list[int]] = {}
        for place, completion in enumerate(completions):
            groups.setdefault((completion.side, completion.subject_id), []).append(place)
        centred = np.array(panel, dtype=np.float64)
        for (side, _), places in groups.items():
            centred[places] -= centred[places].mean()
            self._spread.setdefault(side, _Spread()).add(centred[places])
        spread = np.array([self._spread[completion.side].value() for completion in completions])
        standard = np.divide(centred, spread, out=np.zeros_like(centred), where=spread > SMALLEST_STD)
        limit = self._config.reward_clip
        return [float(value) for value in standard.clip(-limit, limit)]


@dataclass
class _Spread:
    """Pooled standard deviation within groups: squares about each group's mean, and their degrees of freedom."""

    squares: float = 0.0
    freedom: int = 0

    def add(self, centred: np.ndarray) -> None:
        self.squares += float(centred @ centred)
        self.freedom += len(centred) - 1

    def value(self) -> float:
        return sqrt(self.squares / self.freedom) if self.freedom else 0.0


def _checked(scores: Sequence[float], completions: Sequence[RLCompletion]) -> list[float]:
    values = [float(score) for score in scores]
    if len(values) != len(completions) or not np.isfinite(values).all():
        raise ValueError(f"expected {len(completions)} finite panel rewards, got {values}")
    return values
