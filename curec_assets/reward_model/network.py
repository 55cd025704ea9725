"""The recommender that reads: ``f(u, i, r_u, r_i)`` of DESIGN §3.3 with DIN's target attention (arXiv 1706.06978).

Deviations from DIN, each for thin panels:
- The parts of an event or candidate are projected and summed, which is concatenation followed by a linear layer.
- Attention is normalised, with one learned slot more: what is read of a user without (or with a masked) history.
- A reason reaches the logit only through its match with something else (the texts and titles of liked and disliked
  events, the interest, the candidate's text), and from there in one linear step: few events carry reasons, and what a
  hidden layer learned of them did not hold for other people. With a path of its own it would become
  one more item id: it would learn *how well* the item is liked, while the reward asks *by whom*. Matches are taken in
  the adapted space, in the encoder's own, and by name: the titles that a reason names against those of the history, by
  who likes them (``named.py``).
- Users have no id: a user whose events are scored is never one that was trained on.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 (torch's own name for it)

from curec_assets.reward_model.features import RATE_FEATURES


@dataclass(frozen=True)
class TextSpace:
    """Frozen vectors of one encoder, the last row standing for an unknown item.

    ``item_text`` (n_items + 1, dim) metadata; ``item_reason`` (n_items + 1, dim) mean of each item's paraphrases, read
    in histories; ``item_has_reason`` bool (n_items + 1,); ``item_likers`` (n_items + 1, ...) near where the same people
    like two items (``named.co_like_vectors``), the same for every encoder.
    """

    item_text: Tensor
    item_reason: Tensor
    item_has_reason: Tensor
    item_likers: Tensor

    @property
    def dimension(self) -> int:
        return self.item_text.shape[1]


@dataclass(frozen=True)
class EventInputs:
    """A batch of events as tensors (B rows): all but the reasons.

    ``item`` int64; ``show_id`` bool; ``rates`` float32 (B, RATE_FEATURES); ``history_item`` int64, ``history_label``
    float32 and ``history_mask`` bool, all (B, L); ``history_reasons`` bool (B,): this user may see item reasons.
    """

    item: Tensor
    show_id: Tensor
    rates: Tensor
    history_item: Tensor
    history_label: Tensor
    history_mask: Tensor
    history_reasons: Tensor


@dataclass(frozen=True)
class Words:
    """Reasons or interests of B rows: ``adapted`` (B, width), the learned "none" where not ``present`` (B,); their
    centred unit ``vectors`` (B, dim), zero where not present; and the catalogue rows of the titles they ``name`` (B,
    NAMED), the unknown item where none is left."""

    adapted: Tensor
    vectors: Tensor
    present: Tensor
    named: Tensor

    def take(self, rows: Tensor) -> "Words":
        """The words of ``rows`` (int64), which may repeat."""
        return Words(*(getattr(self, name).index_select(0, rows) for name in self.__dataclass_fields__))

    def replaced(self, where: Tensor, other: "Words") -> "Words":
        """These words, but ``other``'s in the rows where ``where`` (B,) is true."""
        return Words(
            torch.where(where[:, None], other.adapted, self.adapted),
            torch.where(where[:, None], other.vectors, self.vectors),
            torch.where(where, other.present, self.present),
            torch.where(where[:, None], other.named, self.named),
        )


@dataclass(frozen=True)
class ItemTables:
    """Per catalogue row (n_items + 1): adapted ``text``, what the item's ``reason`` adds to a history event, the
    centred unit ``vectors`` of its text, and ``likers`` as in the text space."""

    text: Tensor
    reason: Tensor
    vectors: Tensor
    likers: Tensor


@dataclass(frozen=True)
class EventTower:
    """What the network makes of events before any reason is read; computed once and scored with many reasons."""

    item: Tensor
    history_item: Tensor
    candidate: Tensor
    text: Tensor
    slots: Tensor
    slot_mask: Tensor
    history_text: Tensor
    likes: Tensor
    dislikes: Tensor
    rates: Tensor

    def take(self, rows: Tensor) -> "EventTower":
        """The towers of ``rows`` (int64), which may repeat."""
        return EventTower(*(getattr(self, name).index_select(0, rows) for name in self.__dataclass_fields__))


