"""Recommendations: new items for active users, in a fixed order, each with its reason and its grounds."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from curec_assets.lake import schemas
from curec_assets.lake.hashing import hash_table
from curec_assets.ranker.config import RankerConfig
from curec_assets.ranker.recommend import recommend
from curec_assets.ranker.train import train_ranker
from tests.ranker.ranker_world import ENCODER, TINY, WINDOWS, RankerWorld, make_world
from tests.ranker.test_train import with_garbage_after

WORLD = make_world()
SERVED = WINDOWS[1]
CONFIG = TINY.model_copy(update={"backbones": ("din", "sasrec"), "arms": ("id_only", "corrected_reasons"), "epochs": 2})
REASONS = pa.table(
    {
        "side": ["item", "user", "item"],
        "subject_id": ["i00", "u00", "i04"],
        "reason": ["For drivers.", "Not an item's.", None],
    }
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ranker")
    tables = (WORLD.cleaned, WORLD.items, WORLD.evidence, WORLD.reasons)
    train_ranker(*tables, ENCODER, WINDOWS[:2], CONFIG, 7, path)
    return path


def recommended(folder: Path, world: RankerWorld = WORLD, **changes: Any) -> pa.Table:
    tables = (world.cleaned, world.items, world.evidence, world.reasons)
    config: RankerConfig = CONFIG.model_copy(update=changes)
    return recommend(folder, *tables, REASONS, ENCODER, SERVED, config)


@pytest.mark.parametrize("backbone", ["din", "sasrec"])
def test_active_users_get_new_items_known_by_the_windows_end(folder: Path, backbone: str) -> None:
    table = recommended(folder, recommend_backbone=backbone)
    assert table.schema == schemas.RECOMMENDATIONS
    events = [row for row in WORLD.cleaned.to_pylist() if row["ts"] < SERVED.end]
    had = {(row["user_id"], row["item_id"]) for row in events}
    known = {row["item_id"] for row in WORLD.items.to_pylist() if row["first_seen"] < SERVED.end}
    rows = table.to_pylist()
    assert {row["user_id"] for row in rows} == {row["user_id"] for row in events if row["ts"] >= SERVED.start}
    for row in rows:
        assert (row["user_id"], row["item_id"]) not in had
        assert row["item_id"] in known
        assert row["reason"] == ("For drivers." if row["item_id"] == "i00" else None)
    for user in {row["user_id"] for row in rows}:
        mine = [row for row in rows if row["user_id"] == user]
        assert [row["rank"] for row in mine] == [1, 2, 3]
        assert [row["score"] for row in mine] == sorted((row["score"] for row in mine), reverse=True)


@pytest.mark.parametrize("backbone", ["din", "sasrec"])
def test_the_grounds_are_liked_items_of_the_users_own_history(folder: Path, backbone: str) -> None:
    liked = {(row["user_id"], row["item_id"]) for row in WORLD.cleaned.to_pylist() if row["label"]}
    rows = recommended(folder, recommend_backbone=backbone, because_items=2).to_pylist()
    assert any(row["because"] for row in rows)
    for row in rows:
        weights = [ground["attention"] for ground in row["because"]]
        assert len(weights) <= 2
        assert weights == sorted(weights, reverse=True)
        assert sum(weights) <= 1.0 + 1e-5
        for ground in row["because"]:
            assert (row["user_id"], ground["item_id"]) in liked
            assert ground["title"] == f"Thing {ground['item_id']}"


def test_the_future_and_the_order_of_rows_change_nothing(folder: Path) -> None:
    clean = hash_table(recommended(folder, WORLD.up_to(SERVED)))
    assert hash_table(recommended(folder, with_garbage_after(WORLD, SERVED).shuffled(2))) == clean


def test_equal_scores_are_ordered_by_item_id(folder: Path) -> None:
    # Outside the vocabulary and without text all items are one to SASRec.
    strangers = WORLD.without_text()
    ids = pa.array([f"new-{name}" for name in strangers.cleaned["item_id"].to_pylist()])
    cleaned = strangers.cleaned.set_column(2, "item_id", ids)
    items = strangers.items.set_column(
        0, "item_id", pa.array([f"new-{n}" for n in strangers.items["item_id"].to_pylist()])
    )
    world = RankerWorld(cleaned, items, strangers.evidence, strangers.reasons)
    rows = recommended(folder, world, recommend_backbone="sasrec", recommend_arm="id_only").to_pylist()
    for user in {row["user_id"] for row in rows}:
        offered = [row["item_id"] for row in rows if row["user_id"] == user]
        assert offered == sorted(offered)


def test_a_large_catalogue_is_cut_to_its_busiest_items(folder: Path) -> None:
    rows = recommended(folder, recommend_candidates=8).to_pylist()
    assert len({row["item_id"] for row in rows}) <= 8


def test_a_window_without_users_gives_an_empty_table(folder: Path) -> None:
    nobody = RankerWorld(WORLD.cleaned.slice(0, 0), WORLD.items, WORLD.evidence, WORLD.reasons)
    assert recommended(folder, nobody).num_rows == 0
