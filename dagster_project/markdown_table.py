"""Rows from data as a Markdown table that shows them as text: no cell can break out of it or become markup."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

LONGEST_CELL = 160
"""Characters of a cell; what is longer is cut."""
MARKS = str.maketrans({mark: f"&#{ord(mark)};" for mark in "&<>|`*_~\\@"})
LINK = re.compile(r"\]\(|://|www\.", re.IGNORECASE)
"""What makes a link of text: ``[text](…)`` and addresses that stand bare."""


def markdown_table(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> str:
    """``rows`` under a head of ``columns`` (names of our own, shown as they are); a cell that a row lacks is empty."""
    lines = [_line(columns), _line("---" for _ in columns)]
    lines += [_line(cell(row.get(name)) for name in columns) for row in rows]
    return "\n".join(lines)


def cell(value: Any) -> str:
    """A value as text on one line, at most LONGEST_CELL characters before marks are escaped."""
    text = str(value) if isinstance(value, str | datetime) else "" if value is None else json.dumps(value, default=str)
    escaped = " ".join(text.split())[:LONGEST_CELL].translate(MARKS)
    return unlinked(escaped)


def unlinked(text: str) -> str:
    """Markdown ``text`` in which neither ``[text](…)`` nor a bare address of the web is a link; it reads the same."""
    return LINK.sub(lambda found: found[0][:-1] + f"&#{ord(found[0][-1])};", text)


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"
