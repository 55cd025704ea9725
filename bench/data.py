"""The data assets of a shipped chain up to a window, made in a folder of their own."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from curec_assets.assets import ASSETS
from curec_assets.configuration.chain import SHIPPED, Chain, load_chain
from curec_assets.lake.window_run import WindowJob, WindowRun
from curec_assets.window_asset import prepare_torch, run_job

CHAIN = "movielens_100k"
LAST_DEVELOPMENT_WINDOW = "1998-01"
DATA_ASSETS = ("items", "raw_interactions", "cleaned_interactions", "evidence")


def shipped_chain() -> Chain:
    """The chain that the benchmarks run on, with torch made ready for it."""
    chain = load_chain(SHIPPED / "chains" / f"{CHAIN}.yaml")
    prepare_torch(chain.profile.threads)
    return chain


def fields_of(settings: Sequence[str]) -> dict[str, Any]:
    """``field=value`` settings of a command line, values as YAML."""
    return {name: yaml.safe_load(value) for name, value in (setting.split("=", 1) for setting in settings)}


def make_data(chain: Chain, window: str, folder: Path) -> None:
    """Publish the data assets of all windows up to ``window`` below ``folder``."""
    for candidate in chain.all_windows():
        if candidate.key <= window:
            for asset in DATA_ASSETS:
                run_job(ASSETS[asset], _job(chain, asset, candidate.key, folder))


def run_of(chain: Chain, asset: str, window: str, folder: Path) -> WindowRun:
    """A run that reads what ``asset`` may read in ``window``."""
    return WindowRun(_job(chain, asset, window, folder))


def _job(chain: Chain, asset: str, window: str, folder: Path) -> WindowJob:
    return WindowJob(lake=folder / "lake", models=folder / "models", chain=chain, asset=asset, window=window)
