"""The audit as an asset: what it refuses to read, and what it says then."""

from pathlib import Path

import pytest

from curec_assets.assets import ASSETS
from curec_assets.configuration.chain import Chain, load_chain
from curec_assets.lake.as_of import OlderCodeError
from curec_assets.lake.lake import Lake
from curec_assets.lake.window_run import WindowJob
from curec_assets.window_asset import run_job
from dagster_project.cli.parser import command_parser
from tests.checks.partitions import HandMadeLake
from tests.small_world import WINDOWS, write_world

PARENTS = (
    "items",
    "cleaned_interactions",
    "evidence",
    "corrected_reasons",
    "recommendations",
    "ranker_evaluation",
)
READ = "recommendations"


@pytest.fixture
def chain(tmp_path: Path) -> Chain:
    return load_chain(write_world(tmp_path / "configuration") / "chains" / "small.yaml")


@pytest.fixture
def job(tmp_path: Path, chain: Chain) -> WindowJob:
    """The audit of the first window, over parents without rows."""
    for asset in PARENTS:
        HandMadeLake(tmp_path / "lake", chain).publish(asset, WINDOWS[0])
    return WindowJob(
        lake=tmp_path / "lake", models=tmp_path / "models", chain=chain, asset="bias_audit", window=WINDOWS[0]
    )


def test_recommendations_of_older_code_are_named_with_the_command_that_makes_them_again(job: WindowJob) -> None:
    lake = Lake(job.lake, job.chain.name)
    HandMadeLake(job.lake, job.chain).publish(READ, WINDOWS[0], code_version="1")
    manifest = lake.manifest(READ, WINDOWS[0])
    assert manifest is not None
    lake.publish(lake.read(READ, WINDOWS[0]).drop_columns(["arm", "served"]), manifest)
    with pytest.raises(OlderCodeError) as refused:
        run_job(ASSETS["bias_audit"], job)
    told, _, command = str(refused.value).partition(" Make it again: ")
    assert told.startswith("small/recommendations in 2020-01 was written by older code (version 1, now ")
    assert "without arm, served, which bias_audit reads" in told
    assert lake.manifest("bias_audit", WINDOWS[0]) is None, "nothing was published"
    asked = command_parser().parse_args(command.removeprefix("curec ").split())
    assert (asked.chain, asked.windows, asked.assets) == ("small", WINDOWS[0], f"{READ},bias_audit")


def test_recommendations_of_this_code_are_read(job: WindowJob) -> None:
    assert run_job(ASSETS["bias_audit"], job).manifest.asset == "bias_audit"
