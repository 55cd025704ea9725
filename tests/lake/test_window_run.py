"""One asset of one window being made: a job that travels, a gate that nothing late passes, seeds of one's own."""

from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from curec_assets.configuration.chain import Chain, load_chain
from curec_assets.lake.as_of import ChronologyError
from curec_assets.lake.lake import Lake
from curec_assets.lake.schemas import TIMESTAMP
from curec_assets.lake.window_run import WindowJob, WindowRun, without_timing
from tests.small_world import WINDOWS, write_world


@pytest.fixture
def chain(tmp_path: Path) -> Chain:
    return load_chain(write_world(tmp_path / "configuration") / "chains" / "small.yaml")


def run_of(chain: Chain, root: Path, asset: str, window: str) -> WindowRun:
    return WindowRun(WindowJob(lake=root / "lake", models=root / "models", chain=chain, asset=asset, window=window))


def test_an_artifact_that_has_seen_its_windows_end_is_not_published(chain: Chain, tmp_path: Path) -> None:
    run = run_of(chain, tmp_path, "raw_interactions", WINDOWS[0])
    last = run.window.end - timedelta(microseconds=1)
    for late in (run.window.end, run.window.end + timedelta(days=9)):
        with pytest.raises(ChronologyError, match="at or after the window's end"):
            run.publish(pa.table({"ts": pa.array([last, late], TIMESTAMP)}), {})
        assert Lake(tmp_path / "lake", "small").manifest("raw_interactions", WINDOWS[0]) is None
    run.publish(pa.table({"ts": pa.array([last], TIMESTAMP)}), {})


def test_what_a_parent_has_seen_its_children_have_seen(chain: Chain, tmp_path: Path) -> None:
    parent = run_of(chain, tmp_path, "raw_interactions", WINDOWS[0])
    seen = parent.window.start + timedelta(days=5)
    parent.publish(pa.table({"ts": pa.array([seen], TIMESTAMP)}), {})
    run_of(chain, tmp_path, "items", WINDOWS[0]).publish(pa.table({"item_id": ["a"]}), {})
    child = run_of(chain, tmp_path, "cleaned_interactions", WINDOWS[0])
    child.read.at("raw_interactions")
    child.read.up_to("items")
    published = child.publish(pa.table({"event_id": ["x"]}), {})
    assert published.manifest.latest_ts_seen == seen.isoformat()
    assert published.manifest.rows_seen == 2


def test_a_job_travels_as_json_and_means_the_same_there(chain: Chain, tmp_path: Path) -> None:
    job = run_of(chain, tmp_path, "ranker", WINDOWS[1]).job
    arrived = WindowJob.model_validate_json(job.model_dump_json())
    assert arrived == job
    assert WindowRun(arrived).seed == WindowRun(job).seed


def test_a_window_that_the_chain_lacks_is_named_with_those_that_it_has(chain: Chain, tmp_path: Path) -> None:
    with pytest.raises(
        ValueError, match=r"'2019-12' is no window of the chain small; its windows are 2020-01..2020-03"
    ):
        run_of(chain, tmp_path, "items", "2019-12")


def test_stages_and_windows_draw_from_streams_of_their_own(chain: Chain, tmp_path: Path) -> None:
    seeds = {run_of(chain, tmp_path, a, w).seed for a in ("ranker", "rl_policy") for w in WINDOWS}
    assert len(seeds) == 2 * len(WINDOWS)


def test_scratch_is_gone_afterwards_even_when_the_stage_fails(chain: Chain, tmp_path: Path) -> None:
    run = run_of(chain, tmp_path, "ranker", WINDOWS[0])
    folders: list[Path] = []

    def fail() -> None:
        with run.scratch() as folder:
            folders.append(folder)
            (folder / "half").write_text("written")
            raise RuntimeError("on purpose")

    with pytest.raises(RuntimeError, match="on purpose"):
        fail()
    assert not folders[0].exists()


def test_metrics_that_measure_the_machine_stay_out_of_what_is_hashed() -> None:
    assert without_timing({"loss": 1.0, "train_seconds": 3.0, "tokens_per_second": 9.0}) == {"loss": 1.0}
