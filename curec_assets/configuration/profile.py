"""A profile: every budget, model, seed and threshold of a chain; its sections belong to the stages they steer."""

from pydantic import Field

from curec_assets.aligned_llm.config import AlignmentConfig
from curec_assets.audit.config import AuditConfig
from curec_assets.configuration.section import Section
from curec_assets.evidence.config import EvidenceConfig
from curec_assets.language_model.config import LanguageModelConfig, SamplingConfig
from curec_assets.language_model.encoder import EncoderConfig
from curec_assets.ranker.config import RankerConfig
from curec_assets.reasons.config import ArrivalConfig, CorrectionConfig, DraftConfig, GateConfig, ReviewConfig
from curec_assets.reward_model.config import RewardModelConfig
from curec_assets.rl_policy.config import PolicyConfig


class Profile(Section):
    """Everything but the data and the windows that decides what a chain computes."""

    description: str = ""
    """What the profile is for, in a sentence."""
    seed: int = Field(default=7, ge=0)
    """Every stage derives its own seed from this one, its name and its window."""
    threads: int = Field(default=2, ge=1)
    """CPU threads of torch. Part of the result: another number of threads sums in another order."""
    negatives_per_positive: int = Field(default=2, ge=1, le=50)
    """Implicit data only: events that did not happen, sampled as of each that did, for alignment, reward and RL."""
    language_model: LanguageModelConfig
    sampling: SamplingConfig
    encoder: EncoderConfig
    gold_encoder: EncoderConfig
    gate: GateConfig
    evidence: EvidenceConfig
    alignment: AlignmentConfig
    review: ReviewConfig
    drafts: DraftConfig
    arrivals: ArrivalConfig
    reward_model: RewardModelConfig
    policy: PolicyConfig
    correction: CorrectionConfig
    ranker: RankerConfig
    audit: AuditConfig
