"""A window asset's checks as Dagster asset checks: one step that judges the partition which the run has just made."""

import math
import warnings
from collections.abc import Iterator
from pathlib import Path

import dagster as dg

from curec_assets.checks.checks import CHECKS
from curec_assets.checks.finding import Finding, Severity
from curec_assets.checks.partition import Partition
from curec_assets.configuration.chain import Chain
from curec_assets.lake.lake import Lake
from dagster_project.markdown_table import markdown_table
from dagster_project.partitions import window_partitions

MOST_ROWS = 20
"""Offending rows shown; their number is told in full."""
SEVERITIES: dict[Severity, dg.AssetCheckSeverity] = {
    "error": dg.AssetCheckSeverity.ERROR,
    "warn": dg.AssetCheckSeverity.WARN,
}


def chain_checks(chain: Chain, asset: str, lake: Path) -> dg.AssetChecksDefinition:
    """All checks of ``asset`` in ``chain``, partitioned like it. None of them blocks: what must not be published is
    refused before publishing."""
    key = dg.AssetKey([chain.name, asset])
    with warnings.catch_warnings():
        # Partitioned checks are announced as a preview; without them a check says nothing of which window it judged.
        warnings.simplefilter("ignore", dg.PreviewWarning)
        specs = [
            dg.AssetCheckSpec(
                check.name, asset=key, description=check.description, partitions_def=window_partitions(chain)
            )
            for check in CHECKS[asset]
        ]

    @dg.multi_asset_check(specs=specs, name=f"{chain.name}__{asset}__checks", can_subset=True)
    def judge(context: dg.AssetCheckExecutionContext) -> Iterator[dg.AssetCheckResult]:
        window = chain.window(context.partition_key)
        partition = Partition(Lake(lake, chain.name), chain, asset, window)
        selected = {chosen.name for chosen in context.selected_asset_check_keys}
        for check in CHECKS[asset]:
            if check.name in selected:
                yield _result(check.judge(partition), key, check.name, check.severity)

    return judge


def _result(finding: Finding, key: dg.AssetKey, name: str, severity: Severity) -> dg.AssetCheckResult:
    metadata: dict[str, dg.MetadataValue] = {
        measure: dg.MetadataValue.float(float(value))
        for measure, value in finding.measures.items()
        if math.isfinite(value)
    }
    if finding.offending:
        shown = finding.offending[:MOST_ROWS]
        columns = list(dict.fromkeys(column for row in shown for column in row))
        metadata["offending_rows"] = dg.MetadataValue.md(markdown_table(columns, shown))
    return dg.AssetCheckResult(
        asset_key=key,
        check_name=name,
        passed=finding.passed,
        severity=SEVERITIES[severity],
        description=finding.summary,
        metadata=metadata,
    )
