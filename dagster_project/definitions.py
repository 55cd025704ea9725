"""The definitions that Dagster loads: every chain of the configuration folder, side by side."""

import os
from pathlib import Path

# Before dagster is imported anywhere else: this project reports to nobody.
os.environ.setdefault("DAGSTER_DISABLE_TELEMETRY", "yes")

import dagster as dg

from curec_assets.assets import ASSETS
from curec_assets.configuration.chain import configuration_folder, load_chains
from curec_assets.lake.lake import lake_root, models_root
from dagster_project.assets import ProgressFor, chain_asset, log_progress


def build_definitions(
    configuration: Path, lake: Path, models: Path, progress_for: ProgressFor = log_progress
) -> dg.Definitions:
    """All assets of all chains in ``configuration``, writing to ``lake``.

    One process runs all steps of a run: a step does not import torch and load its models again.
    """
    return dg.Definitions(
        assets=[
            chain_asset(chain, asset, lake, models, progress_for)
            for chain in load_chains(configuration).values()
            for asset in ASSETS.values()
        ],
        executor=dg.in_process_executor,
    )


defs = build_definitions(configuration_folder(), lake_root(), models_root())
