"""What the reasons of a window sound like: repeated, written to a pattern, or speaking of who people are."""

import re
from collections import Counter
from collections.abc import Sequence

from curec_assets.audit.config import AuditConfig

WORD = re.compile(r"[\w']+")


def language_measures(reasons: Sequence[str], config: AuditConfig) -> list[tuple[str, str, float | None]]:
    """(measure, bucket, share of ``reasons``) of near-duplicates, boiler-plate, loaded terms; None without reasons."""
    if not reasons:
        return [(measure, "all", None) for measure in ("near_duplicates", "boilerplate", "loaded_terms")]
    words = [WORD.findall(reason.lower()) for reason in reasons]
    openings = [tuple(found[: config.boilerplate_words]) for found in words]
    common = Counter(openings)
    terms = Counter(term for found in words for term in set(found) & set(config.loaded_terms))
    loaded = sum(bool(set(found) & set(config.loaded_terms)) for found in words)
    repeated = sum(common[opening] >= config.boilerplate_reasons for opening in openings)
    duplicates = _near_duplicates([frozenset(found) for found in words], config.duplicate_overlap)
    count = len(reasons)
    return [
        ("near_duplicates", "all", duplicates / count),
        ("boilerplate", "all", repeated / count),
        ("loaded_terms", "all", loaded / count),
        *(("loaded_terms", term, number / count) for term, number in sorted(terms.items())),
    ]


def _near_duplicates(reasons: Sequence[frozenset[str]], overlap: float) -> int:
    """How many word sets overlap another's by at least ``overlap`` (Jaccard)."""
    # Sets that overlap by t share a word among any (1 - t) of the first's words plus one, in a fixed order of words:
    # looking up the rarest words finds every pair without comparing all with all.
    rarity = Counter(word for words in reasons for word in words)
    holders: dict[str, list[int]] = {}
    found: set[int] = set()
    for number, words in enumerate(reasons):
        ordered = sorted(words, key=lambda word: (rarity[word], word))
        prefix = ordered[: len(ordered) - _at_least(overlap, len(ordered)) + 1]
        for other in {n for word in prefix for n in holders.get(word, [])}:
            both = len(words & reasons[other])
            if both >= overlap * len(words | reasons[other]):
                found |= {number, other}
        for word in prefix:
            holders.setdefault(word, []).append(number)
    return len(found)


def _at_least(overlap: float, size: int) -> int:
    # The smallest whole number of shared words a Jaccard overlap with a set of this size can have.
    return max(1, -int(-overlap * size // 1))
