"""Train one network: cross-entropy on masked events, and a contrast of own against matched reasons (DESIGN §3.3)."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 (torch's own name for it)

from curec_assets.reward_model.config import RewardModelConfig
from curec_assets.reward_model.features import EventFeatures
from curec_assets.reward_model.inputs import SeenRule, View, event_inputs
from curec_assets.reward_model.network import RewardNetwork
from curec_assets.reward_model.reason_bank import ReasonBank
from curec_assets.reward_model.towers import TextSpace


@dataclass(frozen=True)
class SideReasons:
    """One side's reasons as training draws them.

    ``subject`` (n,) indexes each event's subject in ``bank``; ``allowed`` (n,) is the seen-rule; ``matched`` the
    contrast partners of each subject; ``vectors`` (n_texts, dim) the encoded ``bank.texts`` and ``named`` (n_texts,
    NAMED) the titles in them.
    """

    bank: ReasonBank
    subject: np.ndarray
    allowed: np.ndarray
    matched: np.ndarray
    vectors: Tensor
    named: Tensor

    @property
    def attachable(self) -> np.ndarray:
        """Events (n,) whose subject has a reason that may be shown there."""
        return self.allowed & self.bank.known[self.subject]

    @property
    def drafted(self) -> np.ndarray:
        """Events (n,) with an attachable reason whose subject has LLM drafts."""
        return self.attachable & self.bank.drafted[self.subject]

    def read(self, texts: np.ndarray, where: np.ndarray) -> tuple[Tensor, Tensor]:
        """Vectors (n, dim) and named titles (n, NAMED) of ``texts`` (rows of the bank) in the rows where ``where`` (n,)
        holds; zeros and -1 elsewhere, which nobody reads."""
        vectors = torch.zeros(len(where), self.vectors.shape[1])
        named = torch.full((len(where), self.named.shape[1]), -1)
        if where.any():
            vectors[torch.from_numpy(where)] = self.vectors[texts]
            named[torch.from_numpy(where)] = self.named[texts]
        return vectors, named

    def sample(self, subjects: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """A random paraphrase (row of ``vectors``) of each subject; all must have one."""
        return self.bank.first[subjects] + (rng.random(len(subjects)) * self.bank.count[subjects]).astype(np.int64)


@dataclass(frozen=True)
class TrainingData:
    """Everything that training reads, encoded by one encoder."""

    features: EventFeatures
    space: TextSpace
    rule: SeenRule
    item: SideReasons
    user: SideReasons


def fit_network(
    data: TrainingData,
    rows: np.ndarray,
    config: RewardModelConfig,
    seed: int,
    step_done: Callable[[int, int, dict[str, float]], None],
) -> RewardNetwork:
    """A network trained on the events ``rows`` (untrained where there are none), in evaluation mode.

    ``step_done(step, steps, losses)`` is called after each step with the cross-entropy and, where a contrast was drawn,
    the contrast loss.
    """
    rng = np.random.default_rng(seed)
    # The fork keeps the caller's random state; dropout and the first weights draw from this seed alone.
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = new_network(data.space, config)
        texts = data.space.item_text[:-1].numpy()
        network.start_from_texts(texts, np.concatenate([data.item.vectors.numpy(), data.user.vectors.numpy()]))
        network.trained_item[torch.from_numpy(data.features.item[rows])] = True
        network.trained_item[-1] = False
        optimiser = torch.optim.AdamW(network.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay)
        batches_an_epoch = -(-min(len(rows), config.max_events) // config.batch_size)
        steps = config.epochs * batches_an_epoch
        decay = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: 1 - step / max(steps, 1))
        network.train()
        step = 0
        for _ in range(config.epochs if len(rows) else 0):
            drawn = draw_events(data, rows, config, rng)
            for start in range(0, len(drawn), config.batch_size):
                losses = _losses(network, data, drawn[start : start + config.batch_size], config, rng)
                loss = losses["cross_entropy"] + config.contrast_weight * losses.get("contrast", torch.tensor(0.0))
                optimiser.zero_grad()
                loss.backward()
                torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
                optimiser.step()
                decay.step()
                step += 1
                step_done(step, steps, {name: float(value.detach()) for name, value in losses.items()})
    return network.eval()


def new_network(space: TextSpace, config: RewardModelConfig) -> RewardNetwork:
    """A network of the configured size for ``space``'s catalogue."""
    return RewardNetwork(space.dimension, len(space.item_text) - 1, config.width, config.hidden, config.dropout)


