"""Pieces of Markdown that the generated pages are made of."""

import re
from collections.abc import Sequence
from inspect import cleandoc

DESIGN_SECTIONS = "../index.md#where-a-docstring-says-design"


def prose(docstring: str | None) -> str:
    """A docstring as Markdown: paragraphs without line breaks, code in single backticks, fenced blocks as they are,
    DESIGN sections as links."""
    paragraphs = [
        paragraph if paragraph.startswith("```") else " ".join(paragraph.replace("``", "`").split())
        for paragraph in cleandoc(docstring or "").split("\n\n")
    ]
    return re.sub(r"DESIGN §[\d.]*\d", rf"[\g<0>]({DESIGN_SECTIONS})", "\n\n".join(paragraphs))


def table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; cells may hold Markdown, but no line breaks."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join("| " + " | ".join(_cell(cell) for cell in line) + " |" for line in lines)


def plain(text: str) -> str:
    """Plain text as Markdown that shows it as it is."""
    return re.sub(r"([\\*_<\[\]`])", r"\\\1", text)


def code(text: object) -> str:
    """``text`` in backticks."""
    return f"`{text}`"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
