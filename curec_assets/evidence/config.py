"""What counts as enough behaviour to say something of an item or a user."""

from pydantic import Field

from curec_assets.configuration.section import Section


class EvidenceConfig(Section):
    """Floors, priors and sizes of the facts in ``evidence`` (DESIGN §3.1)."""

    facts_per_kind: int = Field(default=3, ge=1, le=20)
    """Facts kept of one kind and subject, strongest first, all of which a reason may claim. Prompts tell three or four
    at most; with more kept, a reason stays true while what it names only falls behind."""
    likes_per_user: int = Field(default=100, ge=2)
    """Most recent likes of each person that enter the counts of titles liked together; bounds the pairs, which grow
    with the square of a history. 100 covers nine in ten people of MovieLens-100K in full."""
    min_support: int = Field(default=3, ge=1)
    """People (item side) or likes (user side) below which two things are not said to go together."""
    lift_prior: float = Field(default=5.0, ge=0)
    """Pseudo-count added to the observed and the expected count of a lift, which pulls thin lifts towards 1. With 0 the
    rarest pairs always win."""
    category_prior: float = Field(default=25.0, ge=0)
    """The same for ``liker_category``, whose counts add up all likes of all likers and so are larger."""
    min_lift: float = Field(default=1.1, ge=1)
    """A lift below this is no fact: 1 is what chance gives."""
    crowd_min_people: int = Field(default=5, ge=1)
    """Other people who must have met a title before a user can part from them on it."""
    crowd_prior: float = Field(default=5.0, ge=0)
    """Pseudo-count of the overall like rate in a title's like rate."""
    crowd_min_difference: float = Field(default=0.5, ge=0, le=1)
    """Smallest distance between a user's verdict (0 or 1) and the others' like rate that counts as parting."""
    trend_min_events: int = Field(default=6, ge=1)
    """Events in this window and the equally long time before it, below which no trend is stated."""
    trend_ratio: float = Field(default=1.5, gt=1)
    """Share of the window's events over the share before it from which on an item rises; 1/ratio for falling."""
    taste_min_likes: int = Field(default=3, ge=1)
    """Likes needed in the window, and before it, to say how a user's taste moved."""
    taste_min_difference: float = Field(default=0.15, ge=0, le=1)
    """Smallest change of a category's share among a user's likes that counts as a move."""
