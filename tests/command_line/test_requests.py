"""``curec`` answers a request it cannot meet in one clear sentence."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from curec_assets.configuration.chain import SHIPPED, ConfigError, load_chain, load_chains
from curec_assets.lake.sql import SQL_ROOT
from curec_assets.lineage import LINEAGE
from dagster_project.cli.main import main
from tests.small_world import WINDOWS, write_world


def curec(configuration: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {
        "CUREC_CONFIG": str(configuration),
        "CUREC_LAKE": str(configuration / "lake"),
        "DAGSTER_HOME": str(configuration / "home"),
    }
    command = [sys.executable, "-m", "dagster_project.cli.main", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture
def configuration(tmp_path: Path) -> Path:
    return write_world(tmp_path / "configuration")


def test_help_teaches_every_command(configuration: Path) -> None:
    shown = curec(configuration, "--help").stdout
    for command in (
        "run",
        "status",
        "summary",
        "report",
        "export",
        "browse",
        "sql",
        "catalog",
        "models",
        "CUREC_LAKE",
        "DAGSTER_HOME",
    ):
        assert command in shown


def test_help_of_sql_names_every_query_of_the_cookbook_and_its_question(configuration: Path) -> None:
    shown = curec(configuration, "sql", "--help").stdout
    for path in (SQL_ROOT / "queries").glob("*.sql"):
        assert path.stem in shown
        assert path.read_text().splitlines()[0].removeprefix("-- ") in shown


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("run", "--chain", "nowhere"), "no chain 'nowhere'"),
        (("run", "--chain", "small", "--windows", "2019-01"), "'2019-01' is no window of this chain"),
        (("run", "--chain", "small", "--windows", "2020-03..2020-01"), "runs backwards"),
        (("run", "--chain", "small", "--assets", "items,reason"), "reason: no asset of that name"),
        (("sql", "select 1"), "no catalogue yet"),
        (("export", "--chain", "small"), "make some first: curec run --chain small"),
        (("summary", "--chain", "small"), "make some first: curec run --chain small"),
        (("browse", "--chain", "nowhere"), "no chain 'nowhere'"),
        (("sql", "--file", "nope.sql"), f"those of the cookbook lie in {SQL_ROOT / 'queries'}"),
        (("sql", "--file", str(SQL_ROOT)), "is no file"),
        (("sql", "select 1", "--output", str(SQL_ROOT), "--format", "csv"), "no catalogue yet"),
        (("sql",), "give a query or --file"),
        (("sql", "select 1", "--set", "item"), "expected NAME=VALUE"),
        (("sql", "select getvariable('item')", "--set", "itme=50"), "the query reads no 'itme'; it reads item"),
        (("status", "--chain", "../small"), "no chain '../small'"),
    ],
)
def test_a_request_that_cannot_be_met_is_told_in_a_sentence(
    configuration: Path, arguments: tuple[str, ...], told: str
) -> None:
    refused = curec(configuration, *arguments)
    assert refused.returncode == 2
    assert told in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_folder_where_a_file_is_to_be_written_is_told_in_a_sentence(configuration: Path) -> None:
    assert curec(configuration, "catalog").returncode == 0
    refused = curec(configuration, "sql", "select 1", "--output", str(configuration))
    assert (refused.returncode, refused.stderr) == (2, f"curec: {configuration}: Is a directory\n")


def test_the_status_fits_a_narrow_terminal_with_every_name_whole(configuration: Path, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "44")
    shown = curec(configuration, "status", "--chain", "small").stdout
    assert max(map(len, shown.splitlines())) <= 44
    for window in WINDOWS:
        assert window in shown
    for asset in LINEAGE:
        assert shown.count(f" {asset} ") == 2, "two windows side by side, then the third"


def test_a_run_whose_source_file_is_missing_names_it(configuration: Path) -> None:
    (configuration / "items.csv").unlink()
    refused = curec(configuration, "run", "--chain", "small")
    assert refused.returncode == 2
    assert "items.csv" in refused.stderr


@pytest.mark.parametrize(("asked", "told"), [((), "all fresh"), (("--assets", "evidence"), "nothing made")])
def test_a_run_that_made_nothing_calls_it_fresh_only_where_nothing_may_wait(
    configuration: Path,
    asked: tuple[str, ...],
    told: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("CUREC_CONFIG", str(configuration))
    monkeypatch.setattr("dagster_project.cli.run.run_chain", lambda *_: 0)
    assert main(["run", "--chain", "small", *asked]) == 0
    assert f"2020-01..2020-03: {told}" in capsys.readouterr().out


def test_a_limit_that_lets_no_stage_begin_is_refused(configuration: Path) -> None:
    (configuration / "home").mkdir()
    settings = configuration / "home" / "dagster.yaml"
    settings.write_text("concurrency: {pools: {default_limit: 0}}")
    refused = curec(configuration, "run", "--chain", "small")
    assert refused.returncode == 2
    assert f"default_limit is 0 in {settings}" in refused.stderr


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        ("chains/small.yaml", "profile: test", "profil: test", "key 'profile' is missing; unknown key 'profil'"),
        ("chains/small.yaml", "profile: test", "profile: ../test", "key 'profile': Value error, expected a plain name"),
        ("chains/small.yaml", "data_set: small_world", "data_set: other", "no data_sets/other.yaml; there are:"),
        ("chains/small.yaml", '"2020-01"', '"Jan"', "expected the form %Y-%m"),
        ("data_sets/small_world.yaml", "like_at: 4", "like_at: good", "key 'like_at'"),
        ("data_sets/small_world.yaml", "rating_scale: [1, 5]", "rating_scale: [5, 1]", "like_at must lie above"),
        ("data_sets/small_world.yaml", "interactions.csv", "${NOT_SET_ANYWHERE}", "NOT_SET_ANYWHERE is not set"),
        ("data_sets/small_world.yaml", "name: small_world", "name: [", "not valid YAML"),
    ],
)
def test_a_wrong_configuration_names_the_file_the_key_and_what_was_expected(
    configuration: Path, file: str, old: str, new: str, told: str
) -> None:
    path = configuration / file
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(ConfigError) as refused:
        load_chain(configuration / "chains" / "small.yaml")
    assert told in str(refused.value)
    assert path.name in str(refused.value)


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        ("data_sets/small_world.yaml", "like_at: 4", "implicit: true", "leave out like_at and rating_scale"),
        ("data_sets/small_world.yaml", "kind: files", "kind: spreadsheet", "'spreadsheet'"),
        ("data_sets/small_world.yaml", "licence: made by the tests", f"licence: [{'x, ' * 200}x]", "key 'licence'"),
        (
            "profiles/test.yaml",
            "drafts: {samples: 2}",
            "drafts: {samples: 3}",
            "samples_per_subject is 6, but drafts.samples and",
        ),
    ],
)
def test_a_refused_configuration_is_not_printed_whole(
    configuration: Path, file: str, old: str, new: str, told: str
) -> None:
    path = configuration / file
    if not path.exists():
        path.write_text((SHIPPED / file).read_text())
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(ConfigError) as refused:
        load_chain(configuration / "chains" / "small.yaml")
    message = str(refused.value).removeprefix(f"{path}: ")
    assert told in message
    assert len(message) < 250


def test_an_empty_configuration_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no chain here"):
        load_chains(tmp_path)
