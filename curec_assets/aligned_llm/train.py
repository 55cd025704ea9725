"""Align the language model with recommendation: instruction tasks, bootstrapped reasoning, LoRA (DESIGN §3.2).

The published method aligns the LLM by instruction following and chain-of-thought; only its abstract is at hand. Our own
decisions:
- three tasks (``tasks.py``) made from the events of evidence-group users on evidence-group items alone, so that no
  label on which a reason is later scored has touched the weights;
- reasoning without a teacher (``bootstrap.py``);
- supervised fine-tuning with TRL's ``SFTTrainer`` on completions only, LoRA on the last blocks;
- one adapter that goes on from window to window, each window adding the examples of its own present.
"""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa
import torch

from curec_assets.aligned_llm.batches import Batch, make_batches
from curec_assets.aligned_llm.bootstrap import SOURCES, Target, bootstrap, direct, verbalised
from curec_assets.aligned_llm.config import AlignmentConfig
from curec_assets.aligned_llm.histories import VisibleEvents, latest_rows, shown_items
from curec_assets.aligned_llm.tasks import Example, choose_examples, explain_examples, judge_examples
from curec_assets.lake.checkpoints import NOTHING_KEPT, Checkpoints
from curec_assets.language_model.adapters import new_adapter, save_adapter
from curec_assets.language_model.config import LanguageModelConfig, SamplingConfig
from curec_assets.language_model.generation import TransformersGenerator
from curec_assets.language_model.loading import load_base_model
from curec_assets.language_model.resuming import train_resumably
from curec_assets.language_model.training import (
    Curve,
    curves_from,
    listen,
    score_completions_only,
    suit_a_cpu,
    trainer_settings,
)
from curec_assets.progress import Progress, silent
from curec_assets.reasons.catalogue_names import grounding_of
from curec_assets.reasons.config import GateConfig
from curec_assets.reasons.gates import Grounding

# isort: split
# Behind our own modules, which set the environment that these libraries read when they are imported.
from datasets import Dataset
from peft import PeftModel
from transformers import PreTrainedTokenizerBase
from trl import SFTConfig, SFTTrainer


@dataclass(frozen=True)
class Alignment:
    """What an alignment did. ``metrics`` ending in ``_seconds`` or ``_per_second`` vary from run to run."""

    metrics: dict[str, float]
    curves: Curve


def align(
    evidence: pa.Table,
    cleaned: pa.Table,
    base: Path,
    previous_adapter: Path | None,
    output: Path,
    language_model: LanguageModelConfig,
    config: AlignmentConfig,
    gate: GateConfig,
    seed: int,
    progress: Progress = silent,
    checkpoints: Checkpoints = NOTHING_KEPT,
) -> Alignment:
    """Train the adapter of a window and write it to ``output`` (safetensors and JSON).

    Args:
        evidence: EVIDENCE of all windows up to this one; of several rows of a subject the latest counts.
        cleaned: CLEANED_INTERACTIONS of all windows up to this one; quarantined rows are ignored. For implicit data,
            with sampled negatives, or *judge* has no "no" to learn and is left out.
        base: folder of the base model.
        previous_adapter: the last window's adapter to go on from, or None to start afresh.
        output: folder of the adapter, made if missing.
        language_model: type of the weights, prompt length and batch size.
        config: examples, bootstrapping and training.
        gate: format gate for rationales.
        seed: fixes the choice of examples, all sampling, and the first weights.
        checkpoints: keep the bootstrapped reasoning and where the training stands (``resuming.py``).

    Returns:
        Counts per task (``<task>_kept``, ``<task>_verbalised``, ``<task>_direct``), ``tokens_trained``, and the first
        and last value of each curve; the curves ``loss_<task>`` (nats per completion token),
        ``token_accuracy_<task>`` and ``entropy_<task>``, each over the steps of its task.
        Without examples or steps the adapter is written as it was (or changing nothing).
    """
    torch.manual_seed(seed)
    model, tokenizer = load_base_model(base, language_model.dtype)
    adapted = (
        PeftModel.from_pretrained(model, str(previous_adapter), is_trainable=True)
        if previous_adapter
        else new_adapter(model, config.adapter)
    )
    rows = latest_rows(evidence)
    events = VisibleEvents(cleaned, shown_items(rows))
    rng = np.random.default_rng(seed)
    examples = {
        "judge": judge_examples(events, config, rng),
        "choose": choose_examples(events, config, rng),
        "explain": explain_examples(rows, config, rng),
    }
    sampling = SamplingConfig(max_new_tokens=config.max_completion_tokens)
    generator = TransformersGenerator(adapted.eval(), tokenizer, sampling, language_model)
    grounding = grounding_of(evidence)

    started = time.perf_counter()
    targets = _targets(examples, generator, gate, grounding, config, seed, progress, checkpoints)
    metrics = _counts(targets, examples) | {"bootstrap_seconds": time.perf_counter() - started}

    started = time.perf_counter()
    batches = make_batches(targets, tokenizer, language_model.max_prompt_tokens, config, rng)
    history = _train(adapted, tokenizer, batches, language_model, config, seed, progress, checkpoints)
    save_adapter(adapted, output, base.name)
    seconds = time.perf_counter() - started
    tokens = sum(label >= 0 for batch in batches for row in batch.rows for label in row["labels"])
    metrics |= {
        "examples": float(len(targets)),
        "tokens_trained": float(tokens),
        "train_seconds": seconds,
        "tokens_trained_per_second": tokens / seconds,
    }
    curves = _curves(history, batches)
    for point in curves:
        metrics.setdefault(f"first_{point['name']}", point["value"])
        metrics[f"last_{point['name']}"] = point["value"]
    return Alignment(metrics, curves)


