"""Which parts of an event a model is shown, and the tensors made of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from curec_assets.interactions.groups import Side, subject_group
from curec_assets.reward_model.features import EventFeatures
from curec_assets.reward_model.network import RewardNetwork
from curec_assets.reward_model.towers import EventInputs, EventTower, ItemTables, Words


@dataclass(frozen=True)
class View:
    """What is shown of events beside metadata and like rates, each a bool or one bool a row."""

    ids: bool | np.ndarray
    history: bool | np.ndarray


SIDE_VIEW: dict[Side, View] = {"item": View(ids=False, history=True), "user": View(ids=False, history=False)}
"""The masks of both terms of a reward (DESIGN §3.3). The user side masks the candidate's id as well: the models that
may score it are those not trained on that item, which therefore do not know its id."""

WHOLE_VIEW = View(ids=True, history=True)

ROWS_AT_ONCE = 4096


@dataclass(frozen=True)
class SeenRule:
    """For which events a reason has seen nothing (DESIGN §2): bool arrays over ``user_ids`` and the catalogue.

    Item reasons are made of what evidence-group users did, so they may be shown only for ``users``; interests only for
    ``items``. The unknown item (last row) may have any group, so it is never allowed.
    """

    users: np.ndarray
    items: np.ndarray

    @classmethod
    def of(cls, user_ids: Sequence[str], item_ids: Sequence[str]) -> "SeenRule":
        """The rule for these ids, by their stable groups."""
        users = np.array([subject_group(user) != "evidence" for user in user_ids], dtype=bool)
        items = np.array([subject_group(item) != "evidence" for item in item_ids] + [False], dtype=bool)
        return cls(users, items)


def event_inputs(features: EventFeatures, rows: np.ndarray, view: View, rule: SeenRule, n_items: int) -> EventInputs:
    """Tensors of ``rows`` under ``view``; masked or missing history slots hold the unknown item ``n_items``."""
    history = features.history[rows]
    shown = (history >= 0) & np.broadcast_to(np.reshape(view.history, (-1, 1)), history.shape)
    past = np.maximum(history, 0)
    return EventInputs(
        item=torch.from_numpy(features.item[rows]),
        show_id=torch.from_numpy(np.broadcast_to(view.ids, rows.shape).copy()),
        rates=torch.from_numpy(features.rates[rows]),
        history_item=torch.from_numpy(np.where(shown, features.item[past], n_items)),
        history_label=torch.from_numpy(np.where(shown, features.label[past], 0).astype(np.float32)),
        history_mask=torch.from_numpy(shown),
        history_reasons=torch.from_numpy(rule.users[features.user[rows]]),
    )


@torch.no_grad()
def logits(
    network: RewardNetwork,
    tables: ItemTables,
    tower: EventTower,
    places: np.ndarray,
    reasons: Words,
    interests: Words,
) -> np.ndarray:
    """Float64 logits of pairs (n): tower ``places[p]`` with reason and interest p."""
    found = [np.zeros(0)]
    for start in range(0, len(places), ROWS_AT_ONCE):
        pairs = torch.arange(start, min(start + ROWS_AT_ONCE, len(places)))
        events = tower.take(torch.from_numpy(places).index_select(0, pairs))
        found.append(network(tables, events, reasons.take(pairs), interests.take(pairs)).double().numpy())
    return np.concatenate(found)


def log_likelihood(logit: np.ndarray, label: np.ndarray) -> np.ndarray:
    """``log p(y)`` in nats of labels 0/1 under logits."""
    return -np.logaddexp(0.0, np.where(label > 0.5, -logit, logit))
