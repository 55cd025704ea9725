"""The recommender that reads: ``f(u, i, r_u, r_i)`` of DESIGN §3.3 with DIN's target attention (arXiv 1706.06978).

Deviations from DIN, each for thin panels:
- The parts of an event or candidate are projected and summed, which is concatenation followed by a linear layer.
- Attention is normalised, with one learned slot more: what is read of a user without (or with a masked) history.
- A reason reaches the logit only through its match with something else (the texts and titles of liked and disliked
  events, the interest, the candidate's text), and from there in one linear step: few events carry reasons, and what a
  hidden layer learned of them did not hold for other people. With a path of its own it would become
  one more item id: it would learn *how well* the item is liked, while the reward asks *by whom*. Matches are taken in
  the adapted space, in the encoder's own, and by name: the titles that a reason names against those of the history, by
  who likes them (``named.py``); those that an interest names against the candidate, likewise.
- Users have no id: a user whose events are scored is never one that was trained on.
"""

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 (torch's own name for it)

from curec_assets.reward_model.features import RATE_FEATURES
from curec_assets.reward_model.matches import as_encoded, as_liked, as_named, cosine, mean, share, unit
from curec_assets.reward_model.towers import EventInputs, EventTower, ItemTables, TextSpace, Words

ATTENTION_UNITS = 16
MATCHES = 5
SCALE = 3.0
"""Brings products of unit vectors to about the size of the other inputs of the head."""
TEXT_SCALE = 4.0
"""Unit vectors spread little in each of hundreds of directions; this brings adapted texts to about unit spread."""
CENTRE_PRIOR = 8


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
        self.from_words = nn.Linear(2 * width + 3 * MATCHES + 5, 1, bias=False)
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
        return ItemTables(text, added, unit(space.item_text - self.centre), space.item_likers)

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
            likers=F.embedding(events.item, tables.likers) * events.history_reasons[:, None],
            history_item=events.history_item,
            candidate=text + self._ids(events.item, events.show_id),
            text=unit(text),
            slots=torch.cat([self.no_history.expand(len(text), 1, -1), happened], dim=1),
            slot_mask=torch.cat([torch.ones(len(text), 1, dtype=torch.bool), events.history_mask], dim=1),
            history_text=unit(history_text),
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
        reason, interest = unit(reasons.adapted), unit(interests.adapted)
        taste = self._taste(tower)
        events = [
            tower.candidate,
            read,
            tower.candidate * read,
            self._matches(cosine(tower.text, tower.history_text), tower),
            tower.rates,
        ]
        words = [
            reason * taste * SCALE,
            interest * tower.text * SCALE,
            self._matches(cosine(reason, tower.history_text), tower),
            self._matches(as_encoded(tables, tower, reasons), tower),
            self._matches(as_named(tables, tower, reasons), tower),
            (interest * tower.text).sum(dim=1, keepdim=True) * SCALE,
            (interest * reason).sum(dim=1, keepdim=True) * SCALE,
            (interests.vectors * F.embedding(tower.item, tables.vectors)).sum(dim=1, keepdim=True) * SCALE,
            as_liked(tables, tower, interests) * SCALE,
        ]
        logit = self.out(self.head(torch.cat(events, dim=1))) + self.from_words(torch.cat(words, dim=1))
        return logit.squeeze(-1)

    def _words(self, vectors: Tensor, named: Tensor, present: Tensor, none: Tensor) -> Words:
        centred = vectors - self.reason_centre
        adapted = torch.where(present[:, None], self.adaptor(centred), none)
        unknown = self.trained_item.shape[0] - 1
        return Words(adapted, unit(centred) * present[:, None], present, torch.where(present[:, None], named, unknown))

    def _ids(self, item: Tensor, show: Tensor) -> Tensor:
        known = show & self.trained_item[item]
        vectors = F.embedding(item.clamp(max=self.item_id.num_embeddings - 1), self.item_id.weight)
        return torch.where(known[..., None], vectors, self.masked_id)

    def _taste(self, tower: EventTower) -> Tensor:
        """Mean text of liked less mean text of disliked events, (B, width)."""
        weight = share(tower.likes) - share(tower.dislikes)
        return (weight[:, :, None] * tower.history_text).sum(dim=1)

    def _matches(self, cosine: Tensor, tower: EventTower) -> Tensor:
        """How a text whose ``cosine`` (B, L) with the history's texts is given fits it, (B, MATCHES): mean and largest
        cosine with liked and with disliked events, and how much more often than in the whole history the events most
        like the text were liked."""
        shown = tower.likes + tower.dislikes
        nearest = (self.sharpness * cosine).masked_fill(shown == 0, -1e4).softmax(dim=1) * shown
        matches = [(nearest * (tower.likes - mean(tower.likes, shown))).sum(dim=1)]
        for kind in (tower.likes, tower.dislikes):
            matches.append((cosine * share(kind)).sum(dim=1))
            matches.append((cosine * kind).amax(dim=1))
        return torch.stack(matches, dim=1) * SCALE
