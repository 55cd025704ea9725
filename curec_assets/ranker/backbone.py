"""What every ranker is handed and what it must do: the protocol behind which backbones are swapped."""

from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from curec_assets.progress import Progress
from curec_assets.ranker.config import RankerConfig
from curec_assets.ranker.events import EventLog, Events
from curec_assets.ranker.fusion import Fusion
from curec_assets.ranker.versions import Versions, windows_of

NETWORK_DECAY = 0.01
"""Weight decay of everything but embeddings and adaptors: AdamW's usual value."""

Task = Literal["ctr", "next_item"]


@dataclass(frozen=True)
class Shape:
    """What fixes the parameters of a model: vocabulary sizes without the unknown rows, the encoder's dimension."""

    items: int
    users: int
    text_dimension: int


@dataclass(frozen=True)
class Queries:
    """A user at a moment, with the last L events strictly before it; Tensors of n rows.

    ``user``, ``window`` and ``ts`` are int64 (n,); ``user_facts`` float32 (n, 2); ``history`` int64 (n, L) item
    positions, ``history_label`` and ``history_age`` likewise (see ``events.Histories``); ``present`` bool (n, L).
    Absent events name item 0 and are masked by ``present``.
    """

    user: Tensor
    window: Tensor
    ts: Tensor
    user_facts: Tensor
    history: Tensor
    history_label: Tensor
    history_age: Tensor
    present: Tensor

    def __len__(self) -> int:
        return len(self.ts)

    def rows(self, rows: Tensor | slice) -> "Queries":
        """The queries at ``rows``."""
        return Queries(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))


def make_queries(log: EventLog, user: np.ndarray, ts: np.ndarray, starts: np.ndarray, length: int) -> Queries:
    """Queries for ``user`` at ``ts`` (int64 arrays), whose windows begin at ``starts``."""
    found = log.histories(user, ts, length)
    return Queries(
        user=torch.from_numpy(user),
        window=torch.from_numpy(windows_of(ts, starts)),
        ts=torch.from_numpy(ts),
        user_facts=torch.from_numpy(log.user_facts(user, ts)),
        history=torch.from_numpy(np.maximum(found.item, 0)),
        history_label=torch.from_numpy(found.label),
        history_age=torch.from_numpy(np.minimum(found.age, length - 1)),
        present=torch.from_numpy(found.item >= 0),
    )


@dataclass(frozen=True)
class Knowledge:
    """What one arm knows: the versions of both sides. All arms alike know ``log``, ``first_seen`` (int64, items) and
    ``co_liked``: where items stand among what the same people like, as of each window's start (windows, items, ...)."""

    items: Versions
    users: Versions
    log: EventLog
    first_seen: Tensor
    co_liked: Tensor

    def same_as(self, other: "Knowledge") -> bool:
        """Whether both arms know the same of every event, so that equal seeds train them to equal weights."""
        return self.items.same_as(other.items) and self.users.same_as(other.users)

    def item_facts(self, item: Tensor, ts: Tensor) -> Tensor:
        """``EventLog.item_facts`` of tensors."""
        return torch.from_numpy(self.log.item_facts(item.numpy(), ts.numpy()))


@dataclass(frozen=True)
class Examples:
    """Training events: ``queries`` of n rows with the ``item`` (int64) that was met and its ``label`` (float32)."""

    queries: Queries
    item: Tensor
    label: Tensor

    def __len__(self) -> int:
        return len(self.item)


def make_examples(log: EventLog, events: Events, starts: np.ndarray, length: int) -> Examples:
    """Examples of ``events`` in their order."""
    queries = make_queries(log, events.user, events.ts, starts, length)
    return Examples(queries, torch.from_numpy(events.item), torch.from_numpy(events.label))


class Ranker(Protocol):
    """A trainable ranker. ``tests/ranker/ranker_conformance.py`` is the suite any new one must pass."""

    task: Task

    def fit(self, knowledge: Knowledge, examples: Examples, config: RankerConfig, progress: Progress) -> list[float]:
        """Trains in place on one arm; returns the mean loss (nats) of each epoch. Random draws come from torch's
        global generator, which the caller seeds."""
        ...

    def score(self, knowledge: Knowledge, queries: Queries, items: Tensor) -> Tensor:
        """Scores float32 (n, c) of candidate ``items`` (int64 positions, (n, c)), higher is better. For the task
        ``ctr`` they are logits of a like."""
        ...

    def score_catalogue(self, knowledge: Knowledge, queries: Queries) -> Tensor:
        """``score`` of all items in the order of their positions: float32 (n, items)."""
        ...

    def attention(self, knowledge: Knowledge, queries: Queries, items: Tensor) -> Tensor:
        """How much each history event drove each score: float32 (n, c, L), non-negative, summing to 1 over present
        events (all zero for an empty history)."""
        ...

    def state_dict(self) -> dict[str, Tensor]: ...

    def load_state_dict(self, state_dict: dict[str, Tensor]) -> object: ...


class LossOfRows(Protocol):
    """Mean loss over the training events that ``rows`` (int64) stand for."""

    def __call__(self, rows: Tensor) -> Tensor: ...


def run_epochs(
    model: nn.Module,
    loss_of: LossOfRows,
    rows: int,
    epochs: int,
    config: RankerConfig,
    progress: Progress,
    *,
    batch_size: int,
    id_decay: float,
    text_decay: float,
    lengths: Tensor | None = None,
) -> list[float]:
    """The training loop both backbones share: AdamW, rate falling linearly to 0, shuffled epochs.

    ``batch_size`` rows make a step. ``id_decay`` is the weight decay of ids, ``text_decay`` that of adaptors and gates.
    With ``lengths`` (one a row) rows of like length share a batch, where padding is what costs.
    Returns the mean loss of each epoch, none when there are no rows.
    """
    steps = epochs * -(-rows // batch_size)
    if not steps:
        return []
    # Decay is for what stands for single ids and texts; on attention it would level the weights people are shown.
    fusions = [part for part in model.modules() if isinstance(part, Fusion)]
    ids = [p for part in fusions for p in part.ids.parameters()]
    texts = [p for part in fusions for layer in (part.metadata, part.reason, part.gates) for p in layer.parameters()]
    decayed = {id(p) for p in (*ids, *texts)}
    groups = [
        {"params": ids, "weight_decay": id_decay},
        {"params": texts, "weight_decay": text_decay},
        {"params": [p for p in model.parameters() if id(p) not in decayed], "weight_decay": NETWORK_DECAY},
    ]
    optimizer = torch.optim.AdamW(groups, lr=config.learning_rate, fused=True)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1.0 - step / steps)
    losses = []
    model.train()
    for epoch in range(epochs):
        total = 0.0
        for batch in batches_of(rows, batch_size, lengths):
            loss = loss_of(batch)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            schedule.step()
            total += loss.item() * len(batch)
        losses.append(total / rows)
        progress("epoch", epoch + 1, epochs)
    model.eval()
    return losses


SPAN = 32
"""Batches that rows are sorted by length within: enough for little padding, few enough to keep company changing."""


def batches_of(rows: int, size: int, lengths: Tensor | None) -> list[Tensor]:
    """All ``rows`` row numbers, shuffled, in batches of ``size``; with ``lengths``, rows of like length together."""
    order = torch.randperm(rows)
    if lengths is None:
        return list(order.split(size))
    spans = [span[torch.argsort(lengths[span], stable=True)] for span in order.split(SPAN * size)]
    batches = [batch for span in spans for batch in span.split(size)]
    return [batches[place] for place in torch.randperm(len(batches)).tolist()]
