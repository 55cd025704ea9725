"""Every prompt of the project, as plain (role, content) pairs: short, question first, evidence behind it.

Reading a prompt costs as much as writing an answer on a CPU, so a prompt holds the strongest facts of each kind and no
more, and only the item in question carries its year: a bracketed year is six tokens of SmolLM2, as many as most titles.
The question comes first because over-long prompts are cut at their end (``chat.py``).
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from curec_assets.evidence.titles import FACTS_OF_TITLES, facts_told, short_title, without_years
from curec_assets.lake.hashing import hash_text

Prompt = tuple[tuple[str, str], ...]
"""(role, content) pairs; hashable. A last turn of role ``assistant`` is the start of an answer to be continued."""

SYSTEM = "Answer in one plain sentence."
"""Short on purpose: without a system turn, many chat templates insert a longer one of their own."""

YES_NO = ("yes", "no")

FACT_LABELS: dict[str, tuple[str, int]] = {
    "co_liked": ("Fans also like", 3),
    "liker_category": ("Fans lean towards", 3),
    "trend": ("Interest", 1),
    "recent_like": ("Recently enjoyed", 4),
    "recent_dislike": ("Did not enjoy", 2),
    "liked_category": ("Likes more than most", 3),
    "parts_from_crowd": ("Unlike most, likes", 2),
    "taste_moved": ("Lately turns more to", 2),
}
"""Of each kind of fact that a prompt tells: how it names it, and how many of it it shows at most. It names it with the
words of the evidence text, for a small model writes behind a phrase what it read behind it; and shows no fewer than
that text names, or whoever learns from such texts learns to make names up."""

FALLING_LABELS = {"parts_from_crowd": "Unlike most, did not care for", "taste_moved": "Lately turns away from"}
"""How the signed kinds of fact are named when their weight is below zero."""

DESCRIPTION_CHARACTERS = 120
CATEGORIES = 4
"""The last ones: a path of categories runs from the general to the particular, and the particular says more."""


def explain_prompt(evidence_row: Mapping[str, Any]) -> Prompt:
    """Why people like this item, or what this user likes and why, from a row of EVIDENCE."""
    if evidence_row["side"] == "user":
        question = "What does this person like, and why?"
        metadata: list[str] = []
    else:
        question, metadata = _item_question(evidence_row)
    return _ask(question, [*metadata, *_fact_lines(evidence_row)])


def arrival_prompt(item_row: Mapping[str, Any]) -> Prompt:
    """Why people may like an item of which only metadata is known, from a row of ITEMS (or of EVIDENCE)."""
    question, metadata = _item_question(item_row)
    return _ask(question, metadata)


def judge_prompt(
    likes: Sequence[str], dislikes: Sequence[str], title: str, categories: Sequence[str], crowd: str, leniency: str
) -> Prompt:
    """Would the person behind this history like the candidate? Answered ``<reason> Answer: yes.`` or ``no``.

    ``crowd`` says how others like the candidate, ``leniency`` how much this person likes of what they meet.
    """
    question = f"Would this person like {_named(title, categories)}? Give a reason, then Answer: yes or Answer: no."
    # What says most comes last: a small model heeds what stands right before its answer.
    told = [_listed("This person", [leniency]), _listed("Others", [crowd])]
    shown = [_listed("Liked", _all_told(likes)), _listed("Disliked", _all_told(dislikes))]
    return _ask(question, [*shown, *told])


def choose_prompt(likes: Sequence[str], title: str, categories: Sequence[str], known: str) -> Prompt:
    """Was this candidate the one that came next? Answered ``<reason> Answer: yes.`` or ``no``.

    ``known`` says how many know the candidate. Each candidate is asked about by itself: a small model does not learn to
    name the letter of one among several.
    """
    question = (
        f"Did this person choose {_named(title, categories)} next? Give a reason, then Answer: yes or Answer: no."
    )
    return _ask(question, [_listed("Liked", _all_told(likes)), _listed("Others", [known])])


def with_hint(prompt: Prompt, outcome: str) -> Prompt:
    """The prompt of a rationale whose outcome is given away: for bootstrapping alone, never for inference."""
    *before, (role, content) = prompt
    return (*before, (role, f"The right answer is {outcome}. Say why in one sentence. {content}"))


def with_answer_start(prompt: Prompt, start: str) -> Prompt:
    """The prompt with the first words of the answer already written."""
    return (*prompt, ("assistant", start))


def prompt_hash(prompt: Prompt) -> str:
    """16 hex digits that change when anything the model reads changes (but its chat template)."""
    return hash_text(json.dumps(prompt, ensure_ascii=False))


def _ask(question: str, lines: Sequence[str]) -> Prompt:
    return (("system", SYSTEM), ("user", " ".join([question, *(line for line in lines if line)])))


def _item_question(row: Mapping[str, Any]) -> tuple[str, list[str]]:
    metadata = [_listed("Categories", (row.get("categories") or [])[-CATEGORIES:], separator=", ")]
    if row.get("description"):
        metadata.append(f"About: {_shorten(row['description'], DESCRIPTION_CHARACTERS)}.")
    return f"Why do people like {short_title(row['title'])}?", metadata


def facts_shown(row: Mapping[str, Any], kind: str) -> list[Mapping[str, Any]]:
    """The facts of a kind that the prompt of ``row`` (EVIDENCE) tells."""
    return facts_told(row, kind)[: FACT_LABELS[kind][1]]


def _fact_lines(row: Mapping[str, Any]) -> list[str]:
    lines = []
    for kind, (label, _) in FACT_LABELS.items():
        shown = facts_shown(row, kind)
        names = [_told(fact["text"]) if kind in FACTS_OF_TITLES else fact["text"] for fact in shown]
        falls = [kind in FALLING_LABELS and fact["weight"] < 0 for fact in shown]
        lines.append(_listed(label, [name for name, down in zip(names, falls, strict=True) if not down]))
        lines.append(
            _listed(FALLING_LABELS.get(kind, label), [n for n, down in zip(names, falls, strict=True) if down])
        )
    return lines


def _listed(label: str, names: Sequence[str], separator: str = "; ") -> str:
    return f"{label}: {separator.join(names).rstrip('.')}." if names else ""


def _named(title: str, categories: Sequence[str]) -> str:
    kept = ", ".join(categories[-CATEGORIES:])
    return f"{_told(title)} ({kept})" if kept else _told(title)


def _all_told(titles: Sequence[str]) -> list[str]:
    return [_told(title) for title in titles]


def _told(title: str) -> str:
    """A title just as evidence texts tell it, but for the year: what is to be copied must stand there word for word."""
    return short_title(without_years(title))


def _shorten(text: str, characters: int) -> str:
    """``text`` cut at a word, without a stop at its end."""
    text = " ".join(text.split())
    if len(text) > characters:
        text = text[:characters].rsplit(" ", 1)[0]
    return text.rstrip(" .,;:")
