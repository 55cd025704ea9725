"""Does the text help on events that the scoring model was not trained on? AUC, log loss and calibration per arm."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import torch
from sklearn.metrics import log_loss, roc_auc_score

from curec_assets.lake.schemas import EVALUATIONS
from curec_assets.reward_model.calibration import ReliabilityBin, expected_calibration_error, reliability_bins
from curec_assets.reward_model.config import RewardModelConfig
from curec_assets.reward_model.fitting import SideReasons, TrainingData
from curec_assets.reward_model.inputs import SIDE_VIEW, WHOLE_VIEW, View, event_inputs, logits
from curec_assets.reward_model.network import RewardNetwork
from curec_assets.reward_model.splits import EVIDENCE, Membership

ARMS = ("own_reason", "no_reason", "shuffled_reason")
CONTRASTS = (("own_reason", "no_reason"), ("own_reason", "shuffled_reason"))
"""What a reward that reads must show: an item's own reason above none and above another's (arm ``a − b``)."""
ALPHA = 0.05


@dataclass(frozen=True)
class Slice:
    """Events to evaluate and how they are shown; ``fold`` is the one that each event's model held out."""

    name: str
    rows: np.ndarray
    fold: np.ndarray
    view: View
    reasons: bool
    interests: bool


@dataclass(frozen=True)
class RewardEvaluation:
    """``table`` is EVALUATIONS; ``reliability`` the bins of every slice and arm, on the same events."""

    table: pa.Table
    reliability: list[ReliabilityBin]


def evaluation_slices(data: TrainingData, members: Membership) -> list[Slice]:
    """Held-out events whose own reason may be shown, by slice.

    ``item`` and ``user`` show what the reward of that side shows; ``all`` shows ids, history and the reasons of both
    sides, ``ids_masked`` the same without the candidate's id. Acceptance-group users and items were trained on by no
    main model, so the model of any fold is out of sample for them; their own fold's is taken.
    """
    by_user = np.flatnonzero(data.item.attachable & (members.user_group != EVIDENCE))
    by_item = np.flatnonzero(data.user.attachable & (members.item_group != EVIDENCE))
    masked = View(ids=False, history=True)
    return [
        Slice("item", by_user, members.user_fold[by_user], SIDE_VIEW["item"], True, False),
        Slice("user", by_item, members.item_fold[by_item], SIDE_VIEW["user"], False, True),
        Slice("all", by_user, members.user_fold[by_user], WHOLE_VIEW, True, True),
        Slice("ids_masked", by_user, members.user_fold[by_user], masked, True, True),
    ]


def evaluate_reward_model(
    networks: Mapping[str, RewardNetwork],
    data: TrainingData,
    members: Membership,
    config: RewardModelConfig,
    seed: int,
) -> RewardEvaluation:
    """EVALUATIONS of the main models on out-of-fold events, subject ``reward_model``, backbone ``din``.

    ``own_reason`` shows the subject's first reason (a draft where there is one), ``shuffled_reason`` that of another
    subject of the same side, ``no_reason`` none: the same events in every arm. Arms ``a − b`` are the paired
    differences of CONTRASTS: above 0 is better in ``auc``, below 0 in ``log_loss`` and ``ece``. Confidence intervals
    (95 %) resample users. A slice without events has no rows, and one without both labels no AUC. The bins are those
    that ``ece`` sums over, arms apart.
    """
    rng = np.random.default_rng(seed)
    rows: list[dict[str, object]] = []
    reliability: list[ReliabilityBin] = []
    for part in evaluation_slices(data, members):
        chosen = np.sort(rng.permutation(len(part.rows))[: config.max_evaluation_events])
        if len(chosen) == 0:
            continue
        events = part.rows[chosen]
        label = data.features.label[events].astype(np.int64)
        user = data.features.user[events]
        order = {arm: _texts(data, arm, rng) for arm in ARMS}
        found: dict[str, Mapping[str, np.ndarray]] = {}
        for arm in ARMS:
            logit = _held_out_logits(networks, data, part, events, part.fold[chosen], order[arm])
            probability = 1 / (1 + np.exp(-logit))
            found[arm] = _replicates(label, probability, user, config.bootstrap_samples, seed)
            reliability += reliability_bins(part.name, arm, label, probability)
        for a, b in CONTRASTS:
            found[f"{a} − {b}"] = {metric: found[a][metric] - found[b][metric] for metric in found[a]}
        rows += [_row(arm, metric, part.name, of[metric], len(events)) for arm, of in found.items() for metric in of]
    return RewardEvaluation(pa.Table.from_pylist(rows, schema=EVALUATIONS), reliability)


