"""``curec sql``: a query against the catalogue, shown as a table or written as csv, json or parquet."""

import json
import re
import sys
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from curec_assets.lake.catalogue import query as ask
from curec_assets.lake.sql import SQL_ROOT

SHOWN_ROWS = 200
VARIABLE = re.compile(r"getvariable\('(\w+)'\)", re.IGNORECASE)


def statement_of(query: str | None, file: Path | None) -> str:
    """The statement given in words or by ``file``.

    Raises:
        ValueError: neither or both were given, or ``file`` is none.
    """
    if (query is None) == (file is None):
        raise ValueError("give a query or --file, one of the two")
    if file is None:
        return str(query)
    if not file.is_file():
        raise ValueError(f"{file} is no file; those of the cookbook lie in {SQL_ROOT / 'queries'}")
    return file.read_text(encoding="utf-8")


def print_query(
    lake_root: Path, chain: str | None, statement: str, settings: Sequence[str], form: str, output: Path | None
) -> None:
    """Run ``statement`` read-only and print or write its rows; names without a schema are ``chain``'s.

    Args:
        settings: ``NAME=VALUE`` for variables that the statement reads by ``getvariable('NAME')``.

    Raises:
        ValueError: a query that DuckDB refuses, a setting that it does not read, or parquet without ``--output``.
    """
    if form == "parquet" and output is None:
        raise ValueError("parquet needs --output FILE")
    variables = _variables(statement, settings)
    try:
        rows = ask(lake_root, statement, chain, variables)
    except duckdb.Error as error:
        raise ValueError(str(error)) from None
    if form == "parquet" and output is not None:
        pq.write_table(rows, output)
        return
    with output.open("w", encoding="utf-8", newline="") if output else nullcontext(sys.stdout) as file:
        if form == "table":
            _print_table(rows, Console(file=file))
        elif form == "csv":
            file.write(_csv(rows))
        else:
            json.dump(rows.to_pylist(), file, default=str, indent=1, ensure_ascii=False)
            file.write("\n")


def _variables(statement: str, settings: Sequence[str]) -> dict[str, str]:
    read = sorted(set(VARIABLE.findall(statement)))
    variables = {}
    for setting in settings:
        name, equals, value = setting.partition("=")
        if not equals:
            raise ValueError(f"--set {setting}: expected NAME=VALUE, e.g. --set item=50")
        if name not in read:
            raise ValueError(
                f"--set {setting}: the query reads no {name!r}; it reads {', '.join(read) or 'no variable'}"
            )
        variables[name] = value
    return variables


def _print_table(rows: pa.Table, console: Console) -> None:
    table = Table(*[escape(name) for name in rows.column_names])
    for row in rows.slice(0, SHOWN_ROWS).to_pylist():
        # Text from data is shown as text: rich would read [brackets] as its own markup.
        table.add_row(*[Text(_cell(value)) for value in row.values()])
    console.print(table)
    if len(rows) > SHOWN_ROWS:
        console.print(f"{SHOWN_ROWS} of {len(rows):,} rows; --format csv, json or parquet gives all")


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.4g}"
    return json.dumps(value, default=str, ensure_ascii=False) if isinstance(value, list | dict) else str(value)


def _csv(rows: pa.Table) -> str:
    flat = [
        pa.array([_cell(value) for value in column.to_pylist()]) if pa.types.is_nested(column.type) else column
        for column in rows.columns
    ]
    sink = pa.BufferOutputStream()
    pa_csv.write_csv(pa.table(flat, names=rows.column_names), sink)
    return sink.getvalue().to_pybytes().decode()
