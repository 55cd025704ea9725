"""What the reward model is made of and how long it trains (DESIGN §3.3)."""

from pydantic import Field

from curec_assets.configuration.section import Section


class RewardModelConfig(Section):
    """Sizes, masks and budgets of the main models (one a fold) and of the gold model."""

    folds: int = Field(default=3, ge=2, le=10)
    """Cross-fitting folds = main models. More folds leave each model more of the reward group, at a linear cost."""
    history_length: int = Field(default=20, ge=1, le=200)
    """Events of the user's history that the model reads, latest first. 20 covers the recent taste cheaply."""
    rate_prior: float = Field(default=5.0, gt=0)
    """Events' worth of the global like rate mixed into each as-of like rate of an item or user."""
    width: int = Field(default=32, ge=4, le=512)
    """Length of id, adapted text and history vectors."""
    hidden: int = Field(default=64, ge=4, le=2048)
    """Units of the layer between the features and the logit."""
    dropout: float = Field(default=0.1, ge=0, lt=1)
    """Share of hidden units dropped in training."""
    evidence_reasons: int = Field(default=200, ge=0)
    """Subjects a side (those with the most events first) whose verbalised evidence also counts as a reason in training,
    as a further paraphrase of their drafts. Drafts cover only the review set; this shows the model more reasons. Each
    costs one sentence encoding; 0 trains on drafts alone."""
    side_view_share: float = Field(default=0.7, ge=0, le=1)
    """Share of training rows masked as rewards are computed (half as the item side, half as the user side); the others
    show history, reasons of both sides and ids."""
    reason_dropout: float = Field(default=0.3, ge=0, lt=1)
    """Share of attached reasons replaced by the learned "none", so that both sides of a reward are trained."""
    id_dropout: float = Field(default=0.3, ge=0, le=1)
    """Share of candidate ids masked in the rows that are not masked as a side."""
    contrast_weight: float = Field(default=0.5, ge=0)
    """Weight of the contrast (own against a matched subject's reason) beside the cross-entropy; 0 leaves it out."""
    contrast_margin: float = Field(default=0.05, ge=0)
    """Nats by which the own reason should beat the matched one; small, because words say little about one event."""
    contrast_neighbours: int = Field(default=8, ge=1)
    """Matched subjects (shared category, nearest like rate) that the other reason is drawn from."""
    max_events: int = Field(default=16_000, ge=1)
    """Events per model and epoch. Beyond it, events are drawn anew each epoch."""
    reason_share: float = Field(default=0.6, ge=0, le=1)
    """Largest share of ``max_events`` filled with events that carry a reason (drafts before evidence) before the others
    are drawn; it matters only where ``max_events`` binds."""
    epochs: int = Field(default=3, ge=1)
    """Passes over the drawn events. More of them memorise which reason belongs to a well-liked item."""
    batch_size: int = Field(default=256, ge=1)
    """Events per step. Larger batches take too few steps to converge within the budget."""
    learning_rate: float = Field(default=4e-3, gt=0)
    """Peak of AdamW's rate; it falls linearly to zero over the run."""
    weight_decay: float = Field(default=1e-2, ge=0)
    """AdamW's decoupled decay."""
    max_panel_events: int = Field(default=40, ge=1)
    """Most recent events of a subject that score its reasons."""
    max_evaluation_events: int = Field(default=4_000, ge=1)
    """Out-of-fold events per slice of the evaluation, drawn at random with the run's seed."""
    bootstrap_samples: int = Field(default=200, ge=1)
    """Resamples of users behind each confidence interval."""
