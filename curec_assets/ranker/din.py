"""DIN: will this user like this item? Target attention over the user's labelled history (Zhou et al., KDD 2018).

Deviations from the paper: attention weights are a softmax with a cosine term (they sum to 1 and are shown to people),
history events carry whether they were liked, dense facts as of the event enter the head and a linear path beside it,
activations are SiLU instead of Dice. Embeddings learned from a few thousand events do not come to know which titles the
same people like; that is counted (``co_likes.py``) and enters the head beside them.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from curec_assets.progress import Progress, silent
from curec_assets.ranker.backbone import Examples, Knowledge, Queries, Shape, Task, run_epochs
from curec_assets.ranker.config import RankerConfig
from curec_assets.ranker.fusion import INITIAL_SPREAD, Fusion

INITIAL_SHARPNESS = 4.0
"""Attention logit of a history item identical to the candidate, before training: like items weigh more at once."""
FACTS = 4
"""Dense facts: log count and centred like rate of the item and of the user."""
COMPANY = 4
"""How near the candidate stands to what the user liked and disliked, by who likes what."""
COMPANY_SCALE = 3.0
"""Brings cosines to about the size of the other inputs of the head."""


class DIN(nn.Module):
    """Scores are logits of a like; loss is binary cross-entropy."""

    task: Task = "ctr"

    def __init__(self, shape: Shape, config: RankerConfig) -> None:
        super().__init__()
        width = config.dimension
        self.items = Fusion(shape.items, shape.text_dimension, width, config.id_dropout, config.reason_dropout)
        self.users = Fusion(shape.users, shape.text_dimension, width, config.id_dropout, config.reason_dropout)
        self.labels = nn.Embedding(2, width)
        nn.init.normal_(self.labels.weight, std=INITIAL_SPREAD)
        # The paper's layer over [candidate, event, difference, product]: the difference is linear in the first two, so
        # three maps give the same functions, two of them computed once per row instead of once per pair.
        self.of_candidate = nn.Linear(width, width // 2)
        self.of_event = nn.Linear(width, width // 2, bias=False)
        self.of_product = nn.Linear(width, width // 2, bias=False)
        self.weigh = nn.Linear(width // 2, 1, bias=False)
        self.sharpness = nn.Parameter(torch.tensor(INITIAL_SHARPNESS))
        self.no_history = nn.Parameter(torch.zeros(width))
        first = nn.Linear(5 * width + FACTS + COMPANY, 2 * width)
        self.head = nn.Sequential(
            first,
            nn.SiLU(),
            nn.Dropout(config.dropout),
            nn.Linear(2 * width, width),
            nn.SiLU(),
            nn.Linear(width, 1),
        )
        self.wide = nn.Linear(FACTS + COMPANY, 1)
        # In a chain's first window no event is told of company, so nothing is learned of it: then it must say nothing.
        for layer in (first, self.wide):
            nn.init.zeros_(layer.weight[:, -COMPANY:])

    def fit(
        self, knowledge: Knowledge, examples: Examples, config: RankerConfig, progress: Progress = silent
    ) -> list[float]:
        """See ``Ranker.fit``."""

        def loss(rows: Tensor) -> Tensor:
            logits, _ = self._forward(knowledge, examples.queries.rows(rows), examples.item[rows, None])
            return functional.binary_cross_entropy_with_logits(logits[:, 0], examples.label[rows])

        decay = config.weight_decay
        return run_epochs(
            self,
            loss,
            len(examples),
            config.epochs,
            config,
            progress,
            batch_size=config.batch_size,
            id_decay=decay,
            text_decay=decay,
        )

    @torch.no_grad()
    def score(self, knowledge: Knowledge, queries: Queries, items: Tensor) -> Tensor:
        """See ``Ranker.score``."""
        return self._forward(knowledge, queries, items)[0]

    def score_catalogue(self, knowledge: Knowledge, queries: Queries) -> Tensor:
        """See ``Ranker.score_catalogue``: every pair is scored by itself, since attention looks at the candidate."""
        return self.score(knowledge, queries, torch.arange(len(knowledge.first_seen)).expand(len(queries), -1))

    @torch.no_grad()
    def attention(self, knowledge: Knowledge, queries: Queries, items: Tensor) -> Tensor:
        """See ``Ranker.attention``: the weights the pooled history was made with."""
        return self._forward(knowledge, queries, items)[1]

    def _forward(self, knowledge: Knowledge, queries: Queries, items: Tensor) -> tuple[Tensor, Tensor]:
        moment, window = queries.ts[:, None], queries.window[:, None]
        met = knowledge.items.met(torch.cat([items, queries.history], dim=1), window, moment)
        embedded = self.items(knowledge.items, met)
        candidate, events = embedded.split([items.shape[1], queries.history.shape[1]], dim=1)
        labelled = events + self.labels(queries.history_label)
        user = self.users(knowledge.users, knowledge.users.met(queries.user, queries.window, queries.ts))
        user = user[:, None].expand_as(candidate)

        attention = self._attention(candidate, events, queries)
        pooled = attention @ labelled
        pooled = torch.where(queries.present.any(dim=1)[:, None, None], pooled, self.no_history)
        user_facts = queries.user_facts[:, None].expand(-1, items.shape[1], -1)
        near = company(knowledge.co_liked, queries, items) * COMPANY_SCALE
        facts = torch.cat([knowledge.item_facts(items, moment), user_facts, near], dim=-1)
        inputs = torch.cat([user, candidate, pooled, user * candidate, pooled * candidate, facts], dim=-1)
        return (self.head(inputs) + self.wide(facts))[..., 0], attention

    def _attention(self, candidate: Tensor, events: Tensor, queries: Queries) -> Tensor:
        # Embeddings are small by design; at unit spread the layer can tell near from far within few steps.
        candidate, events = (functional.layer_norm(x, x.shape[-1:]) for x in (candidate, events))
        product = candidate[:, :, None] * events[:, None]
        hidden = self.of_candidate(candidate)[:, :, None] + self.of_event(events)[:, None] + self.of_product(product)
        likeness = candidate @ events.transpose(1, 2) / candidate.shape[-1]
        logits = self.weigh(functional.silu(hidden))[..., 0] + self.sharpness * likeness
        mask = queries.present[:, None]
        return torch.softmax(logits.masked_fill(~mask, -1e9), dim=-1) * mask


def company(co_liked: Tensor, queries: Queries, items: Tensor) -> Tensor:
    """Mean and largest cosine of the candidates (n, c) with the liked and with the disliked history: (n, c, COMPANY),
    zero for a kind that the history lacks."""
    window = queries.window[:, None]
    cosines = co_liked[window, items] @ co_liked[window, queries.history].transpose(1, 2)
    found = []
    for label in (1, 0):
        kind = (queries.present & (queries.history_label == label))[:, None]
        share = kind / kind.sum(dim=-1, keepdim=True).clamp(min=1)
        found.append((cosines * share).sum(dim=-1))
        found.append(cosines.masked_fill(~kind, -1.0).amax(dim=-1) * kind.any(dim=-1))
    return torch.stack(found, dim=-1)
