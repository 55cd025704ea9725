"""Which reasons count as a subject's own, and which ones contrast with them."""

import numpy as np
import pyarrow as pa

from curec_assets.reward_model.reason_bank import matched_subjects, reason_bank
from tests.reward_model.worlds import drafts_table, evidence_table


def own_texts(bank, subject: int) -> list[str]:
    return list(bank.texts[bank.first[subject] : bank.first[subject] + bank.count[subject]])


def test_only_drafts_of_a_subjects_latest_window_are_current():
    drafts = pa.concat_tables(
        [
            drafts_table([("item", "a", 0, "old a"), ("item", "b", 0, "old b")], "2020-01"),
            drafts_table([("item", "a", 1, "new a, again"), ("item", "a", 0, "new a")], "2020-02"),
        ]
    )
    bank = reason_bank("item", ["a", "b"], np.zeros(2), drafts, evidence_table([]), 0)
    assert own_texts(bank, 0) == ["new a", "new a, again"]
    assert own_texts(bank, 1) == ["old b"]


def test_drafts_that_failed_the_format_gate_are_no_reasons():
    drafts = drafts_table([("item", "a", 0, None), ("user", "a", 0, "of the other side")])
    assert not reason_bank("item", ["a"], np.zeros(1), drafts, evidence_table([]), 0).known.any()


def test_verbalised_evidence_is_lent_to_drafted_and_to_the_most_active_subjects():
    evidence = evidence_table([("item", name, f"evidence of {name}") for name in "abc"])
    drafts = drafts_table([("item", "a", 0, "draft of a")])
    bank = reason_bank("item", ["a", "b", "c"], np.array([1, 2, 3]), drafts, evidence, 1)
    assert own_texts(bank, 0) == ["draft of a", "evidence of a"]
    assert bank.known.tolist() == [True, False, True]
    assert bank.drafted.tolist() == [True, False, False]


def test_contrasts_share_the_rarest_category_and_lie_nearest_in_like_rate():
    drafts = drafts_table([("item", name, 0, name) for name in "abcde"])
    bank = reason_bank("item", list("abcde"), np.zeros(5), drafts, evidence_table([]), 0)
    categories = [["all", "rare"], ["all"], ["all", "rare"], ["all"], ["alone"]]
    matched = matched_subjects(bank, categories, np.array([0.1, 0.2, 0.9, 0.25, 0.85]), 1)
    assert matched[:, 0].tolist() == [2, 3, 0, 1, 2]


def test_a_reason_without_company_has_no_contrast():
    bank = reason_bank("item", ["a", "b"], np.zeros(2), drafts_table([("item", "a", 0, "x")]), evidence_table([]), 0)
    assert (matched_subjects(bank, [[], []], np.zeros(2), 3) == -1).all()
