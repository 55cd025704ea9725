"""Configuration of the alignment: examples of each task, how they get their reasoning, training, and measurement."""

from pydantic import Field

from curec_assets.configuration.section import Section
from curec_assets.language_model.config import AdapterConfig


class AlignmentConfig(Section):
    """Budget and settings of ``aligned_llm``."""

    explain_examples: int = Field(default=128, ge=0)
    """Examples of *explain*, half of them items, half users. Default 128: the task that later stages live on."""
    metadata_share: float = Field(default=0.2, ge=0.0, le=1.0)
    """Share of the item examples of *explain* that show metadata alone. Default 0.2: items that have just arrived."""
    judge_examples: int = Field(default=64, ge=0)
    """Examples of *judge*, as nearly half yes, half no as the data allow. Default 64."""
    choose_examples: int = Field(default=32, ge=0)
    """Examples of *choose*, half of them the item that came next, half an item of which that is not so. Default 32."""
    min_likes: int = Field(default=2, ge=1)
    """Earlier likes a user needs for an event to become an example. Default 2: fewer say too little of a taste."""
    history_likes: int = Field(default=4, ge=1)
    """Latest likes shown. Default 4: keeps prompts near 90 tokens."""
    history_dislikes: int = Field(default=2, ge=0)
    """Latest dislikes shown. Default 2."""
    recent_pool: int = Field(default=10, ge=1)
    """Examples are drawn from this many times their number of latest events or evidence rows. Default 10: mostly the
    present, for the adapter goes on from the last window's."""
    bootstrap_examples: int = Field(default=16, ge=0)
    """Examples of each task for which the model is asked for reasoning (STaR). Of the others, those of *explain* are
    verbalised from the evidence, those of *judge* and *choose* answered at once: reasoning written beforehand gives the
    answer away, and the answer by itself, whose probability is read later, is never learnt. Default 16: asking costs
    more than training on the answer."""
    bootstrap_samples: int = Field(default=2, ge=1)
    """Rationales sampled for each of those. Default 2."""
    adapter: AdapterConfig = AdapterConfig(rank=16, alpha=32.0, layers=10)
    """The LoRA adapter. Default: the last 10 blocks, a third of the backward pass of a 30-block model."""
    steps: int = Field(default=12, ge=0)
    """Optimizer steps. Examples are gone through again where ``steps * batch_size`` exceeds them. Default 12."""
    batch_size: int = Field(default=16, ge=1)
    """Examples a step. Default 16."""
    learning_rate: float = Field(default=5e-4, gt=0.0, le=0.1)
    """Peak rate of AdamW, falling linearly to 0. Default 5e-4: LoRA over few steps wants more than full tuning."""
    max_completion_tokens: int = Field(default=64, ge=8, le=1024)
    """Longer answers are cut, in bootstrapping and in training. Default 64."""


class HeldOutConfig(Section):
    """How much of the next window an aligned LLM is measured on. Each prompt is read twice: base, then aligned."""

    judge_events: int = Field(default=48, ge=0)
    """Events of *judge*, half of them likes where there are as many dislikes. Default 48: one batch of short prompts. 0
    leaves the task out."""
    choose_events: int = Field(default=24, ge=0)
    """Events of *choose*. Default 24: each asks about every candidate. 0 leaves the task out."""
    candidates: int = Field(default=4, ge=2)
    """Candidates of *choose*, the one that came next among them. Default 4."""
    explain_subjects: int = Field(default=24, ge=0)
    """Subjects of *explain*, half items, half users, one text of each model a subject. Default 24: writing costs most
    by far. 0 leaves the task out."""
