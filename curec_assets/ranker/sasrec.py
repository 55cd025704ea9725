"""SASRec: which item comes next? Self-attention over the user's history (Kang & McAuley, ICDM 2018).

Deviations from the paper: the history is read once per event instead of once per user, so that no tied event can leak
into another (positions count instants, not events, and events of one instant see each other alone and what came
before); a last token carrying the user asks for the next item; events carry whether they were liked; softmax loss over
the catalogue known at the event's time instead of one negative.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from curec_assets.progress import Progress, silent
from curec_assets.ranker.backbone import Examples, Knowledge, Queries, Shape, Task, run_epochs
from curec_assets.ranker.config import RankerConfig
from curec_assets.ranker.fusion import INITIAL_SPREAD, Fusion

MANY_VERSIONS = 8
"""With more versions than this per candidate, embedding each row's candidates is cheaper than all versions once."""


class Attention(nn.Module):
    """A pre-norm transformer block in which ``asking`` tokens read ``tokens``."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.norm = nn.LayerNorm(width)
        self.query = nn.Linear(width, width)
        self.key_value = nn.Linear(width, 2 * width)
        self.out = nn.Linear(width, width)
        self.feed = nn.Sequential(
            nn.LayerNorm(width), nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width)
        )
        self.drop = nn.Dropout(dropout)

    def forward(self, asking: Tensor, tokens: Tensor, allowed: Tensor) -> tuple[Tensor, Tensor]:
        """``asking`` (n, a, width) and ``tokens`` (n, t, width) with ``allowed`` bool (n, a, t): new values of the
        former, and the weights (n, a, t), mean over heads."""
        rows, count, width = asking.shape
        key, value = self.key_value(self.norm(tokens)).chunk(2, dim=-1)
        query = self.query(self.norm(asking))
        query, key, value = (
            x.view(rows, -1, self.heads, width // self.heads).transpose(1, 2) for x in (query, key, value)
        )
        logits = query @ key.transpose(-1, -2) * (width // self.heads) ** -0.5
        weights = torch.softmax(logits.masked_fill(~allowed[:, None], -1e9), dim=-1)
        read = (weights @ value).transpose(1, 2).reshape(rows, count, width)
        asking = asking + self.drop(self.out(read))
        return asking + self.drop(self.feed(asking)), weights.mean(dim=1)


class SASRec(nn.Module):
    """Scores are dot products of the user's state with item embeddings; only liked events are targets."""

    task: Task = "next_item"

    def __init__(self, shape: Shape, config: RankerConfig) -> None:
        super().__init__()
        width = config.dimension
        self.items = Fusion(shape.items, shape.text_dimension, width, config.sasrec_id_dropout, config.reason_dropout)
        self.users = Fusion(shape.users, shape.text_dimension, width, config.sasrec_id_dropout, config.reason_dropout)
        self.labels = nn.Embedding(2, width)
        self.ages = nn.Embedding(config.history_events, width)
        for table in (self.labels, self.ages):
            nn.init.normal_(table.weight, std=INITIAL_SPREAD)
        self.ask = nn.Parameter(torch.zeros(width))
        self.blocks = nn.ModuleList(
            Attention(width, config.sasrec_heads, config.dropout) for _ in range(config.sasrec_blocks)
        )
        self.norm = nn.LayerNorm(width)

    def fit(
        self, knowledge: Knowledge, examples: Examples, config: RankerConfig, progress: Progress = silent
    ) -> list[float]:
        """See ``Ranker.fit``. Reads the liked examples alone."""
        liked = torch.nonzero(examples.label > 0)[:, 0]
        by_first_seen = torch.argsort(knowledge.first_seen, stable=True)

        def loss(rows: Tensor) -> Tensor:
            chosen = liked[rows]
            queries, target = examples.queries.rows(chosen), examples.item[chosen, None]
            if len(by_first_seen) <= config.softmax_items:
                others = torch.arange(len(by_first_seen)).expand(len(rows), -1)
            else:
                others = _drawn(
                    knowledge.first_seen[by_first_seen], by_first_seen, queries.ts, config.softmax_negatives
                )
            items = torch.cat([target, others], dim=1)
            scores = self._scores(knowledge, queries, items)
            # The target stands in column 0 alone, and items not yet seen by anyone cannot be chosen.
            out = (others == target) | (knowledge.first_seen[others] > queries.ts[:, None])
            scores = scores.masked_fill(functional.pad(out, (1, 0)), -1e9)
            return -torch.log_softmax(scores, dim=1)[:, 0].mean()

        return run_epochs(self, loss, len(liked), config.sasrec_epochs, config, progress)

    @torch.no_grad()
    def score(self, knowledge: Knowledge, queries: Queries, items: Tensor) -> Tensor:
        """See ``Ranker.score``."""
        return self._scores(knowledge, queries, items)

    @torch.no_grad()
    def attention(self, knowledge: Knowledge, queries: Queries, items: Tensor) -> Tensor:
        """See ``Ranker.attention``: weights of the last block's asking token, the same for every candidate."""
        weights = self._state(knowledge, queries)[1]
        weights = weights / weights.sum(dim=1, keepdim=True).clamp_min(1e-9)
        return weights[:, None].expand(-1, items.shape[1], -1)

    def _scores(self, knowledge: Knowledge, queries: Queries, items: Tensor) -> Tensor:
        state, _ = self._state(knowledge, queries)
        met = knowledge.items.met(items, queries.window[:, None], queries.ts[:, None])
        if len(knowledge.items) > MANY_VERSIONS * items.shape[1]:
            return (self.items(knowledge.items, met) @ state[:, :, None])[..., 0]
        # Users share the versions they meet: one product with all of them, then each row picks its own.
        table = self.items(knowledge.items, torch.arange(len(knowledge.items)))
        return (state @ table.T).gather(1, met)

    def _state(self, knowledge: Knowledge, queries: Queries) -> tuple[Tensor, Tensor]:
        window, moment = queries.window[:, None], queries.ts[:, None]
        events = self.items(knowledge.items, knowledge.items.met(queries.history, window, moment))
        events = events + self.labels(queries.history_label) + self.ages(queries.history_age)
        user = self.users(knowledge.users, knowledge.users.met(queries.user, queries.window, queries.ts))
        tokens = torch.cat([events, (user + self.ask)[:, None]], dim=1)
        # The asking token is younger than every event; a token reads those of its own instant and older ones.
        age = functional.pad(queries.history_age, (0, 1), value=-1)
        present = functional.pad(queries.present, (0, 1), value=True)
        allowed = present[:, None] & (age[:, None] >= age[:, :, None])
        for block in self.blocks[:-1]:
            tokens, _ = block(tokens, tokens, allowed)
        asked, weights = self.blocks[-1](tokens[:, -1:], tokens, allowed[:, -1:])
        return self.norm(asked[:, 0]), weights[:, 0, :-1] * queries.present


def _drawn(first_seen: Tensor, by_first_seen: Tensor, ts: Tensor, count: int) -> Tensor:
    known = torch.searchsorted(first_seen, ts, right=True).clamp_min(1)
    places = (torch.rand(len(ts), count) * known[:, None]).long()
    return by_first_seen[places.clamp_max(len(first_seen) - 1)]
