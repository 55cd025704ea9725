"""What a crowd made of an item, and a person of items, in words that a small language model can tell apart.

Numbers are split into digits by the tokenizer, and a model of this size does not learn to order them within a few
hundred examples; a handful of levels in words carries most of what a like rate says.
"""

from curec_assets.aligned_llm.histories import Standing

PRIOR_EVENTS = 2.0
"""Events' worth of an even opinion mixed into a like rate: one event is no crowd."""

CROWD = ((0.75, "nearly all like it"), (0.6, "most like it"), (0.45, "half like it"), (0.0, "few like it"))
LENIENCY = ((0.75, "likes nearly all"), (0.6, "likes most"), (0.45, "likes half"), (0.0, "likes few"))
KNOWN = ((3.0, "very many know it"), (1.0, "many know it"), (0.3, "some know it"), (0.0, "few know it"))
"""(lowest value of the level, words), highest level first; like rates, and events over an item's usual number."""


def crowd_words(item: Standing) -> str:
    """How others like an item."""
    return _level(CROWD, like_rate(item)) if item.events else "nobody has met it yet"


def leniency_words(user: Standing) -> str:
    """How much a person likes of what they meet."""
    return _level(LENIENCY, like_rate(user))


def known_words(item: Standing, usual_events: float) -> str:
    """How many people know an item, against the ``usual_events`` (mean) of an item at that time."""
    return _level(KNOWN, item.events / usual_events if usual_events else 0.0)


def like_rate(standing: Standing) -> float:
    """Share of likes among its events, drawn to a half by ``PRIOR_EVENTS``."""
    return (standing.likes + 0.5 * PRIOR_EVENTS) / (standing.events + PRIOR_EVENTS)


def _level(levels: tuple[tuple[float, str], ...], value: float) -> str:
    return next(words for lowest, words in levels if value >= lowest)
