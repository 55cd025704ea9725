from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pyarrow as pa
import pytest

from curec_assets.lake.schemas import CORRECTED_REASONS
from curec_assets.reasons.config import CorrectionConfig
from curec_assets.reasons.correction import correct_reasons
from curec_assets.reasons.written import Written
from curec_assets.reward_model.scoring import ScoreRequest
from tests.reasons.reason_world import (
    FIRST,
    GATE,
    GROUNDING,
    WINDOWS,
    ScriptedGenerator,
    TableScorer,
    arrival_table,
    draft_table,
    evidence_row,
    evidence_table,
    no_history,
)

GOOD, BETTER, BEST = (f"People like its {degree} and patient action." for degree in ("good", "better", "best"))
UNGROUNDED = "Fans of Blade Runner like its patient action."
MALFORMED = "Nope"
EMPTY = "I am glad to see that the answer has a point."
"""Well formed, without a false claim, and of no subject in particular."""
WORTH = {GOOD: 0.1, BETTER: 0.2, BEST: 0.3}


def by_words(request: ScoreRequest, number: int) -> float:
    return WORTH[request.reason] + 0.01 * (number % 2)


def saying(*texts: str) -> ScriptedGenerator:
    return ScriptedGenerator(lambda prompt, number, seed: texts[number % len(texts)])


def correct(
    rows: Sequence[dict[str, Any]],
    generator: ScriptedGenerator,
    scorer: TableScorer | None = None,
    history: pa.Table | None = None,
    arrivals: pa.Table | None = None,
    window: int = 0,
    cause: str = "new",
    **changes: Any,
) -> Written:
    return correct_reasons(
        drafts=draft_table(rows, cause).drop_columns(["window"]),
        evidence=evidence_table(rows),
        history=no_history() if history is None else history,
        arrivals=arrival_table([]) if arrivals is None else arrivals,
        generator=generator,
        scorer=scorer or TableScorer(by_words),
        grounding=GROUNDING,
        window=WINDOWS[window],
        config=CorrectionConfig(candidates=3, **changes),
        gate=GATE,
        policy_id="policy",
        reward_model_id="reward",
        seed=7,
    )


def only(written: Written) -> dict[str, Any]:
    (row,) = written.table.to_pylist()
    return row


def test_a_subject_without_a_reason_needs_the_gates_alone_and_gets_the_best_of_the_reward_group() -> None:
    scorer = TableScorer(by_words)
    written = correct([evidence_row("a")], saying(GOOD, BEST, UNGROUNDED), scorer)
    row = only(written)
    assert written.table.schema.equals(CORRECTED_REASONS)
    assert (row["action"], row["cause"], row["reason"], row["previous_reason"]) == ("created", "new", BEST, None)
    assert (row["candidates"], row["candidates_passing_gates"], row["first_sample"]) == (3, 2, GOOD)
    assert row["valid_from"] == WINDOWS[0].end
    assert row["reward"] == pytest.approx((6 * 0.3 + 0.03) / (6 + CorrectionConfig().prior_events))
    assert {request.group for request in scorer.requests} == {"reward"}


def test_a_better_candidate_replaces_the_incumbent_and_a_worse_one_does_not() -> None:
    created = correct([evidence_row("a")], saying(BETTER)).table
    next_row = evidence_row("a", WINDOWS[1], facts=(("co_liked", "Heat (1995)"), ("trend", "rising")))
    better = only(correct([next_row], saying(GOOD, BEST), history=created, window=1, cause="drifted"))
    assert (better["action"], better["cause"], better["reason"]) == ("corrected", "drifted", BEST)
    assert (better["previous_reason"], better["gain"] > 0, better["gain_lower_bound"] > 0) == (BETTER, True, True)
    worse = only(correct([next_row], saying(GOOD), history=created, window=1, cause="drifted"))
    assert (worse["action"], worse["reason"], worse["previous_reason"]) == ("kept", BETTER, BETTER)
    assert worse["gain"] < 0
    assert worse["first_sample"] == GOOD
    assert worse["reward"] == worse["previous_reward"]


def test_the_acceptance_group_is_shown_the_challenger_and_the_incumbent_alone() -> None:
    rows = [evidence_row(name) for name in "abc"]
    created = correct(rows, saying(BETTER)).table
    scorer = TableScorer(by_words)
    correct([evidence_row(name, WINDOWS[1]) for name in "abc"], saying(GOOD, BEST, BETTER), scorer, created, window=1)
    asked = [(request.subject_id, request.reason) for request in scorer.requests if request.group == "acceptance"]
    assert asked == [(name, reason) for name in "abc" for reason in (BEST, BETTER)]
    assert {r.reason for r in scorer.requests if r.group == "reward"} == {GOOD, BETTER, BEST}


