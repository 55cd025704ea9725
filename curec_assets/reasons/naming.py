"""What a reason says of its evidence: the names it takes up. Grounding asks for no false name; this, for true ones."""

import re
from collections.abc import Mapping
from typing import Any

from curec_assets.evidence.titles import short_title


def names_told(reason: str, told: Mapping[str, Any]) -> int:
    """How many of the title, categories and facts of ``told`` the reason names (without years, in any case)."""
    return _spoken(reason, {told.get("title"), *_behind(told)})


def names_evidence(reason: str, evidence_row: Mapping[str, Any], at_least: int) -> bool:
    """Whether the reason names ``at_least`` so many categories and facts of its evidence, beside the subject itself, or
    all of them where it has fewer. What lies within the subject's own name is not named by naming that."""
    behind = _behind(evidence_row)
    return _spoken(reason, behind, evidence_row.get("title")) >= min(at_least, len(behind))


def _behind(row: Mapping[str, Any]) -> set[str]:
    return {*(row.get("categories") or []), *(fact["text"] for fact in row.get("facts") or [])}


def _spoken(reason: str, names: set[Any], own: str | None = None) -> int:
    spoken = reason.lower()
    owned = _places(own, spoken) if own else []
    return sum(
        any(not any(start <= place[0] and place[1] <= end for start, end in owned) for place in _places(name, spoken))
        for name in names
        if name
    )


def _places(name: str, spoken: str) -> list[tuple[int, int]]:
    """Where a text says the name of a title or category, as it is told."""
    return [found.span() for found in re.finditer(re.escape(short_title(name).split(" (")[0].lower()), spoken)]
