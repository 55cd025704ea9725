"""The data assets of a shipped chain up to a window, made in a folder of their own."""

import argparse
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import yaml

from curec_assets.assets import ASSETS
from curec_assets.configuration.chain import SHIPPED, Chain, load_chain
from curec_assets.lake.window_run import WindowJob, WindowRun
from curec_assets.window_asset import prepare_torch, run_job

CHAIN = "movielens_100k"
TUNED_UP_TO = {CHAIN: "1998-01", "amazon_beauty": "2014-04", "movielens_small": "2013"}
"""The last window of each chain that something may be tuned on; those after it are judged. ``amazon_cds`` is not among
them: it confirms what was chosen on these."""
DATA_ASSETS = ("items", "raw_interactions", "cleaned_interactions", "evidence")


def shipped_chain(name: str = CHAIN) -> Chain:
    """A shipped chain, with torch made ready for it."""
    chain = load_chain(SHIPPED / "chains" / f"{name}.yaml")
    prepare_torch(chain.profile.threads)
    return chain


def fields_of(settings: Sequence[str]) -> dict[str, Any]:
    """``field=value`` settings of a command line, values as YAML."""
    return {name: yaml.safe_load(value) for name, value in (setting.split("=", 1) for setting in settings)}


def ask_for_window(parser: argparse.ArgumentParser, chains: Collection[str] = (CHAIN,)) -> None:
    """Adds ``--window``, and ``--chain`` where there are several, for :func:`window_asked`."""
    parser.set_defaults(chain=CHAIN)
    if len(chains) > 1:
        parser.add_argument("--chain", choices=sorted(chains))
    parser.add_argument("--window", help="by default the last of the chain that is not kept for the final test")


def window_asked(parser: argparse.ArgumentParser, asked: argparse.Namespace) -> str:
    """The window that ``asked`` names; a usage error where its chain is judged on it."""
    window = str(asked.window or TUNED_UP_TO[asked.chain])
    refuse_final(parser, window, asked.chain)
    return window


def refuse_final(parser: argparse.ArgumentParser, window: str, chain: str = CHAIN) -> None:
    """A usage error where ``chain`` is judged on ``window``."""
    if window > TUNED_UP_TO[chain]:
        parser.error(f"{window} is kept for the final test; choose a window up to {TUNED_UP_TO[chain]}")


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
