"""Several stages of a chain at once, each as soon as what it is made from is fresh, in processes that are kept."""

import os
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context, parent_process
from multiprocessing.process import BaseProcess
from pathlib import Path
from threading import Thread

import dagster as dg
from rich.console import Console

from curec_assets.configuration.chain import Chain
from curec_assets.configuration.windows import Window
from curec_assets.interactions.sources import open_source
from curec_assets.lake.as_of import earlier_windows, windows_in
from curec_assets.lake.catalogue import ensure_catalogue
from curec_assets.lake.lake import Lake
from curec_assets.lake.versions import Freshness, status
from curec_assets.lineage import LINEAGE
from dagster_project.cli.in_order import RunFailedError, make_stage
from dagster_project.instance import close_orphaned_runs

Partition = tuple[str, str]
"""An asset and the key of a window."""


def run_side_by_side(
    configuration: Path,
    chain: Chain,
    windows: Sequence[Window],
    lake_root: Path,
    models_root: Path,
    assets: Collection[str],
    at_once: int,
) -> int:
    """Materialize what is missing or stale of ``assets`` in ``windows``, up to ``at_once`` stages at a time.

    What a stage holds does not depend on which others run beside it. Where one fails, no other is begun, and those at
    work are waited for.

    Returns:
        How many partitions were materialized; 0 when everything was fresh.

    Raises:
        RunFailedError: a stage failed, or its process was killed; running again resumes there.
    """
    lake = Lake(lake_root, chain.name)
    # Before there are two that might make it: an empty file of rejects must not come after the first stage's.
    ensure_catalogue(lake_root, [chain.name])
    fingerprints = open_source(chain.data_set, chain.folder).fingerprints()
    console = Console(stderr=True)
    with dg.DagsterInstance.get() as instance:
        close_orphaned_runs(instance)
    finished: set[Partition] = set()
    at_work: dict[Future[None], Partition] = {}
    try:
        # Spawned: a fork would share torch's and DuckDB's threads, which do not survive it.
        with ProcessPoolExecutor(at_once, get_context("spawn"), _end_with_parent) as workers:
            while True:
                partitions = status(lake, chain, fingerprints)
                begun = finished | set(at_work.values())
                free = at_once - len(at_work)
                for asset, window in ready(partitions, chain, windows, assets, begun, finished)[:free]:
                    stage = workers.submit(make_stage, configuration, chain, window, lake_root, models_root, asset)
                    at_work[stage] = (asset, window.key)
                if not at_work:
                    return len(finished)
                done, _ = wait(at_work, return_when=FIRST_COMPLETED)
                for stage in done:
                    if isinstance(stage.exception(), RunFailedError) and len(at_work) > len(done):
                        console.print(f"{' '.join(at_work[stage])} failed; what is at work ends first", highlight=False)
                    stage.result()
                    finished.add(at_work.pop(stage))
                console.print(f"{len(finished)} partitions made", highlight=False)
    except BrokenProcessPool as error:
        lost = ", ".join(f"{key} {asset}" for asset, key in at_work.values())
        raise RunFailedError(
            f"{chain.name}: a process was killed while at work on {lost}; mostly memory has run out. Lower "
            f"concurrency.pools.default_limit (now {at_once}) in $DAGSTER_HOME/dagster.yaml; running again resumes"
        ) from error


def _end_with_parent() -> None:
    """Have this process end when the one that began it is killed; it would go on, and then wait for work for ever."""

    def watch(parent: BaseProcess) -> None:
        parent.join()
        os._exit(1)

    if parent := parent_process():
        Thread(target=watch, args=(parent,), daemon=True).start()


def ready(
    partitions: Mapping[Partition, Freshness],
    chain: Chain,
    windows: Sequence[Window],
    assets: Collection[str],
    begun: Collection[Partition],
    finished: Collection[Partition],
) -> list[tuple[str, Window]]:
    """What of ``assets`` can be begun now, in the order of windows, within each in lineage order.

    A partition waits while anything that it reads, or its asset in the window before, is still to be made in this run.
    One that is stale only through its parents waits for them, too, where they lie in ``windows`` and not in ``assets``:
    they may turn out equal. What is stale before ``windows`` keeps nobody waiting, as nothing will make it fresh.

    Args:
        partitions: the freshness of all of the chain.
        chain: whose lineage and windows they are.
        windows: those of this run.
        assets: those of this run.
        begun: what was handed out before, done or not.
        finished: what of that is done.
    """
    keys = {window.key for window in windows}
    left = {p for p, found in partitions.items() if found.state != "fresh" and p[1] in keys and p not in finished}

    def waits(asset: str, window: Window) -> bool:
        for_all = partitions[(asset, window.key)].through_parents
        return any(p in left and (for_all or p[0] in assets) for p in _read_by(chain, asset, window))

    return [
        (asset, window)
        for window in windows
        for asset in LINEAGE
        if asset in assets
        and (asset, window.key) in left
        and (asset, window.key) not in begun
        and not waits(asset, window)
    ]


def _read_by(chain: Chain, asset: str, window: Window) -> set[Partition]:
    read = {(edge.asset, at.key) for edge in LINEAGE[asset].edges for at in windows_in(edge.span, chain, window)}
    return read | {(asset, earlier.key) for earlier in earlier_windows(chain, window)[-1:]}
