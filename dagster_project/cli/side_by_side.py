"""Several stages of a chain at once, each as soon as what it is made from is fresh, in processes that are kept."""

import os
import signal
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import active_children, get_context, parent_process
from multiprocessing.process import BaseProcess
from pathlib import Path
from threading import Thread
from time import monotonic

import dagster as dg
from rich.console import Console

from curec_assets.configuration.chain import Chain
from curec_assets.configuration.windows import Window
from curec_assets.interactions.sources import open_source
from curec_assets.lake.as_of import windows_in
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
    keys = {window.key for window in windows}
    finished: set[Partition] = set()
    at_work: dict[Future[None], Partition] = {}
    began: dict[Partition, float] = {}
    took: dict[str, float] = {}
    try:
        with _processes(at_once) as workers:
            while True:
                partitions = status(lake, chain, fingerprints)
                wanted = {
                    p for p, now in partitions.items() if now.state != "fresh" and p[0] in assets and p[1] in keys
                }
                begun = finished | set(at_work.values())
                free = at_once - len(at_work)
                for asset, window in ready(partitions, chain, windows, assets, begun, finished)[:free]:
                    stage = workers.submit(make_stage, configuration, chain, window, lake_root, models_root, asset)
                    at_work[stage] = (asset, window.key)
                    began[asset, window.key] = monotonic()
                if not at_work:
                    return len(finished)
                done, _ = wait(at_work, return_when=FIRST_COMPLETED)
                for stage in done:
                    if isinstance(stage.exception(), RunFailedError) and len(at_work) > len(done):
                        console.print(f"{' '.join(at_work[stage])} failed; what is at work ends first", highlight=False)
                    stage.result()
                    made = at_work.pop(stage)
                    finished.add(made)
                    took[made[0]] = monotonic() - began[made]
                left = [asset for asset, _ in wanted - finished]
                of_all = f"{len(finished)} of {len(finished) + len(left)} partitions made"
                console.print(of_all + time_left(left, took, at_once), highlight=False)
    except BrokenProcessPool as error:
        lost = ", ".join(f"{key} {asset}" for asset, key in at_work.values())
        raise RunFailedError(
            f"{chain.name}: a process was killed while at work on {lost}; mostly memory has run out. Lower "
            f"concurrency.pools.default_limit (now {at_once}) in $DAGSTER_HOME/dagster.yaml; running again resumes"
        ) from error


def time_left(left: Collection[str], took: Mapping[str, float], at_once: int) -> str:
    """What the assets ``left`` will take by what each took last; nothing while one of them has not been made yet.

    Rough: stages at work count whole, and a ranker that will be judged takes many times what others take."""
    if not left or not took.keys() >= set(left):
        return ""
    minutes = sum(took[asset] for asset in left) / at_once / 60
    return f", about {minutes:.0f} min left" if minutes >= 1.5 else f", about {minutes * 60:.0f} s left"


@contextmanager
def _processes(count: int) -> Iterator[ProcessPoolExecutor]:
    """``count`` processes, which end at once when this one is interrupted or one of them is killed."""
    # Spawned: a fork would share torch's and DuckDB's threads, which do not survive it.
    with ProcessPoolExecutor(count, get_context("spawn"), _begin) as workers:
        try:
            yield workers
        except (KeyboardInterrupt, BrokenProcessPool):
            # Not asked to end: in a stage Dagster takes that for the stage's end alone, and the process would go back
            # to a queue whose lock one that has died may hold. A stage resumes after it as after any kill.
            for worker in active_children():
                worker.kill()
            raise


def _begin() -> None:
    """What a worker does before its first stage."""
    # Waiting for work, it goes without a word when it is interrupted; in a stage Dagster's handler stands in its place.
    signal.signal(signal.SIGINT, lambda *_: os._exit(1))

    def watch(parent: BaseProcess) -> None:
        parent.join()
        os._exit(1)

    # When the process that began it is killed, a worker would finish its stage, and then wait for work for ever.
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

    Each asset goes through its windows in order. A partition waits while anything that it reads is still to be made in
    this run. Where it, or what it reads, is stale through its parents alone, it also waits for those that nobody asked
    for, if that begins in ``windows``: they may turn out equal. What is stale through a window before ``windows`` keeps
    nobody waiting, as nothing will make it fresh.

    Args:
        partitions: the freshness of all of the chain, windows in order.
        chain: whose lineage and windows they are.
        windows: those of this run.
        assets: those of this run.
        begun: what was handed out before, done or not.
        finished: what of that is done.
    """
    within = {window.key: window for window in windows}
    left = {p: found for p, found in partitions.items() if found.state != "fresh" and p[1] in within}
    left = {p: found for p, found in left.items() if p not in finished}
    begins_here: set[Partition] = set()
    if any(asset not in assets for asset, _ in left):
        for (asset, key), found in left.items():
            if not found.through_parents or _read_by(chain, asset, within[key]) & begins_here:
                begins_here.add((asset, key))

    def waits(asset: str, window: Window) -> bool:
        waiting = left[(asset, window.key)].through_parents
        return any(
            p[0] in assets or (p in begins_here and (waiting or left[p].through_parents))
            for p in _read_by(chain, asset, window) & left.keys()
        )

    earliest: dict[str, Window] = {}
    for asset, key in left:
        if asset in assets:
            earliest.setdefault(asset, within[key])
    return [
        (asset, window)
        for asset, window in earliest.items()
        if (asset, window.key) not in begun and not waits(asset, window)
    ]


def _read_by(chain: Chain, asset: str, window: Window) -> set[Partition]:
    return {(edge.asset, at.key) for edge in LINEAGE[asset].edges for at in windows_in(edge.span, chain, window)}
