"""Train the reward model of a window: one main model a cross-fitting fold, and the gold model (DESIGN §3.3).

Reward-group subjects never meet a model trained on them, acceptance-group ones no main model at all, and the gold model
has its own encoder, seed and people (``splits.py``). Deviations from DESIGN §3.3: no soft labels (an option there); the
user side masks the candidate's id too (``inputs.py``); verbalised evidence counts as a paraphrase of a subject's drafts
in training (``config.evidence_reasons``), under the same seen-rule.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import numpy as np
import pyarrow as pa
import torch
from safetensors.torch import load_file, save_file

from curec_assets.lake.checkpoints import NOTHING_KEPT, Checkpoints
from curec_assets.language_model.encoder import TextEncoder
from curec_assets.progress import Progress, silent
from curec_assets.reward_model.calibration import ReliabilityBin
from curec_assets.reward_model.config import RewardModelConfig
from curec_assets.reward_model.evaluation import ARMS, evaluate_reward_model
from curec_assets.reward_model.features import EventFeatures, event_features
from curec_assets.reward_model.fitting import SideReasons, TrainingData, fit_network, new_network
from curec_assets.reward_model.inputs import SeenRule
from curec_assets.reward_model.model_folder import RewardModel, encoder_role, save_reward_model
from curec_assets.reward_model.named import TitleFinder, likers_of_catalogue
from curec_assets.reward_model.network import RewardNetwork
from curec_assets.reward_model.reason_bank import ReasonBank, matched_subjects, reason_bank
from curec_assets.reward_model.splits import GOLD, membership, model_names, training_rows
from curec_assets.reward_model.towers import TextSpace

GOLD_SEED_OFFSET = 10_007

Curve = list[dict[str, int | str | float]]


@dataclass(frozen=True)
class RewardTraining:
    """What training reports: ``curves`` are dicts of step, name and value; ``evaluations`` an EVALUATIONS table;
    ``reliability`` the bins of every slice and arm on the same events."""

    metrics: dict[str, float]
    curves: Curve
    evaluations: pa.Table
    reliability: list[ReliabilityBin]


@dataclass(frozen=True)
class _Catalogue:
    item_ids: list[str]
    titles: list[str]
    texts: list[str]
    categories: list[list[str]]


def train_reward_model(
    cleaned: pa.Table,
    evidence: pa.Table,
    drafts: pa.Table,
    items: pa.Table,
    encoder: TextEncoder,
    gold_encoder: TextEncoder,
    config: RewardModelConfig,
    seed: int,
    output: Path,
    progress: Progress = silent,
    checkpoints: Checkpoints = NOTHING_KEPT,
) -> RewardTraining:
    """Train all networks on events of the windows up to w and write them to the folder ``output``.

    Args:
        cleaned: CLEANED_INTERACTIONS up to w; implicit data with its sampled negatives.
        evidence: EVIDENCE up to w; each subject's latest row is read.
        drafts: DRAFT_REASONS up to w, with the ``window`` column that as-of reads add: each subject's latest are
            current.
        items: ITEMS up to w.
        encoder: reads for the main models.
        gold_encoder: reads for the gold model.
        config: sizes and budgets.
        seed: decides first weights, draws and masks; the same inputs, in any row order, give the same bytes.
        output: made if need be; files of the same names are replaced.
        progress: hears of every step of every model.
        checkpoints: keep each trained network; each is seeded by itself, so a resumed run ends with the same bytes.
    """
    started = perf_counter()
    catalogue = _catalogue(cleaned, items)
    features = event_features(cleaned, catalogue.item_ids, config.history_length, config.rate_prior)
    members = membership(features, catalogue.item_ids, config.folds)
    banks = _banks(features, catalogue, drafts, evidence, config)
    features_done = perf_counter()
    data = {
        role: _training_data(features, catalogue, banks, role_encoder, config)
        for role, role_encoder in (("main", encoder), (GOLD, gold_encoder))
    }
    encoded = perf_counter()

    names = model_names(config.folds)
    networks: dict[str, RewardNetwork] = {}
    curves: Curve = []
    trained_on = np.zeros(len(features), dtype=bool)
    for index, name in enumerate(names):
        rows = training_rows(members, name)
        trained_on[rows] = True
        offset = GOLD_SEED_OFFSET if name == GOLD else index
        networks[name], curve = _fitted(
            name, data[encoder_role(name)], rows, config, seed + offset, progress, checkpoints
        )
        curves += curve
    fitted = perf_counter()

    main = {name: network for name, network in networks.items() if name != GOLD}
    evaluation = evaluate_reward_model(main, data["main"], members, config, seed)
    save_reward_model(
        RewardModel(
            config=config,
            item_ids=tuple(catalogue.item_ids),
            titles=tuple(catalogue.titles),
            latest_ts=int(features.ts[-1]) if len(features) else None,
            encoders={"main": encoder.name, GOLD: gold_encoder.name},
            spaces={role: part.space for role, part in data.items()},
            networks=networks,
        ),
        output,
    )
    attached = trained_on & (data["main"].item.attachable | data["main"].user.attachable)
    metrics = {
        "events_trained": float(trained_on.sum()),
        "share_with_reasons": float(attached.sum() / max(trained_on.sum(), 1)),
        "items_with_reasons": float(banks["item"].known.sum()),
        "users_with_reasons": float(banks["user"].known.sum()),
        "items_with_drafts": float(banks["item"].drafted.sum()),
        "users_with_drafts": float(banks["user"].drafted.sum()),
        **_headline(evaluation.table),
        "features_seconds": features_done - started,
        "encoding_seconds": encoded - features_done,
        "fitting_seconds": fitted - encoded,
        "evaluation_seconds": perf_counter() - fitted,
    }
    return RewardTraining(metrics, curves, evaluation.table, evaluation.reliability)


def _fitted(
    name: str,
    data: TrainingData,
    rows: np.ndarray,
    config: RewardModelConfig,
    seed: int,
    progress: Progress,
    checkpoints: Checkpoints,
) -> tuple[RewardNetwork, Curve]:
    """The network ``name`` with its loss curve, as it is kept or newly trained."""

    def fit() -> tuple[RewardNetwork, Curve]:
        curve: Curve = []

        def step_done(step: int, steps: int, losses: Mapping[str, float]) -> None:
            curve.extend({"step": step, "name": f"{name}_{loss}", "value": value} for loss, value in losses.items())
            progress(f"reward model {name}", step, steps)

        return fit_network(data, rows, config, seed, step_done), curve

    def save(folder: Path, made: tuple[RewardNetwork, Curve]) -> None:
        save_file(made[0].state_dict(), folder / "network.safetensors")
        (folder / "curve.json").write_text(json.dumps(made[1]), encoding="utf-8")

    def load(folder: Path) -> tuple[RewardNetwork, Curve]:
        with torch.random.fork_rng(devices=[]):
            network = new_network(data.space, config)
        network.load_state_dict(load_file(folder / "network.safetensors"))
        return network.eval(), json.loads((folder / "curve.json").read_text(encoding="utf-8"))

    return checkpoints.part(name, fit, save, load)


def _catalogue(cleaned: pa.Table, items: pa.Table) -> _Catalogue:
    """Every item of the catalogue or the events, by id; an item without metadata has an empty text."""
    rows = items.select(["item_id", "title", "categories", "description", "first_seen"])
    known = {
        row["item_id"]: row
        for row in sorted(rows.to_pylist(), key=lambda row: (row["item_id"], str(row["first_seen"]), str(row["title"])))
    }
    item_ids = sorted(set(known) | set(cleaned["item_id"].drop_null().to_pylist()))
    categories = [sorted((known.get(item) or {}).get("categories") or []) for item in item_ids]
    titles = [(known.get(item) or {}).get("title") or "" for item in item_ids]
    return _Catalogue(item_ids, titles, [_metadata_text(known.get(item)) for item in item_ids], categories)


def _metadata_text(row: Mapping[str, object] | None) -> str:
    if row is None:
        return ""
    categories = row["categories"]
    listed = ", ".join(categories) if isinstance(categories, list) else ""
    return ". ".join(str(part) for part in (row["title"], listed, row["description"]) if part)


def _banks(
    features: EventFeatures, catalogue: _Catalogue, drafts: pa.Table, evidence: pa.Table, config: RewardModelConfig
) -> dict[str, ReasonBank]:
    item_activity = np.bincount(features.item, minlength=len(catalogue.item_ids))
    user_activity = np.bincount(features.user, minlength=len(features.user_ids))
    return {
        "item": reason_bank("item", catalogue.item_ids, item_activity, drafts, evidence, config.evidence_reasons),
        "user": reason_bank("user", features.user_ids, user_activity, drafts, evidence, config.evidence_reasons),
    }


def _training_data(
    features: EventFeatures,
    catalogue: _Catalogue,
    banks: Mapping[str, ReasonBank],
    encoder: TextEncoder,
    config: RewardModelConfig,
) -> TrainingData:
    rule = SeenRule.of(features.user_ids, catalogue.item_ids)
    item_vectors = encoder.encode(banks["item"].texts)
    n_users = len(features.user_ids)
    # People on whose events no item reason is shown, so that names never carry an event's own like to it.
    likers = likers_of_catalogue(features, ~rule.users, len(catalogue.item_ids))
    finder = TitleFinder(catalogue.titles)
    return TrainingData(
        features=features,
        space=_text_space(catalogue, banks["item"], item_vectors, encoder, likers),
        rule=rule,
        item=SideReasons(
            bank=banks["item"],
            subject=features.item,
            allowed=rule.users[features.user],
            matched=matched_subjects(
                banks["item"],
                catalogue.categories,
                _like_rate(features.item, features, len(catalogue.item_ids), config),
                config.contrast_neighbours,
            ),
            vectors=torch.from_numpy(item_vectors),
            named=finder.rows(banks["item"].texts),
        ),
        user=SideReasons(
            bank=banks["user"],
            subject=features.user,
            allowed=rule.items[features.item],
            matched=matched_subjects(
                banks["user"],
                [[]] * n_users,
                _like_rate(features.user, features, n_users, config),
                config.contrast_neighbours,
            ),
            vectors=torch.from_numpy(encoder.encode(banks["user"].texts)),
            named=finder.rows(banks["user"].texts),
        ),
    )


def _text_space(
    catalogue: _Catalogue, bank: ReasonBank, vectors: np.ndarray, encoder: TextEncoder, likers: np.ndarray
) -> TextSpace:
    """Catalogue vectors; items without metadata, and the unknown item, stand at the mean of the others."""
    described = np.array([bool(text) for text in catalogue.texts], dtype=bool)
    item_text = np.zeros((len(catalogue.texts) + 1, encoder.dimension), dtype=np.float32)
    if described.any():
        found = encoder.encode([text for text in catalogue.texts if text])
        item_text[:] = found.mean(axis=0)
        item_text[:-1][described] = found
    item_reason = np.zeros_like(item_text)
    for item in np.flatnonzero(bank.known):
        item_reason[item] = vectors[bank.first[item] : bank.first[item] + bank.count[item]].mean(axis=0)
    return TextSpace(
        torch.from_numpy(item_text),
        torch.from_numpy(item_reason),
        torch.from_numpy(np.append(bank.known, False)),
        torch.from_numpy(likers),
    )


def _like_rate(subject: np.ndarray, features: EventFeatures, n: int, config: RewardModelConfig) -> np.ndarray:
    """Smoothed like rate of each subject over all events, to match on."""
    everyone = features.label.mean() if len(features) else 0.5
    likes = np.bincount(subject, features.label, minlength=n) + config.rate_prior * everyone
    return likes / (np.bincount(subject, minlength=n) + config.rate_prior)


def _headline(evaluations: pa.Table) -> dict[str, float]:
    """AUC and log loss of each slice and arm, e.g. ``oof_item_own_reason_auc``."""
    return {
        f"oof_{row['slice']}_{row['arm']}_{row['metric']}": row["value"]
        for row in evaluations.to_pylist()
        if row["metric"] != "ece" and row["arm"] in ARMS
    }
