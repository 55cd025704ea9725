"""The project's Dagster instance: one folder that command line, daemon and UI share."""

import os
from importlib.resources import files
from pathlib import Path

import dagster as dg

from curec_assets.lake.processes import is_alive

PROCESS_TAG = "curec/process"
"""Tag of a run that ``curec run`` executes in its own process: the process's id."""


def dagster_home() -> Path:
    """``$DAGSTER_HOME``, or ``.dagster/`` below the working directory; made, with the project's settings, if absent."""
    home = Path(os.environ.get("DAGSTER_HOME") or ".dagster").absolute()
    home.mkdir(parents=True, exist_ok=True)
    settings = home / "dagster.yaml"
    if not settings.exists():
        settings.write_text((files("dagster_project") / "dagster.yaml").read_text())
    os.environ["DAGSTER_HOME"] = str(home)
    return home


def close_orphaned_runs(instance: dg.DagsterInstance) -> None:
    """Mark runs of processes that were killed as cancelled and free their pool slots, so that the next run need not
    wait for a slot that nobody will give back."""
    unfinished = dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.STARTING])
    for run in instance.get_runs(unfinished):
        process = run.tags.get(PROCESS_TAG)
        if process is not None and not is_alive(int(process)):
            instance.report_run_canceled(run, message="The process that ran this was killed; run it again to resume.")
            instance.event_log_storage.free_concurrency_slots_for_run(run.run_id)


if __name__ == "__main__":
    dagster_home()
