"""Configuration of the RL stage: its budget, its reward shaping, and the optimizer."""

from pydantic import Field, model_validator

from curec_assets.configuration.section import Section
from curec_assets.language_model.config import AdapterConfig


class PolicyConfig(Section):
    """Budget and settings of ``rl_policy``."""

    steps: int = Field(default=4, ge=0)
    """Optimizer steps; each writes its own completions. Default 4: what two CPU cores do in half a minute."""
    prompts_per_step: int = Field(default=4, ge=1)
    """Subjects a step. Default 4."""
    group_size: int = Field(default=4, ge=2)
    """Completions of each subject, compared with one another. Default 4; more lowers the noise of the advantage."""
    held_out_subjects: int = Field(default=24, ge=0)
    """Of the quarter of subjects that is kept out of RL, how many it is measured on at most, half items and half users:
    each costs one text before and one after. Default 24."""
    min_panel_events: int = Field(default=4, ge=1)
    """Fewest reward-group events a subject must have to be trained on. Default 4: below, the reward is mostly noise."""
    prior_events: float = Field(default=5.0, gt=0)
    """Events' worth of zero reward mixed into a panel's mean, so that thin panels pull less. Default 5."""
    micro_batch: int = Field(default=16, ge=1)
    """Completions in one forward and backward pass; must divide ``prompts_per_step * group_size``. Default 16."""
    temperature: float = Field(default=1.0, gt=0.0, le=2.0)
    """Of the completions. Default 1: the distribution that is tuned, whole (no nucleus)."""
    max_completion_tokens: int = Field(default=32, ge=4, le=1024)
    """Longer completions are cut. Default 32: one sentence."""
    beta: float = Field(default=0.04, gt=0.0, le=10.0)
    """Weight of the KL divergence to the aligned LLM. Default 0.04, as in the published GRPO."""
    learning_rate: float = Field(default=2e-4, gt=0.0, le=0.1)
    """Peak rate of AdamW, falling linearly to 0. Default 2e-4: few steps on a LoRA adapter."""
    adapter: AdapterConfig = AdapterConfig(rank=16, alpha=32.0, layers=10)
    """The LoRA adapter. Default: the last 10 blocks."""
    reward_clip: float = Field(default=3.0, gt=0.0, le=100.0)
    """Standardised panel rewards are held within plus and minus this. Default 3: one text must not outweigh its
    group."""
    fault_penalty: float = Field(default=1.0, ge=0.0, le=100.0)
    """Taken off for each ungrounded claim, and once for naming too little of the evidence (``gate.min_names``), in
    standard deviations of the panel reward of one subject's texts. Default 1."""
    penalised_faults: int = Field(default=3, ge=1)
    """Faults penalised at most. Default 3."""
    format_floor: float = Field(default=-4.0, le=0.0)
    """Reward of a completion that fails the format gate, in the same unit. Default -4: below nearly all that
    pass, yet near enough that differences among those still count beside it. Above -``reward_clip`` a text that passes
    may fall below it."""

    @model_validator(mode="after")
    def _micro_batches_fill_a_step(self) -> "PolicyConfig":
        if (self.prompts_per_step * self.group_size) % self.micro_batch:
            raise ValueError(
                f"micro_batch ({self.micro_batch}) must divide prompts_per_step * group_size"
                f" ({self.prompts_per_step} * {self.group_size})"
            )
        return self
