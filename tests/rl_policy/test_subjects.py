"""Who is tuned on, and who is kept out to measure on."""

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from curec_assets.configuration.windows import Window
from curec_assets.lake.schemas import EVIDENCE
from curec_assets.reward_model.scoring import PanelScore, ScoreRequest
from curec_assets.rl_policy.config import PolicyConfig
from curec_assets.rl_policy.subjects import Drawn, rl_subjects

WINDOW = Window("2020-02", datetime(2020, 2, 1, tzinfo=UTC), datetime(2020, 3, 1, tzinfo=UTC))


def evidence(items: int, users: int) -> pa.Table:
    blank = dict.fromkeys(EVIDENCE.names)
    rows = [
        {**blank, "side": side, "subject_id": f"{side}{number}", "as_of": WINDOW.end}
        for side, count in (("item", items), ("user", users))
        for number in range(count)
    ]
    table = pa.Table.from_pylist(rows, schema=EVIDENCE)
    return table.append_column("window", pa.array([WINDOW.key] * len(table), pa.string()))


class Panels:
    """Every subject but those whose number ends in 0 has a panel of five events."""

    def score(self, requests: Sequence[ScoreRequest], gold: bool = False) -> list[PanelScore]:
        counts = [0 if request.subject_id.endswith("0") else 5 for request in requests]
        return [PanelScore(tuple("abcde")[:count], tuple("abcde")[:count], np.zeros(count)) for count in counts]


def drawn(items: int, users: int, seed: int = 0, **changes: int) -> Drawn:
    config = PolicyConfig(**{"steps": 4, "prompts_per_step": 4, "held_out_subjects": 8, **changes})
    return rl_subjects(evidence(items, users), WINDOW, Panels(), config, seed)


@given(items=st.integers(0, 40), users=st.integers(0, 40), seed=st.integers(0, 3), held_out=st.integers(0, 12))
def test_nobody_is_both_tuned_on_and_measured_on(items: int, users: int, seed: int, held_out: int) -> None:
    found = drawn(items, users, seed, held_out_subjects=held_out)
    tuned = {(subject.side, subject.subject_id) for subject in found.tuned}
    measured = {(subject.side, subject.subject_id) for subject in found.held_out}
    assert not tuned & measured
    assert len(measured) == len(found.held_out) <= held_out
    assert all(not name.endswith("0") for _, name in tuned | measured)


def test_both_sides_are_tuned_and_measured_on_in_equal_shares() -> None:
    found = drawn(60, 60)
    for subjects, count in ((found.tuned, 8), (found.held_out, 4)):
        assert sum(subject.side == "item" for subject in subjects) == count
        assert sum(subject.side == "user" for subject in subjects) == count


def test_about_a_quarter_is_kept_out() -> None:
    found = drawn(400, 0, held_out_subjects=1000, steps=1000)
    assert len(found.tuned) + len(found.held_out) == 360
    assert 0.2 < len(found.held_out) / 360 < 0.3


def test_who_is_measured_on_in_one_window_is_tuned_on_in_none() -> None:
    measured = {(subject.side, subject.subject_id) for subject in drawn(200, 200, 0, held_out_subjects=200).held_out}
    for seed in range(5):
        tuned = {(subject.side, subject.subject_id) for subject in drawn(200, 200, seed, steps=200).tuned}
        assert measured
        assert not tuned & measured
