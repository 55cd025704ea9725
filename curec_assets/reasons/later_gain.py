"""Was a correction worth it? Its gain on the window after, by a model that took no part in it.

Two kinds of corrections are told apart, as two arms: challengers that the acceptance test let through, and replacements
of incumbents that claimed what the evidence no longer says, which need no test to be right."""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curec_assets.interactions.groups import SIDES, Side
from curec_assets.lake.schemas import EVALUATIONS
from curec_assets.reasons.config import ACCEPTED, MIN_INTERVAL_SUBJECTS, REPLACED
from curec_assets.reward_model.scoring import PanelScore

RESAMPLES = 500
CONFIDENCE = 0.95


class LaterScorer(Protocol):
    """Scores reasons on events later than its own data (``RewardScorer.score_events``)."""

    def score_events(
        self, side: Side, pairs: Sequence[tuple[str, str | None]], events: pa.Table
    ) -> list[PanelScore]: ...


def later_gain(corrected: pa.Table, later: pa.Table, scorer: LaterScorer, seed: int) -> pa.Table:
    """Mean gain (nats per event) of the corrections in ``corrected`` over what stood before, on ``later`` events.

    Args:
        corrected: CORRECTED_REASONS of one window w; only rows with action ``corrected`` count.
        later: CLEANED_INTERACTIONS of window w+1, labelled: no reason and no model of w has seen them.
        scorer: the reward model of w; its gold model, which neither RL nor correction met, does the scoring.
        seed: seed of the bootstrap.

    Returns:
        EVALUATIONS with subject ``correction``, arms ACCEPTED and REPLACED, slices ``item``, ``user`` and ``all``:
        metric ``later_gain``, whose interval resamples subjects and is null where fewer than MIN_INTERVAL_SUBJECTS
        have an event; and ``later_gain_subjects``, how many do. ``n`` counts events; with none of them the gain is
        null.
    """
    changed = corrected.filter(pc.equal(corrected["action"], "corrected"))
    rng = np.random.default_rng(seed)
    rows = []
    for arm, kind in ((ACCEPTED, pc.is_valid), (REPLACED, pc.is_null)):
        of_kind = changed.filter(kind(changed["gain"]))
        per_side = {side: _gains(side, of_kind, later, scorer) for side in SIDES}
        for name, gains in (per_side | {"all": per_side["item"] + per_side["user"]}).items():
            rows += [_gain(arm, name, gains, rng), _subjects(arm, name, gains)]
    return pa.Table.from_pylist(rows, schema=EVALUATIONS)


def _gains(side: Side, changed: pa.Table, later: pa.Table, scorer: LaterScorer) -> list[np.ndarray]:
    own = changed.filter(pc.equal(changed["side"], side)).sort_by("subject_id")
    if not len(own):
        return []
    subjects = own["subject_id"].to_pylist()
    after = scorer.score_events(side, list(zip(subjects, own["reason"].to_pylist(), strict=True)), later)
    before = scorer.score_events(side, list(zip(subjects, own["previous_reason"].to_pylist(), strict=True)), later)
    gains = [new.values - old.values for new, old in zip(after, before, strict=True)]
    return [values for values in gains if len(values)]


def _gain(arm: str, name: str, gains: list[np.ndarray], rng: np.random.Generator) -> dict[str, Any]:
    row = _row(arm, "later_gain", name, gains)
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


def _subjects(arm: str, name: str, gains: list[np.ndarray]) -> dict[str, Any]:
    return _row(arm, "later_gain_subjects", name, gains) | {"value": float(len(gains))}


def _row(arm: str, metric: str, name: str, gains: list[np.ndarray]) -> dict[str, Any]:
    n = sum(map(len, gains))
    return {"subject": "correction", "arm": arm, "metric": metric, "slice": name, "n": n}
