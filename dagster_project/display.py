"""What a person sees of an asset: what came out, is it good, what did it cost, how old is it, where does it lie."""

import math
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow as pa

from curec_assets.configuration.chain import Chain
from curec_assets.lake.as_of import windows_in
from curec_assets.lake.lake import Lake
from curec_assets.lake.manifest import Manifest
from curec_assets.lake.schemas import ASSET_SCHEMAS
from curec_assets.lake.window_run import Published, WindowJob
from dagster_project.columns import column_lineage, relation, table_schema
from dagster_project.markdown_table import markdown_table
from dagster_project.pictures import (
    actions_per_window,
    audit_plots,
    curves_plots,
    evaluation_plots,
    reliability_pictures,
    rewards_before_and_after,
    rows_per_window,
)

PREVIEW_ROWS = 8
DIGITS = 6
"""Significant digits of a number on the page; the lake has all of them."""
TOKENS = ("tokens_generated", "tokens_trained", "tokens")
"""Metrics that count the tokens a stage wrote or was trained on; a stage has one of them or none."""
PICTURED = ("reliability", "evaluations")
"""Metrics that are rows, and shown as pictures."""

Metadata = dict[str, dg.MetadataValue[Any]]


def definition_metadata(chain: Chain, asset: str, lake: Path) -> Metadata:
    """What is known of an asset before anything is made: where it will lie, its columns, data and profile."""
    folder = Lake(lake, chain.name).folder / asset
    return {
        "dagster/table_name": dg.MetadataValue.text(relation(chain.name, asset)),
        "dagster/uri": dg.MetadataValue.text(folder.as_uri()),
        "dagster/column_schema": dg.MetadataValue.table_schema(table_schema(asset, ASSET_SCHEMAS[asset])),
        "chain": dg.MetadataValue.text(chain.name),
        "data_set": dg.MetadataValue.text(f"{chain.data_set.name} ({chain.data_set.licence})"),
        "profile": dg.MetadataValue.text(chain.profile.description),
    }


def display_metadata(published: Published, job: WindowJob, memory: Mapping[str, float]) -> Metadata:
    """Metadata of one materialization; values are shown as text, never as markup of the data's own.

    Args:
        published: what was published.
        job: the job that made it.
        memory: the peak while it was made, in MiB, by a name that says whose.
    """
    return {
        **_pictures(published, job),
        "preview": dg.MetadataValue.md(preview(published.table)),
        **_came_out(published, job),
        **_cost(published.manifest, memory),
        **_age(published.manifest, job),
        **_place(published, job),
        **{name: _value(value) for name, value in published.manifest.metrics.items() if name not in PICTURED},
    }


def preview(table: pa.Table) -> str:
    """The first rows as a Markdown table."""
    rows = table.slice(0, PREVIEW_ROWS).to_pylist()
    return markdown_table(table.column_names, [{name: _rounded(value) for name, value in row.items()} for row in rows])


def curves_table(points: list[Mapping[str, Any]]) -> str:
    """Learning curves as a Markdown table, one row a step, one column a curve."""
    names = list(dict.fromkeys(point["name"] for point in points))
    rows: dict[int, dict[str, Any]] = {step: {"step": step} for step in sorted({point["step"] for point in points})}
    for point in points:
        rows[point["step"]][point["name"]] = f"{point['value']:.4g}"
    return markdown_table(["step", *names], rows.values())


def evaluation_rows(table: pa.Table) -> list[dict[str, Any]]:
    """Rows of EVALUATIONS that a partition is, or that its one model row holds; [] where there are none."""
    if "evaluations" in table.column_names:
        return list(table["evaluations"][0].as_py() or [])
    return list(table.to_pylist()) if {"subject", "arm", "metric", "ci_low"} <= set(table.column_names) else []


