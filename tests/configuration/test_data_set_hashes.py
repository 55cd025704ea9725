"""Shipped data sets keep their configuration hashes: another one would make every lake over them stale."""

from pathlib import Path

import pytest

from curec_assets.configuration.chain import SHIPPED, load_chain
from curec_assets.lake.versions import config_hash
from curec_assets.lineage import LINEAGE
from tests.small_world import write_world

HASHES = {
    "amazon_beauty": "92c84c1e489dfb4d",
    "amazon_cds": "9994762e8bb1beb2",
    "demo": "953c856a61f6377f",
    "movielens_100k": "953c856a61f6377f",
    "movielens_small": "d58420327c4873e5",
}


@pytest.mark.parametrize("name", HASHES)
def test_a_shipped_data_set_keeps_its_hash(name: str) -> None:
    chain = load_chain(SHIPPED / "chains" / f"{name}.yaml")
    for asset in ("items", "raw_interactions", "cleaned_interactions"):
        assert config_hash(chain, asset) == HASHES[name]


def test_how_users_are_described_is_a_part_of_its_own(tmp_path: Path) -> None:
    described = load_chain(write_world(tmp_path / "described") / "chains" / "small.yaml")
    folder = write_world(tmp_path / "bare")
    data_set = folder / "data_sets" / "small_world.yaml"
    lines = data_set.read_text().splitlines()
    data_set.write_text("\n".join(line for line in lines if "users" not in line and "user_columns" not in line))
    bare = load_chain(folder / "chains" / "small.yaml")
    assert {asset for asset in LINEAGE if config_hash(described, asset) != config_hash(bare, asset)} == {"users"}


def test_where_the_files_lie_is_no_part_of_the_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUREC_SHARED_DATA", "/nowhere")
    assert config_hash(load_chain(SHIPPED / "chains" / "amazon_cds.yaml"), "items") == HASHES["amazon_cds"]
