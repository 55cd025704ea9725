"""Running chains without an orchestrator: the same jobs that Dagster runs, one after the other."""

from collections.abc import Iterable
from pathlib import Path

from curec_assets.assets import ASSETS
from curec_assets.configuration.chain import Chain
from curec_assets.lake.lake import Lake
from curec_assets.lake.window_run import WindowJob
from curec_assets.window_asset import run_job


def run_windows(chain: Chain, lake: Path, models: Path, windows: Iterable[str], assets: Iterable[str] = ASSETS) -> None:
    """Materialize ``assets`` in ``windows``, in order."""
    for window in windows:
        for name in assets:
            run_job(ASSETS[name], WindowJob(lake=lake, models=models, chain=chain, asset=name, window=window))


def content_hashes(chain: Chain, lake: Path, windows: Iterable[str]) -> dict[tuple[str, str], str | None]:
    """The content hash of every partition of ``windows``; None where one was never published."""
    found = {}
    for window in windows:
        for asset in ASSETS:
            manifest = Lake(lake, chain.name).manifest(asset, window)
            found[(asset, window)] = manifest.content_hash if manifest else None
    return found
