"""How titles are told: without their years, and short enough to be copied word for word."""

import re

LONGEST_TITLE = 48
"""Characters of a title that a sentence bears. Shop titles run to hundreds, of which the first clause names the thing;
a small model that has to copy more of it slips, and its sentence does not end in time (docs/experiments.md)."""

CLAUSE_END = re.compile(r"[,;:] | [-–+|] | \(")
YEAR = re.compile(r"\s*\((?:1[89]|20)\d\d\)")
"""A bracketed year, as film titles end with."""


def without_years(text: str) -> str:
    """``text`` with the bracketed years behind titles left out."""
    return YEAR.sub("", text)


def short_title(title: str) -> str:
    """``title``, or where it is longer than 48 characters (its year aside) the beginning of it.

    That reaches to the first end of a clause past the middle of the 48, else to the end of a word, and opens no bracket
    that it does not close. A prefix, but for the year, so that it stays findable.
    """
    bare = without_years(title)
    if len(bare) <= LONGEST_TITLE:
        return title
    head = bare[: LONGEST_TITLE + 1]
    clause = CLAUSE_END.search(bare, LONGEST_TITLE // 2, LONGEST_TITLE + 2)
    cut = head[: clause.start()] if clause else head.rsplit(" ", 1)[0][:LONGEST_TITLE]
    if "(" in cut and ")" not in cut:
        cut = cut.partition("(")[0] or cut
    return cut.rstrip(" ,;:-–+&(/|") or head[:LONGEST_TITLE]
