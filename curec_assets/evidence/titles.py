"""How titles are told: short enough to be copied word for word, and each once; in prompts without their years."""

import re
from collections.abc import Mapping
from typing import Any

LONGEST_TITLE = 48
"""Characters of a title that a sentence bears. Shop titles run to hundreds, of which the first clause names the thing;
a small model that has to copy more of it slips, and its sentence does not end in time (docs/experiments.md)."""

SHORTEST_TITLE = 8
"""Fewest characters that a title is cut back to for the sake of a bracket."""

FACTS_OF_TITLES = frozenset({"co_liked", "dislikers_liked", "recent_like", "recent_dislike", "parts_from_crowd"})
"""Kinds of facts whose text is a title."""

CLAUSE_END = re.compile(r"[,;:] | [-–+|] | [(\[]")
YEAR = re.compile(r"\s*\((?:1[89]|20)\d\d\)")
"""A bracketed year, as film titles end with."""


def without_years(text: str) -> str:
    """``text`` with the bracketed years behind titles left out."""
    return YEAR.sub("", text)


def short_title(title: str) -> str:
    """``title``, or where it is longer than 48 characters (its year aside) the beginning of it.

    That reaches to the first end of a clause past the middle of the 48, else to the end of a word, and ends before a
    bracket that it would not close. A part of the title without its year, so that it stays findable.
    """
    bare = without_years(title).strip()
    if len(bare) <= LONGEST_TITLE:
        return title
    head = bare[: LONGEST_TITLE + 1]
    clause = CLAUSE_END.search(bare, LONGEST_TITLE // 2, LONGEST_TITLE + 2)
    cut = head[: clause.start()] if clause else head.rsplit(" ", 1)[0][:LONGEST_TITLE]
    opened = min((cut.rfind(mark) for mark, end in ("()", "[]") if cut.count(mark) > cut.count(end)), default=-1)
    if opened >= SHORTEST_TITLE:
        cut = cut[:opened]
    return cut.rstrip(" ,;:-–+&(/|[") or head[:LONGEST_TITLE]


def facts_told(row: Mapping[str, Any], kind: str) -> list[Mapping[str, Any]]:
    """The facts of one kind of an EVIDENCE row, in their order; of titles that prompts would tell alike the first, and
    none that they would tell like the row's own."""
    found = [fact for fact in row.get("facts") or [] if fact["kind"] == kind]
    if kind not in FACTS_OF_TITLES:
        return found
    by_name: dict[str, Mapping[str, Any]] = {}
    for fact in found:
        by_name.setdefault(short_title(without_years(fact["text"])), fact)
    by_name.pop(short_title(without_years(row.get("title") or "")), None)
    return list(by_name.values())
