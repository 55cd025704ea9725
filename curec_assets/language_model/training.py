"""What the two trainers of adapters share: settings that keep them on this machine, quiet, and reproducible."""

from functools import wraps
from typing import Any

import torch
import trl.trainer.utils
from transformers import (
    PreTrainedModel,
    PrinterCallback,
    Trainer,
    TrainerCallback,
    TrainerControl,
    TrainerState,
    TrainingArguments,
)

from curec_assets.language_model.config import DataType
from curec_assets.language_model.precision import weights_type
from curec_assets.progress import Progress

VOCABULARY_TILE = 4096
"""Words that TRL's head scores at a time. With the 1,500 completion tokens of an RL step and SmolLM2's vocabulary,
sizes from 1,024 to 4,096 took a CPU core about as long, a third of TRL's 32,768 forwards and half of it backwards."""

Curve = list[dict[str, Any]]
"""Points ``{"step": int, "name": str, "value": float}``; steps count from 1."""


def trainer_settings(dtype: DataType, steps: int, learning_rate: float, seed: int, scratch: str) -> dict[str, Any]:
    """Arguments of a TRL configuration: no checkpoints but ours (``resuming.py``), no reports, no bars; ``scratch``
    stays empty."""
    return {
        "output_dir": scratch,
        "max_steps": steps,
        "learning_rate": learning_rate,
        "lr_scheduler_type": "linear",
        "weight_decay": 0.0,
        "max_grad_norm": 1.0,
        "seed": seed % 2**31,
        "use_cpu": not torch.cuda.is_available(),
        "bf16": weights_type(dtype) == "bfloat16",
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


def score_completions_only(model: PreTrainedModel) -> None:
    """Keep TRL's fused head from scoring places without a label, whose scores it throws away, when a trainer has
    patched ``model``.

    On a CPU it projects every place onto the vocabulary, a third of a training step for a small model with a long
    prompt. Here it sees those before a label; what it returns stands where it stood, zeros elsewhere, as before.
    """
    score_all = model.forward
    backbone = model.base_model

    @wraps(score_all)
    def forward(*args: Any, fused_lm_head: bool = False, labels: torch.Tensor | None = None, **kwargs: Any) -> Any:
        if not fused_lm_head or labels is None:
            return score_all(*args, fused_lm_head=fused_lm_head, labels=labels, **kwargs)
        # The state at a place predicts the next one's label.
        following = labels[:, 1:]
        written = following != -100

        def cut(_module: torch.nn.Module, _args: Any, output: Any) -> Any:
            output.last_hidden_state = output.last_hidden_state[:, :-1][written][None]
            return output

        hook = backbone.register_forward_hook(cut)
        try:
            scores = score_all(*args, fused_lm_head=True, shift_labels=following[written][None], **kwargs)
        finally:
            hook.remove()
        for name in {"log_probs", "entropy", "is_top1", "label_mask"} & set(scores.keys()):
            scores[name] = scores[name].new_zeros(written.shape).masked_scatter(written, scores[name])
        return scores

    model.forward = forward


def suit_a_cpu() -> None:
    """Where there is no GPU, have TRL's fused head look at ``VOCABULARY_TILE`` words at a time.

    Its own 32,768, for a GPU, make tiles of a hundred megabytes and more, that every one of a dozen elementwise
    operations carries through a CPU's memory.
    """
    if not torch.cuda.is_available():
        trl.trainer.utils._CHUNKED_LOGPROB_CHUNK_SIZE = VOCABULARY_TILE


class _Listener(TrainerCallback):
    def __init__(self, step_name: str, progress: Progress) -> None:
        self._step_name = step_name
        self._progress = progress

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any
    ) -> TrainerControl:
        self._progress(self._step_name, state.global_step, state.max_steps)
        return control
