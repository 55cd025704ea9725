"""What RL was good for: the policy beside the aligned LLM it started from, on subjects that it was not tuned on.

Both write one reason for each subject, from the same prompt and the same seed. Scores come from models that hold the
panel's people out (DESIGN §3.3): the reward that was optimised, the same on the acceptance group, and the gold model's.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa

from curec_assets.lake.schemas import EVALUATIONS
from curec_assets.language_model.generation import Generator
from curec_assets.language_model.prompts import FACT_LABELS, explain_prompt, facts_shown
from curec_assets.progress import Progress, silent
from curec_assets.ranker.bootstrap import draw, interval
from curec_assets.ranker.metrics import weighted_mean
from curec_assets.reasons.config import GateConfig
from curec_assets.reasons.gates import Grounding, tidy_reason
from curec_assets.reasons.naming import names_evidence
from curec_assets.reward_model.scoring import PanelGroup, RewardScorer, ScoreRequest
from curec_assets.rl_policy.config import PolicyConfig
from curec_assets.rl_policy.rewards import RLSubject

ALIGNED, POLICY, EVIDENCE = "aligned_llm", "rl_policy", "evidence_text"
CONTRAST, BESIDE_EVIDENCE = f"{POLICY} − {ALIGNED}", f"{POLICY} − {EVIDENCE}"
RESAMPLES = 500
CONFIDENCE = 0.95
NEAR_DUPLICATE = 0.8
"""Share of word pairs in common (Jaccard) from which two reasons are one."""

NAMED_KINDS = [kind for kind in FACT_LABELS if kind != "trend"]
"""Kinds of facts that stand in a reason by name."""

PANELS: Mapping[str, tuple[PanelGroup, bool]] = {
    "reward": ("reward", False),
    "acceptance_reward": ("acceptance", False),
    "gold_reward": ("reward", True),
}
"""Metric: the panel's group, and whether the gold model scores it."""


def evaluate_policy(
    aligned: Generator,
    policy: Generator,
    subjects: Sequence[RLSubject],
    scorer: RewardScorer,
    config: PolicyConfig,
    gate: GateConfig,
    grounding: Grounding,
    seed: int,
    progress: Progress = silent,
) -> pa.Table:
    """EVALUATIONS, subject ``rl_policy``: arms ``aligned_llm``, ``rl_policy`` and their paired difference; on the panels
    also ``evidence_text``, the template that nobody had to learn, and what the policy is worth beside it.

    | metric | value |
    |---|---|
    | ``reward``, ``acceptance_reward``, ``gold_reward`` | mean panel reward in nats, thin panels drawn to zero as in training; a text that fails the format gate is worth zero |
    | ``format_share``, ``grounded_share`` | share that passes the format gate; and that also claims nothing but the evidence |
    | ``tells_<kind>`` | share that names a fact of this kind, among subjects whose prompt shows one; what is a fact of two kinds counts for both |
    | ``tokens`` | mean length as written |
    | ``distinct_2`` | distinct share of all word pairs; no interval, since resampled texts repeat |
    | ``near_duplicate_share`` | share with another reason of its slice nearly the same; no interval |

    Slices ``item``, ``user`` and ``all``. Intervals are 95 % percentiles of resampled subjects, the same draws in both
    arms. ``n`` counts subjects. Without subjects there are no rows.

    Args:
        aligned: writes as before RL.
        policy: writes as after.
        subjects: whom to write for; none of them may have been tuned on.
        scorer: the window's reward model.
        config: how far thin panels are drawn to zero.
        gate: format gate.
        grounding: the catalogue's names.
        seed: of the texts and of the bootstrap.
        progress: hears of the texts.
    """  # noqa: E501 (a table row cannot be broken)
    if not subjects:
        return EVALUATIONS.empty_table()
    prompts = [explain_prompt(subject.evidence_row) for subject in subjects]
    found: dict[str, dict[str, np.ndarray]] = {}
    reasons: dict[str, list[str | None]] = {}
    for arm, model in ((ALIGNED, aligned), (POLICY, policy)):
        samples = [first for first, *_ in model.sample(prompts, 1, seed, progress)]
        reasons[arm] = [
            tidy_reason(sample.text, gate, subject.evidence_row)
            for sample, subject in zip(samples, subjects, strict=True)
        ]
        found[arm] = _panel_means(subjects, reasons[arm], scorer, config)
        found[arm] |= _gates_passed(subjects, reasons[arm], grounding) | _tells(subjects, reasons[arm])
        found[arm]["tokens"] = np.array([sample.tokens for sample in samples], dtype=float)
    templates = [subject.evidence_row["evidence_text"] for subject in subjects]
    found[EVIDENCE] = _panel_means(subjects, templates, scorer, config)

    with_facts = {
        f"tells_{kind}": np.array([bool(facts_shown(subject.evidence_row, kind)) for subject in subjects])
        for kind in NAMED_KINDS
    }
    sides = np.array([subject.side for subject in subjects])
    weights = draw(len(subjects), 1, RESAMPLES, seed).users
    rows: list[dict[str, Any]] = []
    for name, members in {"all": sides != "", "item": sides == "item", "user": sides == "user"}.items():
        if not members.any():
            continue
        for metric in found[ALIGNED]:
            within = members & with_facts.get(metric, members)
            if not within.any():
                continue
            by_arm = {
                arm: weighted_mean(of[metric][within], weights[:, within]) for arm, of in found.items() if metric in of
            }
            by_arm[CONTRAST] = by_arm[POLICY] - by_arm[ALIGNED]
            if EVIDENCE in by_arm:
                by_arm[BESIDE_EVIDENCE] = by_arm[POLICY] - by_arm[EVIDENCE]
            for arm, replicates in by_arm.items():
                held = interval(replicates, CONFIDENCE)
                rows.append(_row(arm, metric, name, held.value, held.low, held.high, int(within.sum())))
        for metric, measure in DIVERSITY.items():
            texts = {arm: _texts(reasons[arm], members) for arm in reasons}
            values = {arm: measure(of) for arm, of in texts.items()}
            values[CONTRAST] = values[POLICY] - values[ALIGNED]
            rows += [
                _row(arm, metric, name, value if np.isfinite(value) else None, None, None, int(members.sum()))
                for arm, value in values.items()
            ]
    return pa.Table.from_pylist(rows, schema=EVALUATIONS)


