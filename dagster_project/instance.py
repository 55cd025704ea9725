"""The project's Dagster instance: one folder that command line, daemon and UI share."""

import os
from importlib.resources import files
from pathlib import Path

import dagster as dg

from curec_assets.lake.processes import is_alive

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


def close_orphaned_runs(instance: dg.DagsterInstance) -> None:
    """Mark runs of processes that were killed as cancelled and free their pool slots, so that the next run need not
    wait for a slot that nobody will give back."""
    for run in instance.get_runs(UNFINISHED):
        process = run.tags.get(PROCESS_TAG)
        if process is not None and not is_alive(int(process)):
            instance.report_run_canceled(run, message="The process that ran this was killed; run it again to resume.")
            instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)


if __name__ == "__main__":
    dagster_home()
