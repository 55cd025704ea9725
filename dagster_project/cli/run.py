"""``curec run``: a chain's windows in order, headless, each window one Dagster run of what is not fresh in it."""

import os
from collections.abc import Collection, Sequence
from pathlib import Path
from uuid import uuid4

import dagster as dg

from curec_assets.configuration.chain import Chain
from curec_assets.configuration.windows import Window
from curec_assets.interactions.sources import open_source
from curec_assets.lake.as_of import GapError
from curec_assets.lake.lake import Lake
from curec_assets.lake.versions import Freshness, status
from curec_assets.lineage import LINEAGE
from dagster_project.cli.progress import RunDisplay
from dagster_project.definitions import build_definitions
from dagster_project.instance import PROCESS_TAG, close_orphaned_runs, dagster_home, wait_with_a_word


class RunFailedError(RuntimeError):
    """A stage failed; the windows before it are published, this one up to the stage before."""


def run_chain(
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
        GapError: windows before the first of ``windows`` were never materialized.
        RunFailedError: a stage failed; running again resumes there.
    """
    lake = Lake(lake_root, chain.name)
    fingerprints = open_source(chain.data_set, chain.folder).fingerprints()
    _refuse_gap(lake, chain, windows, assets)
    dagster_home()
    made = 0
    with RunDisplay(lake, chain, windows) as display, dg.DagsterInstance.get() as instance:
        close_orphaned_runs(instance)
        definitions = build_definitions(configuration, lake_root, models_root, display.stage)
        job = definitions.resolve_implicit_global_asset_job_def()
        for window in windows:
            while selection := due(status(lake, chain, fingerprints), window, assets):
                display.expect(window, selection)
                run_id = str(uuid4())
                wait_with_a_word(instance, run_id, display.waiting)
                result = job.execute_in_process(
                    instance=instance,
                    run_id=run_id,
                    partition_key=window.key,
                    asset_selection=[dg.AssetKey([chain.name, asset]) for asset in selection],
                    run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
                    tags={PROCESS_TAG: str(os.getpid())},
                    raise_on_error=False,
                )
                if not result.success:
                    raise RunFailedError(_failure(result, chain, window))
                made += len(selection)
    return made


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


def _refuse_gap(lake: Lake, chain: Chain, windows: Sequence[Window], assets: Collection[str]) -> None:
    earlier = chain.all_windows()[: chain.all_windows().index(windows[0])]
    gaps = [w.key for w in earlier if any(lake.manifest(asset, w.key) is None for asset in assets)]
    if gaps:
        raise GapError(
            f"{chain.name}: window {windows[0].key} builds on {', '.join(gaps)}, not (wholly) materialized yet. Run: "
            f"curec run --chain {chain.name} --windows {gaps[0]}..{windows[-1].key}"
        )


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
