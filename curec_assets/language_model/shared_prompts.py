"""Read each prompt once where GRPO scores several completions of it.

TRL lays out a row a completion, each with its prompt in front, so that a group of eight reads its prompt eight times,
with the reference, with the policy, and backwards: with a prompt three times as long as a completion, most of RL's
arithmetic. Here rows of one prompt are packed into one: the prompt, then every completion behind it, each as long as it
is, at the positions that follow the prompt and attending to the prompt and itself alone. Nor is what follows a
completion's end scored, which without Triton TRL does. Scores and gradients are the same but for the rounding of sums.
(A sliding attention window shorter than prompt and completion would be lost; ours are far shorter than any such
window.)
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Any

import torch
from torch import Tensor
from transformers import PreTrainedModel

LOGGER = logging.getLogger(__name__)

TOLERANCE = {torch.bfloat16: 0.15, torch.float16: 0.15, torch.float32: 0.002}
"""Nats by which packed scores of a completion may differ in the mean over its tokens, by rounding, before the packing
is called wrong. On texts by template behind their prompts SmolLM2 is off by .05 in bfloat16, aligned or not; by .3 or
more where it heeds no positions, by 4 or more where it heeds no mask. (On gibberish rounding alone comes to .4, and to
2.5 on an aligned model.)"""

Row = tuple[Sequence[int], Sequence[int]]
"""Token ids of a prompt and of a completion."""


def read_prompts_once(model: PreTrainedModel, probe: Sequence[Row]) -> bool:
    """Pack rows of one prompt, and score completions alone, when a trainer has given ``model`` TRL's fused head.

    Args:
        model: whose ``forward`` is changed.
        probe: prompts and completions of the kind to be scored, some behind one prompt and of several lengths.

    Returns:
        Whether it was done: not for models that heed no mask of our own (state space layers, some attention kernels),
        found out by scoring the probe both ways, so call it as the trainer will score (its autocast). They stay as
        they are.
    """
    score_all = model.forward
    backbone = model.base_model
    name = type(model).__name__

    @wraps(score_all)
    def forward(*args: Any, fused_lm_head: bool = False, labels: Tensor | None = None, **kwargs: Any) -> Any:
        ids, attention_mask = kwargs.get("input_ids"), kwargs.get("attention_mask")
        if not fused_lm_head or labels is None or ids is None or attention_mask is None:
            return score_all(*args, fused_lm_head=fused_lm_head, labels=labels, **kwargs)
        first = int((labels != -100).any(dim=0).int().argmax())
        # Completions begin behind prompts that end in one column; what is laid out otherwise is scored as it stands.
        if first == 0 or not bool(attention_mask[:, first - 1].all()):
            return score_all(*args, fused_lm_head=True, labels=labels, **kwargs)
        packed = _pack(ids, attention_mask, first)
        given = {
            "input_ids": packed.ids,
            "attention_mask": packed.mask(model.dtype),
            "position_ids": packed.position,
            "shift_labels": labels[:, first:][packed.written][None],
        }

        def unpack(_module: torch.nn.Module, _args: Any, output: Any) -> Any:
            states = output.last_hidden_state.flatten(0, 1)
            # Not by ``states[...]``: its gradient in float32 adds a prompt's completions up in whichever order threads
            # come, and a resumed training would not end with the same bytes.
            output.last_hidden_state = states.index_select(0, packed.before)[None]
            return output

        hook = backbone.register_forward_hook(unpack)
        try:
            scores = score_all(*args, fused_lm_head=True, **kwargs | given)
        finally:
            hook.remove()
        written = torch.nn.functional.pad(packed.written, (first - 1, 0))
        for field in {"log_probs", "entropy", "label_mask"} & set(scores.keys()):
            scores[field] = scores[field].new_zeros(written.shape).masked_scatter(written, scores[field])
        return scores

    apart = _scored(probe, model, score_all)
    try:
        together = _scored(probe, model, forward)
    except (RuntimeError, TypeError, ValueError):
        LOGGER.warning("%s takes no mask of ours: prompts are read anew for each completion", name, exc_info=True)
        return False
    off = max(float((one - other).abs().mean()) for one, other in zip(together, apart, strict=True))
    if not off <= TOLERANCE[model.dtype]:
        LOGGER.warning("%s heeds no mask of ours: prompts are read anew for each completion", name)
        return False
    model.forward = forward
    return True


@dataclass(frozen=True, eq=False)
class _Packed:
    """``ids``, ``position``, ``real`` (not padding) and ``block`` (-1 in the prompt and else the completion's number)
    are (prompts, length). ``written`` (completions, columns) are the places up to each completion's end; the token that
    predicts the k-th of them is the ``before[k]``-th of all, row by row."""

    ids: Tensor
    position: Tensor
    real: Tensor
    block: Tensor
    written: Tensor
    before: Tensor

    def mask(self, dtype: torch.dtype) -> Tensor:
        """What is added to attention's logits, (prompts, 1, length, length). A place may always attend to itself, so
        that padding has something to attend to."""
        place = torch.arange(self.ids.shape[1], device=self.ids.device)
        earlier, own = self.block[:, None], self.block[:, :, None]
        seen = (place[None] <= place[:, None]) & ((earlier < 0) | (earlier == own))
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
    of_prompt = torch.empty(int(prompt.max()) + 1, dtype=torch.long, device=ids.device)
    of_prompt[prompt] = torch.arange(len(ids), device=ids.device)

    slots = torch.arange(ids.shape[1] - first, device=ids.device)
    tokens = (real[:, first:] * (slots + 1)).amax(dim=1)
    written = slots < tokens[:, None]
    earlier = (prompt[None] == prompt[:, None]).tril(-1)
    number = earlier.sum(dim=1)
    begin = first + (earlier * tokens).sum(dim=1)
    row = prompt[:, None].expand_as(written)[written]
    column = (begin[:, None] + slots)[written]
    length = int((begin + tokens).max())

    def laid_out(of_prompts: Tensor, of_completions: Tensor) -> Tensor:
        whole = torch.zeros(len(of_prompt), length, dtype=of_prompts.dtype, device=ids.device)
        whole[:, :first] = of_prompts
        whole[row, column] = of_completions[written]
        return whole

    prompt_real = real[of_prompt, :first]
    behind = prompt_real.sum(dim=1)[prompt][:, None] + slots
    return _Packed(
        ids=laid_out(ids[of_prompt, :first], ids[:, first:]),
        position=laid_out((prompt_real.cumsum(dim=1) - 1).clamp(min=0), behind),
        real=laid_out(prompt_real, real[:, first:]),
        block=laid_out(number.new_full(prompt_real.shape, -1), number[:, None].expand_as(written)),
        written=written,
        before=row * length + torch.where(slots == 0, first - 1, begin[:, None] + slots - 1)[written],
    )


@torch.no_grad()
def _scored(rows: Sequence[Row], model: PreTrainedModel, forward: Any) -> list[Tensor]:
    """Log-probabilities of each completion, float32 (tokens,), of rows laid out as TRL does."""
    first, longest = (max(len(row[side]) for row in rows) for side in (0, 1))
    ids = torch.zeros(len(rows), first + longest, dtype=torch.long, device=model.device)
    mask = torch.zeros_like(ids)
    for row, (prompt, completion) in enumerate(rows):
        written = slice(first - len(prompt), first + len(completion))
        ids[row, written] = torch.tensor([*prompt, *completion], device=model.device)
        mask[row, written] = 1
    labels = ids.masked_fill(mask == 0, -100)
    labels[:, :first] = -100
    scores = forward(input_ids=ids, attention_mask=mask, labels=labels, fused_lm_head=True)
    return [
        found[: len(completion)].float()
        for found, (_, completion) in zip(scores.log_probs[:, first - 1 :], rows, strict=True)
    ]
