"""Attention as it is trained on a CPU: in float32, whose gradient torch computes far faster than that of bfloat16."""

from typing import Any

import torch
from torch import Tensor
from transformers import AttentionInterface, AttentionMaskInterface, PreTrainedModel
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

NAME = "sdpa_trained_in_float32"


def train_attention_in_float32(model: PreTrainedModel) -> None:
    """Have ``model`` take attention in float32 where a gradient will be asked for, and as before where none will: so
    the reference of RL's KL term differs from the policy by some rounding more.

    Only for torch's own attention over bfloat16 on a CPU: any other model stays as it is.
    """
    own = model.config._attn_implementation == "sdpa"
    if own and model.device.type == "cpu" and model.dtype == torch.bfloat16:
        model.set_attn_implementation(NAME)


def _attend(
    module: torch.nn.Module, query: Tensor, key: Tensor, value: Tensor, attention_mask: Tensor | None, **settings: Any
) -> tuple[Tensor, None]:
    if not query.requires_grad:
        return sdpa_attention_forward(module, query, key, value, attention_mask, **settings)
    if attention_mask is not None and attention_mask.is_floating_point():
        attention_mask = attention_mask.float()
    # Autocast would take the operands of attention back to bfloat16.
    with torch.autocast(query.device.type, enabled=False):
        attended, _ = sdpa_attention_forward(
            module, query.float(), key.float(), value.float(), attention_mask, **settings
        )
    return attended.to(query.dtype), None


AttentionInterface.register(NAME, _attend)
AttentionMaskInterface.register(NAME, sdpa_mask)
