"""What runs a chain unattended: off until switched on, in the order of windows, and only where something changed."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path

import dagster as dg
import pytest

from curec_assets.interactions.sources import open_source
from curec_assets.lake.lake import Lake
from curec_assets.lineage import LINEAGE
from dagster_project import automation
from tests.checks.partitions import HandMadeLake
from tests.dagster_project.unattended import ROOTS, Daemon, Setting
from tests.small_world import CHAIN, WINDOWS, Event, make_events, write_world


@pytest.fixture
def setting(tmp_path: Path) -> Setting:
    write_world(tmp_path / "configuration")
    return Setting(tmp_path)


def position(window: str) -> int:
    return WINDOWS.index(window)


def reads(asset: str, window: str) -> set[tuple[str, str]]:
    spans = {"at": (0, 0), "previous": (-1, -1), "up_to": (-9, 0), "up_to_previous": (-9, -1)}
    here = position(window)
    return {
        (edge.asset, other)
        for edge in LINEAGE[asset].edges
        for other in WINDOWS
        if spans[edge.span][0] <= position(other) - here <= spans[edge.span][1]
    }


def test_everything_that_acts_by_itself_is_off_until_it_is_switched_on(setting: Setting) -> None:
    (setting.root / "configuration" / "chains" / "other.yaml").write_text(CHAIN)
    repository = setting.definitions().get_repository_def()
    names = {name for chain in ("small", "other") for name in (f"{chain}_source", f"{chain}_up_to_date")}
    assert {sensor.name for sensor in repository.sensor_defs} == names
    assert {schedule.name for schedule in repository.schedule_defs} == {"small_newest_window", "other_newest_window"}
    assert all(sensor.default_status is dg.DefaultSensorStatus.STOPPED for sensor in repository.sensor_defs)
    assert all(schedule.default_status is dg.DefaultScheduleStatus.STOPPED for schedule in repository.schedule_defs)


def test_a_chain_is_filled_window_by_window_and_nothing_before_what_it_reads(setting: Setting) -> None:
    daemon = Daemon(setting)
    assert daemon.tick() == [], "what reads the source is not started by a condition"
    made: set[tuple[str, str]] = set()
    for asset in ROOTS:
        for window in WINDOWS:
            daemon.make(asset, window, "first")
            made.add((asset, window))
    for requested in daemon.settle("first"):
        for asset, window in requested:
            same_run = {(name, key) for name, key in requested if key == window}
            assert reads(asset, window) <= made | same_run, (asset, window)
        made |= set(requested)
    assert made == {(asset, window) for asset in LINEAGE for window in WINDOWS}


def test_a_change_goes_downstream_once_in_order_and_stops_where_content_is_the_same(setting: Setting) -> None:
    daemon = Daemon(setting)
    daemon.find_all_made("first")

    daemon.make("raw_interactions", WINDOWS[1], "first")
    assert daemon.tick() == [], "made again, with the same content"

    daemon.make("raw_interactions", WINDOWS[1], "second")
    assert daemon.tick() == [("cleaned_interactions", WINDOWS[1])]
    daemon.make("cleaned_interactions", WINDOWS[1], "second")
    assert daemon.tick() == [("evidence", WINDOWS[1]), ("evidence", WINDOWS[2])]
    for window in WINDOWS[1:]:
        daemon.make("evidence", window, "second")
    followed = [partition for requested in daemon.settle("second") for partition in requested]
    assert len(set(followed)) == len(followed), "nothing is made twice"
    assert {window for _, window in followed} == set(WINDOWS[1:]), "what came before the change stays"
    assert set(LINEAGE) - {asset for asset, _ in followed} == {*ROOTS, "cleaned_interactions", "evidence"}
    assert followed.index(("aligned_llm", WINDOWS[1])) < followed.index(("aligned_llm", WINDOWS[2]))


def test_nothing_is_built_on_what_is_at_work_or_failed_until_it_is_made(setting: Setting) -> None:
    daemon = Daemon(setting)
    daemon.find_all_made("first")

    begun = daemon.begin("cleaned_interactions", WINDOWS[1])
    daemon.make("items", WINDOWS[1], "second")
    assert daemon.tick() == [("cleaned_interactions", WINDOWS[2])], "the second window's is at work"
    daemon.make("cleaned_interactions", WINDOWS[2], "second")
    assert daemon.tick() == []

    setting.instance.report_run_failed(begun)
    cleaned = dg.AssetKey(["small", "cleaned_interactions"])
    job = setting.definitions().resolve_implicit_global_asset_job_def()
    failed = job.execute_in_process(
        partition_key=WINDOWS[1], asset_selection=[cleaned], instance=setting.instance, raise_on_error=False
    )
    assert not failed.success, "the lake is empty, so there is nothing to clean"
    assert daemon.tick() == [], "a person should look"
    daemon.make("cleaned_interactions", WINDOWS[1], "second")
    assert daemon.tick() == [("evidence", WINDOWS[1]), ("evidence", WINDOWS[2])]


def test_of_a_parent_and_its_child_that_one_tick_sees_made_the_later_one_counts(setting: Setting) -> None:
    daemon = Daemon(setting)
    daemon.find_all_made("first")
    child = ("cleaned_interactions", WINDOWS[2])

    daemon.make("raw_interactions", WINDOWS[2], "second")
    daemon.make(*child, "second")
    assert child not in daemon.tick(), "it was made of the change"

    daemon.make(*child, "second")
    daemon.make("raw_interactions", WINDOWS[2], "third")
    assert child in daemon.tick(), "it was made before the change"
    daemon.make(*child, "third")
    assert child not in daemon.tick()
    assert child not in daemon.tick()

    daemon.make(*child, "third")
    daemon.make("raw_interactions", WINDOWS[2], "third")
    assert child not in daemon.tick(), "made again later, with the same content"


@pytest.mark.parametrize("seen", ["a tick before", "in the same tick"])
def test_a_run_leaves_open_what_changed_while_it_was_at_work_and_settles_what_changed_before(
    setting: Setting, seen: str
) -> None:
    daemon = Daemon(setting)
    daemon.find_all_made("first")
    child, parent = ("cleaned_interactions", WINDOWS[2]), ("raw_interactions", WINDOWS[2])

    # The items are at work all along, so that nothing is requested and what is made is made by hand.
    daemon.begin("items", WINDOWS[2])
    daemon.make(*parent, "second")
    if seen == "a tick before":
        assert daemon.tick() == []
    run = daemon.begin(*child)
    assert daemon.tick() == []
    daemon.make(*child, "second")
    setting.instance.report_run_canceled(run)
    assert child not in daemon.tick()
    daemon.end_all()
    assert child not in daemon.tick(), "it was made of the change"

    run = daemon.begin(*child)
    assert child not in daemon.tick()
    daemon.make(*parent, "third")
    assert child not in daemon.tick(), "it is at work"
    daemon.make(*child, "second")
    setting.instance.report_run_canceled(run)
    assert child in daemon.tick(), "it may have been read before the change"
    daemon.make(*child, "third")
    assert child not in daemon.tick()
    assert child not in daemon.tick()


def schedule_tick(setting: Setting, now: datetime) -> dg.RunRequest | str:
    definitions = setting.definitions()
    context = dg.build_schedule_context(
        setting.instance,
        scheduled_execution_time=now,
        repository_def=definitions.get_repository_def(),
    )
    data = definitions.resolve_schedule_def("small_newest_window").evaluate_tick(context)
    return data.skip_message or next(iter(data.run_requests or []))


def test_the_schedule_makes_the_newest_window_that_has_ended(setting: Setting) -> None:
    run = schedule_tick(setting, datetime(2020, 2, 1, tzinfo=UTC))
    assert isinstance(run, dg.RunRequest)
    assert run.partition_key == WINDOWS[0]
    assert [key.path[-1] for key in run.asset_selection or []] == list(LINEAGE)
    setting.read_source(WINDOWS[:1])
    rest = schedule_tick(setting, datetime(2020, 2, 1, tzinfo=UTC))
    assert isinstance(rest, dg.RunRequest)
    assert {key.path[-1] for key in rest.asset_selection or []} == set(LINEAGE) - set(ROOTS), "what is fresh stays"


def test_the_schedule_leaves_a_fresh_window_alone(setting: Setting) -> None:
    chain = setting.chain
    fingerprints = open_source(chain.data_set, chain.folder).fingerprints()
    for asset in LINEAGE:
        HandMadeLake(setting.lake, chain).publish(asset, WINDOWS[0], source_fingerprint=fingerprints.get(asset))
    assert schedule_tick(setting, datetime(2020, 2, 1, tzinfo=UTC)) == "2020-01 is fresh."


def test_the_schedule_says_why_it_does_nothing(setting: Setting) -> None:
    assert "No window is complete" in str(schedule_tick(setting, datetime(2020, 1, 31, tzinfo=UTC)))
    reason = schedule_tick(setting, datetime(2020, 4, 1, tzinfo=UTC))
    assert reason == (
        "2020-03 builds on 2020-01, 2020-02, not (wholly) materialized yet: launch a backfill of 2020-01 to 2020-03."
    )


def sensor_tick(setting: Setting, cursor: str | None) -> tuple[list[tuple[str | None, list[str]]], str]:
    definitions = setting.definitions()
    context = dg.build_sensor_context(
        setting.instance, cursor=cursor, repository_def=definitions.get_repository_def(), sensor_name="small_source"
    )
    data = definitions.resolve_sensor_def("small_source").evaluate_tick(context)
    requests = [
        (request.partition_key, [key.path[-1] for key in request.asset_selection or []])
        for request in data.run_requests or []
    ]
    return requests, str(data.cursor)


def test_the_sensor_has_a_new_source_read_in_every_window_and_only_once(setting: Setting) -> None:
    requests, cursor = sensor_tick(setting, None)
    assert requests == [(window, list(ROOTS)) for window in WINDOWS]
    assert sensor_tick(setting, cursor) == ([], cursor)
    setting.read_source()
    assert sensor_tick(setting, None) == ([], cursor), "what was read from this source need not be read again"

    setting.write_source([*make_events(), Event("u3", "i4", int(datetime(2020, 3, 5, tzinfo=UTC).timestamp()), "5")])
    changed, new_cursor = sensor_tick(setting, cursor)
    assert changed == [(window, list(ROOTS)) for window in WINDOWS]
    assert new_cursor != cursor
    setting.read_source(WINDOWS[:1])
    assert [window for window, _ in sensor_tick(setting, cursor)[0]] == list(WINDOWS[1:])
    setting.write_source(make_events())
    assert [window for window, _ in sensor_tick(setting, new_cursor)[0]] == list(WINDOWS[:1]), "as it was before"


def clock(*date: int) -> type[datetime]:
    """A ``datetime`` to which it is always that day."""

    class Clock(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:
            return datetime(*date, tzinfo=tz)

    return Clock


def test_the_sensor_has_a_window_read_once_it_has_ended_though_the_source_is_the_same(
    setting: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    def at(*date: int) -> None:
        monkeypatch.setattr(automation, "datetime", clock(*date))

    at(2020, 1, 15)
    requests, cursor = sensor_tick(setting, None)
    assert requests == [], "no window has ended"
    at(2020, 2, 1)
    requests, cursor = sensor_tick(setting, cursor)
    assert requests == [(WINDOWS[0], list(ROOTS))]
    assert sensor_tick(setting, cursor) == ([], cursor), "neither made nor asked for again"
    at(2020, 3, 1)
    requests, cursor = sensor_tick(setting, cursor)
    assert requests == [(WINDOWS[1], list(ROOTS))], "the first, still not made, is left to a person"
    setting.read_source()
    at(2020, 4, 1)
    assert sensor_tick(setting, cursor)[0] == [], "somebody was quicker"


@pytest.mark.parametrize(
    ("began", "due"), [("2020-01-15T12:00:00", True), ("2020-01-31T23:59:59.9", True), ("2020-02-01T00:00:00", False)]
)
def test_what_was_read_of_a_window_before_its_end_is_read_again_after_it(
    setting: Setting, monkeypatch: pytest.MonkeyPatch, began: str, due: bool
) -> None:
    setting.read_source(WINDOWS[:1])
    lake, seconds = Lake(setting.lake, "small"), 5.0
    made = datetime.fromisoformat(began).replace(tzinfo=UTC) + timedelta(seconds=seconds)
    for asset in ROOTS:
        manifest = lake.manifest(asset, WINDOWS[0])
        assert manifest is not None
        found = replace(manifest, created_at=made.isoformat(), seconds=seconds)
        lake.publish(lake.read(asset, WINDOWS[0]), found)
    monkeypatch.setattr(automation, "datetime", clock(2020, 2, 1))
    requests, cursor = sensor_tick(setting, None)
    assert requests == ([(WINDOWS[0], list(ROOTS))] if due else [])
    assert sensor_tick(setting, cursor) == ([], cursor), "it is asked for once"
    run = schedule_tick(setting, datetime(2020, 2, 1, tzinfo=UTC))
    assert isinstance(run, dg.RunRequest)
    asked = {key.path[-1] for key in run.asset_selection or []}
    assert asked == (set(LINEAGE) if due else set(LINEAGE) - set(ROOTS)), "the schedule goes by the same rule"
    setting.read_source(WINDOWS[:1])
    assert sensor_tick(setting, None)[0] == [], "it has been read whole"
