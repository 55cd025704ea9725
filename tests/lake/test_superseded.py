"""Removing weights: all that no partition names, never what one does, nothing outside the lake or behind a link."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from curec_assets.configuration.chain import load_chain
from curec_assets.lake.at_work import AtWorkError, at_work
from curec_assets.lake.hashing import hash_folder
from curec_assets.lake.lake import Lake
from curec_assets.lake.schemas import MODEL
from curec_assets.lake.superseded import remove_superseded, superseded_weights
from curec_assets.lake.window_run import Published, WindowJob, WindowRun
from curec_assets.lineage import MODELS
from curec_assets.window_asset import WindowAsset, run_job
from tests.lake.manifests import manifest_of
from tests.small_world import write_world

WINDOWS = ("2020-01", "2020-02")
CHAINS = ("small", "other")
made = st.tuples(
    st.sampled_from(CHAINS), st.sampled_from(MODELS), st.sampled_from(WINDOWS), st.binary(min_size=1, max_size=2)
)


def publish(lake: Lake, asset: str, window: str, content: bytes) -> Path:
    """A model with ``content`` for weights; returns their folder."""
    source = lake.root.parent / "made"
    shutil.rmtree(source, ignore_errors=True)
    source.mkdir(parents=True)
    (source / "model.safetensors").write_bytes(content)
    path, sha256 = lake.publish_weights(asset, source)
    row = dict.fromkeys(MODEL.names) | {"path": path, "sha256": sha256}
    lake.publish(pa.Table.from_pylist([row], schema=MODEL), manifest_of(asset, window))
    return lake.root / path


def named(root: Path) -> Iterator[tuple[Path, str]]:
    """Every folder that a partition names, and the hash it should have."""
    for partition in root.glob("*/*/window=*/data.parquet"):
        lake = Lake(root, partition.parents[2].name)
        for row in lake.read(partition.parents[1].name, partition.parent.name.removeprefix("window=")).to_pylist():
            yield root / row["path"], row["sha256"]


@given(published=st.lists(made, max_size=12), copied=st.booleans(), strays=st.integers(0, 15))
@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
def test_what_a_partition_names_stays_and_only_what_none_names_goes(
    published: list[tuple[str, str, str, bytes]], copied: bool, strays: int
) -> None:
    with TemporaryDirectory() as place:
        root, outside = Path(place) / "lake", Path(place) / "outside"
        weights = {publish(Lake(root, chain), asset, window, content) for chain, asset, window, content in published}
        small = Lake(root, "small")
        if copied and small.folder.exists():
            # Its partitions go on naming the folders of the chain that it is a copy of.
            shutil.copytree(small.folder, root / "copy")
        left_alone = {outside / ("a" * 64)}
        here = small.folder / "aligned_llm" / "weights"
        if strays & 1:
            left_alone.add(here / "mine")
        if strays & 2:
            left_alone.add(small.folder / "items" / "weights" / ("b" * 64))
        for folder in left_alone:
            folder.mkdir(parents=True)
            (folder / "kept").write_text("kept")
        if strays & 4:
            here.mkdir(parents=True, exist_ok=True)
            (here / ("c" * 64)).symlink_to(outside / ("a" * 64))
        if strays & 8 and not (small.folder / "ranker").exists():
            (small.folder / "ranker").mkdir(parents=True)
            (small.folder / "ranker" / "weights").symlink_to(outside)
        if not small.folder.is_dir():
            return
        expected = {folder for folder in weights if small.folder in folder.parents} - {
            folder for folder, _ in named(root)
        }
        listed = {one.folder for one in superseded_weights(small)}
        removed = {one.folder for one in remove_superseded(small)}
        assert listed == removed == expected
        assert not any(folder.exists() for folder in removed)
        for folder, sha256 in named(root):
            assert hash_folder(folder) == sha256
        assert {folder for folder in weights if folder.exists()} == weights - removed
        assert all((folder / "kept").read_text() == "kept" for folder in left_alone)
        assert not any((small.folder / ".staging").glob("*"))
        assert remove_superseded(small) == []


def test_nothing_is_removed_while_a_stage_is_at_work(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake", "small")
    former = publish(lake, "ranker", "2020-01", b"former")
    publish(lake, "ranker", "2020-01", b"now")
    with at_work(lake.root):
        with at_work(lake.root):
            assert [one.folder for one in superseded_weights(lake)] == [former], "stages work side by side"
        with pytest.raises(AtWorkError, match="something is at work"):
            remove_superseded(lake)
        assert former.is_dir()
    assert [one.folder for one in remove_superseded(lake)] == [former]


def test_a_stage_that_runs_is_at_work(tmp_path: Path) -> None:
    chain = load_chain(write_world(tmp_path / "configuration") / "chains" / "small.yaml")
    job = WindowJob(lake=tmp_path / "lake", models=tmp_path / "models", chain=chain, asset="items", window=WINDOWS[0])
    removed = []

    def stage(run: WindowRun) -> Published:
        removed.append(remove_superseded(run.lake))
        raise AssertionError("removed while a stage ran")

    with pytest.raises(AtWorkError):
        run_job(WindowAsset("items", "", frozenset(), False, stage), job)
    assert removed == []


@pytest.mark.parametrize("poison", [b"no parquet", b""])
def test_where_a_partition_cannot_be_read_nothing_is_removed(tmp_path: Path, poison: bytes) -> None:
    lake = Lake(tmp_path / "lake", "small")
    former = publish(lake, "ranker", "2020-01", b"former")
    publish(lake, "ranker", "2020-01", b"now")
    other = Lake(lake.root, "other").partition("reward_model", "2020-02")
    other.parent.mkdir(parents=True)
    other.write_bytes(poison)
    with pytest.raises(ValueError, match="nobody knows which weights it names"):
        remove_superseded(lake)
    assert former.is_dir()


def test_links_inside_removed_weights_are_not_followed(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake", "small")
    former = publish(lake, "ranker", "2020-01", b"former")
    publish(lake, "ranker", "2020-01", b"now")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "file").write_text("mine")
    (former / "link").symlink_to(tmp_path / "mine")
    assert [one.folder for one in remove_superseded(lake)] == [former]
    assert (tmp_path / "mine" / "file").read_text() == "mine"
