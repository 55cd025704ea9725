"""Two stages at once: the same content as one after the other, a failure in one line, and no process left behind."""

import shutil
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from curec_assets.lake.lake import Lake
from curec_assets.lineage import LINEAGE
from dagster_project.instance import SETTINGS
from tests.chains import content_hashes
from tests.conftest import FinishedChain
from tests.small_world import WINDOWS

LAST = WINDOWS[2]


@pytest.fixture
def copy(finished: FinishedChain, tmp_path: Path) -> FinishedChain:
    """A copy of the finished chain that a test may spoil, whose home lets two stages train at once."""
    for name in ("configuration", "lake", "home"):
        shutil.copytree(getattr(finished, name), tmp_path / name)
    settings = tmp_path / "home" / SETTINGS
    settings.write_text(settings.read_text().replace("default_limit: 1", "default_limit: 2"))
    return replace(finished, configuration=tmp_path / "configuration", lake=tmp_path / "lake", home=tmp_path / "home")


def forget(chain: FinishedChain, window: str, *assets: str) -> None:
    for asset in assets:
        Lake(chain.lake, "small").partition(asset, window).unlink()


def test_two_stages_at_once_killed_and_begun_again_end_with_the_same_content(
    finished: FinishedChain, copy: FinishedChain
) -> None:
    forget(copy, WINDOWS[1], "ranker", "recommendations", "bias_audit")
    forget(copy, LAST, *list(LINEAGE)[list(LINEAGE).index("aligned_llm") :])
    command = [sys.executable, "-m", "dagster_project.cli.main", "run", "--chain", "small"]
    with subprocess.Popen(command, env=copy.environment, stderr=subprocess.PIPE, text=True) as run:
        assert run.stderr is not None
        for line in run.stderr:
            if line.startswith(f"{LAST} draft_reasons …"):
                run.send_signal(signal.SIGKILL)
                break
        assert "Traceback" not in run.stderr.read(), "which ends when the last process has closed it"
    assert Lake(copy.lake, "small").manifest("aligned_llm", LAST) is not None
    assert Lake(copy.lake, "small").manifest("reward_model", LAST) is None
    copy.curec("run", "--chain", "small")
    assert content_hashes(copy.chain, copy.lake, WINDOWS) == content_hashes(finished.chain, finished.lake, WINDOWS)
    assert "all fresh" in copy.curec("run", "--chain", "small").stdout


def test_a_stage_that_fails_beside_another_is_told_in_one_line(copy: FinishedChain) -> None:
    forget(copy, LAST, *LINEAGE)
    (copy.configuration / "items.csv").write_text("item,label\n1,One\n")
    failed = copy.curec("run", "--chain", "small", check=False)
    assert failed.returncode in (1, 2)
    assert "items.csv" in failed.stderr
    assert "Traceback" not in failed.stderr
    assert Lake(copy.lake, "small").manifest("evidence", LAST) is None
