"""The two gates every generated reason passes before anything scores it: format, then grounding (DESIGN §3.2, §3.4)."""

import re
from collections.abc import Mapping
from typing import Any

from curec_assets.evidence.titles import short_title, without_years
from curec_assets.language_model.prompts import FACT_LABELS
from curec_assets.reasons.config import GateConfig
from curec_assets.reasons.grounding import Grounding
from curec_assets.reasons.sentences import sentence_ends

__all__ = ["Grounding", "tidy_reason"]

_QUOTE_PAIRS = (('"', '"'), ("“", "”"), ("'", "'"), ("‘", "’"), ("«", "»"))
_STOP_INSIDE_QUOTE = re.compile(r"([.!?])([\"”])$")
_WORD = re.compile(r"\w[\w'’-]*")
_MARKUP = re.compile(
    r"^(?:[^\w\s\"“'‘(¡¿]|\d+[.)]\s)"  # a list item, heading, block quote or emoji
    r"|\*\*|__|`|~~|\||\]\(|</?\w|&\w+;"  # markdown, tables, HTML
    r"|<\||\|>|\[/?INST\]"  # chat templates
    r"|https?:|www\.|\w\.(?:com|org|net)\b",
    re.IGNORECASE,
)
_ECHO = re.compile(
    r"\bas an ai\b|\blanguage model\b|\bi(?:'m| am) sorry\b"
    r"|\bwhy (?:do|does|would|might) (?:\w+ ){1,3}(?:like|love|enjoy)\b"
    r"|\bwhat does this person like\b"
    r"|\b(?:title|categor(?:y|ies)|genres?|description|evidence|facts?|reason|answer|question|explanation|summary|note"
    rf"|user|assistant|system|human|about|(?:dis)?liked|{'|'.join(label for label, _ in FACT_LABELS.values())})\s*:"
    r"|^(?:sure|certainly|of course)\b|^here(?:'s| is| are)\b",
    re.IGNORECASE,
)


def tidy_reason(raw_text: str, gate: GateConfig, told: Mapping[str, Any]) -> str | None:
    """The reason in ``raw_text``, or None where the text fails the format gate.

    ``told`` is what it was written from (a row of EVIDENCE or ITEMS): the names that it may say.

    Surrounding white space and quotes are stripped and an unfinished tail is cut back to the last full sentence. What
    remains must be 1 to ``max_sentences`` full sentences on one line, ``min_words`` to ``max_words`` long, printable,
    without list markup, markdown, links, role tags, an echo of the prompt, or a run of words said twice. Names of
    ``told`` that share words do not repeat each other: a shop's shampoo and conditioner differ in the last of five.
    """
    text = _strip_quotes(raw_text.strip())
    # Checked before the tail is cut: a list or a second paragraph is a wrong answer, not an unfinished one.
    if not text.isprintable() or _MARKUP.search(text) or _ECHO.search(text):
        return None
    text = " ".join(_STOP_INSIDE_QUOTE.sub(r"\2\1", text).split())
    ends = sentence_ends(text)
    if not 1 <= len(ends) <= gate.max_sentences:
        return None
    text = _STOP_INSIDE_QUOTE.sub(r"\2\1", text[: ends[-1]])
    words = _WORD.findall(text)
    if text[-1] not in ".!?" or not gate.min_words <= len(words) <= gate.max_words:
        return None
    return None if _repeats(words, gate.repeated_ngram, _names(told)) else text


def _strip_quotes(text: str) -> str:
    for opening, closing in _QUOTE_PAIRS:
        inside = text[1:-1]
        if len(text) > 1 and text[0] == opening and text[-1] == closing and closing not in inside:
            return inside.strip()
    # A quote that opens the text and never closes is a wrapper whose end was cut off.
    return text[1:].strip() if text.count('"') == 1 and text.startswith('"') else text


def _repeats(words: list[str], n: int, names: list[list[str]]) -> bool:
    said: list[Any] = [word.lower() for word in words]
    for name in names:
        # A word of a name is that name's alone; longer names first, or a part of one would be taken for another.
        for start in range(len(said) - len(name) + 1):
            if said[start : start + len(name)] == name:
                said[start : start + len(name)] = [(place, *name) for place in range(len(name))]
    grams = [tuple(said[i : i + n]) for i in range(len(said) - n + 1)]
    return len(set(grams)) < len(grams)


def _names(told: Mapping[str, Any]) -> list[list[str]]:
    """Words of the title, categories and facts of ``told``, as they are told, the longest first."""
    names = {told.get("title"), *(told.get("categories") or ()), *(fact["text"] for fact in told.get("facts") or ())}
    words = {tuple(_WORD.findall(short_title(without_years(name)).lower())) for name in names if name}
    return [list(name) for name in sorted(words, key=lambda name: (-len(name), name)) if name]
