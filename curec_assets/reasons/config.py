"""Configuration of the reason stages: the gates, the review set, drafts, arrivals and the correction."""

from pydantic import Field, model_validator

from curec_assets.configuration.section import Section

MIN_INTERVAL_SUBJECTS = 5
"""Fewest corrected subjects that the interval of a later gain may rest on. Resampling one or two of them repeats what
they are, so that its width is nought, or next to it, however little is known."""
ACCEPTED = "accepted − incumbent"
"""Arm of a later gain: corrections that passed the acceptance test."""
REPLACED = "replacement − untrue"
"""Arm of a later gain: corrections without a test, of incumbents that claimed what the evidence no longer says."""


class GateConfig(Section):
    """What a text must look like to be called a reason at all (the format gate, DESIGN §3.4), and what it must say."""

    min_words: int = Field(default=6, ge=1, le=50)
    """Fewest words. Default 6: shorter texts are labels ("A great comedy."), not reasons."""
    max_words: int = Field(default=60, ge=5, le=300)
    """Most words. Default 60: two long sentences; also keeps prompts that quote a reason short."""
    max_sentences: int = Field(default=3, ge=1, le=10)
    """Most sentences. Default 3: the models are asked for one or two, and one too many is no reason to reject."""
    repeated_ngram: int = Field(default=4, ge=2, le=10)
    """A text that says the same run of this many words twice is refused. Default 4: small models loop."""
    min_names: int = Field(default=1, ge=0)
    """Categories and facts of its evidence that a reason must name, beside the subject itself. Default 1: a sentence
    that would suit any subject is no reason. 0 asks for none."""

    @model_validator(mode="after")
    def _bounds_are_ordered(self) -> "GateConfig":
        if self.min_words > self.max_words:
            raise ValueError(f"min_words ({self.min_words}) must not exceed max_words ({self.max_words})")
        return self


class ReviewConfig(Section):
    """How many subjects one window may review, and which come first (DESIGN §3.1)."""

    tokens_per_window: int = Field(default=200_000, ge=0)
    """Tokens (prompt and generated) that drafts and candidates of one window may cost together. Default 200,000: about
    550 subjects at the defaults below. 0 reviews nothing."""
    samples_per_subject: int = Field(default=6, ge=1, le=64)
    """Samples a reviewed subject costs: drafts (``drafts.samples``) plus candidates (``correction.candidates``)."""
    tokens_per_sample: int = Field(default=40, ge=1, le=1024)
    """Generated tokens a sample costs. Default 40, the usual length of a reason; the longest possible is safer."""
    prompt_tokens: int = Field(default=120, ge=1, le=4096)
    """Tokens of a subject's prompt, counted once: its samples share one prefill."""
    item_share: float = Field(default=0.5, ge=0, le=1)
    """Share of the budget for item reasons; the rest is for user interests. What one side cannot use the other gets.
    Default 0.5."""
    revisit_share: float = Field(default=0.3, ge=0, le=1)
    """Share of a side's budget that drifted subjects take before new ones are looked at. Default 0.3: without it a
    month full of new items would starve every correction; what they cannot use goes to the new ones."""
    drift_threshold: float = Field(default=0.3, ge=0, le=1)
    """A subject has drifted when 1 - Jaccard(facts now, facts at its last draft) reaches this. Default 0.3: about one
    fact in six replaced (5 shared of 7 gives 0.29)."""
    min_facts: int = Field(default=2, ge=0, le=50)
    """Fewest facts a subject's evidence must hold to be reviewed. Default 2: with less, there is nothing to explain."""

    @property
    def tokens_per_subject(self) -> int:
        """Estimated cost of one reviewed subject in tokens."""
        return self.prompt_tokens + self.samples_per_subject * self.tokens_per_sample

    @property
    def subjects_per_window(self) -> int:
        """Subjects that the budget pays for."""
        return self.tokens_per_window // self.tokens_per_subject


class DraftConfig(Section):
    """The aligned LLM's uncorrected reasons."""

    samples: int = Field(default=2, ge=1, le=16)
    """Samples per subject. Default 2: the reward model treats them as paraphrases of each other, so it wants at least
    two; the first that passes the format gate is the ranker's draft arm."""


class ArrivalConfig(Section):
    """Reasons for items the moment they first appear, from metadata alone."""

    tokens_per_window: int = Field(default=20_000, ge=0)
    """Tokens (prompt and generated) of one window's arrivals. Default 20,000: 125 items at the defaults below."""
    samples: int = Field(default=2, ge=1, le=16)
    """Samples per item; the first that passes both gates is taken. Default 2: nothing scores them, so more only
    raises the share that passes."""
    tokens_per_sample: int = Field(default=40, ge=1, le=1024)
    """Generated tokens a sample costs, as in the review set."""
    prompt_tokens: int = Field(default=80, ge=1, le=4096)
    """Tokens of an item's prompt; shorter than a review's, as there are no facts to tell."""

    @property
    def items_per_window(self) -> int:
        """Items that the budget pays for."""
        return self.tokens_per_window // (self.prompt_tokens + self.samples * self.tokens_per_sample)


class CorrectionConfig(Section):
    """How a window's candidates are picked and when they replace an incumbent (DESIGN §3.5)."""

    candidates: int = Field(default=4, ge=1, le=64)
    """Samples per reviewed subject (K). Default 4: twice as many gain little once the policy is tuned."""
    prior_events: float = Field(default=5.0, gt=0)
    """Events' worth of zero reward mixed into each reward-group mean, so that a reward over two events is not taken
    at its word. Default 5, near the usual panel of a touched subject."""
    acceptance_quantile: float = Field(default=0.2, gt=0, lt=1)
    """A candidate is accepted when this quantile of its gain's posterior is above 0, that is, when the chance that it
    gains nothing is below this number. Default 0.2: panels are thin, and a false acceptance costs little."""
    min_acceptance_events: int = Field(default=1, ge=1)
    """Fewest acceptance events since the incumbent was accepted; with less the incumbent is kept unjudged. Default 1:
    pooling already discounts thin panels."""
    score_fall_margin: float = Field(default=0.01, ge=0)
    """Nats per event by which an incumbent's reward must have fallen since it was set for the cause to be
    ``score_fell``. Default 0.01, about the spread between samples of one subject."""
