"""What tests of the report share: its Markdown taken apart, and text that must stay text."""

import html
import re

Cells = list[dict[str, str]]
"""A table's rows by column."""
CURVES = ("reward", "panel_reward", "gold", "kl", "entropy", "length", "clipped_share", "zero_spread_share")
HOSTILE = "<script>alert('x')</script> & \"more\" | `code` ](https://example.org)"


def part(markdown: str, heading: str) -> str:
    """What stands under the first heading of that text, up to the next one of its level or above."""
    (marks, rest) = re.split(rf"^(#+) {re.escape(heading)}$", markdown, maxsplit=1, flags=re.MULTILINE)[1:]
    return re.split(rf"^#{{1,{len(marks)}}} ", rest, maxsplit=1, flags=re.MULTILINE)[0]


def cells(markdown: str) -> list[Cells]:
    """Each table as rows by column."""
    tables = []
    for block in markdown.split("\n\n"):
        lines = [[cell.strip() for cell in line.strip("| ").split(" | ")] for line in block.strip().splitlines()]
        if block.strip().startswith("|"):
            tables.append([dict(zip(lines[0], line, strict=True)) for line in lines[2:]])
    return tables


def as_read(cell: str) -> str:
    """What a reader sees of a cell's Markdown."""
    return html.unescape(re.sub(r"\\(.)", r"\1", cell))


def without_folds(markdown: str) -> str:
    """The text less the tags that fold parts of it, the only ones that may stand in it."""
    return re.sub(r"^</?details>(<summary>[^<]*</summary>)?$", "", markdown, flags=re.MULTILINE)
