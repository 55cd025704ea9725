"""``docs/reference/tables.md``: what the lake stores. What SQL shows of it stands in ``docs/sql.md``."""

import ast
import inspect
from itertools import pairwise

import pyarrow as pa

from curec_assets.lake import schemas
from docs.tooling.markdown import code, prose, table

TABLES = """\
# Tables

What lies in the Parquet file of a partition, `<lake>/<chain>/<asset>/window=<key>/data.parquet`: these columns, and in
the file's metadata the manifest ([artifacts](../concepts/artifacts.md)). The column `window` is not stored; it is the
name of the folder, and every reader adds it. Columns may be added later, but none is renamed."""


def tables_page() -> str:
    """The stored columns as Markdown, without the header."""
    parts = [_table(name, schema) for name, schema in schemas.ASSET_SCHEMAS.items()]
    rejects = "Source rows that have no window, in `<lake>/<chain>/rejects/data.parquet`."
    return "\n\n".join([TABLES, *parts, f"## rejects\n\n{rejects}\n\n{_columns(schemas.REJECTS)}"])


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
