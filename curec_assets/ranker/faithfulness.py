"""Are the reasons given for a recommendation the model's own? What is named is taken away, and the score must fall.

This is *comprehensiveness* (DeYoung et al., ACL 2020), with a control: as much is taken away at random, or another's
words are put in. A ranker that ignores what is named shows no drop; one for which anything would do, no difference.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from curec_assets.ranker.backbone import Knowledge, Queries, Ranker
from curec_assets.ranker.bootstrap import draw, interval
from curec_assets.ranker.config import RankerConfig
from curec_assets.ranker.metrics import weighted_mean
from curec_assets.ranker.removal import with_reason, without_events
from curec_assets.ranker.timelines import WITHDRAWN
from curec_assets.ranker.why import (
    SMALLEST_DROP,
    Drops,
    attention_in_parts,
    interest_rows,
    measure_drops,
    named_items,
    reason_rows,
    score_in_parts,
)

DRAWS = 5
"""Random removals, or other reasons, beside each that is judged; their mean is the control."""


@dataclass(frozen=True)
class Removals:
    """What taking parts away did: of each case its user (row number), the drop, and the mean drop of its control."""

    user: np.ndarray
    drop: np.ndarray
    control: np.ndarray


NOTHING = Removals(np.zeros(0, dtype=np.int64), np.zeros(0), np.zeros(0))


def measure_faithfulness(
    model: Ranker, knowledge: Knowledge, queries: Queries, items: Tensor, config: RankerConfig, seed: int
) -> list[dict[str, Any]]:
    """Rows of EVALUATIONS: subject ``recommendations``, metric ``score_drop``, in units of the model's score (logits).

    | arm | what is taken away | control |
    |---|---|---|
    | ``why`` | the history items that ``why`` names, together | as many, drawn from the user's liked history |
    | ``attention`` | the history items with most attention, together | likewise |
    | ``reason`` | the item's reason | the drop of another item's reason, had it stood there |
    | ``interest`` | the user's interest | the drop of another user's interest, had it stood there |

    Beside each arm stands the paired difference with its control (``why − random``, ``reason − shuffled_reason``, …).
    Of the history items named, those with the largest weight are taken that leave at least one liked item over. A user
    counts once, by the mean over the recommendations that have the part. Intervals are of a paired bootstrap over
    users; ``n`` counts users. Among recommended items the own reason has an edge by selection: the measure tells what
    it did for these recommendations, not how good reasons are.

    Args:
        items: what is recommended to each query's user, int64 positions (n, c), -1 for none, none in the history.
    """
    rng = np.random.default_rng(seed)
    found = measure_drops(model, knowledge, queries, items)
    attention = attention_in_parts(model, knowledge, queries, items.clamp(min=0)) * (items >= 0)[:, :, None]
    count = config.because_items
    compared = (
        ("why", "random", _history(model, knowledge, queries, items, found.history, SMALLEST_DROP, count, rng)),
        ("attention", "random", _history(model, knowledge, queries, items, attention, 0.0, count, rng)),
        ("reason", "shuffled_reason", _reasons(model, knowledge, queries, items, found, rng)),
        ("interest", "shuffled_interest", _interests(model, knowledge, queries, items, found, rng)),
    )
    return [row for name, control, removals in compared for row in _rows(name, control, removals, config, seed)]


def _history(
    model: Ranker,
    knowledge: Knowledge,
    queries: Queries,
    items: Tensor,
    weights: Tensor,
    least: float,
    count: int,
    rng: np.random.Generator,
) -> Removals:
    rows: list[int] = []
    columns: list[int] = []
    removed: list[list[int]] = []
    liked_events = (queries.present & (queries.history_label > 0)).tolist()
    history, shown = queries.history.tolist(), weights.tolist()
    for row, column in torch.nonzero(items >= 0).tolist():
        liked = sorted({item for item, is_liked in zip(history[row], liked_events[row], strict=True) if is_liked})
        # One liked item stays, or whatever is drawn would be the same.
        most = min(count, len(liked) - 1)
        if named := named_items(history[row], liked_events[row], shown[row][column], least, max(0, most)):
            rows.append(row)
            columns.append(column)
            removed.append([item for item, _ in named])
            removed += [rng.choice(liked, len(named), replace=False).tolist() for _ in range(DRAWS)]
    user, column = (torch.tensor(values, dtype=torch.int64) for values in (rows, columns))
    cases = queries.rows(user.repeat_interleave(1 + DRAWS))
    gone = torch.zeros_like(cases.present)
    for case, taken in enumerate(removed):
        gone[case] = torch.isin(cases.history[case], torch.tensor(taken))
    item = items[user, column][:, None]
    before = score_in_parts(model, knowledge, queries.rows(user), item)
    after = score_in_parts(model, knowledge, without_events(cases, gone), item.repeat_interleave(1 + DRAWS, dim=0))
    drops = (before - after.view(len(user), 1 + DRAWS)).double().numpy()
    return Removals(user.numpy(), drops[:, 0], drops[:, 1:].mean(axis=1))


def _reasons(
    model: Ranker, knowledge: Knowledge, queries: Queries, items: Tensor, found: Drops, rng: np.random.Generator
) -> Removals:
    rows = reason_rows(knowledge, queries, items)
    user, column = torch.nonzero(rows != WITHDRAWN, as_tuple=True)
    item, own, cases = items[user, column], rows[user, column], queries.rows(user)
    if len(own.unique()) < 2:
        return NOTHING
    swapped = torch.zeros(len(user), DRAWS)
    for one in item.unique():
        (at,) = torch.nonzero(item == one, as_tuple=True)
        for number, other in enumerate(_others(own, int(own[at[0]]), rng)):
            told = replace(knowledge, items=with_reason(knowledge.items, int(one), other))
            swapped[at, number] = score_in_parts(model, told, cases.rows(at), item[at][:, None])[:, 0]
    scores = score_in_parts(model, knowledge, cases, item[:, None])
    return _swapped(user, scores, found.reason[user, column], swapped)


def _interests(
    model: Ranker, knowledge: Knowledge, queries: Queries, items: Tensor, found: Drops, rng: np.random.Generator
) -> Removals:
    rows = interest_rows(knowledge, queries)
    user, column = torch.nonzero((rows != WITHDRAWN)[:, None] & (items >= 0), as_tuple=True)
    item, cases = items[user, column][:, None], queries.rows(user)
    (told,) = torch.nonzero(rows != WITHDRAWN, as_tuple=True)
    if len(rows[told].unique()) < 2:
        return NOTHING
    others = torch.tensor([_others(rows[told], int(own), rng) for own in rows[told]])
    version = knowledge.users.met(queries.user, queries.window, queries.ts)[told]
    swapped = torch.zeros(len(user), DRAWS)
    for number in range(DRAWS):
        row = knowledge.users.reason_row.index_put((version,), others[:, number])
        exchanged = replace(knowledge, users=replace(knowledge.users, reason_row=row))
        swapped[:, number] = score_in_parts(model, exchanged, cases, item)[:, 0]
    scores = score_in_parts(model, knowledge, cases, item)
    return _swapped(user, scores, found.interest[user, column], swapped)


def _others(pool: Tensor, own: int, rng: np.random.Generator) -> list[int]:
    """DRAWS rows of ``pool`` that are not ``own``, of each the same chance."""
    found = pool.unique()
    return rng.choice(found[found != own].numpy(), DRAWS).tolist()


def _swapped(user: Tensor, scores: Tensor, drop: Tensor, swapped: Tensor) -> Removals:
    """``scores`` (m, 1) with the own words, ``swapped`` (m, DRAWS) with others': both against the score without any."""
    without = scores - drop[:, None]
    return Removals(user.numpy(), drop.double().numpy(), (swapped - without).double().mean(dim=1).numpy())


def _rows(name: str, control: str, removals: Removals, config: RankerConfig, seed: int) -> list[dict[str, Any]]:
    users, place = np.unique(removals.user, return_inverse=True)
    cases = np.bincount(place, minlength=len(users))
    draws = draw(len(users), 1, config.bootstrap_samples, seed)
    rows = []
    for arm, values in ((name, removals.drop), (f"{name} − {control}", removals.drop - removals.control)):
        found = interval(weighted_mean(np.bincount(place, values, len(users)) / cases, draws.users), config.confidence)
        rows.append(
            {
                "subject": "recommendations",
                "backbone": config.recommend_backbone,
                "arm": arm,
                "metric": "score_drop",
                "slice": "all",
                "value": found.value,
                "ci_low": found.low,
                "ci_high": found.high,
                "n": len(users),
            }
        )
    return rows
