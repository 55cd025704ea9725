"""A chain's windows in order, one stage after the other, each window one Dagster run of what is not fresh in it."""

import os
from collections.abc import Collection, Sequence
from pathlib import Path
from uuid import uuid4

import dagster as dg

from curec_assets.configuration.chain import Chain
from curec_assets.configuration.windows import Window
from curec_assets.interactions.sources import open_source
from curec_assets.lake.lake import Lake
from curec_assets.lake.versions import Freshness, status
from curec_assets.lineage import LINEAGE
from dagster_project.cli.progress import RunDisplay
from dagster_project.definitions import build_definitions
from dagster_project.instance import PROCESS_TAG, close_orphaned_runs, wait_with_a_word


class RunFailedError(RuntimeError):
    """A stage failed; what was made before it is published."""


def run_in_order(
    configuration: Path,
    chain: Chain,
    windows: Sequence[Window],
    lake_root: Path,
    models_root: Path,
    assets: Collection[str] = LINEAGE,
) -> int:
    """Materialize what is missing or stale of ``assets`` in ``windows``, in order.

    Returns:
        How many partitions were materialized; 0 when everything was fresh.

    Raises:
        RunFailedError: a stage failed; running again resumes there.
    """
    lake = Lake(lake_root, chain.name)
    fingerprints = open_source(chain.data_set, chain.folder).fingerprints()
    made = 0
    with RunDisplay(lake, chain, windows) as display, dg.DagsterInstance.get() as instance:
        close_orphaned_runs(instance)
        job = _job(configuration, lake_root, models_root, display)
        for window in windows:
            while selection := due(status(lake, chain, fingerprints), window, assets):
                _materialize(instance, job, display, chain, window, selection)
                made += len(selection)
    return made


def make_stage(
    configuration: Path, chain: Chain, window: Window, lake_root: Path, models_root: Path, asset: str
) -> None:
    """Materialize ``asset`` in ``window``, fresh or not, and tell of it in plain lines.

    Raises:
        RunFailedError: it failed.
    """
    display = RunDisplay(Lake(lake_root, chain.name), chain, [window], bars=False)
    with display, dg.DagsterInstance.get() as instance:
        _materialize(instance, _job(configuration, lake_root, models_root, display), display, chain, window, [asset])


def _job(configuration: Path, lake_root: Path, models_root: Path, display: RunDisplay) -> dg.JobDefinition:
    definitions = build_definitions(configuration, lake_root, models_root, display.stage)
    return definitions.resolve_implicit_global_asset_job_def()


def _materialize(
    instance: dg.DagsterInstance,
    job: dg.JobDefinition,
    display: RunDisplay,
    chain: Chain,
    window: Window,
    assets: Sequence[str],
) -> None:
    display.expect(window, assets)
    run_id = str(uuid4())
    wait_with_a_word(instance, run_id, display.waiting)
    result = job.execute_in_process(
        instance=instance,
        run_id=run_id,
        partition_key=window.key,
        asset_selection=[dg.AssetKey([chain.name, asset]) for asset in assets],
        run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        tags={PROCESS_TAG: str(os.getpid())},
        raise_on_error=False,
    )
    if not result.success:
        raise RunFailedError(_failure(result, chain, window))


def due(partitions: dict[tuple[str, str], Freshness], window: Window, assets: Collection[str] = LINEAGE) -> list[str]:
    """Those of ``assets`` to materialize next in ``window``, in lineage order; empty when all are fresh.

    An asset that is stale only through its parents waits until they are made again: if their content turns out equal,
    it is fresh and need not run. One that waits for an asset outside ``assets`` is left as it is.
    """
    waiting: set[str] = set()
    selected = []
    for asset, artifact in LINEAGE.items():
        freshness = partitions[(asset, window.key)]
        parents = {edge.asset for edge in artifact.edges if edge.span in ("at", "up_to")}
        if freshness.through_parents or (freshness.state != "fresh" and parents & waiting):
            waiting.add(asset)
        elif freshness.state != "fresh":
            selected.append(asset)
    if any(asset not in assets for asset in selected):
        return [asset for asset in selected if asset in assets]
    # Stale through an earlier window that is not part of this run: nothing else will make it fresh.
    return selected or [asset for asset in LINEAGE if asset in waiting and asset in assets]


def _failure(result: dg.ExecuteInProcessResult, chain: Chain, window: Window) -> str:
    failures = [event for event in result.all_events if event.is_step_failure]
    if not failures:
        return f"{chain.name} {window.key}: the run failed before its first stage; see `make ui`"
    error = failures[0].step_failure_data.error
    # The user's own exception stands at the bottom of Dagster's chain.
    while error is not None and error.cause is not None:
        error = error.cause
    message = error.message.strip() if error is not None else "unknown"
    return f"{chain.name} {window.key}, stage {failures[0].step_key}: {message}\nFull trace in the UI (make ui)."
