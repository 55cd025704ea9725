"""A report as Markdown: tables and text, no plots; what only the page shows is left out."""

from collections.abc import Sequence

from dagster_project.markdown_table import unlinked
from dagster_project.report.blocks import Block, Figure, Fold, Heading, Table

ESCAPES = (
    ("\\", "\\\\"),
    ("&", "&amp;"),
    ("<", "&lt;"),
    ("|", "\\|"),
    ("`", "\\`"),
    ("*", "\\*"),
)
"""Underscores and the like stay: names of our own are full of them, and are to be found as they are."""


def render_markdown(blocks: Sequence[Block]) -> str:
    """The blocks as Markdown; text from data cannot break out of its cell, nor become an image, a tag or a link to the
    web."""
    return _joined(blocks) + "\n"


def _joined(blocks: Sequence[Block]) -> str:
    return "\n\n".join(_block(block) for block in blocks if _is_shown(block))


def _is_shown(block: Block) -> bool:
    return block.in_markdown if isinstance(block, Fold) else not isinstance(block, Figure)


def _block(block: Block) -> str:
    if isinstance(block, Heading):
        return f"{'#' * block.level} {_escape(block.text)}"
    if isinstance(block, Table):
        left = len(block.columns) - block.numbers
        rule = [*["---"] * left, *["---:"] * block.numbers]
        rows = [map(_escape, block.columns), rule, *(map(_escape, row) for row in block.rows)]
        return "\n".join("| " + " | ".join(row) + " |" for row in rows)
    if isinstance(block, Fold):
        # The only tags of the whole text. The blank lines around what is folded let it be read as Markdown.
        return f"<details><summary>{_escape(block.summary)}</summary>\n\n{_joined(block.blocks)}\n\n</details>"
    if isinstance(block, Figure):
        raise TypeError("Markdown has no plots")
    return _escape(block.text)


def _escape(text: str) -> str:
    text = " ".join(text.split())
    for character, written in ESCAPES:
        text = text.replace(character, written)
    return unlinked(text)
