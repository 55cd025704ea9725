"""Who trains which model, so that no model scores a user or item it was trained on (DESIGN §3.3, cross-fitting).

Each event has a user group and an item group (evidence, reward, acceptance; ``interactions/groups.py``).

- The *main model of fold k* trains on events whose user and item are both of the evidence or reward group, but for
  reward-group users and items of fold k. It may score those users' events in item panels, those items' in user panels,
  and all acceptance panels.
- The *gold model* trains on events with an acceptance-group user or item and no reward-group one. It may score reward
  panels.

So the acceptance group is out of sample for every main model, the reward group for the gold model, and the gold model
shares no training event with the main ones. One model of a fold serves both sides.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from curec_assets.interactions.groups import Group, subject_fold, subject_group
from curec_assets.reward_model.features import EventFeatures

GROUPS: tuple[Group, ...] = ("evidence", "reward", "acceptance")
EVIDENCE, REWARD, ACCEPTANCE = range(3)
GOLD = "gold"


@dataclass(frozen=True)
class Membership:
    """Group (index into GROUPS) and fold of each event's user and item, int64 (n,) each."""

    user_group: np.ndarray
    item_group: np.ndarray
    user_fold: np.ndarray
    item_fold: np.ndarray


def membership(features: EventFeatures, item_ids: Sequence[str], folds: int) -> Membership:
    """The groups and folds of ``features``' events; unknown items count as evidence, whose events are never scored."""
    user_group, user_fold = _of_subjects(features.user_ids, folds)
    item_group, item_fold = _of_subjects(item_ids, folds)
    item_group, item_fold = np.append(item_group, EVIDENCE), np.append(item_fold, 0)
    return Membership(
        user_group[features.user], item_group[features.item], user_fold[features.user], item_fold[features.item]
    )


def _of_subjects(ids: Sequence[str], folds: int) -> tuple[np.ndarray, np.ndarray]:
    groups = np.array([GROUPS.index(subject_group(subject)) for subject in ids], dtype=np.int64)
    return groups, np.array([subject_fold(subject, folds) for subject in ids], dtype=np.int64)


def model_names(folds: int) -> tuple[str, ...]:
    """The main models by fold, then the gold one."""
    return (*(f"fold{k}" for k in range(folds)), GOLD)


def training_rows(members: Membership, model: str) -> np.ndarray:
    """Row numbers that ``model`` (one of :func:`model_names`) may be trained on."""
    user, item = members.user_group, members.item_group
    if model == GOLD:
        touches_acceptance = (user == ACCEPTANCE) | (item == ACCEPTANCE)
        return np.flatnonzero(touches_acceptance & (user != REWARD) & (item != REWARD))
    fold = int(model.removeprefix("fold"))
    held_out = ((user == REWARD) & (members.user_fold == fold)) | ((item == REWARD) & (members.item_fold == fold))
    return np.flatnonzero((user != ACCEPTANCE) & (item != ACCEPTANCE) & ~held_out)
