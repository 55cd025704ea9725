"""Evidence in one or two plain sentences: an ablation arm, and the rationale where nothing better survives.

At most three titles and three categories are named, all of them in the row's facts or metadata, so that a text is
always grounded in its row. What those like who disliked an item stays a fact to be queried, but is not told: reward
models and small writers took those titles for friends of the item, and the sentence halved its own reward
(docs/experiments.md).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from curec_assets.evidence.titles import facts_told, short_title

FEW_LIKES = 5
"""Likes below which an item without facts is called little known rather than of mixed appeal."""

TREND_WORDS = {"rising": "more people are finding it of late", "falling": "fewer people are finding it of late"}


def verbalise(row: Mapping[str, Any]) -> str:
    """The facts of an evidence row (``EVIDENCE``, its text not needed) as one or two sentences, never empty."""
    sentences = _item_sentences(row) if row["side"] == "item" else _user_sentences(row)
    return " ".join(sentences)


def _item_sentences(row: Mapping[str, Any]) -> list[str]:
    name = short_title(row["title"] or "This title")
    liked = [short_title(text) for text in _facts(row, "co_liked")[:2]]
    tastes = _facts(row, "liker_category")[:3]
    trend = TREND_WORDS.get(next(iter(_facts(row, "trend")), ""))
    habits = []
    if liked:
        habits.append(f"also like {_listed(liked)}")
    if tastes:
        habits.append(f"lean towards {_listed(tastes)}")
    first = f"People who like {name} {', and '.join(habits)}" if habits else _from_metadata(name, row)
    return [_sentence(first), *([_sentence(trend)] if trend else [])]


def _from_metadata(name: str, row: Mapping[str, Any]) -> str:
    known = "few people have liked it so far" if row["n_likes"] < FEW_LIKES else "its audience has no common taste yet"
    # A path of categories runs from the general to the particular, and the particular says more.
    named = list(row["categories"])[-3:]
    return f"{name} is for those who enjoy {_listed(named)}; {known}" if named else f"{name} is new to most; {known}"


def _user_sentences(row: Mapping[str, Any]) -> list[str]:
    likes = [short_title(text) for text in _facts(row, "recent_like")[:2]]
    tastes = _facts(row, "liked_category")[:2]
    parting = _parting_clause(row, likes)
    moving = _moving_clause(row, tastes)
    verbs = []
    if tastes:
        verbs.append(f"likes {_listed(tastes)} more than most people do")
    if likes:
        verbs.append(f"recently enjoyed {_listed(likes)}")
    if not verbs:
        dislikes = [short_title(text) for text in _facts(row, "recent_dislike")[:2]]
        verbs.append(f"did not enjoy {_listed(dislikes)}" if dislikes else "has yet to show what they like")
    second = ", and ".join(clause for clause in (parting, moving) if clause)
    return [_sentence(f"This person {', and '.join(verbs)}"), *([_sentence(second)] if second else [])]


def _parting_clause(row: Mapping[str, Any], named: Sequence[str]) -> str:
    for fact in facts_told(row, "parts_from_crowd")[:2]:
        title = short_title(fact["text"])
        if title not in named:
            return f"unlike most, they {'like' if fact['weight'] > 0 else 'did not care for'} {title}"
    return ""


def _moving_clause(row: Mapping[str, Any], named: Sequence[str]) -> str:
    for fact in facts_told(row, "taste_moved")[:2]:
        if fact["text"] not in named or fact["weight"] < 0:
            return f"lately they turn {'more to' if fact['weight'] > 0 else 'away from'} {fact['text']}"
    return ""


def _facts(row: Mapping[str, Any], kind: str) -> list[str]:
    return [fact["text"] for fact in facts_told(row, kind)]


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