def distinct_2(texts: Sequence[str]) -> float:
    """Distinct share of all pairs of neighbouring words (Li et al. 2016), nan without any."""
    pairs = [pair for text in texts for pair in _word_pairs(text)]
    return len(set(pairs)) / len(pairs) if pairs else float("nan")


def near_duplicate_share(texts: Sequence[str]) -> float:
    """Share of texts whose word pairs are those of another text, NEAR_DUPLICATE of them or more; nan without texts."""
    pairs = [set(_word_pairs(text)) for text in texts]
    close = [
        any(other != place and _overlap(own, pairs[other]) >= NEAR_DUPLICATE for other in range(len(pairs)))
        for place, own in enumerate(pairs)
    ]
    return float(np.mean(close)) if close else float("nan")


DIVERSITY: Mapping[str, Callable[[Sequence[str]], float]] = {
    "distinct_2": distinct_2,
    "near_duplicate_share": near_duplicate_share,
}


def _panel_means(
    subjects: Sequence[RLSubject], reasons: Sequence[str | None], scorer: RewardScorer, config: PolicyConfig
) -> dict[str, np.ndarray]:
    """Each of PANELS for each subject, float64 (n,) in nats."""
    found = {}
    for metric, (group, gold) in PANELS.items():
        requests = [
            ScoreRequest(subject.side, subject.subject_id, reason, group)
            for subject, reason in zip(subjects, reasons, strict=True)
        ]
        found[metric] = np.array([score.pooled(config.prior_events) for score in scorer.score(requests, gold=gold)])
    return found


def _gates_passed(
    subjects: Sequence[RLSubject], reasons: Sequence[str | None], grounding: Grounding
) -> dict[str, np.ndarray]:
    """Whether each reason passes the format gate, and whether it is also grounded: float64 (n,), 0 or 1."""
    passed = np.array([reason is not None for reason in reasons], dtype=float)
    clean = [
        not grounding.ungrounded_claims(reason or "", subject.evidence_row)
        for subject, reason in zip(subjects, reasons, strict=True)
    ]
    return {"format_share": passed, "grounded_share": passed * np.array(clean, dtype=float)}


def _tells(subjects: Sequence[RLSubject], reasons: Sequence[str | None]) -> dict[str, np.ndarray]:
    """Whether each reason names a fact of each kind, beside the subject itself: float64 (n,), 0 or 1."""
    rows = [subject.evidence_row for subject in subjects]
    return {
        f"tells_{kind}": np.array([tells(reason, row, kind) for reason, row in zip(reasons, rows, strict=True)], float)
        for kind in NAMED_KINDS
    }


def tells(reason: str | None, row: Mapping[str, Any], kind: str) -> bool:
    """Whether the reason names a fact of this kind that the prompt of ``row`` (EVIDENCE) shows."""
    facts = facts_shown(row, kind)
    return bool(facts) and names_evidence(reason or "", {"title": row["title"], "facts": facts}, 1)


def _texts(reasons: Sequence[str | None], members: np.ndarray) -> list[str]:
    return [reason for reason, member in zip(reasons, members, strict=True) if member and reason]


def _word_pairs(text: str) -> list[tuple[str, str]]:
    words = [word.strip(".,;:!?\"'()").lower() for word in text.split()]
    return list(pairwise(words))


def _overlap(one: set[tuple[str, str]], other: set[tuple[str, str]]) -> float:
    return len(one & other) / max(1, len(one | other))


def _row(
    arm: str, metric: str, name: str, value: float | None, low: float | None, high: float | None, n: int
) -> dict[str, Any]:
    row = {"subject": "rl_policy", "arm": arm, "metric": metric, "slice": name, "n": n}
    return row | {"value": value, "ci_low": low, "ci_high": high}