def _targets(
    examples: Mapping[str, Sequence[Example]],
    generator: TransformersGenerator,
    gate: GateConfig,
    grounding: Grounding,
    config: AlignmentConfig,
    seed: int,
    progress: Progress,
    checkpoints: Checkpoints,
) -> list[Target]:
    """Bootstrapped reasoning for the first ``bootstrap_examples`` of each task (they come in random order), all tasks
    in one batch; of the rest, those that have an answer are answered at once, the others verbalised."""
    asked = [example for of_task in examples.values() for example in of_task[: config.bootstrap_examples]]
    rest = [example for of_task in examples.values() for example in of_task[config.bootstrap_examples :]]

    def ask() -> list[Target]:
        return bootstrap(asked, generator, gate, grounding, config.bootstrap_samples, seed, progress)

    def save(folder: Path, targets: list[Target]) -> None:
        rows = [{"completion": target.completion, "source": target.source} for target in targets]
        (folder / "targets.json").write_text(json.dumps(rows), encoding="utf-8")

    def load(folder: Path) -> list[Target]:
        rows = json.loads((folder / "targets.json").read_text(encoding="utf-8"))
        return [Target(example, **row) for example, row in zip(asked, rows, strict=True)]

    tried = checkpoints.part("bootstrapped", ask, save, load)
    return [*tried, *(direct(example) if example.answer else verbalised(example) for example in rest)]


def _train(
    model: PeftModel,
    tokenizer: PreTrainedTokenizerBase,
    batches: Sequence[Batch],
    language_model: LanguageModelConfig,
    config: AlignmentConfig,
    seed: int,
    progress: Progress,
    checkpoints: Checkpoints,
) -> list[dict[str, Any]]:
    """Fine-tune in place; the trainer's log."""
    if not batches:
        return []
    rows = [row for batch in batches for row in batch.rows]
    with TemporaryDirectory() as scratch:
        settings = SFTConfig(
            **trainer_settings(language_model.dtype, config.steps, config.learning_rate, seed, scratch),
            per_device_train_batch_size=config.batch_size,
            train_sampling_strategy="sequential",
            completion_only_loss=True,
            max_length=None,
        )
        trainer = SFTTrainer(
            model=model, args=settings, train_dataset=Dataset.from_list(rows), processing_class=tokenizer
        )
        listen(trainer, "align", progress)
        score_completions_only(trainer.model.get_base_model())
        suit_a_cpu()
        train_resumably(trainer, checkpoints, {})
    return trainer.state.log_history


def _curves(history: list[dict[str, Any]], batches: Sequence[Batch]) -> Curve:
    """Loss, token accuracy and entropy of each step under its task's name: those of two tasks do not compare."""
    names = {"loss": "loss", "mean_token_accuracy": "token_accuracy", "entropy": "entropy"}
    return [
        {**point, "name": f"{point['name']}_{batches[point['step'] - 1].task}"} for point in curves_from(history, names)
    ]


def _counts(targets: Sequence[Target], examples: Mapping[str, Sequence[Example]]) -> dict[str, float]:
    counts = {f"{task}_{source}": 0.0 for task in examples for source in SOURCES}
    for target in targets:
        counts[f"{target.example.task}_{target.source}"] += 1
    return counts
