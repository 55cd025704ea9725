"""What the two trainers of adapters share: settings that keep them on this machine, quiet, and reproducible."""

from typing import Any

import torch
from transformers import PrinterCallback, Trainer, TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from curec_assets.language_model.config import DataType
from curec_assets.progress import Progress

Curve = list[dict[str, Any]]
"""Points ``{"step": int, "name": str, "value": float}``; steps count from 1."""


def trainer_settings(dtype: DataType, steps: int, learning_rate: float, seed: int, scratch: str) -> dict[str, Any]:
    """Arguments of a TRL configuration: no checkpoints, no reports, no bars; ``scratch`` stays empty."""
    return {
        "output_dir": scratch,
        "max_steps": steps,
        "learning_rate": learning_rate,
        "lr_scheduler_type": "linear",
        "weight_decay": 0.0,
        "max_grad_norm": 1.0,
        "seed": seed % 2**31,
        "use_cpu": not torch.cuda.is_available(),
        "bf16": dtype == "bfloat16",
        "gradient_checkpointing": False,
        "save_strategy": "no",
        "report_to": [],
        "logging_steps": 1,
        "disable_tqdm": True,
        "dataloader_pin_memory": False,
    }


def listen(trainer: Trainer, step_name: str, progress: Progress) -> None:
    """Tell ``progress`` of each step, and keep the trainer from printing its logs."""
    trainer.remove_callback(PrinterCallback)
    trainer.add_callback(_Listener(step_name, progress))


def curves_from(history: list[dict[str, float]], names: dict[str, str]) -> Curve:
    """Points of a trainer's log: ``names`` maps the trainer's keys to ours; others are left out."""
    return [
        {"step": int(entry["step"]), "name": ours, "value": float(entry[theirs])}
        for entry in history
        for theirs, ours in names.items()
        if entry.get(theirs) is not None
    ]


class _Listener(TrainerCallback):
    def __init__(self, step_name: str, progress: Progress) -> None:
        self._step_name = step_name
        self._progress = progress

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> TrainerControl:
        self._progress(self._step_name, state.global_step, state.max_steps)
        return control
