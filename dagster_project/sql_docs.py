"""``python -m dagster_project.sql_docs --chain NAME [--chain NAME]``: write the generated part of ``docs/sql.md``.

What stands above the marker is written by hand. Below it: each query of the cookbook with its question, its SQL and
some rows that it gives on a chain, then every view, macro and column with its comment. The rows come from the lake in
``CUREC_LAKE``; all else comes from this repository, so a test can compare it without a lake.
"""

import argparse
import json
import re
import tempfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from curec_assets.lake.catalogue import connect, ensure_catalogue, query
from curec_assets.lake.lake import lake_root
from dagster_project.cookbook import Recipe, read_cookbook
from dagster_project.report.blocks import Table
from dagster_project.report.markdown import render_markdown

PAGE = Path(__file__).resolve().parents[1] / "docs" / "sql.md"
MARKER = "<!-- Below: written by `make docs-sql`. -->\n"
SAMPLE = re.compile(r"\n<!-- rows:begin -->.*?<!-- rows:end -->\n", re.DOTALL)
"""What depends on the lake that the page was written from."""
SHOWN_ROWS = 5
SHOWN_CHARACTERS = 160

Ask = Callable[[str], tuple[str, pa.Table]]
"""Gives the rows of a query, and the name of the chain that they are from."""

VIEWS = """
SELECT v.view_name, v.comment, c.column_name, c.data_type, c.comment
FROM duckdb_views() v JOIN duckdb_columns() c ON c.schema_name = v.schema_name AND c.table_name = v.view_name
WHERE v.schema_name = ?
ORDER BY v.view_name, c.column_index
"""
MACROS = "SELECT function_name, parameters, comment FROM duckdb_functions() WHERE schema_name = ? ORDER BY 1"


def generated(ask: Ask | None) -> str:
    """All of the page below its marker, as Markdown; without the rows where nobody is to be asked."""
    cookbook = read_cookbook()
    parts = [_index(cookbook)]
    for topic, recipes in cookbook.items():
        parts += [f"## {topic}\n", *(_entry(recipe, ask) for recipe in recipes)]
    return "\n".join([*parts, _reference()])


def without_rows(text: str) -> str:
    """The page's text as it stands whatever the lake."""
    return SAMPLE.sub("", text)


def _index(cookbook: dict[str, list[Recipe]]) -> str:
    lines = ["## The questions\n"]
    for topic, recipes in cookbook.items():
        lines += [
            f"**{topic}**\n",
            *(f"- [{recipe.name}](#{recipe.name}): {recipe.question}" for recipe in recipes),
            "",
        ]
    return "\n".join(lines)


def _entry(recipe: Recipe, ask: Ask | None) -> str:
    notes = f"{recipe.notes}\n\n" if recipe.notes else ""
    shown = f"### {recipe.name}\n\n**{recipe.question}**\n\n{notes}```sql\n{recipe.statement}\n```\n"
    return shown + ("" if ask is None else _rows(*ask(recipe.statement)))


def _rows(chain: str, rows: pa.Table) -> str:
    shown = rows.slice(0, SHOWN_ROWS)
    cells = tuple(tuple(_cell(value) for value in row.values()) for row in shown.to_pylist())
    table = render_markdown([Table(tuple(rows.column_names), cells, _numbers_at_the_end(rows.schema))])
    count = f"{len(rows):,}" if len(rows) == len(shown) else f"{len(shown)} of {len(rows):,}"
    return f"\n<!-- rows:begin -->\n\n{table}\nRows on `{chain}`: {count}.\n<!-- rows:end -->\n"


def _numbers_at_the_end(schema: pa.Schema) -> int:
    return next((n for n, field in enumerate(reversed(schema)) if not _is_number(field.type)), len(schema))


def _is_number(kind: pa.DataType) -> bool:
    return pa.types.is_integer(kind) or pa.types.is_floating(kind)


def _cell(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M").removesuffix(" 00:00")
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:.4g}"
    text = json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, list | dict) else str(value)
    return text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1].rstrip() + "…"


def _reference() -> str:
    """Views, macros and columns of any chain, from a catalogue over an empty lake."""
    with tempfile.TemporaryDirectory() as folder:
        ensure_catalogue(Path(folder), ["chain"])
        with connect(Path(folder)) as catalogue:
            columns = catalogue.execute(VIEWS, ["chain"]).fetchall()
            macros = catalogue.execute(MACROS, ["chain"]).fetchall()
    parts = ["## Every view, macro and column\n"]
    for view, comment in dict.fromkeys((view, comment) for view, comment, *_ in columns):
        own = tuple((name, _type(kind), text) for of, _, name, kind, text in columns if of == view)
        parts.append(f"### {view}\n\n{comment}\n\n{render_markdown([Table(('column', 'type', 'what it holds'), own)])}")
    parts += [f"### {name}({', '.join(parameters)})\n\n{comment}\n" for name, parameters, comment in macros]
    return "\n".join(parts)


def _type(kind: str) -> str:
    return re.sub(r"FLOAT\[\d+\]", "FLOAT[n]", kind).replace("TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ")


def _first_answer(statement: str, chains: list[str]) -> tuple[str, pa.Table]:
    for chain in chains:
        rows = query(lake_root(), statement, chain)
        if len(rows):
            break
    return chain, rows


def main() -> None:
    """Rewrite the page from the lake in ``CUREC_LAKE``."""
    parser = argparse.ArgumentParser(prog="python -m dagster_project.sql_docs", description="Write docs/sql.md.")
    parser.add_argument(
        "--chain",
        required=True,
        action="append",
        metavar="NAME",
        help="the chain whose rows are shown; give it again for one to ask where the first has no rows",
    )
    chains = parser.parse_args().chain
    head, marker, _ = PAGE.read_text(encoding="utf-8").partition(MARKER)
    if not marker:
        raise SystemExit(f"{PAGE}: the marker {MARKER.strip()!r} is gone; what is generated stands below it")
    below = generated(lambda statement: _first_answer(statement, chains))
    PAGE.write_text(head + marker + "\n" + below, encoding="utf-8")


if __name__ == "__main__":
    main()
