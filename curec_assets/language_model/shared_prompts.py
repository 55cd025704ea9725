"""Read each prompt once where GRPO scores several completions of it.

TRL lays out a row a completion, each with its prompt in front, so that a group of eight reads its prompt eight times,
with the reference, with the policy, and backwards: with a prompt three times as long as a completion, most of RL's
arithmetic. Here rows of one prompt are packed into one: the prompt, then every completion behind it, each at the
positions it would have had and attending to the prompt and itself alone. Scores and gradients are the same but for the
rounding of sums.
"""

import logging
from dataclasses import dataclass
from functools import wraps
from typing import Any

import torch
from torch import Tensor
from transformers import PreTrainedModel

LOGGER = logging.getLogger(__name__)

TOLERANCE = 0.05
"""Nats by which packed scores may differ in the mean over tokens, by bfloat16's rounding, before the packing is called
wrong. A completion that saw another, or stood at a wrong place, is off by far more."""
PROBE = ((1, 2, 3, 4, 5, 6), ((7, 8, 9), (9, 7, 8)))
"""A prompt and two completions of it, in token ids that any vocabulary has."""


def read_prompts_once(model: PreTrainedModel) -> bool:
    """Pack rows of one prompt, and score completions alone, when a trainer has given ``model`` TRL's fused head.

    Returns:
        Whether it was done: not for models that heed no mask of our own (state space layers, some attention kernels),
        found out by scoring two short completions both ways, so call it as the trainer will score (its autocast). They
        stay as they are.
    """
    score_all = model.forward
    backbone = model.base_model

    @wraps(score_all)
    def forward(
        *args: Any,
        fused_lm_head: bool = False,
        labels: Tensor | None = None,
        input_ids: Tensor | None = None,
        attention_mask: Tensor | None = None,
        **kwargs: Any,
    ) -> Any:
        if not fused_lm_head or labels is None or input_ids is None or attention_mask is None:
            kwargs |= {"labels": labels, "input_ids": input_ids, "attention_mask": attention_mask}
            return score_all(*args, fused_lm_head=fused_lm_head, **kwargs)
        first = int((labels != -100).any(dim=0).int().argmax())
        packed = _pack(input_ids, attention_mask, first)

        def unpack(_module: torch.nn.Module, _args: Any, output: Any) -> Any:
            output.last_hidden_state = output.last_hidden_state[packed.row, packed.before]
            return output

        hook = backbone.register_forward_hook(unpack)
        try:
            scores = score_all(
                *args,
                fused_lm_head=True,
                input_ids=packed.ids,
                attention_mask=packed.mask(model.dtype),
                position_ids=packed.position,
                shift_labels=labels[:, first:],
                **kwargs,
            )
        finally:
            hook.remove()
        for name in {"log_probs", "entropy", "is_top1", "label_mask"} & set(scores.keys()):
            scores[name] = torch.nn.functional.pad(scores[name], (first - 1, 0))
        return scores

    apart = _probe(model, score_all)
    try:
        together = _probe(model, forward)
    except (RuntimeError, TypeError, ValueError) as refused:
        LOGGER.info("prompts are read once a completion: %s takes no mask of ours (%s)", type(model).__name__, refused)
        return False
    off = float((together - apart).abs().mean())
    if off > TOLERANCE:
        LOGGER.info("prompts are read once a completion: %s heeds no mask of ours", type(model).__name__)
        return False
    model.forward = forward
    return True


@dataclass(frozen=True, eq=False)
class _Packed:
    """``ids``, ``position`` and ``real`` (not padding) are (prompts, length); ``block`` (length,) is -1 in the prompt
    and else the completion's number. The token that predicts completion b's j-th is ``[row[b, 0], before[b, j]]``."""

    ids: Tensor
    position: Tensor
    real: Tensor
    block: Tensor
    row: Tensor
    before: Tensor

    def mask(self, dtype: torch.dtype) -> Tensor:
        """What is added to attention's logits, (prompts, 1, length, length). A place may always attend to itself, so
        that padding has something to attend to."""
        place = torch.arange(len(self.block), device=self.block.device)
        seen = (place[None] <= place[:, None]) & ((self.block[None] < 0) | (self.block[None] == self.block[:, None]))
        allowed = (seen & self.real[:, None]) | torch.eye(len(place), dtype=torch.bool, device=place.device)
        return torch.zeros(allowed.shape, dtype=dtype, device=place.device).masked_fill(
            ~allowed, torch.finfo(dtype).min
        )[:, None]


def _pack(ids: Tensor, attention_mask: Tensor, first: int) -> _Packed:
    """Rows (n, first + c) of a prompt padded on its left and a completion padded on its right, ``first`` columns of
    prompt."""
    real = attention_mask.bool()
    prompts = ids[:, :first].masked_fill(~real[:, :first], -1)
    _, prompt = torch.unique(prompts, dim=0, return_inverse=True)
    before_it = (prompt[None] == prompt[:, None]).tril(-1)
    number = before_it.sum(dim=1)
    of_prompt = torch.empty(int(prompt.max()) + 1, dtype=torch.long, device=ids.device)
    of_prompt[prompt] = torch.arange(len(ids), device=ids.device)

    width = ids.shape[1] - first
    slots = torch.arange(width, device=ids.device)
    column = first + number[:, None] * width + slots
    row = prompt[:, None]
    length = first + (int(number.max()) + 1) * width
    lengths = real[of_prompt, :first].sum(dim=1)

    def laid_out(of_prompts: Tensor, of_completions: Tensor) -> Tensor:
        whole = torch.zeros(len(of_prompt), length, dtype=of_prompts.dtype, device=ids.device)
        whole[:, :first] = of_prompts
        whole[row, column] = of_completions
        return whole

    return _Packed(
        ids=laid_out(ids[of_prompt, :first], ids[:, first:]),
        position=laid_out(
            (real[of_prompt, :first].cumsum(dim=1) - 1).clamp(min=0), lengths[prompt][:, None] + slots[None]
        ),
        real=laid_out(real[of_prompt, :first], real[:, first:]),
        block=torch.cat([slots.new_full((first,), -1), (torch.arange(length - first, device=ids.device) // width)]),
        row=row,
        before=torch.cat([torch.full_like(column[:, :1], first - 1), column[:, :-1]], dim=1),
    )


@torch.no_grad()
def _probe(model: PreTrainedModel, forward: Any) -> Tensor:
    """Log-probabilities of the probe's completions."""
    prompt, completions = PROBE
    ids = torch.tensor([[*prompt, *completion] for completion in completions], device=model.device)
    labels = ids.clone()
    labels[:, : len(prompt)] = -100
    scores = forward(input_ids=ids, attention_mask=torch.ones_like(ids), labels=labels, fused_lm_head=True)
    return scores.log_probs[:, -len(completions[0]) :].float()
