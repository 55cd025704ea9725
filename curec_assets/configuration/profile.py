"""A profile: every budget, model, seed and threshold of a chain; its sections belong to the stages they steer."""

from pydantic import Field, model_validator

from curec_assets.aligned_llm.config import AlignmentConfig, HeldOutConfig
from curec_assets.audit.config import AuditConfig
from curec_assets.configuration.section import Section
from curec_assets.evidence.config import EvidenceConfig
from curec_assets.language_model.config import EncoderConfig, LanguageModelConfig, SamplingConfig
from curec_assets.ranker.config import RankerConfig, UserGroupConfig
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
    held_out: HeldOutConfig
    review: ReviewConfig
    drafts: DraftConfig
    arrivals: ArrivalConfig
    reward_model: RewardModelConfig
    policy: PolicyConfig
    correction: CorrectionConfig
    ranker: RankerConfig
    user_groups: UserGroupConfig = UserGroupConfig()
    audit: AuditConfig

    @model_validator(mode="after")
    def _budgets_count_what_is_sampled(self) -> "Profile":
        sampled = self.drafts.samples + self.correction.candidates
        if self.review.samples_per_subject != sampled:
            raise ValueError(
                f"review.samples_per_subject is {self.review.samples_per_subject}, but drafts.samples and "
                f"correction.candidates make {sampled}"
            )
        for name, tokens in (("review", self.review.tokens_per_sample), ("arrivals", self.arrivals.tokens_per_sample)):
            if tokens != self.sampling.max_new_tokens:
                raise ValueError(
                    f"{name}.tokens_per_sample is {tokens}, but sampling.max_new_tokens is "
                    f"{self.sampling.max_new_tokens}"
                )
        return self
