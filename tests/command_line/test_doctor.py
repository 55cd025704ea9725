"""``curec doctor`` passes a set-up that works, names what is broken in another, and changes neither."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from curec_assets.configuration.chain import SHIPPED, load_chain
from curec_assets.lake.catalogue import CATALOGUE, ensure_catalogue
from curec_assets.lake.lake import Lake
from curec_assets.language_model.at_hand import encoder_at_hand, language_model_at_hand
from curec_assets.language_model.config import LanguageModelConfig
from dagster_project.cli.main import main
from dagster_project.doctor import machine
from dagster_project.doctor.data import FIRST_ROWS
from dagster_project.doctor.installation import check_packages
from tests.chains import run_windows
from tests.command_line.dead_processes import dead_process
from tests.small_world import write_world

Doctor = Callable[..., tuple[int, str]]

DATA_ASSETS = ("items", "raw_interactions", "cleaned_interactions")


@pytest.fixture
def doctor(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Doctor:
    """Runs ``curec doctor`` over a configuration folder and the lake in it: exit status and what it printed."""

    def run(configuration: Path, *arguments: str, **environment: str) -> tuple[int, str]:
        places = {name: str(configuration / name[6:].lower()) for name in ("CUREC_LAKE", "CUREC_MODELS")}
        places["DAGSTER_HOME"] = str(configuration / "home")
        for name, value in ({"CUREC_CONFIG": str(configuration)} | places | environment).items():
            monkeypatch.setenv(name, value)
        return main(["doctor", *arguments]), capsys.readouterr().out

    return run


@pytest.fixture
def configuration(tmp_path: Path) -> Path:
    return write_world(tmp_path / "configuration")


@pytest.fixture
def with_lake(configuration: Path) -> Path:
    """A configuration with a lake that holds the data assets of its first two windows."""
    chain = load_chain(configuration / "chains" / "small.yaml")
    lake = configuration / "lake"
    run_windows(chain, lake, configuration / "models", ("2020-01", "2020-02"), DATA_ASSETS)
    ensure_catalogue(lake, ["small"])
    return configuration


def test_a_set_up_that_works_passes_and_is_left_as_it_is(with_lake: Path, doctor: Doctor) -> None:
    before = {path: path.stat().st_mtime_ns for path in with_lake.rglob("*") if path.is_file()}
    status, shown = doctor(with_lake)
    assert status == 0, shown
    lines = shown.splitlines()
    assert not [line for line in lines if line.startswith("fail")]
    for told in (
        "language model random:tiny is at hand",
        "encoder hashing:48 is at hand",
        f"1 chain in {with_lake}: small",
        "small: first event: user u8 met item i25 on 2020-01-12 at 02:00 UTC; first title: Comedy Story 0 (2000)",
        f"lake          folder {with_lake / 'lake'} is there and can be written",
        f"models        folder {with_lake / 'models'} is not there yet and can be made",
        "the catalogue (curec.duckdb) opens",
        "6 of 48 partitions of small are made, none is stale",
    ):
        assert any(told in line and line.startswith("ok") for line in lines), told
    assert {path: path.stat().st_mtime_ns for path in with_lake.rglob("*") if path.is_file()} == before


def test_what_is_broken_is_named_with_what_to_do(with_lake: Path, doctor: Doctor) -> None:
    (with_lake / "items.csv").write_text("item,kinds\n")
    (with_lake / "lake" / CATALOGUE).write_bytes(b"no database at all")
    staged = with_lake / "lake" / "small" / ".staging" / f"{dead_process()}-half"
    staged.parent.mkdir(exist_ok=True)
    staged.write_bytes(b"half")
    Lake(with_lake / "lake", "small").checkpoints("aligned_llm", "2020-02").mkdir(parents=True)
    profile = (SHIPPED / "profiles" / "test.yaml").read_text()
    profile = profile.replace("random:tiny", "package:no_such_package").replace("hashing:48", "no/such-encoder")
    (with_lake / "profiles" / "test.yaml").write_text(profile)
    status, shown = doctor(with_lake)
    assert status == 1
    for told in (
        "fail  models        language model package:no_such_package: the Python package 'no_such_package' is not",
        "fail  models        encoder no/such-encoder: neither a folder here nor in the hub's cache",
        "items.csv has no column 'name'; its columns are item, kinds",
        "does not open",
        f"a killed run left {staged} half-written",
        "aligned_llm of small in 2020-02 is at work or was interrupted",
        "→ nothing: the chain's next run removes it",
        f"→ correct the data set that {with_lake / 'chains' / 'small.yaml'} names",
    ):
        assert told in shown
    assert staged.exists()


@pytest.mark.parametrize(
    ("interactions", "items", "level", "told"),
    [
        (
            "u1,i1,2020-01-05,4\nu1,i2,2020-01-06,4\n",
            "i1,One,Drama\n",
            "fail",
            "none of the first 2 rows can be an event (2",
        ),
        (
            "u1,i1,1578182400,many\n",
            "i1,One,Drama\n",
            "fail",
            "first 1 row can be an event (1 unparseable_rating); the first",
        ),
        (",i1,1578182400,4\nu1,,1578182400,4\nu1,i1,1578182400,4\n", "i1,One,Drama\n", "warn", "2 of the first 3 rows"),
        (
            "u1,i1,1578182400,4\n",
            "i1,,Drama\n",
            "warn",
            "met item i1 on 2020-01-05 at 00:00 UTC; no title in the first",
        ),
        ("", "i1,One,Drama\n", "fail", "its interactions have no row"),
        ("u1,i1,1578182400,4\n", "", "fail", "its items have no row"),
    ],
)
def test_first_rows_that_say_nothing_are_told_with_what_is_wrong_in_them(
    configuration: Path, doctor: Doctor, interactions: str, items: str, level: str, told: str
) -> None:
    (configuration / "interactions.csv").write_text(f"user,item,time,stars\n{interactions}")
    (configuration / "items.csv").write_text(f"item,name,kinds\n{items}")
    status, shown = doctor(configuration)
    assert status == (level == "fail")
    (line,) = [line for line in shown.splitlines() if line[6:].startswith("data")]
    assert line.startswith(level)
    assert told in line
    assert f"→ correct the data set that {configuration / 'chains' / 'small.yaml'} names" in shown


def test_a_row_far_down_is_not_looked_at(configuration: Path, doctor: Doctor) -> None:
    good = "u1,i1,1578182400,4\n" * FIRST_ROWS
    (configuration / "interactions.csv").write_text(f"user,item,time,stars\n{good}u1,i1,yesterday,4\n")
    assert "cannot be events" not in doctor(configuration)[1]
    (configuration / "interactions.csv").write_text(f"user,item,time,stars\nu1,i1,yesterday,4\n{good}")
    assert f"1 of the first {FIRST_ROWS} rows cannot be events (1 unreadable_time)" in doctor(configuration)[1]


def test_a_stray_file_in_the_lake_is_named(with_lake: Path, doctor: Doctor) -> None:
    stray = with_lake / "lake" / "small" / "evidence"
    stray.rename(with_lake / "moved")
    stray.write_text("a note")
    status, shown = doctor(with_lake)
    assert status == 1
    assert f"windows of small cannot be read: {stray}: a file lies where the lake has a folder; move it away" in shown


def test_windows_that_are_stale_are_counted(with_lake: Path, doctor: Doctor) -> None:
    with (with_lake / "interactions.csv").open("a") as file:
        file.write("u1,i1,1580000000,4\n")
    status, shown = doctor(with_lake)
    assert status == 0
    assert "2 of 3 windows of small hold something stale" in shown


def test_a_lake_that_cannot_be_written_fails(configuration: Path, doctor: Doctor) -> None:
    # Nobody can make a file there, an administrator no more than others.
    status, shown = doctor(configuration, CUREC_LAKE="/proc/lake")
    assert status == 1
    assert "of the lake cannot be written" in shown
    status, shown = doctor(configuration, CUREC_MODELS="/proc/models")
    assert status == 1
    assert "fail  models        the folder /proc of the models cannot be written" in shown


def test_a_configuration_that_cannot_be_read_fails_with_its_file(configuration: Path, doctor: Doctor) -> None:
    (configuration / "chains" / "small.yaml").write_text("profil: test\n")
    status, shown = doctor(configuration)
    assert status == 1
    assert "small.yaml: key 'data_set' is missing" in shown


def test_a_chain_that_is_not_there_fails_with_those_that_are(configuration: Path, doctor: Doctor) -> None:
    status, shown = doctor(configuration, "--chain", "large")
    assert status == 1
    assert "no chain 'large'; there are: small" in shown


def test_data_that_is_not_shipped_fails_only_where_its_chain_is_asked_for(tmp_path: Path, doctor: Doctor) -> None:
    absent = {"CUREC_SHARED_DATA": str(tmp_path), "CUREC_LAKE": str(tmp_path / "lake")}
    _, shown = doctor(SHIPPED, **absent)
    assert f"warn  data          amazon_cds: The file {tmp_path}" in shown
    status, shown = doctor(SHIPPED, "--chain", "amazon_cds", **absent)
    assert status == 1
    assert "fail  data          amazon_cds" in shown


def test_a_package_that_is_missing_or_of_another_version_fails() -> None:
    [missing] = check_packages("no-such-project")
    assert missing.level == "fail"
    # The installed project itself stands for one whose requirements hold.
    assert [finding.level for finding in check_packages()] == ["ok"]


def test_a_requirement_that_does_not_hold_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    required = ["duckdb==0.0.1", "no-such-package>=1", "pytest>=1", "never>=1; extra == 'dev'"]
    monkeypatch.setattr("dagster_project.doctor.installation.requires", lambda project: required)
    told = [finding.what for finding in check_packages()]
    assert len(told) == 2
    assert told[0].startswith("duckdb is ")
    assert told[1] == "no-such-package is not installed; no-such-package>=1 is required"


def test_a_containers_limit_counts_where_it_is_below_the_machines_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit = tmp_path / "memory.max"
    monkeypatch.setattr(machine, "CGROUP_LIMIT", limit)
    whole = machine.memory_bytes()
    limit.write_text("max\n")
    assert machine.memory_bytes() == whole
    limit.write_text("1000000\n")
    assert machine.memory_bytes() == 1_000_000


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("random:tiny", None),
        ("package:json", "holds no weights"),
        ("package:no_such_package", "is not installed"),
        ("some/hub-model", "downloads are off"),
    ],
)
def test_a_language_model_is_at_hand_or_said_not_to_be(tmp_path: Path, source: str, told: str | None) -> None:
    problem = language_model_at_hand(LanguageModelConfig(source=source), tmp_path)
    assert (problem is None) if told is None else (problem is not None and told in problem[0])


def test_a_model_that_was_laid_out_or_lies_in_a_folder_is_at_hand(tmp_path: Path) -> None:
    (tmp_path / "some-hub-model").mkdir()
    assert language_model_at_hand(LanguageModelConfig(source="some/hub-model"), tmp_path) is None
    mine = tmp_path / "mine"
    mine.mkdir()
    assert language_model_at_hand(LanguageModelConfig(source=str(mine)), tmp_path) is not None
    shutil.copy(__file__, mine / "model.safetensors")
    assert language_model_at_hand(LanguageModelConfig(source=str(mine)), tmp_path) is None
    assert encoder_at_hand(str(mine)) is None