class RewardNetwork(nn.Module):
    """Logit of a like, from towers of events and the adapted vectors of an item reason and a user interest."""

    centre: Tensor
    reason_centre: Tensor
    trained_item: Tensor

    def __init__(self, text_dimension: int, n_items: int, width: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.register_buffer("centre", torch.zeros(text_dimension))
        self.register_buffer("reason_centre", torch.zeros(text_dimension))
        # An id that no training event had as its candidate says nothing, so it is masked.
        self.register_buffer("trained_item", torch.zeros(n_items + 1, dtype=torch.bool))
        self.adaptor = nn.Linear(text_dimension, width, bias=False)
        self.item_id = nn.Embedding(n_items, width)
        nn.init.normal_(self.item_id.weight, std=0.02)
        self.label = nn.Embedding(2, width)
        self.masked_id = nn.Parameter(torch.randn(width) * 0.02)
        self.no_reason = nn.Parameter(torch.randn(width) * 0.02)
        self.no_interest = nn.Parameter(torch.randn(width) * 0.02)
        self.no_history = nn.Parameter(torch.randn(width) * 0.02)
        self.reason_in_event = nn.Linear(width, width, bias=False)
        self.attend_query = nn.Linear(width, ATTENTION_UNITS)
        self.attend_slot = nn.Linear(width, ATTENTION_UNITS, bias=False)
        self.attend_product = nn.Linear(width, ATTENTION_UNITS, bias=False)
        self.attend_out = nn.Linear(ATTENTION_UNITS, 1, bias=False)
        self.sharpness = nn.Parameter(torch.tensor(5.0))
        inputs = 3 * width + MATCHES + RATE_FEATURES
        self.head = nn.Sequential(nn.Linear(inputs, hidden), nn.GELU(), nn.Dropout(dropout))
        self.out = nn.Linear(hidden, 1)
        self.from_words = nn.Linear(2 * width + 3 * MATCHES + 3, 1, bias=False)
        # Untrained, it holds every event for a coin toss and every reward for zero.
        for layer in (self.out, self.from_words):
            nn.init.zeros_(layer.weight)
        nn.init.zeros_(self.out.bias)

    def start_from_texts(self, item_texts: np.ndarray, reasons: np.ndarray) -> None:
        """Centre the encoder's vectors and let the adaptor start as their principal directions.

        The mean of the reasons is shrunk towards zero, so that a handful of reasons is not centred away.
        """
        rows = item_texts.astype(np.float64)
        centre = rows.mean(axis=0) if len(rows) else np.zeros(self.centre.shape[0])
        reason_centre = reasons.astype(np.float64).sum(axis=0) / (len(reasons) + CENTRE_PRIOR)
        deviations = np.concatenate([rows - centre, reasons - reason_centre])
        _, vectors = np.linalg.eigh(deviations.T @ deviations)
        directions = vectors[:, ::-1][:, : self.adaptor.out_features].T.copy()
        # An eigenvector's sign is arbitrary; fix it.
        directions *= np.sign(directions[np.arange(len(directions)), np.abs(directions).argmax(axis=1)])[:, None]
        directions *= TEXT_SCALE
        with torch.no_grad():
            self.centre.copy_(torch.from_numpy(centre))
            self.reason_centre.copy_(torch.from_numpy(reason_centre))
            self.adaptor.weight[: len(directions)].copy_(torch.from_numpy(directions))

    def item_tables(self, space: TextSpace) -> ItemTables:
        """What the network makes of ``space``'s catalogue."""
        text = self.adaptor(space.item_text - self.centre)
        reason = self.adaptor(space.item_reason - self.reason_centre)
        added = self.reason_in_event(torch.where(space.item_has_reason[:, None], reason, self.no_reason))
        return ItemTables(text, added, _unit(space.item_text - self.centre), space.item_likers)

    def tower(self, tables: ItemTables, events: EventInputs) -> EventTower:
        """Read ``events``; ``tables`` are :meth:`item_tables` of this network."""
        # F.embedding, not indexing: its backward pass is deterministic on CPU whatever the number of threads.
        text = F.embedding(events.item, tables.text)
        history_text = F.embedding(events.history_item, tables.text)
        history_reason = torch.where(
            events.history_reasons[:, None, None],
            F.embedding(events.history_item, tables.reason),
            self.reason_in_event(self.no_reason),
        )
        happened = (
            history_text
            + history_reason
            + self._ids(events.history_item, events.history_mask)
            + self.label(events.history_label.long())
        )
        shown = events.history_mask.float()
        return EventTower(
            item=events.item,
            history_item=events.history_item,
            candidate=text + self._ids(events.item, events.show_id),
            text=_unit(text),
            slots=torch.cat([self.no_history.expand(len(text), 1, -1), happened], dim=1),
            slot_mask=torch.cat([torch.ones(len(text), 1, dtype=torch.bool), events.history_mask], dim=1),
            history_text=_unit(history_text),
            likes=shown * events.history_label,
            dislikes=shown * (1 - events.history_label),
            rates=events.rates,
        )

    def read_reasons(self, vectors: Tensor, named: Tensor, present: Tensor) -> Words:
        """Encoded item reasons (B, dim) that name the titles ``named`` (B, NAMED), the learned "none" where ``present``
        (B,) is false."""
        return self._words(vectors, named, present, self.no_reason)

    def read_interests(self, vectors: Tensor, named: Tensor, present: Tensor) -> Words:
        """Encoded user interests, as :meth:`read_reasons`."""
        return self._words(vectors, named, present, self.no_interest)

    def forward(self, tables: ItemTables, tower: EventTower, reasons: Words, interests: Words) -> Tensor:
        """Logits (B,) of towers (B) with item reasons and user interests (B); ``tables`` as for :meth:`tower`."""
        query = tower.candidate
        hidden = (
            self.attend_query(query)[:, None]
            + self.attend_slot(tower.slots)
            + self.attend_product(query[:, None] * tower.slots)
        )
        score = self.attend_out(F.gelu(hidden)).squeeze(-1).masked_fill(~tower.slot_mask, -1e4)
        read = (score.softmax(dim=1)[:, :, None] * tower.slots).sum(dim=1)
        reason, interest = _unit(reasons.adapted), _unit(interests.adapted)
        taste = self._taste(tower)
        events = [
            tower.candidate,
            read,
            tower.candidate * read,
            self._matches(_cosine(tower.text, tower.history_text), tower),
            tower.rates,
        ]
        words = [
            reason * taste * SCALE,
            interest * tower.text * SCALE,
            self._matches(_cosine(reason, tower.history_text), tower),
            self._matches(_as_encoded(tables, tower, reasons), tower),
            self._matches(_as_named(tables, tower, reasons), tower),
            (interest * tower.text).sum(dim=1, keepdim=True) * SCALE,
            (interest * reason).sum(dim=1, keepdim=True) * SCALE,
            (interests.vectors * F.embedding(tower.item, tables.vectors)).sum(dim=1, keepdim=True) * SCALE,
        ]
        logit = self.out(self.head(torch.cat(events, dim=1))) + self.from_words(torch.cat(words, dim=1))
        return logit.squeeze(-1)

    def _words(self, vectors: Tensor, named: Tensor, present: Tensor, none: Tensor) -> Words:
        centred = vectors - self.reason_centre
        adapted = torch.where(present[:, None], self.adaptor(centred), none)
        unknown = self.trained_item.shape[0] - 1
        return Words(adapted, _unit(centred) * present[:, None], present, torch.where(present[:, None], named, unknown))

    def _ids(self, item: Tensor, show: Tensor) -> Tensor:
        known = show & self.trained_item[item]
        vectors = F.embedding(item.clamp(max=self.item_id.num_embeddings - 1), self.item_id.weight)
        return torch.where(known[..., None], vectors, self.masked_id)

    def _taste(self, tower: EventTower) -> Tensor:
        """Mean text of liked less mean text of disliked events, (B, width)."""
        weight = _share(tower.likes) - _share(tower.dislikes)
        return (weight[:, :, None] * tower.history_text).sum(dim=1)

    def _matches(self, cosine: Tensor, tower: EventTower) -> Tensor:
        """How a text whose ``cosine`` (B, L) with the history's texts is given fits it, (B, MATCHES): mean and largest
        cosine with liked and with disliked events, and how much more often than in the whole history the events most
        like the text were liked."""
        shown = tower.likes + tower.dislikes
        nearest = (self.sharpness * cosine).masked_fill(shown == 0, -1e4).softmax(dim=1) * shown
        matches = [(nearest * (tower.likes - _mean(tower.likes, shown))).sum(dim=1)]
        for kind in (tower.likes, tower.dislikes):
            matches.append((cosine * _share(kind)).sum(dim=1))
            matches.append((cosine * kind).amax(dim=1))
        return torch.stack(matches, dim=1) * SCALE


ATTENTION_UNITS = 16
MATCHES = 5
SCALE = 3.0
"""Brings products of unit vectors to about the size of the other inputs of the head."""
TEXT_SCALE = 4.0
"""Unit vectors spread little in each of hundreds of directions; this brings adapted texts to about unit spread."""
CENTRE_PRIOR = 8


def _unit(vectors: Tensor) -> Tensor:
    """Unit length, and smoothly to zero for vectors near zero, where plain normalisation has unbounded slopes."""
    return vectors * torch.rsqrt(vectors.square().sum(dim=-1, keepdim=True) + 1e-3)


def _cosine(text: Tensor, history_text: Tensor) -> Tensor:
    return (text[:, None] * history_text).sum(dim=2)


def _as_encoded(tables: ItemTables, tower: EventTower, reasons: Words) -> Tensor:
    """Cosine (B, L) of each present reason with the history's texts in the encoder's own space, else zero."""
    found = torch.zeros(tower.history_item.shape)
    rows = torch.nonzero(reasons.present & (tower.likes + tower.dislikes > 0).any(dim=1)).squeeze(1)
    if len(rows):
        texts = F.embedding(tower.history_item.index_select(0, rows), tables.vectors)
        found[rows] = torch.bmm(texts, reasons.vectors.index_select(0, rows)[:, :, None]).squeeze(2)
    return found


def _as_named(tables: ItemTables, tower: EventTower, reasons: Words) -> Tensor:
    """Mean cosine (B, L) of the titles that each reason names with the history's titles, by who likes them; zero where
    it names none. The candidate's own title says nothing of whom it is for, and would be its id in other clothes."""
    unknown = len(tables.likers) - 1
    counted = (reasons.named != unknown) & (reasons.named != tower.item[:, None])
    found = torch.zeros(tower.history_item.shape)
    rows = torch.nonzero(counted.any(dim=1) & (tower.likes + tower.dislikes > 0).any(dim=1)).squeeze(1)
    if len(rows):
        names = F.embedding(reasons.named.index_select(0, rows), tables.likers)
        mean = (names * _share(counted.index_select(0, rows).float())[:, :, None]).sum(dim=1)
        history = F.embedding(tower.history_item.index_select(0, rows), tables.likers)
        found[rows] = torch.bmm(history, mean[:, :, None]).squeeze(2)
    return found


def _share(mask: Tensor) -> Tensor:
    return mask / mask.sum(dim=1, keepdim=True).clamp(min=1)


def _mean(values: Tensor, shown: Tensor) -> Tensor:
    return values.sum(dim=1, keepdim=True) / shown.sum(dim=1, keepdim=True).clamp(min=1)
