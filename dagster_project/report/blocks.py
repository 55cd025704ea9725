"""What a report is made of, whether it becomes Markdown or HTML, and how numbers are written in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

NOTHING = "–"
"""A cell whose value the lake holds as null."""


@dataclass(frozen=True)
class Heading:
    """A title; ``level`` 1 is the report's own."""

    level: int
    text: str


@dataclass(frozen=True)
class Paragraph:
    """Plain text."""

    text: str


@dataclass(frozen=True)
class Table:
    """Rows of plain text, each as long as ``columns``; the last ``numbers`` columns hold numbers."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: int = 0


@dataclass(frozen=True)
class Figure:
    """Plots that belong together. ``svgs`` are finished SVG (``plots.py`` escapes the text in them)."""

    caption: str
    svgs: tuple[str, ...]


@dataclass(frozen=True)
class Fold:
    """Blocks behind one line that opens them; a Markdown report leaves them out unless ``in_markdown``."""

    summary: str
    blocks: "tuple[Block, ...]"
    in_markdown: bool = False


Block = Heading | Paragraph | Table | Figure | Fold

NO_ROWS = Paragraph("no rows")


def number(value: float | None) -> str:
    """Four decimals, or two digits of what is too small for them, so that what is not 0 never looks like it."""
    if value is None:
        return NOTHING
    return f"{value:z.4f}" if value == 0 or abs(value) >= 0.001 else f"{value:.2g}"


def interval(row: Mapping[str, Any]) -> str:
    """``[low, high]`` of a row with ``ci_low`` and ``ci_high``."""
    if row["ci_low"] is None or row["ci_high"] is None:
        return NOTHING
    return f"[{number(row['ci_low'])}, {number(row['ci_high'])}]"


def estimate(row: Mapping[str, Any] | None) -> str:
    """``value [low, high]`` in one cell; no row and no value look alike."""
    if row is None or row["value"] is None:
        return NOTHING
    return number(row["value"]) if row["ci_low"] is None else f"{number(row['value'])} {interval(row)}"