def _texts(data: TrainingData, arm: str, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray] | None:
    """The text row that each item and each user shows in ``arm``."""
    if arm == "no_reason":
        return None
    return _shown_texts(data.item, arm, rng), _shown_texts(data.user, arm, rng)


def _shown_texts(side: SideReasons, arm: str, rng: np.random.Generator) -> np.ndarray:
    shown = side.bank.first.copy()
    if arm == "shuffled_reason":
        cycle = rng.permutation(np.flatnonzero(side.bank.known))
        shown[cycle] = shown[np.roll(cycle, 1)]
    return shown


def _held_out_logits(
    networks: Mapping[str, RewardNetwork],
    data: TrainingData,
    part: Slice,
    events: np.ndarray,
    folds: np.ndarray,
    shown: tuple[np.ndarray, np.ndarray] | None,
) -> np.ndarray:
    found = np.zeros(len(events))
    for fold in np.unique(folds):
        network, mine = networks[f"fold{fold}"], folds == fold
        rows = events[mine]
        vectors = []
        for side, wanted, texts in (
            (data.item, part.reasons, None if shown is None else shown[0]),
            (data.user, part.interests, None if shown is None else shown[1]),
        ):
            present = side.attachable[rows] if wanted and texts is not None else np.zeros(len(rows), dtype=bool)
            chosen = np.zeros(0, dtype=np.int64) if texts is None else texts[side.subject[rows[present]]]
            vectors.append((*side.read(chosen, present), torch.from_numpy(present)))
        with torch.no_grad():
            tables = network.item_tables(data.space)
            inputs = event_inputs(data.features, rows, part.view, data.rule, len(data.space.item_text) - 1)
            tower = network.tower(tables, inputs)
            reasons, interests = network.read_reasons(*vectors[0]), network.read_interests(*vectors[1])
        found[mine] = logits(network, tables, tower, np.arange(len(rows)), reasons, interests)
    return found


def _replicates(
    label: np.ndarray, probability: np.ndarray, user: np.ndarray, samples: int, seed: int
) -> dict[str, np.ndarray]:
    """Each metric (1 + samples,): on the events as they are, then under resampled users, the same ones in every arm."""
    rng = np.random.default_rng(seed)
    users, position = np.unique(user, return_inverse=True)
    draws = rng.multinomial(len(users), np.full(len(users), 1 / len(users)), size=samples)[:, position].astype(float)
    once = np.ones(len(label))
    loss = -np.log(np.clip(np.where(label == 1, probability, 1 - probability), 1e-15, 1))
    found = {
        "ece": np.array([expected_calibration_error(label, probability, weight) for weight in (once, *draws)]),
        "log_loss": np.append(log_loss(label, probability, labels=[0, 1]), draws @ loss / draws.sum(axis=1)),
    }
    if len(np.unique(label)) == 2:
        found["auc"] = np.append(roc_auc_score(label, probability), resampled_auc(label, probability, draws))
    return dict(sorted(found.items()))


def _row(arm: str, metric: str, name: str, replicates: np.ndarray, n: int) -> dict[str, object]:
    value, drawn = float(replicates[0]), replicates[1:]
    low, high = np.nanquantile(drawn, [ALPHA / 2, 1 - ALPHA / 2]) if np.isfinite(drawn).any() else (value, value)
    return {
        "subject": "reward_model",
        "backbone": "din",
        "arm": arm,
        "metric": metric,
        "slice": name,
        "value": value,
        "ci_low": float(low),
        "ci_high": float(high),
        "n": n,
    }


def resampled_auc(label: np.ndarray, score: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """AUC (samples,) under each row of ``weights`` (samples, n), NaN where a label has no weight.

    The same as sklearn's ``roc_auc_score(sample_weight=…)``, which sorts anew for each resample.
    """
    distinct, place = np.unique(score, return_inverse=True)
    found = np.full(len(weights), np.nan)
    for sample, weight in enumerate(weights):
        likes = np.bincount(place, weight * label, minlength=len(distinct))
        others = np.bincount(place, weight * (1 - label), minlength=len(distinct))
        if likes.sum() > 0 and others.sum() > 0:
            below = np.cumsum(others) - others / 2
            found[sample] = (likes * below).sum() / (likes.sum() * others.sum())
    return found
