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
from dagster_project.automation import chain_automation, newest_window_schedule, source_sensor
from dagster_project.checks import chain_checks
from dagster_project.launch import profile_key, profile_resource


def build_definitions(
    configuration: Path, lake: Path, models: Path, progress_for: ProgressFor = log_progress
) -> dg.Definitions:
    """All chains in ``configuration``, writing to ``lake``: their assets and checks, what can be set at launch, and
    what can run them unattended.

    One process runs all steps of a run: a step does not import torch and load its models again.
    """
    chains = load_chains(configuration).values()
    return dg.Definitions(
        assets=[chain_asset(chain, asset, lake, models, progress_for) for chain in chains for asset in ASSETS.values()],
        asset_checks=[chain_checks(chain, asset, lake) for chain in chains for asset in ASSETS],
        resources={profile_key(chain): profile_resource(chain) for chain in chains},
        schedules=[newest_window_schedule(chain, lake) for chain in chains],
        sensors=[sensor for chain in chains for sensor in (source_sensor(chain, lake), chain_automation(chain))],
        executor=dg.in_process_executor,
    )


defs = build_definitions(configuration_folder(), lake_root(), models_root())
