"""``curec run``: what is missing or stale of a chain, headless; as many stages at once as ``dagster.yaml`` allows."""

from collections.abc import Collection, Sequence
from pathlib import Path

from curec_assets.configuration.chain import Chain
from curec_assets.configuration.windows import Window
from curec_assets.lake.as_of import GapError
from curec_assets.lake.lake import Lake
from curec_assets.lineage import LINEAGE
from dagster_project.cli.in_order import run_in_order
from dagster_project.cli.side_by_side import run_side_by_side
from dagster_project.instance import dagster_home, stages_at_once


def run_chain(
    configuration: Path,
    chain: Chain,
    windows: Sequence[Window],
    lake_root: Path,
    models_root: Path,
    assets: Collection[str] = LINEAGE,
) -> int:
    """Materialize what is missing or stale of ``assets`` in ``windows``.

    Stages go one at a time, in the order of windows, unless ``concurrency.pools.default_limit`` in the ``dagster.yaml``
    of ``$DAGSTER_HOME`` says more: then that many at once. What each holds is the same.

    Returns:
        How many partitions were materialized; 0 when everything was fresh.

    Raises:
        GapError: windows before the first of ``windows`` were never materialized.
        RunFailedError: a stage failed; running again resumes there.
    """
    _refuse_gap(Lake(lake_root, chain.name), chain, windows, assets)
    dagster_home()
    at_once = stages_at_once()
    if at_once == 1:
        return run_in_order(configuration, chain, windows, lake_root, models_root, assets)
    return run_side_by_side(configuration, chain, windows, lake_root, models_root, assets, at_once)


def _refuse_gap(lake: Lake, chain: Chain, windows: Sequence[Window], assets: Collection[str]) -> None:
    earlier = chain.all_windows()[: chain.all_windows().index(windows[0])]
    gaps = [w.key for w in earlier if any(lake.manifest(asset, w.key) is None for asset in assets)]
    if gaps:
        raise GapError(
            f"{chain.name}: window {windows[0].key} builds on {', '.join(gaps)}, not (wholly) materialized yet. Run: "
            f"curec run --chain {chain.name} --windows {gaps[0]}..{windows[-1].key}"
        )
