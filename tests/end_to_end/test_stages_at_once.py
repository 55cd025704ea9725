"""Two stages at once: the same content as one after the other, each failure in a line, and no process left behind."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from curec_assets.lake.lake import Lake
from curec_assets.lineage import LINEAGE
from dagster_project.instance import SETTINGS
from tests.chains import content_hashes
from tests.conftest import FinishedChain
from tests.small_world import WINDOWS

LAST = WINDOWS[2]
LEARNED = list(LINEAGE)[list(LINEAGE).index("aligned_llm") :]


@pytest.fixture
def copy(copy: FinishedChain) -> FinishedChain:
    """A copy of the finished chain that a test may spoil, whose home lets two stages train at once."""
    settings = copy.home / SETTINGS
    settings.write_text(settings.read_text().replace("default_limit: 1", "default_limit: 2"))
    return copy


def kill(run: subprocess.Popen[str]) -> None:
    run.kill()


def interrupt_as_a_terminal_does(run: subprocess.Popen[str]) -> None:
    os.killpg(run.pid, signal.SIGINT)


def interrupt_itself_alone(run: subprocess.Popen[str]) -> None:
    run.send_signal(signal.SIGINT)


def kill_its_processes(run: subprocess.Popen[str]) -> None:
    """As the kernel does when memory runs out."""
    for child in Path(f"/proc/{run.pid}/task/{run.pid}/children").read_text().split():
        if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes():
            os.kill(int(child), signal.SIGKILL)


def test_two_stages_at_once_killed_and_begun_again_end_with_the_same_content(
    finished: FinishedChain, copy: FinishedChain
) -> None:
    copy.forget(WINDOWS[1], "ranker", "recommendations", "bias_audit")
    copy.forget(LAST, *LEARNED)
    _, rest = copy.stopped(f"{LAST} draft_reasons …", kill)
    assert "Traceback" not in rest
    assert Lake(copy.lake, "small").manifest("aligned_llm", LAST) is not None
    assert Lake(copy.lake, "small").manifest("reward_model", LAST) is None
    copy.curec("run", "--chain", "small")
    assert content_hashes(copy.chain, copy.lake, WINDOWS) == content_hashes(finished.chain, finished.lake, WINDOWS)
    assert "all fresh" in copy.curec("run", "--chain", "small").stdout


@pytest.mark.parametrize("interrupt", [interrupt_as_a_terminal_does, interrupt_itself_alone])
def test_an_interrupted_run_ends_its_processes_and_none_of_them_complains(
    copy: FinishedChain, interrupt: Callable[[subprocess.Popen[str]], None]
) -> None:
    """While one process trains and the other waits for work.

    (What Dagster starts beside a stage to follow its output has its own say when a terminal interrupts it.)
    """
    copy.forget(LAST, *LEARNED)
    status, rest = copy.stopped(f"{LAST} reward_model …", interrupt)
    assert status == 130
    assert "curec: interrupted" in rest
    assert "SpawnProcess" not in rest
    assert Lake(copy.lake, "small").manifest("reward_model", LAST) is None


@pytest.mark.skipif(sys.platform != "linux", reason="finds a run's processes where Linux lists them")
def test_a_killed_process_is_told_with_the_stage_that_it_was_at(copy: FinishedChain) -> None:
    copy.forget(LAST, *LEARNED)
    status, rest = copy.stopped(f"{LAST} reward_model …", kill_its_processes)
    assert status == 1
    assert f"a process was killed while at work on {LAST} reward_model; mostly memory" in " ".join(rest.split())
    assert "Traceback" not in rest


def test_a_stage_that_fails_beside_another_is_told_in_one_line(copy: FinishedChain) -> None:
    copy.forget(LAST, *LINEAGE)
    (copy.configuration / "items.csv").write_text("item,label\n1,One\n")
    failed = copy.curec("run", "--chain", "small", check=False)
    assert failed.returncode in (1, 2)
    assert "items.csv" in failed.stderr
    assert "Traceback" not in failed.stderr
    assert Lake(copy.lake, "small").manifest("evidence", LAST) is None
