"""``curec tidy`` lists what it would remove, and removes it only where it is asked to."""

from pathlib import Path

import pytest

from curec_assets.lake.lake import Lake
from dagster_project.cli.main import main
from tests.lake.test_superseded import publish


def test_superseded_weights_are_listed_and_removed_on_request_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CUREC_LAKE", str(tmp_path / "lake"))
    lake = Lake(tmp_path / "lake", "small")
    former = publish(lake, "ranker", "2020-01", b"former")
    now = publish(lake, "ranker", "2020-01", b"now")
    assert main(["tidy", "--chain", "small"]) == 0
    shown = capsys.readouterr().out
    assert str(former) in shown
    assert str(now) not in shown
    assert "to remove them: curec tidy --chain small --remove" in shown
    assert former.is_dir()
    assert main(["tidy", "--chain", "small", "--remove"]) == 0
    assert "removed 1 folders of weights" in capsys.readouterr().out
    assert not former.exists()
    assert now.is_dir()
    assert main(["tidy", "--chain", "small"]) == 0
    assert "every folder of weights of small is named by a partition" in capsys.readouterr().out


@pytest.mark.parametrize("chain", ["nowhere", "../lake/small", ".."])
def test_a_chain_that_is_not_in_the_lake_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], chain: str
) -> None:
    monkeypatch.setenv("CUREC_LAKE", str(tmp_path / "lake"))
    publish(Lake(tmp_path / "lake", "small"), "ranker", "2020-01", b"now")
    assert main(["tidy", "--chain", chain, "--remove"]) == 2
    assert chain in capsys.readouterr().err
