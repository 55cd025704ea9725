"""Which number type a language model's weights take on this machine."""

from typing import Literal

import torch

from curec_assets.language_model.config import DataType

NATIVE_BFLOAT16 = ("avx512_bf16", "amx_bf16", "bf16")
"""Capabilities of a CPU that multiplies bfloat16 itself, by torch's names."""


def weights_type(dtype: DataType) -> Literal["bfloat16", "float32"]:
    """``dtype``, with ``auto`` made out: bfloat16 where the accelerator or CPU multiplies it natively, else float32.

    A CPU without it converts every operand: on AVX2, products of matrices of this size run at a sixth of float32's
    speed, where native bfloat16 has twice of it.
    """
    if dtype != "auto":
        return dtype
    if torch.cuda.is_available():
        return "bfloat16"
    capabilities = torch.cpu.get_capabilities()
    return "bfloat16" if any(capabilities.get(name) for name in NATIVE_BFLOAT16) else "float32"
