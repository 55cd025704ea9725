"""``docs/reference/tables.md`` and ``docs/reference/views.md``: what the lake stores, and what SQL shows of it."""

import ast
import inspect
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa

from curec_assets.lake import schemas
from curec_assets.lake.catalogue import connect, ensure_catalogue
from docs.tooling.markdown import code, plain, prose, table

TABLES = """\
# Tables

What lies in the Parquet file of a partition, `<lake>/<chain>/<asset>/window=<key>/data.parquet`: these columns, and in
the file's metadata the manifest ([artifacts](../concepts/artifacts.md)). The column `window` is not stored; it is the
name of the folder, and every reader adds it. Columns may be added later, but none is renamed."""

VIEWS = """\
# Views and macros

What `<lake>/curec.duckdb` shows of each chain, in a schema of the chain's name. It holds views and macros alone: the
rows are those of the Parquet files. How to ask, with examples: [SQL](../sql.md). Examples on this page name the chain
`demo`. `n` is the length of the encoder's vectors."""

CHAIN = "demo"
"""The chain in the empty lake whose catalogue the page of views is read from."""


def tables_page() -> str:
    """The stored columns as Markdown, without the header."""
    parts = [_table(name, schema) for name, schema in schemas.ASSET_SCHEMAS.items()]
    rejects = "Source rows that have no window, in `<lake>/<chain>/rejects/data.parquet`."
    return "\n\n".join([TABLES, *parts, f"## rejects\n\n{rejects}\n\n{_columns(schemas.REJECTS)}"])


def views_page() -> str:
    """Views and macros as Markdown, without the header."""
    with TemporaryDirectory() as lake:
        ensure_catalogue(Path(lake), [CHAIN])
        parts = list(_views(Path(lake)))
    return "\n\n".join([VIEWS, *parts])


def _table(name: str, schema: pa.Schema) -> str:
    said = prose(_docstring_of(schema)) if name != "reason_embeddings" else prose(schemas.reason_embeddings.__doc__)
    return "\n\n".join(part for part in (f"## {name}", said, _columns(schema)) if part)


def _columns(schema: pa.Schema) -> str:
    return table(["column", "type"], [[code(field.name), code(_arrow_type(field.type))] for field in schema])


def _arrow_type(kind: pa.DataType) -> str:
    if pa.types.is_struct(kind):
        return "struct<" + ", ".join(f"{field.name}: {_arrow_type(field.type)}" for field in kind) + ">"
    if pa.types.is_fixed_size_list(kind):
        return f"list<{_arrow_type(kind.value_type)}>[n]"
    return f"list<{_arrow_type(kind.value_type)}>" if pa.types.is_list(kind) else str(kind)


def _docstring_of(schema: pa.Schema) -> str | None:
    """The text below the constant of ``lake/schemas.py`` that holds ``schema``."""
    name = next((name for name, value in vars(schemas).items() if value is schema), None)
    body = ast.parse(inspect.getsource(schemas)).body
    for statement, following in pairwise(body):
        assigned = isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == name
        if assigned and isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant):
            return str(following.value.value)
    return None


def _views(lake: Path) -> Iterator[str]:
    with connect(lake, CHAIN) as catalogue:
        bound = {"schema": CHAIN}
        views = catalogue.execute(
            "SELECT view_name, comment FROM duckdb_views() WHERE schema_name = $schema ORDER BY view_name", bound
        ).fetchall()
        for view, comment in views:
            columns = catalogue.execute(
                "SELECT column_name, data_type, comment FROM duckdb_columns() "
                "WHERE schema_name = $schema AND table_name = $view ORDER BY column_index",
                {**bound, "view": view},
            ).fetchall()
            heads = ["column", "type", *(["meaning"] if any(told for *_, told in columns) else [])]
            cells = [[code(name), code(_sql_type(kind)), plain(told or "")] for name, kind, told in columns]
            rows = [row[: len(heads)] for row in cells]
            yield f"## {view}\n\n{plain(comment or '')}\n\n{table(heads, rows)}"
        macros = catalogue.execute(
            "SELECT function_name, parameters, comment FROM duckdb_functions() "
            "WHERE schema_name = $schema ORDER BY function_name",
            bound,
        ).fetchall()
        for macro, parameters, comment in macros:
            yield f"## {macro}({', '.join(parameters)})\n\n{plain(comment or '')}"


def _sql_type(kind: str) -> str:
    return re.sub(r"FLOAT\[1\]", "FLOAT[n]", kind)
