"""Configuration of the language model: which one, how it is sampled, and how large its LoRA adapters are."""

from typing import Literal

from pydantic import Field

from curec_assets.configuration.section import Section

DataType = Literal["auto", "bfloat16", "float32"]


class LanguageModelConfig(Section):
    """Which base language model a chain uses, and within which limits."""

    source: str
    """``package:<python package>`` for weights that a package carries (safetensors or GGUF), ``random:tiny`` for a tiny
    seeded model that needs no weights, a local folder, or a hub id (see ``allow_download``)."""
    dtype: DataType = "auto"
    """Type of the base weights in memory. Default auto: bfloat16 where the machine multiplies it natively, else float32
    (``precision.py``). Name one of the two where several machines work on one chain and must agree."""
    allow_download: bool = False
    """Whether a hub id may be fetched from the network. Default false: nothing leaves or enters the machine."""
    max_prompt_tokens: int = Field(default=160, ge=48, le=8192)
    """Longer prompts lose the end of their evidence, never the question. Default 160: reading prompts dominates the
    cost on a CPU."""
    batch_size: int = Field(default=64, ge=1, le=4096)
    """Texts written side by side. Default 64: more gains little on a CPU and costs memory."""


class SamplingConfig(Section):
    """How texts are drawn from the model."""

    temperature: float = Field(default=0.8, ge=0.0, le=2.0)
    """Divides the logits; 0 takes the likeliest token. Default 0.8: varied samples that stay on the subject."""
    top_p: float = Field(default=0.95, gt=0.0, le=1.0)
    """Nucleus: the smallest set of tokens with this probability is kept. Default 0.95 cuts the tail where small models
    go astray; 1 keeps the whole distribution."""
    max_new_tokens: int = Field(default=40, ge=1, le=1024)
    """Tokens per text at most. Default 40: room for one sentence of 25 words or two short ones."""


class AdapterConfig(Section):
    """Size of a LoRA adapter. It sits on every linear layer of the last ``layers`` blocks."""

    rank: int = Field(default=16, ge=1, le=512)
    """Inner dimension. Default 16: ample for a 135M model and a few hundred examples."""
    alpha: float = Field(default=32.0, gt=0.0)
    """Scale: the update is multiplied by ``alpha / rank``. Default 32: the usual twice the rank."""
    layers: int | None = Field(default=None, ge=1)
    """Number of last blocks that carry the adapter; none means all. Backward passes stop at the first of them, so
    fewer is cheaper."""


class EncoderConfig(Section):
    """Which sentence encoder turns text into vectors."""

    source: str
    """``package:<python package>`` for weights that a package carries in its ``model/`` folder, ``hashing:<dim>`` for
    hashed word and character n-grams (no weights), or a local path / hub id for sentence-transformers."""
    max_tokens: int = Field(default=96, ge=8, le=512)
    """Longer texts are cut to this many tokens."""
