"""What a person sees of a materialization in the UI: counts, times, metrics, a preview and where it lies."""

import json
from collections.abc import Mapping
from typing import Any

import dagster as dg
import pyarrow as pa

from curec_assets.lake.window_run import Published

PREVIEW_ROWS = 8
PREVIEW_CHARACTERS = 160


def display_metadata(published: Published) -> dict[str, dg.MetadataValue[Any]]:
    """Metadata of one materialization; values are shown as text, never as markup of the data's own."""
    manifest = published.manifest
    metadata: dict[str, dg.MetadataValue[Any]] = {
        "dagster/row_count": dg.MetadataValue.int(manifest.rows),
        "dagster/uri": dg.MetadataValue.path(str(published.path)),
        "dagster/column_schema": dg.MetadataValue.table_schema(_table_schema(published.table.schema)),
        "seconds": dg.MetadataValue.float(manifest.seconds),
        "content_hash": dg.MetadataValue.text(manifest.content_hash),
        "rows_seen": dg.MetadataValue.int(manifest.rows_seen),
        "latest_ts_seen": dg.MetadataValue.text(manifest.latest_ts_seen or "none"),
        "parents": dg.MetadataValue.json([parent.artifact_id for parent in manifest.parents]),
        "preview": dg.MetadataValue.md(preview(published.table)),
    }
    metadata.update({name: _value(value) for name, value in manifest.metrics.items()})
    if "curves" in published.table.column_names:
        metadata["curves"] = dg.MetadataValue.md(curves_table(published.table["curves"][0].as_py()))
    return metadata


def preview(table: pa.Table) -> str:
    """The first rows as a Markdown table whose cells cannot break out of it."""
    head = table.slice(0, PREVIEW_ROWS)
    lines = [_row(head.column_names), _row(["---"] * head.num_columns)]
    lines += [_row([_cell(value) for value in row.values()]) for row in head.to_pylist()]
    return "\n".join(lines)


def curves_table(points: list[Mapping[str, Any]]) -> str:
    """Learning curves as a Markdown table, one row a step, one column a curve."""
    names = list(dict.fromkeys(point["name"] for point in points))
    steps = sorted({point["step"] for point in points})
    values = {(point["step"], point["name"]): point["value"] for point in points}
    lines = [_row(["step", *names]), _row(["---"] * (len(names) + 1))]
    for step in steps:
        found = [values.get((step, name)) for name in names]
        lines.append(_row([str(step), *("" if value is None else f"{value:.4g}" for value in found)]))
    return "\n".join(lines)


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def _cell(value: Any) -> str:
    text = value if isinstance(value, str) else "" if value is None else json.dumps(value, default=str)
    text = " ".join(text.split())[:PREVIEW_CHARACTERS]
    for character, escape in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("|", "&#124;"), ("`", "&#96;")):
        text = text.replace(character, escape)
    return text


def _value(value: Any) -> dg.MetadataValue[Any]:
    if isinstance(value, bool):
        return dg.MetadataValue.bool(value)
    if isinstance(value, int):
        return dg.MetadataValue.int(value)
    if isinstance(value, float):
        return dg.MetadataValue.float(value)
    return dg.MetadataValue.text(value) if isinstance(value, str) else dg.MetadataValue.json(value)


def _table_schema(schema: pa.Schema) -> dg.TableSchema:
    return dg.TableSchema([dg.TableColumn(field.name, str(field.type)) for field in schema])
