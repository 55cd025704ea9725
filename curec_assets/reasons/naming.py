"""What a reason says of its evidence: the names it takes up. Grounding asks for no false name; this, for a true one."""

from collections.abc import Mapping
from typing import Any


def names_told(reason: str, told: Mapping[str, Any]) -> int:
    """How many of the title, categories and facts of ``told`` the reason names (without years, in any case)."""
    return _spoken(reason, {told.get("title"), *_behind(told)})


def names_evidence(reason: str, evidence_row: Mapping[str, Any]) -> bool:
    """Whether the reason names a category or fact of its evidence, beside the subject itself.

    True also where the evidence has none: there is nothing to name.
    """
    behind = _behind(evidence_row)
    return not behind or _spoken(reason, behind) > 0


def _behind(row: Mapping[str, Any]) -> set[str]:
    return {*(row.get("categories") or []), *(fact["text"] for fact in row.get("facts") or [])}


def _spoken(reason: str, names: set[Any]) -> int:
    spoken = reason.lower()
    return sum(name.split(" (")[0].lower() in spoken for name in names if name)
