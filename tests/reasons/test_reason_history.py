"""Properties of the history that corrections write, over chains of windows of arbitrary luck."""

import random
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from curec_assets.lake.hashing import hash_table, hash_text
from curec_assets.reasons.config import CorrectionConfig
from curec_assets.reasons.correction import correct_reasons
from curec_assets.reasons.incumbents import current_incumbents
from tests.reasons.reason_world import (
    GATE,
    GROUNDING,
    TITLES,
    WINDOWS,
    ScriptedGenerator,
    TableScorer,
    arrival_table,
    draft_table,
    evidence_row,
    evidence_table,
    no_history,
)

TEXTS = (
    "People like its slow and patient action.",
    "Fans of Heat like its patient action.",
    "Fans of Speed like its patient action.",
    "People like how loud and quick it is.",
    "Nope",
)
SUBJECTS = [("item", "a"), ("item", "b"), ("user", "a"), ("user", "c")]


def lottery(seed: int, *parts: Any) -> float:
    """A number in [0, 1) that is a function of its arguments alone."""
    return int(hash_text(repr((seed, *parts)))[:8], 16) / 16**8


def run_chain(seed: int, windows: int, shuffle: random.Random | None = None) -> pa.Table:
    generator = ScriptedGenerator(lambda prompt, number, of: TEXTS[int(lottery(of, prompt, number) * len(TEXTS))])
    scorer = TableScorer(lambda request, number: lottery(seed, request.reason, request.group, number) - 0.5, panel=8)
    history = no_history()
    for number, window in enumerate(WINDOWS[:windows]):
        rows = [
            evidence_row(name, window, side, facts=[("co_liked", TITLES[int(lottery(seed, number, side, name) * 3)])])
            for side, name in SUBJECTS
            if lottery(seed, "touched", number, side, name) < 0.8
        ]
        arrivals = [{"subject_id": "b", "reason": TEXTS[0], "valid_from": window.start}] if number == 1 else []
        if shuffle:
            shuffle.shuffle(rows)
        table = correct_reasons(
            drafts=draft_table(rows),
            evidence=evidence_table(rows),
            history=_shuffled(history, shuffle),
            arrivals=arrival_table(arrivals),
            generator=generator,
            scorer=scorer,
            grounding=GROUNDING,
            window=window,
            config=CorrectionConfig(candidates=2),
            gate=GATE,
            policy_id="policy",
            reward_model_id="reward",
            seed=seed + number,
        ).table
        history = pa.concat_tables([history, table])
    return history


def _shuffled(table: pa.Table, shuffle: random.Random | None) -> pa.Table:
    order = list(range(table.num_rows))
    if shuffle:
        shuffle.shuffle(order)
    return table.take(pa.array(order, pa.int64()))


def setting_rows(history: pa.Table) -> dict[tuple[str, str], Sequence[dict[str, Any]]]:
    found = defaultdict(list)
    for row in sorted(history.to_pylist(), key=lambda row: row["valid_from"]):
        found[row["side"], row["subject_id"]].append(row)
    return found


@settings(max_examples=40)
@given(st.integers(0, 10_000))
def test_each_subject_has_at_most_one_reason_at_any_time_and_rows_follow_on_from_each_other(seed: int) -> None:
    history = run_chain(seed, windows=5)
    for key, rows in setting_rows(history).items():
        times = [row["valid_from"] for row in rows]
        assert len(set(times)) == len(times)
        reason = None
        for row in rows:
            assert row["previous_reason"] == (None if row["action"] in ("arrived", "created") else reason)
            assert (row["action"] in ("arrived", "created")) == (reason is None)
            assert (row["reason"] is None) == (row["action"] == "withdrawn")
            assert (row["reason"] == reason) == (row["action"] == "kept")
            reason = row["reason"]
        incumbent = current_incumbents(history).get(key)
        assert (incumbent.reason if incumbent else None) == reason


@settings(max_examples=15)
@given(st.integers(0, 10_000), st.randoms(use_true_random=False))
def test_the_order_of_rows_in_any_input_changes_nothing(seed: int, shuffle: random.Random) -> None:
    assert hash_table(run_chain(seed, windows=4)) == hash_table(run_chain(seed, windows=4, shuffle=shuffle))


@settings(max_examples=10)
@given(st.integers(0, 10_000))
def test_a_chain_is_a_function_of_its_inputs_and_later_windows_change_no_earlier_row(seed: int) -> None:
    short, long = run_chain(seed, windows=3), run_chain(seed, windows=5)
    assert long.slice(0, short.num_rows) == short


def test_the_simulated_chains_meet_every_action() -> None:
    actions = {action for seed in range(30) for action in run_chain(seed, windows=5)["action"].to_pylist()}
    assert actions == {"arrived", "created", "corrected", "kept", "withdrawn"}
