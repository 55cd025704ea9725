"""What is exported is what the lake recommends: one record a user, whole files, the same in both forms."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from curec_assets.configuration.chain import ConfigError
from curec_assets.lake.catalogue import query
from curec_assets.lake.lake import Lake
from curec_assets.lake.schemas import EVIDENCE, ITEMS, RECOMMENDATIONS
from dagster_project.cli.export import EXPORT, export_recommendations
from dagster_project.whole_file import whole_file
from tests.conftest import FinishedChain
from tests.lake.manifests import manifest_of
from tests.small_world import WINDOWS, write_world


def records_of(paths: list[Path]) -> list[dict[str, Any]]:
    """The records of both files, which must be the same."""
    parquet, lines = paths
    table = pq.read_table(parquet)
    assert table.schema.equals(EXPORT)
    records = [json.loads(line) for line in lines.read_text(encoding="utf-8").splitlines()]
    for record in records:
        record["as_of"] = datetime.fromisoformat(record["as_of"])
    assert records == table.to_pylist()
    return records


@pytest.mark.parametrize("window", [None, WINDOWS[1]])
def test_both_files_hold_every_list_of_the_window_in_order(
    finished: FinishedChain, tmp_path: Path, window: str | None
) -> None:
    chosen = ["--window", window] if window else []
    shown = finished.curec("export", "--chain", "small", "--output", str(tmp_path / "new" / "folder"), *chosen)
    paths = [Path(line) for line in shown.stdout.splitlines()]
    wanted = window or WINDOWS[-1]
    assert [path.name for path in paths] == [f"small-{wanted}.parquet", f"small-{wanted}.jsonl"]
    records = records_of(paths)
    held = query(finished.lake, f"FROM recommendations WHERE \"window\" = '{wanted}'", "small").to_pylist()
    titles = {row["item_id"]: row["title"] for row in query(finished.lake, "FROM items", "small").to_pylist()}
    expected: dict[str, list[dict[str, Any]]] = {}
    for row in sorted(held, key=lambda row: (row["user_id"], row["rank"])):
        item = {name: row[name] for name in ("rank", "item_id", "score", "reason", "because", "why")}
        expected.setdefault(row["user_id"], []).append(item | {"title": titles[row["item_id"]]})
    assert {record["user_id"]: record["items"] for record in records} == expected
    assert [record["user_id"] for record in records] == sorted(expected)
    manifest = Lake(finished.lake, "small").manifest("recommendations", wanted)
    assert manifest is not None
    end = finished.chain.window(wanted).end
    assert {(r["chain"], r["window"], r["as_of"], r["artifact_id"]) for r in records} == {
        ("small", wanted, end, manifest.artifact_id)
    }


def hand_lake(root: Path, title: str) -> Path:
    """A lake written by hand: chain ``hand``, one user, one item."""
    lake = Lake(root / "lake", "hand")
    end = datetime.fromisoformat("2020-02-01T00:00:00+00:00")
    tables = {
        "items": ([{"item_id": "1", "title": title}], ITEMS),
        "evidence": ([{"side": "user", "subject_id": "u", "as_of": end}], EVIDENCE),
        "recommendations": (
            [{"user_id": "u", "rank": 1, "item_id": "1", "score": 0.1, "because": [], "arm": "x", "served": True},
             {"user_id": "u", "rank": 1, "item_id": "2", "score": 0.1, "arm": "y", "served": False}],
            RECOMMENDATIONS,
        ),
    }  # fmt: skip
    for asset, (rows, schema) in tables.items():
        lake.publish(pa.Table.from_pylist(rows, schema=schema), manifest_of(asset, "2020-01", rows=len(rows)))
    return lake.root


def test_a_record_is_one_line_whatever_stands_in_it_and_holds_what_is_served_alone(tmp_path: Path) -> None:
    title = 'Over\ntwo lines,\u2028 "quoted" and <b>bold</b>'
    (record,) = records_of(export_recommendations("hand", hand_lake(tmp_path, title), tmp_path, tmp_path / "out"))
    (item,) = record["items"]
    assert (item["title"], item["item_id"], item["why"], item["reason"]) == (title, "1", None, None)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["hand-2020-01.jsonl", "hand-2020-01.parquet"]


def test_what_cannot_be_exported_is_told_with_what_there_is(tmp_path: Path) -> None:
    lake, configuration = hand_lake(tmp_path, "One"), write_world(tmp_path / "configuration")
    with pytest.raises(ValueError, match=r"'2019-01': .* there are: 2020-01"):
        export_recommendations("hand", lake, configuration, tmp_path / "out", "2019-01")
    with pytest.raises(ConfigError, match="there are: small"):
        export_recommendations("nowhere", lake, configuration, tmp_path / "out")
    (lake / "hand" / "recommendations" / "window=2020-01" / "data.parquet").unlink()
    with pytest.raises(ValueError, match=r"has no recommendations in .* curec run --chain hand"):
        export_recommendations("hand", lake, configuration, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_file_that_is_not_finished_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with whole_file(path) as file:
        file.write(b"old")

    def write_half() -> None:
        with whole_file(path) as file:
            file.write(b"new")
            raise RuntimeError("stopped")

    with pytest.raises(RuntimeError, match="stopped"):
        write_half()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]
