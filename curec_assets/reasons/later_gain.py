"""Was a correction worth it? Its gain on the window after it was accepted, by a model that took no part in it."""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curec_assets.lake.schemas import EVALUATIONS
from curec_assets.reasons.config import MIN_INTERVAL_SUBJECTS
from curec_assets.reward_model.scoring import PanelScore, Side

RESAMPLES = 500
CONFIDENCE = 0.95
SIDES: tuple[Side, ...] = ("item", "user")


class LaterScorer(Protocol):
    """Scores reasons on events later than its own data (``RewardScorer.score_events``)."""

    def score_events(
        self, side: Side, pairs: Sequence[tuple[str, str | None]], events: pa.Table, gold: bool = True
    ) -> list[PanelScore]: ...


def later_gain(corrected: pa.Table, later: pa.Table, scorer: LaterScorer, seed: int) -> pa.Table:
    """Mean gain (nats per event) of the corrections in ``corrected`` over what they replaced, on ``later`` events.

    Args:
        corrected: CORRECTED_REASONS of one window w; only rows with action ``corrected`` count.
        later: CLEANED_INTERACTIONS of window w+1, labelled: no reason and no model of w has seen them.
        scorer: the reward model of w; its gold model, which neither RL nor correction met, does the scoring.
        seed: seed of the bootstrap.

    Returns:
        EVALUATIONS with subject ``correction``, arm ``gold``, slices ``item``, ``user`` and ``all``: metric
        ``later_gain``, whose interval resamples subjects and is null where fewer than MIN_INTERVAL_SUBJECTS have an
        event; and ``later_gain_subjects``, how many do. ``n`` counts events; with none of them the gain is null.
    """
    per_subject: dict[str, list[np.ndarray]] = {side: _gains(side, corrected, later, scorer) for side in SIDES}
    rng = np.random.default_rng(seed)
    slices = {**per_subject, "all": per_subject["item"] + per_subject["user"]}
    rows = [row for name, gains in slices.items() for row in (_gain(name, gains, rng), _subjects(name, gains))]
    return pa.Table.from_pylist(rows, schema=EVALUATIONS)


def _gains(side: Side, corrected: pa.Table, later: pa.Table, scorer: LaterScorer) -> list[np.ndarray]:
    accepted = corrected.filter(
        pc.and_(pc.equal(corrected["action"], "corrected"), pc.equal(corrected["side"], side))
    ).sort_by("subject_id")
    if not len(accepted):
        return []
    subjects = accepted["subject_id"].to_pylist()
    after = scorer.score_events(side, list(zip(subjects, accepted["reason"].to_pylist(), strict=True)), later)
    before = scorer.score_events(side, list(zip(subjects, accepted["previous_reason"].to_pylist(), strict=True)), later)
    gains = [new.values - old.values for new, old in zip(after, before, strict=True)]
    return [values for values in gains if len(values)]


def _gain(name: str, gains: list[np.ndarray], rng: np.random.Generator) -> dict[str, Any]:
    row = _row("later_gain", name, gains)
    if not gains:
        return row
    sums = np.array([values.sum() for values in gains])
    counts = np.array([len(values) for values in gains])
    row["value"] = float(sums.sum() / counts.sum())
    if len(gains) < MIN_INTERVAL_SUBJECTS:
        return row
    drawn = rng.integers(0, len(gains), (RESAMPLES, len(gains)))
    low, high = np.quantile(
        sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1), [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2]
    )
    return row | {"ci_low": float(low), "ci_high": float(high)}


def _subjects(name: str, gains: list[np.ndarray]) -> dict[str, Any]:
    return _row("later_gain_subjects", name, gains) | {"value": float(len(gains))}


def _row(metric: str, name: str, gains: list[np.ndarray]) -> dict[str, Any]:
    n = sum(map(len, gains))
    return {"subject": "correction", "arm": "gold", "metric": metric, "slice": name, "n": n}
