"""How words fit an event: cosines of what they say and whom they name with the candidate and the user's history."""

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 (torch's own name for it)

from curec_assets.reward_model.towers import EventTower, ItemTables, Words


def unit(vectors: Tensor) -> Tensor:
    """Unit length, and smoothly to zero for vectors near zero, where plain normalisation has unbounded slopes."""
    return vectors * torch.rsqrt(vectors.square().sum(dim=-1, keepdim=True) + 1e-3)


def cosine(text: Tensor, history_text: Tensor) -> Tensor:
    return (text[:, None] * history_text).sum(dim=2)


def as_encoded(tables: ItemTables, tower: EventTower, reasons: Words) -> Tensor:
    """Cosine (B, L) of each present reason with the history's texts in the encoder's own space, else zero."""
    found = torch.zeros(tower.history_item.shape)
    rows = torch.nonzero(reasons.present & (tower.likes + tower.dislikes > 0).any(dim=1)).squeeze(1)
    if len(rows):
        texts = F.embedding(tower.history_item.index_select(0, rows), tables.vectors)
        found[rows] = torch.bmm(texts, reasons.vectors.index_select(0, rows)[:, :, None]).squeeze(2)
    return found


def as_named(tables: ItemTables, tower: EventTower, reasons: Words) -> Tensor:
    """Mean cosine (B, L) of the titles that each reason names with the history's titles, by who likes them; zero where
    it names none but the candidate."""
    counted = named_others(tables, tower, reasons)
    found = torch.zeros(tower.history_item.shape)
    rows = torch.nonzero(counted.any(dim=1) & (tower.likes + tower.dislikes > 0).any(dim=1)).squeeze(1)
    if len(rows):
        names = F.embedding(reasons.named.index_select(0, rows), tables.likers)
        mean = (names * share(counted.index_select(0, rows).float())[:, :, None]).sum(dim=1)
        history = F.embedding(tower.history_item.index_select(0, rows), tables.likers)
        found[rows] = torch.bmm(history, mean[:, :, None]).squeeze(2)
    return found


def share(mask: Tensor) -> Tensor:
    return mask / mask.sum(dim=1, keepdim=True).clamp(min=1)


def mean(values: Tensor, shown: Tensor) -> Tensor:
    return values.sum(dim=1, keepdim=True) / shown.sum(dim=1, keepdim=True).clamp(min=1)


def as_liked(tables: ItemTables, tower: EventTower, interests: Words) -> Tensor:
    """Mean and largest cosine of the titles that each interest names with the candidate, by who likes them, (B, 2);
    zero where it names none but the candidate."""
    counted = named_others(tables, tower, interests)
    names = F.embedding(interests.named, tables.likers)
    cosines = torch.bmm(names, tower.likers[:, :, None]).squeeze(2)
    largest = cosines.masked_fill(~counted, -1.0).amax(dim=1)
    return torch.stack([(cosines * share(counted.float())).sum(dim=1), largest * counted.any(dim=1)], dim=1)


def named_others(tables: ItemTables, tower: EventTower, words: Words) -> Tensor:
    """Which of the titles that ``words`` name are known and not the candidate's own, bool (B, NAMED). Its own says
    nothing of whom it is for, and would be its id in other clothes."""
    return (words.named != len(tables.likers) - 1) & (words.named != tower.item[:, None])
