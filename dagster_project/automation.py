"""What can run a chain without a person: a schedule, a sensor of its source, and a condition on every other asset.

All of it is off until it is switched on in the UI. The sensor and the schedule start a chain; the condition carries on.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg

from curec_assets.configuration.chain import Chain
from curec_assets.configuration.windows import CRON, Window
from curec_assets.interactions.sources import open_source
from curec_assets.lake.hashing import hash_json
from curec_assets.lake.lake import Lake
from curec_assets.lake.versions import read_before, status
from curec_assets.lineage import LINEAGE

LOOK_EVERY_SECONDS = 300
"""How often the sensor reads the source. Its whole content is hashed, so this is not done every few seconds."""
READS_SOURCE = tuple(asset for asset, artifact in LINEAGE.items() if not artifact.edges)


def up_to_date_in_order(chain: Chain, asset: str) -> dg.AutomationCondition:
    """Make a partition that is missing, or whose parents' content has changed, once nothing it rests on is due itself.

    So a change goes through windows and stages in their order, and ends where content stays the same. Stages of a
    window that read one another in that window alone share a run. A partition that failed is left to a person: once it
    is made, what waits for it goes on.
    """
    condition = dg.AutomationCondition
    # A run that makes parent and child leaves nothing to do for the child.
    changed = condition.data_version_changed() & ~condition.executed_with_root_target()
    due = (condition.missing() | _changed_since_made(changed)).with_label("due")
    failed, at_work = condition.execution_failed(), condition.in_progress()
    pending = (due | at_work | failed).with_label("pending")
    waits: dg.AutomationCondition = condition.any_deps_match(pending).ignore(_keys(chain, _read_at(asset)))
    # Not parents alone: a change that is still on its way here would have this made twice.
    for ancestor in _ancestors(asset):
        waits |= condition.asset_matches([chain.name, ancestor], pending & ~condition.will_be_requested())
    return (due & ~waits & ~at_work & ~failed).with_label("up_to_date_in_order")


def _changed_since_made(changed: dg.AutomationCondition) -> dg.AutomationCondition:
    """A parent has changed, and what was made or requested since cannot have read it.

    Making a partition settles what changed before. It leaves open what changed later, though both are seen in one tick,
    and what changed while a run was at it, which may have read its parents already.
    """
    condition = dg.AutomationCondition
    any_changed = condition.any_deps_match(changed)
    # Both sides have one operand each, so that Dagster compares the moments of events that one tick sees together.
    updated_later = condition.any_deps_match(condition.newly_updated()).since(condition.newly_updated())
    began = condition.run_in_progress().newly_true()
    ended = (~condition.run_in_progress()).newly_true()
    changed_meanwhile = (ended & any_changed.since(began)).with_label("changed_meanwhile")
    made = condition.newly_updated() & ~updated_later & ~changed_meanwhile
    handled = (condition.newly_requested() | made | condition.initial_evaluation()).with_label("handled")
    return any_changed.since(handled)


def chain_automation(chain: Chain) -> dg.AutomationConditionSensorDefinition:
    """The switch of the chain's conditions."""
    return dg.AutomationConditionSensorDefinition(
        f"{chain.name}_up_to_date",
        target=_keys(chain, LINEAGE),
        emit_backfills=False,
        default_status=dg.DefaultSensorStatus.STOPPED,
        description=(
            f"Brings {chain.name} up to date: what is missing, or made from what has changed since, in the order of "
            "windows and stages. The assets that read the source are left to the schedule, the sensor or a person."
        ),
    )


