"""The project's Dagster instance: one folder that command line, daemon and UI share."""

import os
import time
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

import dagster as dg

from curec_assets.lake.processes import is_alive
from curec_assets.window_asset import HEAVY_POOL

PROCESS_TAG = "curec/process"
"""Tag of a run that ``curec run`` executes in its own process: the process's id."""


SETTINGS = "dagster.yaml"
UNFINISHED = dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.STARTING])


def home_folder() -> Path:
    """``$DAGSTER_HOME``, or ``.dagster/`` below the working directory, whether it exists or not."""
    return Path(os.environ.get("DAGSTER_HOME") or ".dagster").absolute()


def shipped_settings() -> str:
    """The text of the ``dagster.yaml`` that a new home is given."""
    return (files("dagster_project") / SETTINGS).read_text()


def dagster_home() -> Path:
    """``home_folder``; made, with the project's settings, if absent."""
    home = home_folder()
    home.mkdir(parents=True, exist_ok=True)
    settings = home / SETTINGS
    if not settings.exists():
        settings.write_text(shipped_settings())
    os.environ["DAGSTER_HOME"] = str(home)
    return home


def stages_at_once() -> int:
    """How many stages that train or generate may be at work at once, as ``dagster.yaml`` says.

    1 where it sets no limit, since each of them takes cores and memory.

    Raises:
        ValueError: it allows none, and every one would wait for ever.
    """
    with dg.DagsterInstance.get() as instance:
        limit = instance.get_concurrency_config().pool_config.default_pool_limit
    if limit is None:
        return 1
    if limit < 1:
        raise ValueError(
            f"concurrency.pools.default_limit is {limit} in {home_folder() / SETTINGS}: no stage that trains or "
            "generates would ever begin. Set it to 1 or more"
        )
    return limit


def close_orphaned_runs(instance: dg.DagsterInstance) -> None:
    """Mark runs of processes that were killed as cancelled and free their pool slots, so that the next run need not
    wait for a slot that nobody will give back."""
    for run in instance.get_runs(UNFINISHED):
        process = run.tags.get(PROCESS_TAG)
        if process is not None and not is_alive(int(process)):
            instance.report_run_canceled(run, message="The process that ran this was killed; run it again to resume.")
            instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)


def wait_with_a_word(instance: dg.DagsterInstance, run_id: str, tell: Callable[[str], None]) -> None:
    """Have run ``run_id`` of this process say so when a stage waits for the pool, and sleep until a slot is free.

    ``tell`` is handed the stage's step key, once a wait. Left to itself, Dagster's executor says nothing and keeps a
    core busy with asking (its pause between two claims comes out as 0), which the run that holds the slot then lacks.
    """

    def heard(entry: dg.EventLogEntry) -> None:
        event = entry.dagster_event
        if event is None or not event.is_engine_event or "pool" not in event.engine_event_data.metadata:
            return
        tell(entry.step_key or "")
        while not _has_free_slot(instance):
            close_orphaned_runs(instance)
            time.sleep(1)

    instance.add_event_listener(run_id, heard)


def _has_free_slot(instance: dg.DagsterInstance) -> bool:
    slots = instance.event_log_storage.get_concurrency_info(HEAVY_POOL)
    return slots.active_slot_count < slots.slot_count


if __name__ == "__main__":
    dagster_home()
