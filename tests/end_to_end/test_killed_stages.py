"""Each stage that trains, killed in the middle: run again, it does what was left and publishes what it would have."""

import signal
import subprocess
import sys
import textwrap

import pytest

from curec_assets.assets import ASSETS
from curec_assets.lake.checkpoints import Checkpoints
from curec_assets.lake.lake import Lake
from curec_assets.lake.window_run import WindowJob
from curec_assets.window_asset import run_job
from tests.conftest import FinishedChain
from tests.small_world import WINDOWS

STAGE = """
    import sys
    from functools import partial
    from curec_assets.assets import ASSETS
    from curec_assets.lake import window_run
    from curec_assets.window_asset import run_job

    # A checkpoint after every step: the stages of this profile take seconds.
    window_run.Checkpoints = partial(window_run.Checkpoints, every_seconds=0)
    job = window_run.WindowJob.model_validate_json(sys.argv[1])

    def progress(step, done, total):
        if (step, done) == (sys.argv[2], int(sys.argv[3])):
            print("here", flush=True)
            sys.stdin.read()

    run_job(ASSETS[job.asset], job, progress)
"""

WINDOW = WINDOWS[1]


@pytest.mark.parametrize(
    ("asset", "step", "done", "kept"),
    [
        ("aligned_llm", "align", 20, ["bootstrapped", "step-00000019"]),
        ("reward_model", "reward model fold1", 1, ["fold0"]),
        ("rl_policy", "rl", 2, ["step-00000001"]),
        ("ranker", "ranker", 1, ["din-id_only-seed0"]),
    ],
)
def test_a_killed_stage_run_again_does_what_was_left_and_publishes_the_same(
    copy: FinishedChain, asset: str, step: str, done: int, kept: list[str]
) -> None:
    lake = Lake(copy.lake, "small")
    unbroken = lake.manifest(asset, WINDOW)
    assert unbroken is not None
    lake.partition(asset, WINDOW).unlink()
    job = WindowJob(lake=copy.lake, models=copy.models, chain=copy.chain, asset=asset, window=WINDOW)
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(STAGE), job.model_dump_json(), step, str(done)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as stage:
        assert stage.stdout is not None
        assert stage.stdout.readline() == "here\n"
        stage.send_signal(signal.SIGKILL)
    assert lake.manifest(asset, WINDOW) is None
    (folder,) = lake.checkpoints(asset, WINDOW).iterdir()
    assert Checkpoints(folder).names() == kept

    resumed = run_job(ASSETS[asset], job)
    assert resumed.manifest.content_hash == unbroken.content_hash
    assert resumed.manifest.artifact_id == unbroken.artifact_id
    assert not lake.checkpoints(asset, WINDOW).exists(), "nothing is left after publishing"
