"""What a reason says of its evidence: the names it takes up. Grounding asks for no false name; this, for true ones."""

from collections.abc import Mapping
from typing import Any

from curec_assets.evidence.titles import short_title


def names_told(reason: str, told: Mapping[str, Any]) -> int:
    """How many of the title, categories and facts of ``told`` the reason names (without years, in any case)."""
    return _spoken(reason, {told.get("title"), *_behind(told)})


def names_evidence(reason: str, evidence_row: Mapping[str, Any], at_least: int) -> bool:
    """Whether the reason names ``at_least`` so many categories and facts of its evidence, beside the subject itself, or
    all of them where it has fewer."""
    behind = _behind(evidence_row)
    return _spoken(reason, behind) >= min(at_least, len(behind))


def _behind(row: Mapping[str, Any]) -> set[str]:
    return {*(row.get("categories") or []), *(fact["text"] for fact in row.get("facts") or [])}


def _spoken(reason: str, names: set[Any]) -> int:
    spoken = reason.lower()
    return sum(short_title(name).split(" (")[0].lower() in spoken for name in names if name)
