"""``curec summary`` over lakes that were moved, cannot be read, or were made with other settings."""

from pathlib import Path

import pyarrow as pa
import pytest

from curec_assets.lake.catalogue import CATALOGUE, ensure_catalogue
from curec_assets.lake.lake import Lake
from curec_assets.lake.schemas import EVALUATIONS, ITEMS
from dagster_project.cli.main import main
from tests.lake.manifests import manifest_of
from tests.small_world import write_world


@pytest.fixture
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lake:
    """A lake that holds an item of chain ``small`` and, of rankers, measures at two cutoffs; it has no catalogue."""
    monkeypatch.setenv("CUREC_CONFIG", str(write_world(tmp_path / "configuration")))
    monkeypatch.setenv("CUREC_LAKE", str(tmp_path / "lake"))
    monkeypatch.setenv("COLUMNS", "200")
    lake = Lake(tmp_path / "lake", "small")
    item = dict.fromkeys(ITEMS.names) | {"item_id": "1", "title": "One"}
    lake.publish(pa.Table.from_pylist([item], schema=ITEMS), manifest_of("items", "2020-01"))
    row = {"subject": "ranker", "backbone": "din", "arm": "id_only", "slice": "all", "value": 0.5, "n": 9}
    measured = [{**row, "metric": metric} for metric in ("auc", "hr@10", "hr@5", "ndcg@5", "auc_gap")]
    judged = pa.Table.from_pylist(measured, schema=EVALUATIONS)
    lake.publish(judged, manifest_of("ranker_evaluation", "2020-02"))
    return lake


def test_the_ablation_shows_every_cutoff_that_was_measured(lake: Lake, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["summary", "--chain", "small"]) == 0
    (head,) = [line for line in capsys.readouterr().out.splitlines() if "backbone" in line]
    assert head.replace("┃", " ").split() == ["backbone", "arm", "auc", "hr@5", "hr@10", "ndcg@5"]


def test_a_lake_that_lost_its_catalogue_is_summed_up(lake: Lake, capsys: pytest.CaptureFixture[str]) -> None:
    assert not (lake.root / CATALOGUE).exists()
    assert main(["summary", "--chain", "small"]) == 0
    assert "items" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("catalogued", "told"), [(True, "the summary's queries cannot read"), (False, "cannot be built")]
)
def test_a_lake_that_cannot_be_read_is_told_in_a_sentence(
    lake: Lake, catalogued: bool, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if catalogued:
        ensure_catalogue(lake.root, [])
    (broken,) = lake.folder.glob("ranker_evaluation/window=2020-02/data.parquet")
    broken.write_text("no Parquet")
    assert main(["summary", "--chain", "small"]) == 2
    assert told in capsys.readouterr().err
