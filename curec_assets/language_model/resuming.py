"""Train an adapter so that a training that was killed goes on at its last checkpoint and ends with the same weights.

A checkpoint is a folder in the layout that transformers' ``Trainer`` resumes from: the adapter and its optimizer, the
schedule, the log so far, the random state (for base models with dropout), and what the stage itself carries along.
Tensors that are no weights lie in torch's own format and are read as tensors alone (``weights_only``): no pickle runs.

On a CPU with a fixed number of threads a resumed training is bit for bit the unbroken one. On a GPU, where two unbroken
ones may differ too, nothing was measured and nothing is promised.
"""

import json
import random
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from peft import PeftModel
from peft.helpers import disable_input_dtype_casting
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler
from transformers import Trainer, TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from curec_assets.lake.checkpoints import Checkpoints
from curec_assets.language_model.adapters import save_adapter

STEP = "step-"
"""What the names of a training's checkpoints begin with, before the number of steps done."""


class Carried(Protocol):
    """What changes from step to step and the trainer does not know of."""

    def state(self) -> dict[str, Any]:
        """Its state as JSON values."""
        ...

    def restore(self, state: Mapping[str, Any]) -> None:
        """Set the state that ``state()`` gave."""
        ...


def train_resumably(trainer: Trainer, checkpoints: Checkpoints, carried: Mapping[str, Carried]) -> None:
    """``trainer.train()``, from the latest checkpoint on where there is one; one is written at most every
    ``checkpoints.every_seconds``, and the latest kept.

    Args:
        trainer: trains a ``PeftModel`` in an order of examples that its dataset fixes, and logs every step.
        checkpoints: of this training alone, but for parts of other names.
        carried: by name, what the stage carries from step to step.
    """
    kept = None
    if done := _steps(checkpoints):
        kept = checkpoints.find(done[-1])
    if kept:
        states = json.loads((kept / "carried.json").read_text(encoding="utf-8"))
        for name, part in carried.items():
            part.restore(states[name])
    trainer.add_callback(_Keeper(checkpoints, carried))
    # Autocast casts what each product takes. PEFT casts it to the float32 of the adapter before, which changes nothing
    # and is a fifth of a forward pass.
    with disable_input_dtype_casting(trainer.model):
        trainer.train(resume_from_checkpoint=str(kept) if kept else None)


def _steps(checkpoints: Checkpoints) -> list[str]:
    return [name for name in checkpoints.names() if name.startswith(STEP)]


class _Keeper(TrainerCallback):
    def __init__(self, checkpoints: Checkpoints, carried: Mapping[str, Carried]) -> None:
        self._checkpoints = checkpoints
        self._carried = carried
        self._last = time.monotonic()

    # A step's log is in the state only after ``on_step_end``, and belongs to the checkpoint.
    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        *,
        model: PeftModel,
        optimizer: Optimizer,
        lr_scheduler: LRScheduler,
        **_: Any,
    ) -> None:
        name = f"{STEP}{state.global_step:08d}"
        # The trainer logs once more when all steps are done.
        if time.monotonic() - self._last < self._checkpoints.every_seconds or self._checkpoints.find(name):
            return

        def write(folder: Path) -> None:
            save_adapter(model, folder, "")
            torch.save(optimizer.state_dict(), folder / "optimizer.pt")
            torch.save(lr_scheduler.state_dict(), folder / "scheduler.pt")
            torch.save(_random_state(), folder / "rng_state.pth")
            state.save_to_json(str(folder / "trainer_state.json"))
            states = {name: part.state() for name, part in self._carried.items()}
            (folder / "carried.json").write_text(json.dumps(states), encoding="utf-8")

        earlier = _steps(self._checkpoints)
        self._checkpoints.keep(name, write)
        for step in earlier:
            self._checkpoints.drop(step)
        self._last = time.monotonic()


def _random_state() -> dict[str, Any]:
    """All random states, under the names that ``Trainer`` restores them by."""
    found = {"python": random.getstate(), "numpy": np.random.get_state(), "cpu": torch.random.get_rng_state()}
    return found | ({"cuda": torch.cuda.random.get_rng_state()} if torch.cuda.is_available() else {})
