"""Grounding: does every claim of a reason stand in the evidence it was written from? (DESIGN §3.2)

A claim is a catalogue title, a category of the data set, or a capitalised span that does not open a sentence. All
matching is on words, without case, punctuation, possessives or years, so ``Toy Story``, ``toy story`` and
``Toy Story (1995)`` are one name; so are a long title and the beginning that prompts tell of it, unless others
begin so, too. A claim stands when its words stand in a row in one field of the evidence, so a part of an evidenced
title stands too.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from curec_assets.evidence.titles import YEAR, short_title, without_years
from curec_assets.reasons.sentences import sentence_starts

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_POSSESSIVE = re.compile(r"['’]s?$", re.IGNORECASE)
_RUN_GAP = re.compile(r"\s+|-")
_QUOTES = '"“”‘«'
_NAMES = "|"
"""Key of the titles that end at a node; no word is a mark."""

ANY_CASE_WORDS = 4
"""A title of this many words or more is recognised in any case; shorter ones are too often plain speech (``The
Game``, ``One Fine Day``) and count only with the capitals of the title."""

_FIRST_PERSON = frozenset(["i", "i'm", "i've", "i'd", "i'll"])
_OPENER = re.compile(
    r"an?|all|although|and|any(?:one)?|as|at|audiences|both|but|each|every(?:one)?|fans|few|for|from|he|here|his|how|if|in"
    r"|its?|lovers|many|more|most|my|no|not|of|on|one|or|others?|our|people|readers|she|since|so|some|that|their|them|the"
    r"|there|these|they|this|those|to|users|viewers|we|what|when|where|which|while|who|why|with|your?"
)
"""Words that open sentences and are one-word titles of some catalogue; there, their capital says nothing."""


@dataclass(frozen=True, slots=True)
class _Token:
    word: str
    capitalised: bool
    start: int
    end: int


class Grounding:
    """The names of one catalogue, indexed once; ``ungrounded_claims`` then costs microseconds a reason.

    One-word titles count only when capitalised (``Heat`` is a claim, ``heat`` is not) and never when they are bare
    numbers; opening a sentence they count unless they are function words (``It``, ``They``).
    """

    def __init__(self, titles: Iterable[str], categories: Iterable[str]) -> None:
        self._titles: dict[str, Any] = {}
        self._categories: dict[str, Any] = {}
        known = sorted({title for title in titles if title})
        for title in known:
            _insert(self._titles, tuple(_tokens(without_years(title))), None, title)
        # A beginning that titles share is the name of none of them.
        beginnings = Counter(short_title(title) for title in known)
        for title in known:
            if beginnings[beginning := short_title(title)] == 1 and beginning != title:
                _insert(self._titles, tuple(_tokens(beginning)), None, title)
        for category in sorted({category for category in categories if category}):
            for form in _number_forms(_words(category)):
                _insert(self._categories, tuple(_Token(word, False, 0, 0) for word in form), category)

    def ungrounded_claims(self, reason: str, evidence_row: Mapping[str, Any]) -> list[str]:
        """The claims of ``reason`` that do not stand in ``evidence_row``, as written, in order; [] means grounded.

        ``evidence_row`` is a row of EVIDENCE or of ITEMS: its title, categories, description and facts are read
        (whichever it has). A claim inside another reported claim is not reported twice.
        """
        fields = _evidence_fields(evidence_row)
        haystack = "|".join(f" {' '.join(field)} " for field in fields)
        names = {" ".join(field) for field in fields}
        # Blanked, not cut: what follows "Help! (1965)" must not look like the start of a sentence.
        text = YEAR.sub(lambda year: re.sub(r"\d", " ", year[0]), reason)
        tokens = _tokens(text)
        starts = sentence_starts(text)
        spans: list[tuple[int, int]] = []
        for begin in range(len(tokens)):
            length = self._title_at(tokens, begin, text, starts)
            # A title of its own is not the names it is made of, one after another.
            if length and not _stands(tokens[begin : begin + length], haystack):
                spans.append((begin, begin + length))
            length, category = _longest(self._categories, tokens, begin)
            if length and not any(f" {' '.join(form)} " in haystack for form in _number_forms(_words(category))):
                spans.append((begin, begin + length))
        for begin, end in _capitalised_runs(tokens, text, starts):
            if not _stands(tokens[begin:end], haystack) and not _is_row_of_names(tokens[begin:end], names):
                spans.append((begin, end))
        outermost = [span for span in sorted(set(spans)) if not any(_inside(span, other) for other in spans)]
        return [reason[tokens[begin].start : tokens[end - 1].end] for begin, end in outermost]

    def titles_named(self, text: str) -> list[str]:
        """The catalogue's titles in ``text``, in order; of overlapping ones the first and longest. A name that titles
        share (but for the year) stands for the first of them in alphabetical order, unless the text tells the year."""
        blanked = YEAR.sub(lambda year: re.sub(r"\d", " ", year[0]), text)
        tokens, starts = _tokens(blanked), sentence_starts(blanked)
        found, begin = [], 0
        while begin < len(tokens):
            length = self._title_at(tokens, begin, blanked, starts)
            if length:
                node = self._titles
                for token in tokens[begin : begin + length]:
                    node = node[token.word]
                named = node[_NAMES]
                year = YEAR.match(text, tokens[begin + length - 1].end)
                found.append(next((name for name in named if year and name.endswith(year[0].strip())), named[0]))
            begin += length or 1
        return found

    def _title_at(self, tokens: list[_Token], begin: int, text: str, starts: set[int]) -> int:
        """Words of the longest catalogue title that starts at token ``begin``, 0 where none does."""
        node, longest = self._titles, 0
        for offset in range(len(tokens) - begin):
            following = node.get(tokens[begin + offset].word)
            if following is None:
                break
            node = following
            if "" in node and _written_as_title(tokens[begin : begin + offset + 1], node[""]):
                longest = offset + 1
        first = tokens[begin]
        opens = first.start in starts and not _quoted(text, first)
        return 0 if longest == 1 and opens and _OPENER.fullmatch(first.word) else longest


def _tokens(text: str) -> list[_Token]:
    found = []
    for match in _WORD.finditer(text):
        bare = _POSSESSIVE.sub("", match[0]).replace("’", "'")
        found.append(_Token(bare.lower(), any(map(str.isupper, bare)), match.start(), match.start() + len(bare)))
    return found


def _words(text: str) -> tuple[str, ...]:
    return tuple(token.word for token in _tokens(without_years(text)))


def _number_forms(words: tuple[str, ...]) -> set[tuple[str, ...]]:
    """The words with the last one also in its other grammatical number; over-generation is harmless."""
    if not words:
        return set()
    last = words[-1]
    forms = {last, f"{last}s", f"{last}es"}
    if last.endswith("y"):
        forms.add(f"{last[:-1]}ies")
    if last.endswith("ies"):
        forms |= {f"{last[:-3]}y", last[:-1]}
    elif last.endswith("es") and len(last) > 4:
        forms |= {last[:-2], last[:-1]}
    elif last.endswith("s") and not last.endswith("ss") and len(last) > 3:
        forms.add(last[:-1])
    return {(*words[:-1], form) for form in forms}


def _insert(trie: dict[str, Any], tokens: tuple[_Token, ...], name: str | None, title: str = "") -> None:
    """Add a name; the empty key marks an end and holds the category, or the titles' capitals (loosest kept)."""
    if not tokens:
        return
    node = trie
    for token in tokens:
        node = node.setdefault(token.word, {})
    capitals = tuple(token.capitalised for token in tokens)
    known = node.get("")
    node[""] = name if name else capitals if known is None else tuple(map(min, known, capitals))
    if title:
        node[_NAMES] = [*node.get(_NAMES, ()), title]


