"""Publishing: whole partitions or none, equal content equal hash, names that stay inside the lake."""

import os
import random
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curec_assets.lake.hashing import hash_table
from curec_assets.lake.lake import Lake
from curec_assets.lake.manifest import read_manifest

WRITER = """
    import sys
    from pathlib import Path
    import pyarrow as pa
    from tests.lake.manifests import manifest_of
    from curec_assets.lake.lake import Lake

    lake = Lake(Path(sys.argv[1]), "chain")
    version = 0
    while True:
        version += 1
        print(version, flush=True)
        table = pa.table({"version": [version] * 20_000, "row": list(range(20_000))})
        lake.publish(table, manifest_of("items", "2020-01", rows=len(table), content_hash=str(version)))
"""


def test_a_writer_killed_at_random_moments_leaves_only_whole_partitions(tmp_path: Path) -> None:
    moments = random.Random(5)
    target = Lake(tmp_path, "chain").partition("items", "2020-01")
    seen = []
    for _ in range(25):
        with subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(WRITER), str(tmp_path)], stdout=subprocess.PIPE, text=True
        ) as writer:
            assert writer.stdout is not None
            # The writer announces each publication before it begins, so the kill falls somewhere inside one.
            for _ in range(moments.randint(1, 8)):
                writer.stdout.readline()
            for _ in range(moments.randint(0, 4_000)):
                target.exists()
            writer.send_signal(signal.SIGKILL)
        if target.exists():
            rows = pq.read_table(target)
            manifest = read_manifest(target)
            assert manifest is not None
            assert len(rows) == manifest.rows == 20_000
            assert set(rows["version"].to_pylist()) == {int(manifest.content_hash)}
            seen.append(manifest.content_hash)
    assert len(set(seen)) > 3, "the kills fell before anything was published; the test saw nothing"
    partitions = [p for p in (tmp_path / "chain").rglob("*") if p.is_file() and ".staging" not in p.parts]
    assert partitions == [target]


def test_what_a_killed_writer_left_half_written_is_swept_by_the_next_one(tmp_path: Path) -> None:
    lake = Lake(tmp_path, "chain")
    with subprocess.Popen([sys.executable, "-c", "pass"]) as gone:
        pass
    staging = tmp_path / "chain" / ".staging"
    staging.mkdir(parents=True)
    (staging / f"{gone.pid}-left").write_text("half")
    (staging / f"{os.getpid()}-mine").write_text("at work")
    lake.stage()
    assert [p.name for p in staging.iterdir()] == [f"{os.getpid()}-mine"]


@given(
    rows=st.lists(
        st.fixed_dictionaries(
            {"a": st.integers(-5, 5), "b": st.text(max_size=4), "c": st.lists(st.floats(allow_nan=False), max_size=2)}
        ),
        max_size=8,
    ),
    seed=st.randoms(use_true_random=False),
)
def test_content_hash_knows_the_rows_but_not_their_order(rows: list[dict], seed: random.Random) -> None:
    schema = pa.schema([("a", pa.int64()), ("b", pa.string()), ("c", pa.list_(pa.float64()))])
    shuffled = rows.copy()
    seed.shuffle(shuffled)
    here, there = (pa.Table.from_pylist(part, schema=schema) for part in (rows, shuffled))
    assert hash_table(here) == hash_table(there)
    more = pa.Table.from_pylist([*rows, {"a": 9, "b": "new", "c": []}], schema=schema)
    assert hash_table(more) != hash_table(here)


def test_when_and_from_what_a_row_was_made_stay_out_of_its_content_hash() -> None:
    early = pa.table({"value": [1], "created_at": ["1997"], "parents": [["x"]]})
    late = pa.table({"value": [1], "created_at": ["1998"], "parents": [["y"]]})
    assert hash_table(early) == hash_table(late)


def test_equal_weights_lie_in_one_folder_and_different_ones_do_not(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake", "chain")
    folders = []
    for name, content in (("a", b"one"), ("b", b"one"), ("c", b"two")):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "model.safetensors").write_bytes(content)
        folders.append(folder)
    (first, hash_1), (second, hash_2), (third, hash_3) = (lake.publish_weights("ranker", f) for f in folders)
    assert (first, hash_1) == (second, hash_2)
    assert first != third
    assert hash_1 != hash_3
    assert (lake.weights(third) / "model.safetensors").read_bytes() == b"two"


@pytest.mark.parametrize("name", ["..", "../up", "a/b", "", "/etc", "a\\b", ".hidden", "with space"])
def test_names_that_could_climb_out_of_the_lake_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="cannot name a folder"):
        Lake(tmp_path, "chain").partition(name, "2020-01")
    with pytest.raises(ValueError, match="cannot name a folder"):
        Lake(tmp_path, "chain").partition("items", name)
    with pytest.raises(ValueError, match="cannot name a folder"):
        _ = Lake(tmp_path, name).folder


def test_a_manifest_that_points_outside_the_lake_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="inside the lake"):
        Lake(tmp_path, "chain").weights("../../elsewhere")


@pytest.mark.parametrize("place", ["", "items", "items/window=2020-01"])
def test_a_file_where_the_lake_has_a_folder_is_named(tmp_path: Path, place: str) -> None:
    lake = Lake(tmp_path, "chain")
    stray = lake.folder / place
    stray.parent.mkdir(parents=True, exist_ok=True)
    stray.write_text("a note")
    with pytest.raises(ValueError, match=f"^{stray}: a file lies where the lake has a folder; move it away$"):
        lake.manifest("items", "2020-01")


def test_a_partition_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    path = Lake(tmp_path, "chain").partition("items", "2020-01")
    path.mkdir(parents=True)
    with pytest.raises(ValueError, match=f"^{path}: this cannot be read as a partition .*directory.*; move it away$"):
        read_manifest(path)
    path.rmdir()
    path.write_text("no Parquet")
    with pytest.raises(ValueError, match=f"^{path}: this cannot be read as a partition .*; move it away$"):
        read_manifest(path)


def test_a_file_that_was_not_published_here_is_named(tmp_path: Path) -> None:
    path = Lake(tmp_path, "chain").partition("items", "2020-01")
    path.parent.mkdir(parents=True)
    pq.write_table(pa.table({"a": [1]}), path)
    with pytest.raises(ValueError, match="carries no manifest"):
        read_manifest(path)
