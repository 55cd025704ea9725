"""The later gain is told per side, with an interval only where enough subjects stand behind it."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from curec_assets.interactions.groups import Side
from curec_assets.lake.schemas import CLEANED_INTERACTIONS, CORRECTED_REASONS
from curec_assets.reasons.config import ACCEPTED, MIN_INTERVAL_SUBJECTS, REPLACED
from curec_assets.reasons.later_gain import later_gain
from curec_assets.reward_model.scoring import PanelScore


class WordScorer:
    """A fake scorer: every subject has two events, on which a new reason is worth its number and an old one nothing."""

    def score_events(self, side: Side, pairs: Sequence[tuple[str, str | None]], events: pa.Table) -> list[PanelScore]:
        worth = [0.0 if reason == "old" else float(reason or 0) for _, reason in pairs]
        return [PanelScore(("1", "2"), ("a", "b"), np.array([value, value])) for value in worth]


def corrected(side: str, gains: Sequence[float], tested: bool = True) -> list[dict[str, Any]]:
    """Corrections worth ``gains`` later on; those that were tested were told a gain of 1 when they were accepted."""
    blank = dict.fromkeys(CORRECTED_REASONS.names)
    common = {"side": side, "action": "corrected", "previous_reason": "old", "gain": 1.0 if tested else None}
    return [blank | common | {"subject_id": str(i), "reason": str(gain)} for i, gain in enumerate(gains)]


def judged(rows: list[dict[str, Any]], arm: str = ACCEPTED) -> dict[tuple[str, str], dict[str, Any]]:
    table = pa.Table.from_pylist(rows, schema=CORRECTED_REASONS)
    found = later_gain(table, CLEANED_INTERACTIONS.empty_table(), WordScorer(), 3)
    return {(row["metric"], row["slice"]): row for row in found.to_pylist() if row["arm"] == arm}


def test_each_side_has_its_own_gain_and_both_together_one() -> None:
    found = judged(corrected("item", [0.1, 0.2, 0.3, 0.4, 0.5]) + corrected("user", [0.5] * 5))
    assert found["later_gain", "item"]["value"] == pytest.approx(0.3)
    assert found["later_gain", "user"]["value"] == pytest.approx(0.5)
    assert found["later_gain", "all"]["value"] == pytest.approx(0.4)
    assert found["later_gain", "item"]["ci_low"] < 0.3 < found["later_gain", "item"]["ci_high"]
    assert {name: found["later_gain_subjects", name]["value"] for name in ("item", "user", "all")} == {
        "item": 5,
        "user": 5,
        "all": 10,
    }


def test_what_was_replaced_without_a_test_is_told_apart_from_what_passed_it() -> None:
    rows = corrected("item", [0.1] * 6) + corrected("user", [-0.2] * 7, tested=False)
    for arm, value, subjects in ((ACCEPTED, 0.1, 6), (REPLACED, -0.2, 7)):
        found = judged(rows, arm)
        assert found["later_gain", "all"]["value"] == pytest.approx(value)
        assert found["later_gain_subjects", "all"]["value"] == subjects


def test_too_few_subjects_have_a_gain_and_no_interval() -> None:
    found = judged(corrected("item", [0.1] * (MIN_INTERVAL_SUBJECTS - 1)) + corrected("user", [0.3]))
    for name in ("item", "user"):
        row = found["later_gain", name]
        assert row["value"] > 0
        assert (row["ci_low"], row["ci_high"]) == (None, None)
    assert found["later_gain", "all"]["ci_low"] is not None


def test_without_corrections_there_is_no_gain_and_no_subject() -> None:
    found = judged([])
    assert found["later_gain", "all"]["value"] is None
    assert found["later_gain_subjects", "all"]["value"] == 0
