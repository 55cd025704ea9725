"""A window asset of a chain as a Dagster asset: key, edges, partitions, versions, and what the UI shows of a run."""

from collections.abc import Callable
from pathlib import Path

import dagster as dg

from curec_assets.configuration.chain import Chain
from curec_assets.lake.versions import config_hash
from curec_assets.lake.window_run import WindowJob
from curec_assets.lineage import LINEAGE
from curec_assets.progress import PacedProgress, Progress
from curec_assets.window_asset import HEAVY_POOL, WindowAsset, run_job
from dagster_project.automation import up_to_date_in_order
from dagster_project.display import definition_metadata, display_metadata
from dagster_project.launch import profile_key
from dagster_project.partitions import edge_dependency, window_partitions
from dagster_project.peak_memory import PeakMemory

OWNERS = ["team:recommendation"]

ProgressFor = Callable[[dg.AssetExecutionContext, str, str], Progress]
"""Makes the listener of one asset's run from its context, asset name and window key."""


def chain_asset(
    chain: Chain, asset: WindowAsset, lake: Path, models: Path, progress_for: ProgressFor
) -> dg.AssetsDefinition:
    """``asset`` in ``chain``, keyed ``[chain, asset]`` and partitioned by the chain's windows."""
    artifact = LINEAGE[asset.name]

    @dg.asset(
        key=[chain.name, asset.name],
        deps=[edge_dependency(chain, edge) for edge in artifact.edges],
        partitions_def=window_partitions(chain),
        group_name=f"{chain.name}_{artifact.group}",
        description=asset.description,
        kinds=set(asset.kinds),
        owners=OWNERS,
        code_version=artifact.code_version,
        pool=HEAVY_POOL if asset.heavy else None,
        automation_condition=up_to_date_in_order(chain, asset.name) if artifact.edges else None,
        required_resource_keys={profile_key(chain)},
        metadata={**definition_metadata(chain, asset.name, lake), "config_hash": config_hash(chain, asset.name)},
    )
    def materialize(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
        window = context.partition_key
        in_force: Chain = getattr(context.resources, profile_key(chain))
        job = WindowJob(lake=lake, models=models, chain=in_force, asset=asset.name, window=window)
        memory = PeakMemory()
        published = run_job(asset, job, progress_for(context, asset.name, window))
        return dg.MaterializeResult(
            metadata=display_metadata(published, job, memory.mib()),
            data_version=dg.DataVersion(published.manifest.content_hash),
        )

    return materialize


def log_progress(context: dg.AssetExecutionContext, asset: str, window: str) -> Progress:
    """Progress as log lines of the run, with an estimate of the time left."""
    return PacedProgress(f"{asset} {window}", context.log.info)
