"""A check and what it found: plain values that any orchestrator can show."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from curec_assets.checks.partition import Partition

Severity = Literal["error", "warn"]
"""``error``: something is wrong and what is built on it is, too. ``warn``: a person should look."""


@dataclass(frozen=True)
class Finding:
    """What a check found in one partition."""

    passed: bool
    summary: str
    """One sentence: what was found, or why there was nothing to judge."""
    offending: list[dict[str, Any]] = field(default_factory=list)
    """The rows that broke the rule; empty where it holds, and where no row by itself breaks it."""
    measures: Mapping[str, float] = field(default_factory=dict)
    """Figures behind the verdict."""


@dataclass(frozen=True)
class Check:
    """A question about one partition, answered from that window and earlier ones."""

    name: str
    description: str
    severity: Severity
    judge: Callable[[Partition], Finding]


def check(severity: Severity) -> Callable[[Callable[[Partition], Finding]], Check]:
    """Declare a function as the check of its name, its docstring as the rule that people read."""

    def declare(judge: Callable[[Partition], Finding]) -> Check:
        return Check(judge.__name__, " ".join((judge.__doc__ or "").split()), severity, judge)

    return declare


def rows_finding(offending: list[dict[str, Any]], holds: str) -> Finding:
    """A finding of a rule that every row must keep: passed where none breaks it, and then ``holds`` says so."""
    if not offending:
        return Finding(True, holds)
    told = "1 row breaks" if len(offending) == 1 else f"{len(offending):,} rows break"
    return Finding(False, f"{told} this rule.", offending)
