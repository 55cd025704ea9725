"""Parts of a stage's work: whole or not there, found again by the same work alone, gone once it has published."""

import json
import shutil
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pyarrow as pa
import pytest

from curec_assets.configuration.chain import Chain, load_chain
from curec_assets.lake.as_of import ChronologyError
from curec_assets.lake.checkpoints import NOTHING_KEPT, Checkpoints
from curec_assets.lake.schemas import ASSET_SCHEMAS
from curec_assets.lake.window_run import WindowJob, WindowRun
from tests.small_world import WINDOWS, write_world

WRITER = """
    import sys
    from pathlib import Path
    from curec_assets.lake.checkpoints import Checkpoints

    def write(folder):
        (folder / "first").write_text("whole")
        print("half written", flush=True)
        sys.stdin.read()

    Checkpoints(Path(sys.argv[1])).keep("part", write)
"""


def number(checkpoints: Checkpoints, name: str, made: int) -> int:
    return checkpoints.part(
        name,
        lambda: made,
        lambda folder, value: (folder / "value.json").write_text(json.dumps(value)) and None,
        lambda folder: json.loads((folder / "value.json").read_text()),
    )


def test_a_part_that_is_kept_is_not_made_again(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path)
    assert [number(checkpoints, "a", made) for made in (1, 2)] == [1, 1]
    assert number(Checkpoints(tmp_path), "a", 3) == 1
    assert checkpoints.names() == ["a"]
    checkpoints.drop("a")
    assert checkpoints.names() == []
    assert number(checkpoints, "a", 4) == 4


def test_without_a_folder_everything_is_made_and_nothing_kept() -> None:
    assert [number(NOTHING_KEPT, "a", made) for made in (1, 2)] == [1, 2]
    assert NOTHING_KEPT.names() == []


def test_a_part_that_was_being_written_when_its_writer_was_killed_is_not_there(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(WRITER), str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        writer.send_signal(signal.SIGKILL)
    checkpoints = Checkpoints(tmp_path)
    assert len(list((tmp_path / ".staging").iterdir())) == 1
    assert checkpoints.find("part") is None
    assert number(checkpoints, "part", 5) == 5
    assert list((tmp_path / ".staging").iterdir()) == []


def test_of_two_writers_of_one_part_the_first_stays(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path)

    def slow(folder: Path) -> None:
        number(Checkpoints(tmp_path), "part", 1)
        (folder / "value.json").write_text("2")

    checkpoints.keep("part", slow)
    assert number(checkpoints, "part", 3) == 1


@pytest.fixture
def chain(tmp_path: Path) -> Chain:
    return load_chain(write_world(tmp_path / "configuration") / "chains" / "small.yaml")


def run_of(chain: Chain, root: Path, asset: str = "cleaned_interactions", window: str = WINDOWS[0]) -> WindowRun:
    """A run that has read what it reads, where that was published."""
    run = WindowRun(WindowJob(lake=root / "lake", models=root / "models", chain=chain, asset=asset, window=window))
    if asset == "cleaned_interactions":
        run.read.at("raw_interactions")
        run.read.up_to("items")
    return run


def publish_parents(chain: Chain, root: Path, title: str = "One") -> None:
    run_of(chain, root, "raw_interactions").publish(ASSET_SCHEMAS["raw_interactions"].empty_table(), {})
    item = {"item_id": "a", "title": title, "categories": [], "description": None, "first_seen": None}
    table = pa.Table.from_pylist([item], schema=ASSET_SCHEMAS["items"])
    run_of(chain, root, "items").publish(table, {})


def test_the_same_work_finds_its_parts_again_in_any_run(chain: Chain, tmp_path: Path) -> None:
    publish_parents(chain, tmp_path)
    assert number(run_of(chain, tmp_path).checkpoints("base"), "a", 1) == 1
    assert number(run_of(chain, tmp_path).checkpoints("base"), "a", 2) == 1


@pytest.mark.parametrize("changed", ["parents", "inputs", "configuration", "code"])
def test_other_work_finds_nothing_and_removes_what_is_stale(
    chain: Chain, tmp_path: Path, changed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_parents(chain, tmp_path)
    before = run_of(chain, tmp_path).checkpoints("base")
    number(before, "a", 1)
    if changed == "parents":
        publish_parents(chain, tmp_path, title="Two")
    if changed == "configuration":
        monkeypatch.setattr("curec_assets.lake.window_run.config_hash", lambda chain, asset: "another")
    if changed == "code":
        monkeypatch.setattr(
            "curec_assets.lake.window_run.LINEAGE",
            {"cleaned_interactions": type("Artifact", (), {"code_version": "9"})},
        )
    after = run_of(chain, tmp_path).checkpoints("other base" if changed == "inputs" else "base")
    assert number(after, "a", 2) == 2
    assert before.names() == []


def test_another_window_has_parts_of_its_own(chain: Chain, tmp_path: Path) -> None:
    first, second = (run_of(chain, tmp_path, "items", window).checkpoints() for window in WINDOWS[:2])
    assert [number(first, "a", 1), number(second, "a", 2), number(first, "a", 3)] == [1, 2, 1]


def test_after_publishing_no_part_is_left(chain: Chain, tmp_path: Path) -> None:
    publish_parents(chain, tmp_path)
    run = run_of(chain, tmp_path)
    number(run.checkpoints(), "a", 1)
    run.publish(pa.table({"event_id": ["x"]}), {})
    assert [path for path in (tmp_path / "lake" / "small").rglob("*") if "@" in path.name] == []


def test_what_would_not_count_for_the_checkpoints_cannot_be_read(chain: Chain, tmp_path: Path) -> None:
    publish_parents(chain, tmp_path)
    run = run_of(chain, tmp_path)
    run.checkpoints()
    with pytest.raises(ChronologyError, match="after it opened its checkpoints"):
        run.read.up_to("items")


def test_a_part_whose_folder_was_taken_away_is_made_again(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path / "key")
    number(checkpoints, "a", 1)
    shutil.rmtree(tmp_path / "key")
    assert number(checkpoints, "a", 2) == 2
