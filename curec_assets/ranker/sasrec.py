"""SASRec: which item comes next? Self-attention over the user's history (Kang & McAuley, ICDM 2018).

Deviations from the paper: the history is read once per instant instead of once per user, so that no tied event can leak
into another (positions count instants, not events, and events of one instant see each other alone and what came
before); a last token carrying the user asks for the next item; events carry whether they were liked; softmax loss over
the catalogue known at the event's time instead of one negative; beside the dot product, how far this user follows what
many like (of late, and ever) is learned, for states and ids learned over years do not know what is new this month.
"""

from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from curec_assets.progress import Progress, silent
from curec_assets.ranker.backbone import Examples, Knowledge, Queries, Shape, Task, run_epochs
from curec_assets.ranker.config import RankerConfig
from curec_assets.ranker.fusion import INITIAL_SPREAD, Fusion
from curec_assets.ranker.removal import without_room
from curec_assets.ranker.trends import TRENDS, Trends
from curec_assets.ranker.versions import distinct

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

    def forward(self, asking: Tensor, tokens: Tensor, allowed: Tensor) -> Tensor:
        """``asking`` (n, a, width) and ``tokens`` (n, t, width) with ``allowed`` bool (n, a, t), one of each row of
        them at least: new values of the former."""
        query, key, value = self._by_head(asking, tokens)
        read = functional.scaled_dot_product_attention(query, key, value, attn_mask=allowed[:, None])
        asking = asking + self.drop(self.out(read.transpose(1, 2).reshape(asking.shape)))
        return asking + self.drop(self.feed(asking))

    def weights(self, asking: Tensor, tokens: Tensor, allowed: Tensor) -> Tensor:
        """How ``forward`` weighs the tokens: (n, a, t), mean over heads."""
        query, key, _ = self._by_head(asking, tokens)
        logits = query @ key.transpose(-1, -2) * query.shape[-1] ** -0.5
        return torch.softmax(logits.masked_fill(~allowed[:, None], -torch.inf), dim=-1).mean(dim=1)

    def _by_head(self, asking: Tensor, tokens: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        key, value = self.key_value(self.norm(tokens)).chunk(2, dim=-1)
        query, key, value = (
            x.view(*x.shape[:2], self.heads, -1).transpose(1, 2) for x in (self.query(self.norm(asking)), key, value)
        )
        return query, key, value


class SASRec(nn.Module):
    """Scores are dot products of the user's state with item embeddings, plus what the user makes of the items' trends;
    only liked events are targets."""

    task: Task = "next_item"

    def __init__(self, shape: Shape, config: RankerConfig) -> None:
        super().__init__()
        width = config.dimension
        hidden = (config.sasrec_id_dropout, config.reason_dropout)
        self.items = Fusion(shape.items, shape.text_dimension, width, *hidden, centred=True)
        self.users = Fusion(shape.users, shape.text_dimension, width, *hidden, centred=True)
        self.labels = nn.Embedding(2, width)
        self.ages = nn.Embedding(config.history_events, width)
        for table in (self.labels, self.ages):
            nn.init.normal_(table.weight, std=INITIAL_SPREAD)
        self.ask = nn.Parameter(torch.zeros(width))
        self.blocks = nn.ModuleList(
            Attention(width, config.sasrec_heads, config.dropout) for _ in range(config.sasrec_blocks)
        )
        self.norm = nn.LayerNorm(width)
        self.follow = nn.Linear(width, TRENDS)
        for parameter in self.follow.parameters():
            nn.init.zeros_(parameter)
        self.recent_days = config.recent_days

    def fit(
        self, knowledge: Knowledge, examples: Examples, config: RankerConfig, progress: Progress = silent
    ) -> list[float]:
        """See ``Ranker.fit``. Reads the liked examples alone."""
        liked = torch.nonzero(examples.label > 0)[:, 0]
        if len(liked) and knowledge.items.metadata is not None:
            # One space for titles and for reasons of either side: what is said of a user lies near what is said of
            # the items it names, before any reason has been learned from.
            for side in (self.items, self.users):
                side.begin_with(knowledge.items.metadata, config.sasrec_text_spread)
        if not len(liked):
            return []
        asked = _Asked.of(examples, liked)
        by_first_seen = torch.argsort(knowledge.first_seen, stable=True)
        everything = torch.arange(len(by_first_seen))
        trends = self._trends(knowledge)
        sampled = len(everything) > config.softmax_items
        daily = None if sampled else trends.daily(everything, asked.queries.ts)

        def loss(rows: Tensor) -> Tensor:
            rows = rows[torch.argsort(asked.queries.window[rows])]
            queries, (row, target) = asked.queries.rows(rows), asked.targets(rows)
            if daily:
                return self._full_loss(knowledge, queries, daily.of(rows), row, target)
            others = _drawn(
                knowledge.first_seen[by_first_seen], by_first_seen, queries.ts.max(), config.softmax_negatives
            )
            return self._sampled_loss(knowledge, queries, others, row, target)

        return run_epochs(
            self,
            loss,
            len(asked.queries),
            config.sasrec_epochs,
            config,
            progress,
            batch_size=-(-config.batch_size * len(asked.queries) // len(liked)),
            id_decay=config.sasrec_id_decay,
            text_decay=config.sasrec_text_decay,
            lengths=asked.queries.present.sum(dim=1),
        )

    @torch.no_grad()
    def score(self, knowledge: Knowledge, queries: Queries, items: Tensor) -> Tensor:
        """See ``Ranker.score``."""
        return self._scores(knowledge, queries, items)

    @torch.no_grad()
    def score_catalogue(self, knowledge: Knowledge, queries: Queries) -> Tensor:
        """See ``Ranker.score_catalogue``."""
        order = torch.argsort(queries.window)
        ordered = queries.rows(order)
        everything = torch.arange(len(knowledge.first_seen))
        told = self._trends(knowledge).of_all(everything, ordered.ts)
        scores = self._of_all(knowledge, ordered, self._state(knowledge, ordered), everything, told)
        return scores[torch.argsort(order)]

    @torch.no_grad()
    def attention(self, knowledge: Knowledge, queries: Queries, items: Tensor) -> Tensor:
        """See ``Ranker.attention``: weights of the last block's asking token, the same for every candidate."""
        tokens, allowed = self._read(knowledge, queries)
        weights = cast(Attention, self.blocks[-1]).weights(tokens[:, -1:], tokens, allowed[:, -1:])[:, 0, :-1]
        length = queries.history.shape[1]
        weights = functional.pad(weights, (length - weights.shape[1], 0)) * queries.present
        weights = weights / weights.sum(dim=1, keepdim=True).clamp_min(1e-9)
        return weights[:, None].expand(-1, items.shape[1], -1)

    def _full_loss(self, knowledge: Knowledge, queries: Queries, told: Tensor, row: Tensor, target: Tensor) -> Tensor:
        """Mean cross-entropy of each ``target`` (e,) of the query at ``row`` (e,) among all items first seen by then,
        of which ``told`` (n, items, TRENDS) says how they were doing; queries in the order of their windows."""
        everything = torch.arange(len(knowledge.first_seen))
        scores = self._of_all(knowledge, queries, self._state(knowledge, queries), everything, told)
        scores = scores.masked_fill(knowledge.first_seen > queries.ts[:, None], -1e9)
        return -torch.log_softmax(scores, dim=1)[row, target].mean()

    def _sampled_loss(
        self, knowledge: Knowledge, queries: Queries, others: Tensor, row: Tensor, target: Tensor
    ) -> Tensor:
        """As ``_full_loss``, each target among itself and those of the distinct ``others`` (c,) that were known."""
        state = self._state(knowledge, queries)
        window, ts, target = queries.window[row, None], queries.ts[row, None], target[:, None]
        own = (self.items(knowledge.items, knowledge.items.met(target, window, ts))[:, 0] * state[row]).sum(dim=1)
        trends = self._trends(knowledge)
        own = own[:, None] + self._lean(state[row], trends.of_pairs(target, queries.ts[row]))
        scores = self._of_all(knowledge, queries, state, others, trends.of_all(others, queries.ts))[row]
        # The target stands by itself, and items not yet seen by anyone cannot be chosen.
        known = (others != target) & (knowledge.first_seen[others] <= ts)
        among = torch.cat([own, scores.masked_fill(~known, -1e9)], dim=1)
        return functional.cross_entropy(among, torch.zeros(len(among), dtype=torch.int64))

    def _of_all(self, knowledge: Knowledge, queries: Queries, state: Tensor, items: Tensor, told: Tensor) -> Tensor:
        """Scores (n, c) of the same distinct ``items`` (c,) for all queries, in the order of their windows; ``told``
        (n, c, TRENDS) are the items' trends.

        Events of one window meet the same versions, so each window takes one product with its own; items that ever have
        an arrival reason are scored apart, in the version that each event meets. Rows in another order would cost more
        products and give the same.
        """
        versions = knowledge.items
        window, rows = torch.unique_consecutive(queries.window, return_counts=True)
        tables = self.items(versions, versions.at_start(items, window))
        products = [of_one @ table.T for of_one, table in zip(state.split(rows.tolist()), tables, strict=True)]
        scores = torch.cat([state.new_zeros(0, len(items)), *products])
        late = versions.arriving(items)
        if len(late):
            met = versions.met(items[late], queries.window[:, None], queries.ts[:, None])
            found, place = distinct(met, len(versions))
            scores = scores.index_copy(1, late, (state @ self.items(versions, found).T).gather(1, place))
        return scores + self._lean(state, told)

    def _scores(self, knowledge: Knowledge, queries: Queries, items: Tensor) -> Tensor:
        state = self._state(knowledge, queries)
        met = knowledge.items.met(items, queries.window[:, None], queries.ts[:, None])
        trends = self._trends(knowledge)
        # Expanded rows all hold the same items (each once, as candidates are), for which one count does.
        same = len(items) > 0 and items.stride(0) == 0
        lean = self._lean(state, trends.of_all(items[0], queries.ts) if same else trends.of_pairs(items, queries.ts))
        if len(knowledge.items) > MANY_VERSIONS * items.shape[1]:
            return (self.items(knowledge.items, met) @ state[:, :, None])[..., 0] + lean
        # Users share the versions they meet: one product with all of them, then each row picks its own.
        table = self.items(knowledge.items, torch.arange(len(knowledge.items)))
        return (state @ table.T).gather(1, met) + lean

    def _trends(self, knowledge: Knowledge) -> Trends:
        return Trends(knowledge.log, self.recent_days)

    def _lean(self, state: Tensor, trends: Tensor) -> Tensor:
        """What each user (state (n, width)) makes of the trends (n, c, TRENDS) of items: (n, c)."""
        return (trends @ self.follow(state)[:, :, None])[..., 0]

    def _state(self, knowledge: Knowledge, queries: Queries) -> Tensor:
        tokens, allowed = self._read(knowledge, queries)
        return self.norm(self.blocks[-1](tokens[:, -1:], tokens, allowed[:, -1:])[:, 0])

    def _read(self, knowledge: Knowledge, queries: Queries) -> tuple[Tensor, Tensor]:
        """What the last block reads: tokens (n, t, width), the asking one at the end, and what each may read."""
        queries = without_room(queries)
        window, moment = queries.window[:, None], queries.ts[:, None]
        events = self.items(knowledge.items, knowledge.items.met(queries.history, window, moment))
        events = events + self.labels(queries.history_label) + self.ages(queries.history_age)
        user = self.users(knowledge.users, knowledge.users.met(queries.user, queries.window, queries.ts))
        tokens = torch.cat([events, (user + self.ask)[:, None]], dim=1)
        # The asking token is younger than every event; a token reads those of its own instant and older ones.
        age = functional.pad(queries.history_age, (0, 1), value=-1)
        whole = functional.pad(queries.present, (0, 1), value=True)
        allowed = whole[:, None] & (age[:, None] >= age[:, :, None])
        for block in self.blocks[:-1]:
            tokens = block(tokens, tokens, allowed)
        return tokens, allowed


@dataclass(frozen=True)
class _Asked:
    """Training events by what they ask: those of a user at one instant ask the same, so a state serves them all.

    ``queries`` of n rows, of which row r asks for ``item`` (int64, (events,)) from ``first[r]`` to ``first[r + 1]``.
    """

    queries: Queries
    item: Tensor
    first: Tensor

    @classmethod
    def of(cls, examples: Examples, rows: Tensor) -> "_Asked":
        """The events at ``rows`` of ``examples``."""
        user, ts = examples.queries.user[rows].numpy(), examples.queries.ts[rows].numpy()
        order = np.lexsort((ts, user))
        moments = np.stack([user, ts])[:, order]
        begins = np.any(moments[:, 1:] != moments[:, :-1], axis=0)
        first = torch.from_numpy(np.concatenate([[0], np.nonzero(begins)[0] + 1, [len(rows)]]))
        events = rows[torch.from_numpy(order)]
        return cls(examples.queries.rows(events[first[:-1]]), examples.item[events], first)

    def targets(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Of the queries at ``rows``: for each event the place in ``rows`` of its query, and its item."""
        counts = self.first[rows + 1] - self.first[rows]
        row = torch.repeat_interleave(torch.arange(len(rows)), counts)
        within = torch.arange(len(row)) - torch.repeat_interleave(torch.cumsum(counts, dim=0) - counts, counts)
        return row, self.item[self.first[rows][row] + within]


def _drawn(first_seen: Tensor, by_first_seen: Tensor, latest: Tensor, count: int) -> Tensor:
    """``count`` items (int64) drawn from those first seen by ``latest``, none twice; all where there are no more."""
    known = int(torch.searchsorted(first_seen, latest, right=True))
    return by_first_seen[torch.randperm(max(known, 1))[:count]]