def newest_window_schedule(chain: Chain, lake: Path) -> dg.ScheduleDefinition:
    """Materializes what is not fresh in the newest complete window, in one run, when a window has ended."""

    @dg.schedule(
        name=f"{chain.name}_newest_window",
        target=_keys(chain, LINEAGE),
        cron_schedule=CRON[chain.windows.frequency],
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.STOPPED,
        description=f"Makes the newest complete window of {chain.name} as soon as it has ended (UTC).",
    )
    def newest_window(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
        complete = _complete(chain, context.scheduled_execution_time)
        if not complete:
            first = chain.all_windows()[0]
            return dg.SkipReason(f"No window is complete: the first, {first.key}, ends on {first.end:%Y-%m-%d}.")
        newest = complete[-1]
        fingerprints = open_source(chain.data_set, chain.folder).fingerprints()
        partitions = status(Lake(lake, chain.name), chain, fingerprints)
        due = [asset for asset in LINEAGE if partitions[(asset, newest.key)].state != "fresh"]
        if not due:
            return dg.SkipReason(f"{newest.key} is fresh.")
        gaps = [w.key for w in complete[:-1] if any(partitions[(asset, w.key)].state == "missing" for asset in LINEAGE)]
        if gaps:
            return dg.SkipReason(
                f"{newest.key} builds on {', '.join(gaps)}, not (wholly) materialized yet: launch a backfill of "
                f"{gaps[0]} to {newest.key}."
            )
        return dg.RunRequest(
            partition_key=newest.key, asset_selection=[dg.AssetKey([chain.name, asset]) for asset in due]
        )

    return newest_window


def source_sensor(chain: Chain, lake: Path) -> dg.SensorDefinition:
    """Notices that the source's files hold something else than before, or that a window has ended.

    Its cursor is what it last acted upon: a hash of the source's fingerprints, and the key of the newest window that
    was complete. Requested are the assets that read the source, in complete windows that were made from another
    content, before their end, or not at all: in all of them where the source has changed, else in those that have ended
    since. So none is asked for twice, and a run that failed is left to a person. What the requested change is up to the
    conditions.
    """

    @dg.sensor(
        name=f"{chain.name}_source",
        asset_selection=_keys(chain, READS_SOURCE),
        minimum_interval_seconds=LOOK_EVERY_SECONDS,
        default_status=dg.DefaultSensorStatus.STOPPED,
        description=(
            f"Reads the source of {chain.name} when its files have changed or a window has ended. Switch on "
            f"{chain.name}_up_to_date as well to have everything downstream follow."
        ),
    )
    def new_source(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        fingerprints = open_source(chain.data_set, chain.folder).fingerprints()
        fingerprint = hash_json(dict(fingerprints))
        complete = _complete(chain, datetime.now(UTC))
        seen_fingerprint, _, seen_newest = (context.cursor or "").partition("@")
        unseen = _after(complete, seen_newest) if fingerprint == seen_fingerprint else complete
        cursor = f"{fingerprint}@{complete[-1].key if complete else ''}"
        if not unseen:
            return dg.SensorResult(skip_reason="No change of the source, and no window that has ended.", cursor=cursor)
        here = Lake(lake, chain.name)
        requests = [
            dg.RunRequest(
                partition_key=window.key,
                asset_selection=[dg.AssetKey([chain.name, asset]) for asset in READS_SOURCE],
            )
            for window in unseen
            if any(_is_due(here, asset, window, fingerprints) for asset in READS_SOURCE)
        ]
        if not requests:
            return dg.SensorResult(skip_reason="Every complete window was read whole from this source.", cursor=cursor)
        return dg.SensorResult(run_requests=requests, cursor=cursor)

    return new_source


def _keys(chain: Chain, assets: Iterable[str]) -> dg.AssetSelection:
    return dg.AssetSelection.assets(*([chain.name, asset] for asset in assets))


def _read_at(asset: str) -> list[str]:
    """What ``asset`` reads of its own window alone: the same run can make both."""
    return [edge.asset for edge in LINEAGE[asset].edges if edge.span == "at"]


def _ancestors(asset: str) -> list[str]:
    """Everything ``asset`` rests on, in lineage order."""
    found = {asset}
    for name in reversed(list(LINEAGE)):
        if name in found:
            found |= {edge.asset for edge in LINEAGE[name].edges}
    return [name for name in LINEAGE if name in found and name != asset]


def _complete(chain: Chain, now: datetime) -> list[Window]:
    return [window for window in chain.all_windows() if window.end <= now]


def _after(complete: list[Window], key: str) -> list[Window]:
    """The windows after the one named ``key``; all where there is none of that name."""
    keys = [window.key for window in complete]
    return complete[keys.index(key) + 1 :] if key in keys else complete


def _is_due(lake: Lake, asset: str, window: Window, fingerprints: Mapping[str, str]) -> bool:
    """Whether ``asset`` in a window that has ended holds anything but what the source says of it now."""
    manifest = lake.manifest(asset, window.key)
    if manifest is None or manifest.source_fingerprint != fingerprints.get(asset):
        return True
    return read_before(window.end, manifest)
