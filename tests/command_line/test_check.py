"""``curec check``: what fails is shown with its rows as text, and errors make the exit status."""

from pathlib import Path

import pytest

from curec_assets.configuration.chain import Chain, load_chain
from dagster_project.cli.check import print_checks
from tests.checks.partitions import HandMadeLake, recommended
from tests.small_world import WINDOWS, write_world


@pytest.fixture
def chain(tmp_path: Path) -> Chain:
    return load_chain(write_world(tmp_path / "configuration") / "chains" / "small.yaml")


def test_a_warning_is_shown_and_is_no_failure(chain: Chain, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    HandMadeLake(tmp_path / "lake", chain).publish("evidence", WINDOWS[0], code_version="0")
    assert print_checks(chain, chain.all_windows(), tmp_path / "lake") == 0
    shown = capsys.readouterr().out
    assert "warn  2020-01 evidence fresh: Stale: code changed" in shown
    assert "4 checks of 1 partitions: 0 errors, 1 warnings" in shown


def test_an_error_is_shown_with_its_rows_as_text(
    chain: Chain, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    row = recommended("[red]u1[/red]", 2, "i1", reason=None)
    HandMadeLake(tmp_path / "lake", chain).publish("recommendations", WINDOWS[0], [row])
    assert print_checks(chain, chain.all_windows(), tmp_path / "lake") == 1
    shown = capsys.readouterr().out
    assert "error 2020-01 recommendations ranks_run_without_gaps: 1 row breaks this rule." in shown
    assert "[red]u1[/red]" in shown


def test_windows_that_were_never_made_are_told(chain: Chain, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="holds nothing of small in these windows"):
        print_checks(chain, chain.all_windows(), tmp_path / "lake")