def test_incumbents_are_judged_only_on_events_since_they_were_accepted_also_after_being_kept() -> None:
    row = [evidence_row("a", window) for window in WINDOWS[:3]]
    created = correct(row[:1], saying(BETTER)).table
    kept = correct(row[1:2], saying(GOOD), history=created, window=1).table
    scorer = TableScorer(by_words)
    correct(row[2:], saying(BEST), scorer, pa.concat_tables([created, kept]), window=2)
    assert {r.since for r in scorer.requests if r.group == "acceptance"} == {WINDOWS[0].end}
    assert {r.since for r in scorer.requests if r.group == "reward"} == {None}


def test_a_lucky_winner_of_the_reward_group_is_stopped_by_the_acceptance_group() -> None:
    def lucky(request: ScoreRequest, number: int) -> float:
        return by_words(request, number) if request.group == "reward" else -by_words(request, number)

    created = correct([evidence_row("a")], saying(GOOD)).table
    row = only(correct([evidence_row("a", WINDOWS[1])], saying(BEST), TableScorer(lucky), created, window=1))
    assert row["action"] == "kept"
    assert row["gain"] < 0


def test_without_acceptance_events_the_incumbent_is_kept_unjudged() -> None:
    created = correct([evidence_row("a")], saying(GOOD)).table
    row = only(
        correct([evidence_row("a", WINDOWS[1])], saying(BEST), TableScorer(by_words, panel=1), created, window=1)
    )
    assert (row["action"], row["gain"], row["acceptance_events"]) == ("kept", None, 0)


def test_a_panel_below_the_minimum_is_not_judged() -> None:
    created = correct([evidence_row("a")], saying(GOOD)).table
    written = correct([evidence_row("a", WINDOWS[1])], saying(BEST), history=created, window=1, min_acceptance_events=5)
    assert (only(written)["action"], only(written)["acceptance_events"]) == ("kept", 4)
    assert written.metrics["item_judged"] == 0


def test_an_incumbent_that_is_no_longer_grounded_is_replaced_without_a_contest_or_withdrawn() -> None:
    says_heat = "Fans of Heat like its patient action."
    worth = TableScorer(lambda request, number: 0.5 if request.reason == says_heat else 0.1)
    created = correct([evidence_row("a")], saying(says_heat), worth).table
    moved = evidence_row("a", WINDOWS[1], facts=(("co_liked", "Speed (1994)"), ("trend", "falling")))
    replaced = only(correct([moved], saying(says_heat, GOOD), worth, created, window=1, cause="drifted"))
    assert (replaced["action"], replaced["cause"], replaced["reason"]) == ("corrected", "ungrounded", GOOD)
    assert (replaced["gain"], replaced["previous_reason"]) == (None, says_heat)
    withdrawn = only(correct([moved], saying(says_heat, MALFORMED), worth, created, window=1, cause="drifted"))
    assert (withdrawn["action"], withdrawn["cause"], withdrawn["reason"]) == ("withdrawn", "ungrounded", None)


def test_a_withdrawn_subject_can_be_given_a_reason_again() -> None:
    says_heat = "Fans of Heat like its patient action."
    flat = TableScorer(lambda request, number: 0.1)
    moved = [evidence_row("a", window, facts=(("co_liked", "Speed (1994)"),)) for window in WINDOWS[1:3]]
    created = correct([evidence_row("a")], saying(says_heat), flat).table
    withdrawn = correct(moved[:1], saying(MALFORMED), flat, created, window=1).table
    again = only(correct(moved[1:], saying(GOOD), flat, pa.concat_tables([withdrawn, created]), window=2))
    assert (again["action"], again["reason"], again["previous_reason"]) == ("created", GOOD, None)


def test_where_nothing_passes_the_gates_and_nothing_was_there_no_row_is_written() -> None:
    written = correct([evidence_row("a")], saying(MALFORMED, UNGROUNDED))
    assert written.table.num_rows == 0
    assert written.metrics["reviews_without_candidate"] == 1


