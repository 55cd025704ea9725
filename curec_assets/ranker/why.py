"""Why an item is offered: the parts of what the ranker was told without which its score would be lower.

Attention says where a model looked, which need not be what moved its score (Jain & Wallace, NAACL 2019). So each part
is taken away by itself and the item is scored again: the drop is what the part was worth, by the model's own account.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor
from torch.nn import functional

from curec_assets.ranker.backbone import Knowledge, Queries, Ranker, Task
from curec_assets.ranker.config import ArmName
from curec_assets.ranker.removal import with_reason, without_events, without_reasons, without_room
from curec_assets.ranker.timelines import WITHDRAWN

PAIRS: Mapping[Task, int] = {"ctr": 50_000, "next_item": 1_000_000}
"""(User, item) pairs scored at once, which bounds memory: DIN looks from each item at each event, some kilobytes a
pair; to SASRec a pair is a few numbers, and what all users share is computed once a call."""

QUERIES = 1_000
"""Histories read at once, likewise, where few candidates make few pairs."""

SMALLEST_DROP = 1e-4
"""A score that falls by less fell through rounding, or by nothing worth telling. Scores are of the order of 1."""

READS_WHAT_IS_SHOWN: tuple[ArmName, ...] = ("corrected_item_reasons", "corrected_reasons")
"""Arms whose ranker reads the very reasons that are shown; in others, a drop says nothing of the shown one."""


@dataclass(frozen=True)
class Drops:
    """How far each score falls when a part is taken away, float32; negative where it rises.

    ``history`` (n, c, L) is of each liked item with all its events, told at its latest liked one; zero elsewhere.
    ``reason`` (n, c) is of the candidate's reason, ``interest`` (n, c) of the user's; zero where there is none.
    """

    history: Tensor
    reason: Tensor
    interest: Tensor


def parts_of(queries: Queries, items: int, task: Task) -> list[Tensor]:
    """Row numbers of ``queries`` in parts that can be scored at once, with ``items`` candidates each. Histories of
    like length share a part, so that little is spent on empty places."""
    order = torch.argsort(queries.present.sum(dim=1), stable=True)
    return list(order.split(min(QUERIES, max(1, PAIRS[task] // max(1, items))))) if len(queries) else []


def score_in_parts(model: Ranker, knowledge: Knowledge, queries: Queries, items: Tensor) -> Tensor:
    """``model.score`` in bounded memory."""
    scores = torch.zeros(items.shape)
    for rows in parts_of(queries, items.shape[1], model.task):
        scores[rows] = model.score(knowledge, without_room(queries.rows(rows)), items[rows])
    return scores


def attention_in_parts(model: Ranker, knowledge: Knowledge, queries: Queries, items: Tensor) -> Tensor:
    """``model.attention`` in bounded memory."""
    length = queries.present.shape[1]
    weights = torch.zeros(*items.shape, length)
    for rows in parts_of(queries, items.shape[1], model.task):
        found = model.attention(knowledge, without_room(queries.rows(rows)), items[rows])
        weights[rows] = functional.pad(found, (length - found.shape[2], 0))
    return weights


def measure_drops(model: Ranker, knowledge: Knowledge, queries: Queries, items: Tensor) -> Drops:
    """Takes away, each by itself, every liked item of the histories, the reasons of ``items`` and the users' interests.

    Args:
        items: candidates (n, c), int64 positions, -1 for none; none of them in the history it is scored against, since
            the reason of an item is taken away wherever the item stands.
    """
    given, some = items >= 0, items.clamp(min=0)
    scores = score_in_parts(model, knowledge, queries, some)
    return Drops(
        history=_history_drops(model, knowledge, queries, some, scores) * given[:, :, None],
        reason=_reason_drops(model, knowledge, queries, items, scores),
        interest=_interest_drops(model, knowledge, queries, some, scores) * given,
    )


def named_items(
    history: Sequence[int], liked: Sequence[bool], weights: Sequence[float], least: float, count: int
) -> list[tuple[int, float]]:
    """The ``count`` liked items of one history with the largest weight above ``least``, largest first, ties by
    position. An item's weight is the sum over its liked events.

    Args:
        history, liked, weights: of each event its item, whether it was liked, and its weight for one candidate.
    """
    weight: dict[int, float] = {}
    for item, is_liked, value in zip(history, liked, weights, strict=True):
        if is_liked:
            weight[item] = weight.get(item, 0.0) + value
    best = sorted(weight.items(), key=lambda pair: (-pair[1], pair[0]))
    return [(item, value) for item, value in best[:count] if value > least]


def reason_rows(knowledge: Knowledge, queries: Queries, items: Tensor) -> Tensor:
    """Which of ``knowledge.items.reasons`` a query meets at each of ``items`` (n, c): int64 (n, c), ``WITHDRAWN`` for
    none, and where ``items`` is -1."""
    met = knowledge.items.met(items.clamp(min=0), queries.window[:, None], queries.ts[:, None])
    return torch.where(items >= 0, knowledge.items.reason_row[met], WITHDRAWN)


def interest_rows(knowledge: Knowledge, queries: Queries) -> Tensor:
    """Which of ``knowledge.users.reasons`` a query meets at its user: int64 (n,), ``WITHDRAWN`` for none."""
    return knowledge.users.reason_row[knowledge.users.met(queries.user, queries.window, queries.ts)]


def _history_drops(model: Ranker, knowledge: Knowledge, queries: Queries, items: Tensor, scores: Tensor) -> Tensor:
    drops = torch.zeros(*items.shape, queries.present.shape[1])
    cases = torch.nonzero(_latest_likes(queries))
    for row, place in (part.unbind(1) for part in cases.split(max(1, PAIRS["ctr"] // max(1, items.shape[1])))):
        of_item = queries.history[row] == queries.history[row, place][:, None]
        left = score_in_parts(model, knowledge, without_events(queries.rows(row), of_item), items[row])
        drops[row, :, place] = scores[row] - left
    return drops


def _latest_likes(queries: Queries) -> Tensor:
    """Which events (n, L) are liked and have no later like of the same item."""
    liked = queries.present & (queries.history_label > 0)
    same = (queries.history[:, :, None] == queries.history[:, None, :]) & liked[:, None, :]
    return liked & ~same.triu(diagonal=1).any(dim=2)


def _reason_drops(model: Ranker, knowledge: Knowledge, queries: Queries, items: Tensor, scores: Tensor) -> Tensor:
    drops = torch.zeros(items.shape)
    told = reason_rows(knowledge, queries, items) != WITHDRAWN
    # One item at a time: a reason that one user's candidate loses may stand in the history of another.
    for item in items[told].unique():
        row, column = torch.nonzero(told & (items == item), as_tuple=True)
        blank = replace(knowledge, items=with_reason(knowledge.items, int(item)))
        left = score_in_parts(model, blank, queries.rows(row), items[row, column][:, None])
        drops[row, column] = scores[row, column] - left[:, 0]
    return drops


def _interest_drops(model: Ranker, knowledge: Knowledge, queries: Queries, items: Tensor, scores: Tensor) -> Tensor:
    drops = torch.zeros(items.shape)
    (row,) = torch.nonzero(interest_rows(knowledge, queries) != WITHDRAWN, as_tuple=True)
    blank = replace(knowledge, users=without_reasons(knowledge.users))
    drops[row] = scores[row] - score_in_parts(model, blank, queries.rows(row), items[row])
    return drops
