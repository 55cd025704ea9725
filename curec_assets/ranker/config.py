"""Configuration of the downstream rankers, their arms, their evaluation and the recommendations."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from curec_assets.configuration.section import Section

BackboneName = Literal["din", "sasrec"]
ArmName = Literal[
    "id_only",
    "metadata_text",
    "evidence_text",
    "draft_reasons",
    "rl_frozen",
    "rl_refreshed",
    "corrected_item_reasons",
    "corrected_reasons",
    "shuffled_reasons",
]

PRIMARY_CONTRASTS: tuple[tuple[ArmName, ArmName], ...] = (
    ("corrected_reasons", "evidence_text"),
    ("corrected_reasons", "rl_frozen"),
    ("corrected_reasons", "id_only"),
    ("corrected_reasons", "metadata_text"),
    ("corrected_reasons", "shuffled_reasons"),
)
"""The comparisons fixed beforehand (DESIGN §3.6), and two without which a lift over ids alone does not say that reasons
are what lifts: text that nobody had to write, and the reasons of other subjects. Intervals are corrected for their
number, whatever is run."""

BASELINE_CONTRASTS = (("id_only", "popularity"), ("id_only", "recent_popularity"))
"""Is the ranker worth anything before reasons help it? Not among the primary comparisons: each stands for itself."""


class RankerConfig(Section):
    """Which rankers are trained, on what, and how they are judged."""

    backbones: tuple[BackboneName, ...] = Field(default=("din",), min_length=1)
    """``din`` judges likes (AUC), ``sasrec`` the next liked item over the full catalogue (NDCG). One is the default
    because each costs as much as the other."""
    arms: tuple[ArmName, ...] = Field(
        default=(
            "id_only",
            "metadata_text",
            "evidence_text",
            "draft_reasons",
            "rl_frozen",
            "rl_refreshed",
            "corrected_item_reasons",
            "corrected_reasons",
            "shuffled_reasons",
        ),
        min_length=1,
    )
    """What a ranker knows beside ids. Popularity and recent popularity are always judged: they need no training."""
    seeds: tuple[Annotated[int, Field(ge=0)], ...] = Field(default=(0,), min_length=1)
    """One model per backbone, arm and seed. All arms share the seeds, which pairs their differences; claims need 3."""
    dimension: int = Field(default=32, ge=4, le=512)
    """Width of the fused embedding of an item or user; 32 is ample below 100,000 items."""
    history_events: int = Field(default=20, ge=1, le=500)
    """Latest events of a user's history a model reads. Cost grows linearly (DIN) with it."""
    epochs: int = Field(default=4, ge=1, le=200)
    """Passes of DIN over the training events. Ids overfit within a few passes, so more is not better."""
    learning_rate: float = Field(default=1e-2, gt=0, le=1)
    """Peak rate of AdamW, falling linearly to 0. High because the budget is some hundred steps."""
    weight_decay: float = Field(default=3.0, ge=0, le=100)
    """Decoupled weight decay of DIN's ids, adaptors and gates, per unit of learning rate. High because most ids have a
    handful of events."""
    batch_size: int = Field(default=512, ge=1, le=65_536)
    """Events per step; with SASRec on average, as those of a user at one instant go together."""
    dropout: float = Field(default=0.1, ge=0, lt=1)
    """Share of hidden units dropped in training."""
    id_dropout: float = Field(default=0.5, ge=0, lt=1)
    """Share of item and user ids hidden from DIN per step, which trains the path a cold item or user takes and keeps
    ids from overfitting."""
    reason_dropout: float = Field(default=0.5, ge=0, lt=1)
    """Share of reasons hidden per step. A sentence written for one user can serve as a second id; hiding it keeps the
    ranker from learning it by heart, and trains the fallback."""
    max_train_events: int = Field(default=100_000, ge=1)
    """Only the latest events up to this many are trained on; histories still read all earlier ones."""
    negatives_per_positive: int = Field(default=2, ge=1, le=100)
    """Implicit data only: events DIN is shown that did not happen, per event that did, drawn as of its time."""
    sasrec_epochs: int = Field(default=8, ge=1, le=200)
    """Passes of SASRec over the liked training events. The next item is harder to learn than a like: 4 passes are
    too few for the 100,000 events of MovieLens-100K (docs/experiments.md)."""
    sasrec_id_dropout: float = Field(default=0.1, ge=0, lt=1)
    """Share of ids hidden from SASRec per step. More of it costs what ids say of the next item."""
    sasrec_id_decay: float = Field(default=3.0, ge=0, le=100)
    """Decoupled weight decay of SASRec's ids, per unit of learning rate."""
    sasrec_text_spread: float = Field(default=0.1, gt=0, le=10)
    """Standard deviation, in the mean over dimensions, of what SASRec's adaptors make of titles before training; ids
    start at 0.05."""
    sasrec_text_decay: float = Field(default=0.1, ge=0, le=10)
    """Weight decay of SASRec's adaptors and gates. All items share them, so they need far less than ids."""
    sasrec_blocks: int = Field(default=2, ge=1, le=12)
    """Self-attention blocks of SASRec; 2 as in its paper."""
    sasrec_heads: int = Field(default=2, ge=1, le=16)
    """Attention heads of SASRec; must divide ``dimension``."""
    softmax_items: int = Field(default=4_000, ge=1)
    """Catalogues up to this many items get SASRec's full softmax, larger ones the sampled one."""
    softmax_negatives: int = Field(default=512, ge=1)
    """Items drawn per event for the sampled softmax, uniformly from those first seen so far."""
    top_k: tuple[Annotated[int, Field(ge=1, le=1_000)], ...] = Field(default=(10,), min_length=1)
    """Cut-offs of HR@K and NDCG@K; contrasts use the first."""
    bootstrap_samples: int = Field(default=200, ge=20, le=20_000)
    """Joint resamples of users and seeds behind every interval; 1,000 or more for corrected intervals in earnest."""
    confidence: float = Field(default=0.95, gt=0.5, lt=1)
    """Coverage of the intervals; that of the primary contrasts is Bonferroni-corrected to hold jointly."""
    recent_days: int = Field(default=30, ge=1, le=3_650)
    """Span of recent popularity, in days before the event."""
    recommend_backbone: BackboneName = "din"
    """Which backbone makes the recommendations; must be among ``backbones``."""
    recommend_arm: ArmName = "corrected_reasons"
    """Which arm makes the recommendations; must be among ``arms``."""
    recommend_items: int = Field(default=10, ge=1, le=1_000)
    """Recommendations per user active in the window."""
    recommend_candidates: int = Field(default=5_000, ge=1)
    """Catalogues larger than this are cut to the items with most events in the last ``recent_days``, newest first among
    equals, before users are scored."""
    because_items: int = Field(default=3, ge=0, le=100)
    """Items of the user's own history shown beside each recommendation."""

    def served_only(self) -> "RankerConfig":
        """What a window needs that is not judged: the arm that is served beside ``id_only``, one seed each."""
        arms = tuple(arm for arm in self.arms if arm in ("id_only", self.recommend_arm))
        return self.model_copy(update={"arms": arms, "seeds": self.seeds[:1]})

    @model_validator(mode="after")
    def _check_whole(self) -> "RankerConfig":
        for name in ("backbones", "arms", "seeds", "top_k"):
            if len(set(getattr(self, name))) != len(getattr(self, name)):
                raise ValueError(f"{name} holds an entry twice")
        if self.recommend_backbone not in self.backbones:
            raise ValueError(f"recommend_backbone {self.recommend_backbone} is not among backbones")
        if self.recommend_arm not in self.arms:
            raise ValueError(f"recommend_arm {self.recommend_arm} is not among arms")
        if self.dimension % self.sasrec_heads:
            raise ValueError(f"sasrec_heads {self.sasrec_heads} does not divide dimension {self.dimension}")
        return self


class UserGroupConfig(Section):
    """Which groups of users the ranker's errors are compared between, where the data describes users."""

    most_values: int = Field(default=10, ge=2, le=1_000)
    """A numeric attribute with more values than this among the users so far is cut into ``bands``; any other has a
    group a value. Default 10: MovieLens-1M tells ages by seven codes, MovieLens-100K in years."""
    bands: int = Field(default=4, ge=2, le=20)
    """Groups of about equal number of users that a numeric attribute is cut into."""
    fewest_users: int = Field(default=20, ge=2)
    """A group is left out, and counted, where fewer users than this among those evaluated are in it, or in no other:
    an interval from fewer is too narrow to be believed, and says more of single people than of a group."""
    most_groups: int = Field(default=20, ge=1, le=1_000)
    """Groups of one attribute at most, those with most evaluated users; the rest is left out and counted likewise."""
