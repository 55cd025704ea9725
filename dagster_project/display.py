"""What a person sees of a materialization in the UI: counts, times, metrics, a preview and where it lies."""

import json
import math
from base64 import b64encode
from collections.abc import Mapping
from typing import Any

import dagster as dg
import pyarrow as pa

from curec_assets.lake.schemas import BIAS_AUDIT
from curec_assets.lake.window_run import Published
from dagster_project.report.audit import decile_plots, reach_plots
from dagster_project.report.plots import Dot, Line, dot_plot, legend, line_plot
from dagster_project.report.reliability import Bins, arms_of, reliability_plots

PREVIEW_ROWS = 8
MOST_PLOTS = 16
"""More pictures than this are left to the report: an asset's page should load at once."""
PREVIEW_CHARACTERS = 160
PICTURED = ("reliability", "evaluations")
"""Metrics that are rows, and shown as pictures."""


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
    metadata.update({name: _value(value) for name, value in manifest.metrics.items() if name not in PICTURED})
    if manifest.metrics.get("reliability"):
        metadata["reliability"] = dg.MetadataValue.md(reliability_pictures(manifest.metrics["reliability"]))
    if "curves" in published.table.column_names:
        points = published.table["curves"][0].as_py()
        metadata["curves"] = dg.MetadataValue.md(curves_table(points))
        metadata["learning_curves"] = dg.MetadataValue.md(curves_plots(points))
    evaluations = evaluation_rows(published.table) or manifest.metrics.get("evaluations")
    if evaluations:
        metadata["evaluation"] = dg.MetadataValue.md(evaluation_plots(evaluations))
    if published.table.schema.equals(BIAS_AUDIT):
        rows = published.table.to_pylist()
        metadata["audit"] = dg.MetadataValue.md(_pictures([*reach_plots(rows), *decile_plots(rows)]))
    return metadata


def evaluation_rows(table: pa.Table) -> list[dict[str, Any]]:
    """Rows of EVALUATIONS that a partition is, or that its one model row holds; [] where there are none."""
    if "evaluations" in table.column_names:
        return list(table["evaluations"][0].as_py() or [])
    return list(table.to_pylist()) if {"subject", "arm", "metric", "ci_low"} <= set(table.column_names) else []


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


def curves_plots(points: list[Mapping[str, Any]]) -> str:
    """Learning curves as pictures, one a curve, in Markdown."""
    plots = []
    for name in dict.fromkeys(point["name"] for point in points):
        found = [(float(p["step"]), p["value"]) for p in points if p["name"] == name and math.isfinite(p["value"])]
        if found:
            ticks = [(step, f"{step:.0f}") for step in dict.fromkeys((found[0][0], found[-1][0]))]
            plots.append(line_plot(name, [Line(name, tuple(found))], ticks))
    return _pictures(plots)


def evaluation_plots(rows: list[dict[str, Any]]) -> str:
    """The paired differences on the whole held-out set with their intervals, one picture a stage and measure."""
    differences = [
        row for row in rows if row["slice"] == "all" and " − " in row["arm"] and _is_finite(row["value"], row["ci_low"])
    ]
    groups = dict.fromkeys((row["subject"], row["metric"]) for row in differences)
    plots = []
    for subject, metric in groups:
        dots = [
            Dot(row["arm"], row["value"], row["ci_low"], row["ci_high"])
            for row in differences
            if (row["subject"], row["metric"]) == (subject, metric)
        ]
        plots.append(dot_plot(f"{subject}: {metric}", dots, 0.0))
    return _pictures(plots) if plots else "no differences to show"


def reliability_pictures(bins: Bins) -> str:
    """Predicted against observed probability with the events of each bin, one picture a slice, and what the colours
    stand for."""
    return _pictures([*reliability_plots(bins), legend(arms_of(bins))])


def _is_finite(*values: float | None) -> bool:
    return all(value is not None and math.isfinite(value) for value in values)


def _pictures(plots: list[str]) -> str:
    """SVG as images in Markdown: a picture in an ``img`` runs nothing, whatever stands in it."""
    named = [plot.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1) for plot in plots[:MOST_PLOTS]]
    return "\n\n".join(f"![](data:image/svg+xml;base64,{b64encode(plot.encode()).decode()})" for plot in named)


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