def _pictures(published: Published, job: WindowJob) -> Metadata:
    table, metrics = published.table, published.manifest.metrics
    found: dict[str, str] = {}
    if job.asset == "cleaned_interactions":
        found["rows_per_window"] = rows_per_window(_history(job))
    if job.asset == "corrected_reasons":
        found["actions_per_window"] = actions_per_window(_history(job))
        found["rewards_before_and_after"] = rewards_before_and_after(table)
    if job.asset == "bias_audit":
        found["audit"] = audit_plots(table.to_pylist())
    if evaluations := evaluation_rows(table) or metrics.get("evaluations"):
        found["evaluation"] = evaluation_plots(evaluations)
    if metrics.get("reliability"):
        found["reliability"] = reliability_pictures(metrics["reliability"])
    if "curves" in table.column_names:
        points = table["curves"][0].as_py()
        found["learning_curves"] = curves_plots(points)
        found["curves"] = curves_table(points)
    return {name: dg.MetadataValue.md(text) for name, text in found.items()}


def _came_out(published: Published, job: WindowJob) -> Metadata:
    shown: Metadata = {
        "dagster/row_count": dg.MetadataValue.int(sum(manifest.rows for manifest in _history(job).values())),
        "dagster/partition_row_count": dg.MetadataValue.int(published.manifest.rows),
        "dagster/column_schema": dg.MetadataValue.table_schema(table_schema(job.asset, published.table.schema)),
    }
    lineage = column_lineage(job.chain.name, job.asset)
    return shown | ({"dagster/column_lineage": dg.MetadataValue.column_lineage(lineage)} if lineage else {})


def _cost(manifest: Manifest, memory: Mapping[str, float]) -> Metadata:
    cost: Metadata = {"seconds": dg.MetadataValue.float(manifest.seconds)}
    if counted := next((name for name in TOKENS if name in manifest.metrics), None):
        tokens = int(manifest.metrics[counted])
        cost["tokens"] = dg.MetadataValue.int(tokens)
        cost["tokens_per_second"] = dg.MetadataValue.float(round(tokens / max(manifest.seconds, 1e-3), 2))
    return cost | {name: dg.MetadataValue.float(mib) for name, mib in memory.items()}


def _age(manifest: Manifest, job: WindowJob) -> Metadata:
    window = job.chain.window(job.window)
    age: Metadata = {
        "made_at": dg.MetadataValue.timestamp(datetime.fromisoformat(manifest.created_at)),
        "window_end": dg.MetadataValue.timestamp(window.end),
        "rows_seen": dg.MetadataValue.int(manifest.rows_seen),
        "latest_ts_seen": dg.MetadataValue.text("none"),
    }
    if manifest.latest_ts_seen:
        age["latest_ts_seen"] = dg.MetadataValue.timestamp(datetime.fromisoformat(manifest.latest_ts_seen))
    return age


def _place(published: Published, job: WindowJob) -> Metadata:
    manifest = published.manifest
    place: Metadata = {
        "dagster/uri": dg.MetadataValue.text(published.path.as_uri()),
        "path": dg.MetadataValue.path(published.path),
        "relation": dg.MetadataValue.text(relation(job.chain.name, job.asset)),
        "artifact_id": dg.MetadataValue.text(manifest.artifact_id),
        "content_hash": dg.MetadataValue.text(manifest.content_hash),
        "effective_config_hash": dg.MetadataValue.text(manifest.config_hash),
        "parents": dg.MetadataValue.json([parent.artifact_id for parent in manifest.parents]),
    }
    if manifest.overrides:
        place["given_at_launch"] = dg.MetadataValue.json(manifest.overrides)
    return place


def _history(job: WindowJob) -> dict[str, Manifest]:
    """The asset's manifests of this window and those before it, in order."""
    window = job.chain.window(job.window)
    lake = Lake(job.lake, job.chain.name)
    found = {w.key: lake.manifest(job.asset, w.key) for w in windows_in("up_to", job.chain, window)}
    return {key: manifest for key, manifest in found.items() if manifest is not None}


def _rounded(value: Any) -> Any:
    """A number to DIGITS significant digits; anything else as it is."""
    return float(f"{value:.{DIGITS}g}") if isinstance(value, float) else value


def _value(value: Any) -> dg.MetadataValue[Any]:
    if isinstance(value, bool):
        return dg.MetadataValue.bool(value)
    if isinstance(value, int):
        return dg.MetadataValue.int(value)
    if isinstance(value, float) and math.isfinite(value):
        return dg.MetadataValue.float(_rounded(value))
    return dg.MetadataValue.text(str(value)) if isinstance(value, str | float) else dg.MetadataValue.json(value)