def test_a_sentence_that_names_nothing_of_its_evidence_is_no_reason() -> None:
    assert correct([evidence_row("a")], saying(EMPTY)).table.num_rows == 0
    created = only(correct([evidence_row("a")], saying(EMPTY, GOOD)))
    assert (created["action"], created["reason"]) == ("created", GOOD)


def test_where_nothing_passes_the_gates_a_grounded_incumbent_is_kept() -> None:
    created = correct([evidence_row("a")], saying(GOOD)).table
    row = only(correct([evidence_row("a", WINDOWS[1])], saying(MALFORMED), history=created, window=1))
    assert (row["action"], row["reason"], row["gain"], row["first_sample"]) == ("kept", GOOD, None, None)


def test_a_candidate_that_says_what_the_incumbent_says_challenges_nothing() -> None:
    created = correct([evidence_row("a")], saying(GOOD)).table
    scorer = TableScorer(by_words)
    row = only(correct([evidence_row("a", WINDOWS[1])], saying(GOOD), scorer, created, window=1))
    assert row["action"] == "kept"
    assert all(request.group == "reward" for request in scorer.requests)


def test_an_incumbent_whose_reward_fell_is_reviewed_for_that_cause() -> None:
    created = correct([evidence_row("a")], saying(BEST)).table
    fallen = TableScorer(lambda request, number: -0.2 if request.reason == BEST else 0.1)
    row = only(correct([evidence_row("a", WINDOWS[1])], saying(GOOD), fallen, created, window=1, cause="exposed"))
    assert (row["action"], row["cause"]) == ("corrected", "score_fell")


def test_an_arrival_is_a_row_from_its_first_moment_and_can_be_corrected_in_the_same_window() -> None:
    arrivals = arrival_table(
        [
            {"subject_id": "a", "reason": GOOD, "valid_from": FIRST + timedelta(days=3)},
            {"subject_id": "b", "reason": UNGROUNDED, "grounded": False},
        ]
    )
    scorer = TableScorer(by_words)
    written = correct([evidence_row("a")], saying(BEST), scorer, arrivals=arrivals)
    first, second = written.table.to_pylist()
    assert (first["action"], first["cause"], first["valid_from"]) == (
        "arrived",
        "first_seen",
        FIRST + timedelta(days=3),
    )
    assert (second["action"], second["previous_reason"], second["valid_from"]) == ("corrected", GOOD, WINDOWS[0].end)
    assert {r.since for r in scorer.requests if r.group == "acceptance"} == {FIRST + timedelta(days=3)}


def test_an_empty_review_set_writes_arrivals_alone_and_asks_no_model() -> None:
    generator, scorer = saying(GOOD), TableScorer(by_words)
    assert correct([], generator, scorer).table.num_rows == 0
    written = correct([], generator, scorer, arrivals=arrival_table([{"subject_id": "a", "reason": GOOD}]))
    assert written.table["action"].to_pylist() == ["arrived"]
    assert (generator.prompts, scorer.requests) == ([], [])


def test_the_metrics_count_what_was_done_and_what_it_may_have_got_wrong() -> None:
    names = [f"s{number}" for number in range(8)]
    created = correct([evidence_row(name) for name in names], saying(GOOD))
    assert created.metrics["item_created"] == 8
    written = correct([evidence_row(name, WINDOWS[1]) for name in names], saying(BEST), history=created.table, window=1)
    assert (written.metrics["item_corrected"], written.metrics["accepted"]) == (8, 8)
    assert written.metrics["mean_gain_of_accepted"] == pytest.approx(0.2, abs=1e-3)
    expected = written.metrics["expected_false_acceptances"]
    assert 0 <= expected < 0.1
    assert (written.metrics["item_expected_false_acceptances"], written.metrics["item_accepted"]) == (expected, 8)
    assert (written.metrics["user_expected_false_acceptances"], written.metrics["user_accepted"]) == (0, 0)
    assert written.metrics["cause_new"] == 8
    assert written.metrics["tokens_generated"] == 8 * 3 * len(BEST.split())


def test_evidence_that_a_review_names_must_be_there() -> None:
    with pytest.raises(ValueError, match="no evidence row for item a"):
        correct_reasons(
            drafts=draft_table([evidence_row("a")]),
            evidence=evidence_table([]),
            history=no_history(),
            arrivals=arrival_table([]),
            generator=saying(GOOD),
            scorer=TableScorer(by_words),
            grounding=GROUNDING,
            window=WINDOWS[0],
            config=CorrectionConfig(),
            gate=GATE,
            policy_id="policy",
            reward_model_id="reward",
            seed=7,
        )
