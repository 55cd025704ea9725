"""Where sentences start and end in short texts full of titles (``Dr. Strangelove (1963)``, ``E.T.``)."""

import re

# A terminal mark with what closes behind it: `."`, `!)`, `?`.
_TERMINAL = re.compile(r"[.!?…]+[\"”'’)\]]*(?=\s|$)")
_OPENS_SENTENCE = re.compile(r"\s+[\"“'‘]?[A-Z0-9À-ÖØ-Þ]")
_LAST_WORD = re.compile(r"([^\s\"“”(\[]+)$")
_INITIALS = re.compile(r"(?:\w\.)*\w", re.ASCII)
_WORD_CHARACTER = re.compile(r"\w")
_ABBREVIATION = re.compile(r"dr|mrs?|ms|st|vs|[js]r|vol|no|pt|prof|capt|lt|col|gen|sgt|rev|hon|fr|e\.g|i\.e|etc", re.I)


def sentence_ends(text: str) -> list[int]:
    """Offsets just behind each full sentence of ``text``, ascending.

    A mark inside open double quotes or parentheses ends nothing, nor does one behind a title of address (``Mr.``) or
    initials in mid-text (``E.T.``), nor one that what follows shows to be part of a name (``Help! (1965)``).
    """
    ends = []
    for match in _TERMINAL.finditer(text):
        end = match.end()
        at_end = not text[end:].strip()
        if not at_end and not _OPENS_SENTENCE.match(text, end):
            continue
        # "When Harry Met Sally..." trails off in its title; elsewhere an ellipsis ends nothing either.
        trails_off = "…" in match[0] or ".." in match[0]
        if (
            trails_off
            or _is_open(text[:end])
            or (text[match.start()] == "." and _is_abbreviation(text[: match.start()], at_end))
        ):
            continue
        ends.append(end)
    return ends


def sentence_starts(text: str) -> set[int]:
    """Offsets of the first word character of each sentence of ``text``, the unfinished last one included."""
    starts = set()
    for begin in [0, *sentence_ends(text)]:
        first = _WORD_CHARACTER.search(text, begin)
        if first:
            starts.add(first.start())
    return starts


def _is_open(text: str) -> bool:
    """Whether a double quote or a parenthesis is still open at the end of ``text``."""
    straight_quotes_odd = text.count('"') % 2 == 1
    return straight_quotes_odd or text.count("“") > text.count("”") or text.count("(") > text.count(")")


def _is_abbreviation(before: str, at_end: bool) -> bool:
    word = _LAST_WORD.search(before)
    if word is None:
        return False
    if _ABBREVIATION.fullmatch(word[1]):
        return True
    # "They love E.T." may end there; "E.T. The" may not: initials in mid-text belong to the name that follows.
    return not at_end and _INITIALS.fullmatch(word[1]) is not None and word[1][0].isupper()
