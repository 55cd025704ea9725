"""What DIN is told of the company that a candidate keeps."""

import torch

from curec_assets.ranker.backbone import Queries, Shape
from curec_assets.ranker.din import COMPANY, DIN, company
from tests.ranker.ranker_world import TINY

NEAR, FAR = [1.0, 0.0], [0.0, 1.0]


def queries(history: list[int], labels: list[int], present: list[bool]) -> Queries:
    zero = torch.zeros(1, dtype=torch.int64)
    return Queries(
        user=zero,
        window=zero,
        ts=zero,
        user_facts=torch.zeros(1, 2),
        history=torch.tensor([history]),
        history_label=torch.tensor([labels]),
        history_age=torch.zeros(1, len(history), dtype=torch.int64),
        present=torch.tensor([present]),
    )


def test_a_candidate_is_compared_with_what_was_liked_and_what_was_disliked() -> None:
    co_liked = torch.tensor([[NEAR, NEAR, FAR]])
    asked = queries([1, 2, 2], [1, 1, 0], [True, True, True])
    found = company(co_liked, asked, torch.tensor([[0, 2]]))
    assert found.tolist() == [[[0.5, 1.0, 0.0, 0.0], [0.5, 1.0, 1.0, 1.0]]]


def test_what_was_never_learned_of_company_says_nothing() -> None:
    model = DIN(Shape(items=3, users=1, text_dimension=2), TINY)
    assert not model.wide.weight[:, -COMPANY:].any()
    assert not model.state_dict()["head.0.weight"][:, -COMPANY:].any()


def test_absent_events_and_kinds_that_a_history_lacks_count_as_zero() -> None:
    co_liked = torch.tensor([[NEAR, NEAR, FAR]])
    asked = queries([0, 1], [0, 1], [False, True])
    assert company(co_liked, asked, torch.tensor([[0]])).tolist() == [[[1.0, 1.0, 0.0, 0.0]]]
