"""``curec doctor`` finds limits that an older home lacks and runs whose process is gone, and changes neither."""

import os
import re
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest
import yaml

from dagster_project.doctor.finding import Finding
from dagster_project.doctor.instance import check_instance, process_of
from dagster_project.instance import PROCESS_TAG, SETTINGS, close_orphaned_runs, shipped_settings
from tests.command_line.dead_processes import dead_process


@dg.op
def nothing() -> None:
    """Does nothing."""


@dg.job
def chain() -> None:
    nothing()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A newly made home."""
    (tmp_path / SETTINGS).write_text(shipped_settings())
    return tmp_path


def looked_at(home: Path) -> list[Finding]:
    return [finding for finding in check_instance(home) if finding.level != "ok"]


def test_a_newly_made_home_and_one_that_is_not_there_yet_are_well(home: Path) -> None:
    assert looked_at(home) == []
    assert looked_at(home / "nowhere") == []
    assert not (home / "nowhere").exists()
    assert [path.name for path in home.iterdir()] == [SETTINGS], "looking must not make an instance"


def test_what_an_older_home_lacks_is_said_in_words_that_can_be_copied_into_it(home: Path) -> None:
    settings = home / SETTINGS
    older = yaml.safe_load(shipped_settings())
    concurrency = older.pop("concurrency")
    settings.write_text(yaml.safe_dump(older))
    text = settings.read_text()
    found = looked_at(home)
    assert [finding.level for finding in found] == ["warn", "warn"]
    assert settings.read_text() == text
    older["concurrency"] = {}
    for finding in found:
        below, added = re.fullmatch(r"add below concurrency: (\w+): in that file .*:  (\{.*\})", finding.to_do).groups()
        older["concurrency"][below] = yaml.safe_load(added)
    assert older["concurrency"] == concurrency
    settings.write_text(yaml.safe_dump(older))
    assert looked_at(home) == []
    with dg.DagsterInstance.from_config(str(home)) as instance:
        limits = instance.get_concurrency_config()
    assert limits.pool_config.default_pool_limit == 1
    assert limits.run_queue_config.tag_concurrency_limits[0]["key"] == "dagster/backfill"


def test_only_the_limit_that_is_missing_is_asked_for(home: Path) -> None:
    settings = yaml.safe_load(shipped_settings())
    settings["concurrency"]["runs"]["tag_concurrency_limits"][0]["key"] = "team"
    settings["concurrency"]["pools"]["default_limit"] = 2
    (home / SETTINGS).write_text(yaml.safe_dump(settings))
    (finding,) = looked_at(home)
    assert "lacks concurrency.runs.tag_concurrency_limits" in finding.what


@pytest.mark.parametrize("text", ["", "just words", "concurrency: [1]", "concurrency: {pools: , runs: }"])
def test_a_home_with_nothing_to_read_lacks_both_limits(home: Path, text: str) -> None:
    (home / SETTINGS).write_text(text)
    assert [finding.level for finding in looked_at(home)] == ["warn", "warn"]


def test_settings_that_are_no_yaml_fail_with_their_file(home: Path) -> None:
    (home / SETTINGS).write_text("concurrency: {")
    (finding,) = looked_at(home)
    assert finding.level == "fail"
    assert str(home / SETTINGS) in finding.what


def begin(home: Path, tags: dict[str, str]) -> str:
    """A run that stands as started and says nothing of itself but ``tags``."""
    with dg.DagsterInstance.from_config(str(home)) as instance:
        return instance.create_run_for_job(chain, tags=tags, status=dg.DagsterRunStatus.STARTED).run_id


KILLED = """
import os, sys
import dagster as dg

@dg.op
def killed():
    os._exit(9)

@dg.job
def chain():
    killed()

with dg.DagsterInstance.from_config(sys.argv[1]) as instance:
    chain.execute_in_process(instance=instance, tags={"dagster/partition": "2020-02"})
"""


def kill_a_run(home: Path) -> str:
    """A run without our tag, as one of the UI, whose process dies in its midst."""
    assert subprocess.run([sys.executable, "-c", KILLED, str(home)], capture_output=True, check=False).returncode == 9
    with dg.DagsterInstance.from_config(str(home)) as instance:
        (run,) = instance.get_runs(dg.RunsFilter(tags={"dagster/partition": "2020-02"}))
    return run.run_id


def test_a_run_whose_process_is_gone_is_named_with_what_to_do(home: Path) -> None:
    gone = dead_process()
    by_curec = begin(home, {PROCESS_TAG: str(gone), "dagster/partition": "2020-01"})
    by_ui = kill_a_run(home)
    begin(home, {PROCESS_TAG: str(os.getpid())})
    begin(home, {})
    found = {finding.what.split()[1]: finding for finding in looked_at(home)}
    assert found.keys() == {by_curec[:8], by_ui[:8]}
    assert "2020-01" in found[by_curec[:8]].what
    assert found[by_curec[:8]].to_do == "the next curec run closes it"
    assert "Force termination" in found[by_ui[:8]].to_do
    with dg.DagsterInstance.from_config(str(home)) as instance:
        assert all(run.status is dg.DagsterRunStatus.STARTED for run in instance.get_runs()), "looking closes nothing"
        close_orphaned_runs(instance)
    assert {finding.what.split()[1] for finding in looked_at(home)} == {by_ui[:8]}


def test_runs_that_ended_are_no_orphans(home: Path) -> None:
    with dg.DagsterInstance.from_config(str(home)) as instance:
        assert chain.execute_in_process(instance=instance, tags={PROCESS_TAG: str(dead_process())}).success
    assert looked_at(home) == []


def test_the_process_that_a_run_of_dagster_tells_of_is_the_one_looked_for(home: Path) -> None:
    with dg.DagsterInstance.from_config(str(home)) as instance:
        run = chain.execute_in_process(instance=instance).dagster_run
        assert process_of(instance, run) == os.getpid()