def _longest(trie: dict[str, Any], tokens: list[_Token], begin: int) -> tuple[int, str]:
    node, length, name = trie, 0, ""
    for offset in range(len(tokens) - begin):
        following = node.get(tokens[begin + offset].word)
        if following is None:
            break
        node = following
        if "" in node:
            length, name = offset + 1, node[""]
    return length, name


def _written_as_title(tokens: list[_Token], capitals: tuple[bool, ...]) -> bool:
    if len(tokens) >= ANY_CASE_WORDS:
        return True
    if len(tokens) == 1:
        return tokens[0].capitalised
    return all(token.capitalised or not needed for token, needed in zip(tokens, capitals, strict=True))


def _capitalised_runs(tokens: list[_Token], text: str, starts: set[int]) -> list[tuple[int, int]]:
    """Maximal runs of capitalised words (and numbers behind them) without the word that opens a sentence."""
    runs: list[tuple[int, int]] = []
    for index, token in enumerate(tokens):
        opens = token.start in starts and not _quoted(text, token)
        joined = (
            bool(runs) and runs[-1][1] == index and bool(_RUN_GAP.fullmatch(text[tokens[index - 1].end : token.start]))
        )
        if token.capitalised and not opens and token.word not in _FIRST_PERSON:
            runs = [*runs[:-1], (runs[-1][0], index + 1)] if joined else [*runs, (index, index + 1)]
        elif token.word.isdigit() and joined:
            runs[-1] = (runs[-1][0], index + 1)
    return runs


def _quoted(text: str, token: _Token) -> bool:
    return token.start > 0 and text[token.start - 1] in _QUOTES


def _evidence_fields(row: Mapping[str, Any]) -> list[tuple[str, ...]]:
    """Every field of a row as words: each title, category, fact and the description on its own."""
    texts = [row.get("title"), row.get("description"), *(row.get("categories") or [])]
    texts += [fact["text"] for fact in row.get("facts") or []]
    return [_words(text) for text in texts if text]


def _stands(tokens: list[_Token], haystack: str) -> bool:
    words = [token.word for token in tokens]
    if f" {' '.join(words)} " in haystack:
        return True
    # "Toy Story 1995": a bare year behind a name is read like one in parentheses.
    year_behind = len(words) > 1 and re.fullmatch(r"(?:1[89]|20)\d\d", words[-1]) is not None
    return year_behind and f" {' '.join(words[:-1])} " in haystack


def _is_row_of_names(tokens: list[_Token], names: set[str]) -> bool:
    """Whether ``tokens`` are whole evidenced names one after another (``Comedy Drama``)."""
    words = [token.word for token in tokens]
    reachable = [True] + [False] * len(words)
    for end in range(1, len(words) + 1):
        reachable[end] = any(reachable[begin] and " ".join(words[begin:end]) in names for begin in range(end))
    return reachable[-1]


def _inside(span: tuple[int, int], other: tuple[int, int]) -> bool:
    return span != other and other[0] <= span[0] and span[1] <= other[1]
