"""What several folders of tests share: one chain on the test profile, run once through the command line."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import settings

from curec_assets.configuration.chain import Chain, load_chain
from curec_assets.lake.lake import Lake
from tests.small_world import write_world

# How long an example takes says something of the machine, not of the code.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("DAGSTER_DISABLE_TELEMETRY", "yes")


@dataclass(frozen=True)
class FinishedChain:
    """A chain that was run through ``curec run``, and where everything lies."""

    chain: Chain
    configuration: Path
    lake: Path
    models: Path
    home: Path
    output: str

    @property
    def environment(self) -> dict[str, str]:
        """Environment in which ``curec`` finds all of it."""
        return os.environ | {
            "CUREC_CONFIG": str(self.configuration),
            "CUREC_LAKE": str(self.lake),
            "CUREC_MODELS": str(self.models),
            "DAGSTER_HOME": str(self.home),
        }

    def curec(self, *arguments: str, check: bool = True, columns: int = 160) -> subprocess.CompletedProcess[str]:
        """Run ``curec`` in a process of its own, on a terminal ``columns`` wide."""
        command = [sys.executable, "-m", "dagster_project.cli.main", *arguments]
        environment = self.environment | {"COLUMNS": str(columns)}
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=check)

    def forget(self, window: str, *assets: str) -> None:
        """Remove these partitions of ``window``, as if they had never been made."""
        for asset in assets:
            Lake(self.lake, self.chain.name).partition(asset, window).unlink()

    def stopped(self, line: str, stop: Callable[[subprocess.Popen[str]], None]) -> tuple[int, str]:
        """``curec run``, to which ``stop`` is done when it says what begins with ``line``.

        Its status, and what was said after that until the last of its processes had ended.
        """
        command = [sys.executable, "-m", "dagster_project.cli.main", "run", "--chain", self.chain.name]
        with subprocess.Popen(
            command,
            env=self.environment,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            # A shell has what it runs behind an & ignore interrupts, and these tests may be that.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        ) as run:
            assert run.stderr is not None
            assert any(said.startswith(line) for said in run.stderr), f"the run ended without {line!r}"
            stop(run)
            rest = run.stderr.read()
        return run.returncode, rest


@pytest.fixture(scope="session")
def models_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Base models, made once for all tests."""
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory, models_root: Path) -> FinishedChain:
    """The small world, all three windows on the test profile, through ``curec run`` and Dagster."""
    root = tmp_path_factory.mktemp("finished")
    return run_small_chain(root, write_world(root / "configuration"), models_root)


@pytest.fixture
def copy(finished: FinishedChain, tmp_path: Path) -> FinishedChain:
    """A copy of the finished chain that a test may spoil."""
    for name in ("configuration", "lake", "home"):
        shutil.copytree(getattr(finished, name), tmp_path / name)
    return replace(finished, configuration=tmp_path / "configuration", lake=tmp_path / "lake", home=tmp_path / "home")


def run_small_chain(root: Path, configuration: Path, models: Path) -> FinishedChain:
    """The chain ``small`` of ``configuration``, run as a whole; lake and Dagster's home lie below ``root``."""
    chain = load_chain(configuration / "chains" / "small.yaml")
    unfinished = FinishedChain(chain, configuration, root / "lake", models, root / "home", "")
    run = unfinished.curec("run", "--chain", "small", check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    return replace(unfinished, output=run.stdout + run.stderr)
