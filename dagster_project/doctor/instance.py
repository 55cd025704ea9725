"""The Dagster instance: has its home the limits that runs rely on, and are there runs that nobody works on any more."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
import yaml

from curec_assets.lake.processes import is_alive
from dagster_project.doctor.finding import Finding, counted
from dagster_project.instance import PROCESS_TAG, SETTINGS, UNFINISHED, shipped_settings

POOL_LIMIT = ("concurrency", "pools", "default_limit")
POOL_LIMITS = (POOL_LIMIT, ("concurrency", "default_op_concurrency_limit"))
TAG_LIMIT = ("concurrency", "runs", "tag_concurrency_limits")
TAG_LIMITS = (
    TAG_LIMIT,
    ("run_queue", "tag_concurrency_limits"),
    ("run_coordinator", "config", "tag_concurrency_limits"),
)
"""Where a limit is kept by this project, and then where Dagster reads it as well."""
BACKFILL = "dagster/backfill"
"""Tag of a backfill's runs, which go one at a time."""


def check_instance(home: Path) -> Iterator[Finding]:
    """The instance in ``home``, which is looked at and neither made nor changed."""
    settings = home / SETTINGS
    if not settings.is_file():
        yield Finding("ok", "instance", f"no Dagster home in {home} yet; the first run makes it")
        return
    try:
        found = yaml.safe_load(settings.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        yield Finding(
            "fail", "instance", f"{settings} is not valid YAML: {' '.join(str(error).split())}", "correct that file"
        )
        return
    yield from _limits(settings, found)
    # Where no run was ever recorded, opening the instance would make it.
    if (home / "history" / "runs.db").is_file():
        yield from _orphans(home)


def _limits(settings: Path, found: Any) -> Iterator[Finding]:
    shipped = yaml.safe_load(shipped_settings())
    lacks = []
    if all(_at(found, place) is None for place in POOL_LIMITS):
        lacks.append((POOL_LIMIT, "stages that train or generate may run side by side"))
    limits = [limit for place in TAG_LIMITS for limit in _at(found, place) or ()]
    if not any(_at(limit, ("key",)) == BACKFILL for limit in limits):
        lacks.append((TAG_LIMIT, "windows of a backfill may run side by side or before those that they build on"))
    for place, without in lacks:
        *above, name = place
        value = _inline({name: _at(shipped, place)})
        yield Finding(
            "warn",
            "instance",
            f"{settings} lacks {'.'.join(place)}, which newly made homes have: without it {without}",
            f"add below {': '.join(above)}: in that file (a list: to what it holds), then restart the UI:  {value}",
        )
    if not lacks:
        yield Finding("ok", "instance", f"{settings} has the limits that runs and backfills rely on")


def _orphans(home: Path) -> Iterator[Finding]:
    try:
        with dg.DagsterInstance.from_config(str(home)) as instance:
            begun = [(run, process_of(instance, run)) for run in instance.get_runs(UNFINISHED)]
    except dg.DagsterError as error:
        yield Finding("fail", "instance", f"{home} cannot be read: {error}", "correct what it names")
        return
    orphans = [(run, process) for run, process in begun if process is not None and not is_alive(process)]
    for run, process in orphans:
        window, number = run.tags.get("dagster/partition", "no window"), run.run_id[:8]
        by_hand = f"in the UI: Runs, {number}, Terminate with 'Force termination immediately'; then run it again"
        yield Finding(
            "warn",
            "instance",
            f"run {number} ({window}) stands as {run.status.value.lower()}, but its process {process} is gone",
            "the next curec run closes it" if PROCESS_TAG in run.tags else by_hand,
        )
    if not orphans:
        yield Finding(
            "ok",
            "instance",
            f"{counted(len(begun), 'run')} at work, none without its process" if begun else "no run is at work",
        )


def process_of(instance: dg.DagsterInstance, run: dg.DagsterRun) -> int | None:
    """The id of the process that works on ``run``; None where it never said."""
    if PROCESS_TAG in run.tags:
        return int(run.tags[PROCESS_TAG])
    said = None
    for entry in instance.all_logs(run.run_id, of_type=dg.DagsterEventType.ENGINE_EVENT):
        if entry.dagster_event is not None:
            said = entry.dagster_event.engine_event_data.metadata.get("pid", said)
    return int(str(said.value)) if said is not None else None


def _at(found: Any, place: tuple[str, ...]) -> Any:
    for key in place:
        found = found.get(key) if isinstance(found, Mapping) else None
    return found


def _inline(value: Any) -> str:
    """YAML in one line, to be copied."""
    return yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=1000).strip()
