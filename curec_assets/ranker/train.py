"""Training of all rankers of a window: one model per backbone, arm and seed, on what came before the window's end."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import torch

from curec_assets.configuration.windows import Window, microseconds
from curec_assets.interactions.negatives import with_sampled_negatives
from curec_assets.lake.checkpoints import NOTHING_KEPT, Checkpoints
from curec_assets.language_model.encoder import TextEncoder
from curec_assets.progress import Progress, silent
from curec_assets.ranker.backbone import Ranker, Shape, make_examples
from curec_assets.ranker.config import ArmName, BackboneName, RankerConfig
from curec_assets.ranker.events import events_before
from curec_assets.ranker.folder import (
    BACKBONES,
    RankerFolder,
    load_model,
    model_seed,
    new_ranker,
    save_folder,
    save_model,
)
from curec_assets.ranker.prepare import prepare
from curec_assets.ranker.versions import window_starts


@dataclass(frozen=True)
class RankerTraining:
    """What a training run reports: last-epoch losses by name, and loss curves."""

    metrics: dict[str, float]
    curves: list[dict[str, Any]]


def train_ranker(
    cleaned: pa.Table,
    items: pa.Table,
    evidence: pa.Table,
    reason_embeddings: pa.Table,
    encoder: TextEncoder,
    windows: Sequence[Window],
    config: RankerConfig,
    seed: int,
    output: Path,
    progress: Progress = silent,
    checkpoints: Checkpoints = NOTHING_KEPT,
    *,
    implicit: bool = False,
) -> RankerTraining:
    """Trains every arm on events before ``windows[-1].end`` and writes the folder ``output`` (DESIGN §3.6).

    All arms share architecture, initial values, order of batches, histories and events; they differ in the text they
    are handed. Every event carries the reason valid before its window.

    Args:
        cleaned: CLEANED_INTERACTIONS of all windows up to the last of ``windows``.
        items: ITEMS, likewise.
        evidence: EVIDENCE with its ``window`` column, likewise.
        reason_embeddings: REASON_EMBEDDINGS with its ``window`` column, likewise.
        encoder: encodes metadata and evidence texts; must be the one the reasons were embedded with.
        windows: all windows up to the one this ranker belongs to, in order.
        seed: the stage's seed; ``config.seeds`` are counted from it.
        output: folder to write safetensors and ``ranker.json`` into; made when missing.
        checkpoints: keep each trained model; each is seeded by itself, so a resumed run ends with the same bytes.
        implicit: the data hold only label 1, so DIN is shown sampled negatives.

    Raises:
        ValueError: reasons embedded with another dimension than the encoder's.
    """
    end = windows[-1].end
    starts = window_starts([microseconds(window.start) for window in windows])
    learned = events_before(cleaned, end)
    learned = learned.slice(max(0, learned.num_rows - config.max_train_events))
    item_vocabulary = sorted(set(learned["item_id"].to_pylist()))
    user_vocabulary = sorted(set(learned["user_id"].to_pylist()))
    world = prepare(cleaned, items, evidence, reason_embeddings, encoder, end, item_vocabulary, user_vocabulary)
    shape = Shape(len(item_vocabulary), len(user_vocabulary), encoder.dimension)

    positives = world.universe.events(learned)
    examples = {"next_item": make_examples(world.log, positives, starts, config.history_events)}
    examples["ctr"] = examples["next_item"]
    if implicit and any(BACKBONES[backbone].task == "ctr" for backbone in config.backbones):
        shown = events_before(with_sampled_negatives(world.good, config.negatives_per_positive, seed), end)
        # Negatives are drawn over the whole log; keep those of the events learned from.
        since = positives.ts.min() if len(positives) else 0
        events = world.universe.events(shown)
        examples["ctr"] = make_examples(world.log, events.at(events.ts >= since), starts, config.history_events)

    output.mkdir(parents=True, exist_ok=True)
    metrics: dict[str, float] = {}
    curves: list[dict[str, Any]] = []
    runs = [(arm, backbone, number) for arm in config.arms for backbone in config.backbones for number in config.seeds]
    knowledge = {arm: world.knowledge(arm, starts, seed) for arm in config.arms}
    shared = RankerFolder(shape, tuple(item_vocabulary), tuple(user_vocabulary), encoder.name, seed, config)

    def fitted(arm: ArmName, backbone: BackboneName, number: int) -> tuple[Ranker, list[float]]:
        def fit() -> tuple[Ranker, list[float]]:
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(model_seed(seed, number))
                model = new_ranker(backbone, shape, config)
                return model, model.fit(knowledge[arm], examples[model.task], config, silent)

        def save(folder: Path, made: tuple[Ranker, list[float]]) -> None:
            save_model(folder, backbone, arm, number, made[0])
            (folder / "losses.json").write_text(json.dumps(made[1]), encoding="utf-8")

        def load(folder: Path) -> tuple[Ranker, list[float]]:
            losses = json.loads((folder / "losses.json").read_text(encoding="utf-8"))
            return load_model(folder, shared, backbone, arm, number), losses

        return checkpoints.part(f"{backbone}-{arm}-seed{number}", fit, save, load)

    # Before the first reasons are in force the text arms know the same, and would train to the same weights.
    alike = {
        arm: next(first for first in config.arms if knowledge[first].same_as(knowledge[arm])) for arm in config.arms
    }
    made: dict[tuple[ArmName, BackboneName, int], tuple[Ranker, list[float]]] = {}
    for done, (arm, backbone, number) in enumerate(runs):
        progress("ranker", done, len(runs))
        trained = (alike[arm], backbone, number)
        if trained not in made:
            made[trained] = fitted(*trained)
        model, losses = made[trained]
        save_model(output, backbone, arm, number, model)
        name = f"{backbone}/{arm}/seed{number}"
        if losses:
            metrics[f"{name}/loss"] = losses[-1]
        curves += [{"step": epoch + 1, "name": f"{name}/loss", "value": value} for epoch, value in enumerate(losses)]
    progress("ranker", len(runs), len(runs))
    save_folder(output, shared)
    return RankerTraining(metrics, curves)
