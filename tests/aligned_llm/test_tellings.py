"""Which of its facts a reason by template tells."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from curec_assets.aligned_llm.tellings import LEADING, telling
from curec_assets.language_model.prompts import FACT_LABELS, explain_prompt
from tests.aligned_llm.recorded_world import ITEMS, USERS, evidence_row

SUBJECT = {"item": ITEMS[0], "user": USERS[0]}
WORDS = ("amber", "birch", "coral", "dune", "elm", "fern")


def row_of(side: str, counts: dict[str, int]) -> dict:
    facts = [
        {"kind": kind, "text": f"{kind.replace('_', ' ')} {word}".title(), "weight": 1.0}
        for kind, count in counts.items()
        for word in WORDS[:count]
    ]
    return evidence_row(side, SUBJECT[side], facts=facts)


def told_by(row: dict, text: str) -> set[str]:
    return {fact["text"] for fact in row["facts"] if fact["text"] in text}


sides = st.sampled_from(["item", "user"])
counts = st.dictionaries(st.sampled_from(sorted(FACT_LABELS)), st.integers(0, len(WORDS)))


@given(sides, counts, st.integers(0, 2**16))
def test_a_text_names_facts_that_the_prompt_shows_and_one_at_least(side, counts, seed):
    kinds = {"item": ("co_liked", "liker_category", "trend"), "user": set(FACT_LABELS) - {"co_liked", "liker_category"}}
    row = row_of(side, {kind: count for kind, count in counts.items() if kind in kinds[side]})
    text = telling(row, np.random.default_rng(seed))
    shown = explain_prompt(row)[-1][1]
    assert all(name in shown for name in told_by(row, text))
    if any(fact["kind"] in LEADING[side] for fact in row["facts"]):
        assert told_by(row, text)
    else:
        assert text == row["evidence_text"]


def test_each_leading_fact_is_told_at_times_and_left_out_at_times():
    rng = np.random.default_rng(0)
    for side, kinds in LEADING.items():
        row = row_of(side, dict.fromkeys(kinds, 3))
        told = [told_by(row, telling(row, rng)) for _ in range(200)]
        for fact in row["facts"]:
            assert 0.1 < np.mean([fact["text"] in names for names in told]) < 0.9, fact


def test_what_may_follow_a_leading_fact_is_told_half_the_time():
    rng = np.random.default_rng(0)
    row = evidence_row("item", ITEMS[0])
    rising = [telling(row, rng).endswith("More people are finding it of late.") for _ in range(400)]
    assert 0.4 < np.mean(rising) < 0.6


def test_one_seed_gives_one_text():
    row = row_of("item", {"co_liked": 3, "liker_category": 3})
    assert len({telling(row, np.random.default_rng(5)) for _ in range(5)}) == 1