def draw_events(
    data: TrainingData, rows: np.ndarray, config: RewardModelConfig, rng: np.random.Generator
) -> np.ndarray:
    """An epoch's events in random order, at most ``max_events``: where that binds, events with drafts come first, then
    those with verbalised evidence, both up to ``reason_share``, then a random sample of the rest."""
    shuffled = rng.permutation(rows)
    if len(rows) <= config.max_events:
        return shuffled
    rank = np.where(
        data.item.drafted[shuffled] | data.user.drafted[shuffled],
        0,
        np.where(data.item.attachable[shuffled] | data.user.attachable[shuffled], 1, 2),
    )
    by_rank = shuffled[np.argsort(rank, kind="stable")]
    reasoned = min(int((rank < 2).sum()), round(config.reason_share * config.max_events))
    rest = rng.permutation(by_rank[reasoned:])[: config.max_events - reasoned]
    return rng.permutation(np.concatenate([by_rank[:reasoned], rest]))


def _losses(
    network: RewardNetwork, data: TrainingData, rows: np.ndarray, config: RewardModelConfig, rng: np.random.Generator
) -> dict[str, Tensor]:
    as_side = rng.random(len(rows)) < config.side_view_share
    as_user = as_side & (rng.random(len(rows)) < 0.5)
    as_item = as_side & ~as_user
    show_reason = data.item.attachable[rows] & ~as_user & (rng.random(len(rows)) >= config.reason_dropout)
    show_interest = data.user.attachable[rows] & ~as_item & (rng.random(len(rows)) >= config.reason_dropout)
    view = View(ids=~as_side & (rng.random(len(rows)) >= config.id_dropout), history=~as_user)

    n_items = len(data.space.item_text) - 1
    tables = network.item_tables(data.space)
    tower = network.tower(tables, event_inputs(data.features, rows, view, data.rule, n_items))
    reason = network.read_reasons(*_drawn(data.item, rows, show_reason, rng), torch.from_numpy(show_reason))
    interest = network.read_interests(*_drawn(data.user, rows, show_interest, rng), torch.from_numpy(show_interest))
    label = torch.from_numpy(data.features.label[rows])
    logit = network(tables, tower, reason, interest)
    losses = {"cross_entropy": F.binary_cross_entropy_with_logits(logit, label)}

    # The contrast compares within a side's own view, as a reward does.
    other_reason, has_other_reason = _drawn_partners(data.item, rows, show_reason & as_item, rng)
    other_interest, has_other_interest = _drawn_partners(data.user, rows, show_interest & as_user, rng)
    contrasted = np.flatnonzero(has_other_reason | has_other_interest)
    if config.contrast_weight > 0 and len(contrasted):
        place = torch.from_numpy(contrasted)
        swap_reason = torch.from_numpy(has_other_reason)
        swap_interest = torch.from_numpy(has_other_interest)
        every = torch.ones(len(rows), dtype=torch.bool)
        swapped = network(
            tables,
            tower.take(place),
            reason.replaced(swap_reason, network.read_reasons(*other_reason, every)).take(place),
            interest.replaced(swap_interest, network.read_interests(*other_interest, every)).take(place),
        )
        gain = _log_likelihood(logit, label)[place] - _log_likelihood(swapped, label[place])
        losses["contrast"] = F.softplus(config.contrast_margin - gain).mean()
    return losses


def _log_likelihood(logit: Tensor, label: Tensor) -> Tensor:
    return -F.binary_cross_entropy_with_logits(logit, label, reduction="none")


def _drawn(side: SideReasons, rows: np.ndarray, show: np.ndarray, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """A random paraphrase of each subject where ``show``, as ``SideReasons.read`` gives it."""
    return side.read(side.sample(side.subject[rows[show]], rng), show)


def _drawn_partners(
    side: SideReasons, rows: np.ndarray, show: np.ndarray, rng: np.random.Generator
) -> tuple[tuple[Tensor, Tensor], np.ndarray]:
    """A random matched subject's reason where ``show`` and there is one, and where that is."""
    matched = side.matched[side.subject[rows]]
    available = (matched >= 0).sum(axis=1)
    drawn = show & (available > 0)
    choice = (rng.random(int(drawn.sum())) * available[drawn]).astype(np.int64)
    partners = matched[drawn][np.arange(len(choice)), choice]
    return side.read(side.sample(partners, rng), drawn), drawn
