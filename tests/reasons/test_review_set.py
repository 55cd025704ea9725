import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curec_assets.reasons.config import ReviewConfig
from curec_assets.reasons.review_set import choose_review_set, drift
from tests.reasons.reason_world import WINDOWS, draft_table, evidence_row, evidence_table

NOW, BEFORE = WINDOWS[1], WINDOWS[0]
OTHER_FACTS = (("co_liked", "Speed (1994)"), ("liker_category", "Comedy"))
CLOSE_FACTS = (("co_liked", "Heat (1995)"), ("liker_category", "Drama"), ("trend", "rising"))


def config(subjects: int, **changes: float) -> ReviewConfig:
    base = ReviewConfig(samples_per_subject=1, tokens_per_sample=10, prompt_tokens=10, drift_threshold=0.5)
    return base.model_copy(update={"tokens_per_window": subjects * base.tokens_per_subject} | changes)


def causes(review_set) -> dict[str, str]:
    return {row["subject_id"]: row["review_cause"] for row in review_set.subjects.to_pylist()}


def test_a_subject_is_new_drifted_or_exposed_by_what_its_last_draft_was_written_from() -> None:
    earlier = [evidence_row(name, BEFORE) for name in ("moved", "stayed", "same")]
    touched = [
        evidence_row("fresh", NOW),
        evidence_row("moved", NOW, facts=OTHER_FACTS),
        evidence_row("stayed", NOW, facts=CLOSE_FACTS),
        evidence_row("same", NOW),
        evidence_row("thin", NOW, facts=()),
    ]
    chosen = choose_review_set(evidence_table(earlier + touched), draft_table(earlier), NOW, config(10))
    assert causes(chosen) == {"fresh": "new", "moved": "drifted", "stayed": "exposed"}
    assert {why: n for why, n in chosen.left_over.items() if n} == {"item_unchanged": 1, "item_thin_evidence": 1}


def test_drift_is_measured_from_the_last_draft_and_not_from_the_last_evidence() -> None:
    rows = [
        evidence_row("a", WINDOWS[0]),
        evidence_row("a", WINDOWS[1], facts=OTHER_FACTS),
        evidence_row("a", WINDOWS[2]),
    ]
    chosen = choose_review_set(evidence_table(rows), draft_table(rows[:1]), WINDOWS[2], config(10))
    assert chosen.left_over["item_unchanged"] == 1


def test_new_subjects_come_first_then_drifted_then_the_most_exposed() -> None:
    earlier = [evidence_row(name, BEFORE) for name in ("d1", "d2", "e1", "e2")]
    touched = [
        evidence_row("n1", NOW),
        evidence_row("d1", NOW, facts=OTHER_FACTS, events_in_window=3),
        evidence_row("d2", NOW, facts=OTHER_FACTS, events_in_window=9),
        evidence_row("e1", NOW, facts=CLOSE_FACTS, events_in_window=50),
        evidence_row("e2", NOW, facts=CLOSE_FACTS, events_in_window=60),
    ]
    order = ["n1", "d2", "d1", "e2", "e1"]
    for budget in range(1, 6):
        chosen = choose_review_set(
            evidence_table(earlier + touched), draft_table(earlier), NOW, config(budget, revisit_share=0.0)
        )
        assert set(causes(chosen)) == set(order[:budget])
        assert chosen.left_over["item_over_budget"] == 5 - budget


def test_a_flood_of_new_subjects_does_not_starve_the_drifted_ones() -> None:
    earlier = [evidence_row(f"d{n}", BEFORE) for n in range(10)]
    touched = [evidence_row(f"d{n}", NOW, facts=OTHER_FACTS) for n in range(10)]
    touched += [evidence_row(f"n{n}", NOW, events_in_window=99) for n in range(100)]
    chosen = choose_review_set(
        evidence_table(earlier + touched), draft_table(earlier), NOW, config(20, revisit_share=0.3)
    )
    assert sorted(causes(chosen).values()) == ["drifted"] * 6 + ["new"] * 14


def test_what_one_side_cannot_use_goes_to_the_other() -> None:
    rows = [evidence_row(f"i{n}", NOW) for n in range(2)] + [evidence_row(f"u{n}", NOW, side="user") for n in range(30)]
    chosen = choose_review_set(evidence_table(rows), draft_table([]), NOW, config(10, item_share=0.5))
    assert chosen.subjects["side"].to_pylist() == ["item"] * 2 + ["user"] * 8
    assert chosen.left_over["user_over_budget"] == 22


def test_no_budget_and_no_evidence_give_empty_review_sets() -> None:
    rows = [evidence_row("a", NOW)]
    assert choose_review_set(evidence_table(rows), draft_table([]), NOW, config(0)).subjects.num_rows == 0
    assert choose_review_set(evidence_table([]), draft_table([]), NOW, config(9)).subjects.num_rows == 0


@given(st.integers(0, 40), st.floats(0, 1), st.floats(0, 1), st.randoms(use_true_random=False))
def test_every_touched_subject_is_chosen_or_counted_whatever_the_row_order(
    budget: int, item_share: float, revisit_share: float, shuffle: random.Random
) -> None:
    earlier = [evidence_row(f"d{n}", BEFORE) for n in range(6)]
    touched = [evidence_row(f"d{n}", NOW, facts=OTHER_FACTS if n % 2 else CLOSE_FACTS) for n in range(6)]
    touched += [evidence_row(f"n{n}", NOW, side="user" if n % 3 else "item", events_in_window=n % 4) for n in range(15)]
    settings = config(budget, item_share=item_share, revisit_share=revisit_share)
    chosen = choose_review_set(evidence_table(earlier + touched), draft_table(earlier), NOW, settings)
    assert chosen.subjects.num_rows == min(budget, len(touched))
    assert chosen.subjects.num_rows + sum(chosen.left_over.values()) == len(touched)

    mixed = earlier + touched
    shuffle.shuffle(mixed)
    assert choose_review_set(evidence_table(mixed), draft_table(earlier), NOW, settings) == chosen


def test_drift_is_one_minus_the_jaccard_similarity() -> None:
    a, b, c = ("co_liked", "A"), ("co_liked", "B"), ("co_liked", "C")
    assert drift(frozenset([a, b]), frozenset([a, b])) == 0
    assert drift(frozenset([a]), frozenset([b])) == 1
    assert drift(frozenset([a, b]), frozenset([b, c])) == pytest.approx(2 / 3)
    assert drift(frozenset(), frozenset()) == 0
