"""What several folders of tests share: one chain on the test profile, run once through the command line."""

import os
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import settings

from curec_assets.configuration.chain import Chain, load_chain
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


@pytest.fixture(scope="session")
def models_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Base models, made once for all tests."""
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory, models_root: Path) -> FinishedChain:
    """The small world, all three windows on the test profile, through ``curec run`` and Dagster."""
    root = tmp_path_factory.mktemp("finished")
    return run_small_chain(root, write_world(root / "configuration"), models_root)


def run_small_chain(root: Path, configuration: Path, models: Path) -> FinishedChain:
    """The chain ``small`` of ``configuration``, run as a whole; lake and Dagster's home lie below ``root``."""
    chain = load_chain(configuration / "chains" / "small.yaml")
    unfinished = FinishedChain(chain, configuration, root / "lake", models, root / "home", "")
    run = unfinished.curec("run", "--chain", "small", check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    return replace(unfinished, output=run.stdout + run.stderr)
