"""Recommendations: new items for active users, in a fixed order, each with its reason and its grounds."""

from collections import Counter
from dataclasses import replace
from itertools import pairwise
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
TEXTS = {("item", f"i{n:02d}"): None if n == 4 else f"For {n}." for n in range(32)} | {("user", "u00"): "Likes cars."}
REASONS = pa.table(
    {
        "side": [side for side, _ in TEXTS],
        "subject_id": [subject for _, subject in TEXTS],
        "reason": list(TEXTS.values()),
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
    return recommend(folder, *tables, REASONS, ENCODER, SERVED, config, seed=3).table


def served(folder: Path, world: RankerWorld = WORLD, **changes: Any) -> list[dict[str, Any]]:
    return [row for row in recommended(folder, world, **changes).to_pylist() if row["served"]]


@pytest.mark.parametrize("backbone", ["din", "sasrec"])
def test_active_users_get_new_items_known_by_the_windows_end(folder: Path, backbone: str) -> None:
    table = recommended(folder, recommend_backbone=backbone)
    assert table.schema == schemas.RECOMMENDATIONS
    events = [row for row in WORLD.cleaned.to_pylist() if row["ts"] < SERVED.end]
    had = {(row["user_id"], row["item_id"]) for row in events}
    known = {row["item_id"] for row in WORLD.items.to_pylist() if row["first_seen"] < SERVED.end}
    rows = served(folder, recommend_backbone=backbone)
    assert {row["user_id"] for row in rows} == {row["user_id"] for row in events if row["ts"] >= SERVED.start}
    for row in rows:
        assert (row["user_id"], row["item_id"]) not in had
        assert row["item_id"] in known
        assert row["reason"] == TEXTS["item", row["item_id"]]
    for user in {row["user_id"] for row in rows}:
        mine = [row for row in rows if row["user_id"] == user]
        assert [row["rank"] for row in mine] == [1, 2, 3]
        assert [row["score"] for row in mine] == sorted((row["score"] for row in mine), reverse=True)


@pytest.mark.parametrize("backbone", ["din", "sasrec"])
def test_the_grounds_are_liked_items_of_the_users_own_history(folder: Path, backbone: str) -> None:
    liked = {(row["user_id"], row["item_id"]) for row in WORLD.cleaned.to_pylist() if row["label"]}
    rows = served(folder, recommend_backbone=backbone, because_items=2)
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
    # Outside the vocabulary and without text, items of the same popularity are one to SASRec.
    strangers = WORLD.without_text()
    ids = pa.array([f"new-{name}" for name in strangers.cleaned["item_id"].to_pylist()])
    cleaned = strangers.cleaned.set_column(2, "item_id", ids)
    items = strangers.items.set_column(
        0, "item_id", pa.array([f"new-{n}" for n in strangers.items["item_id"].to_pylist()])
    )
    world = replace(strangers, cleaned=cleaned, items=items)
    rows = served(folder, world, recommend_backbone="sasrec", recommend_arm="id_only")
    pairs = [(row, after) for row, after in pairwise(rows) if row["user_id"] == after["user_id"]]
    equal = [(row["item_id"], after["item_id"]) for row, after in pairs if row["score"] == after["score"]]
    assert len(equal) > 5
    assert all(first < second for first, second in equal)


def test_a_large_catalogue_is_cut_to_its_busiest_items(folder: Path) -> None:
    rows = recommended(folder, recommend_candidates=8).to_pylist()
    assert len({row["item_id"] for row in rows}) <= 8


def test_a_window_without_users_gives_an_empty_table(folder: Path) -> None:
    nobody = replace(WORLD, cleaned=WORLD.cleaned.slice(0, 0))
    assert recommended(folder, nobody).num_rows == 0


@pytest.mark.parametrize("backbone", ["din", "sasrec"])
def test_why_names_what_lowers_the_score_largest_first(folder: Path, backbone: str) -> None:
    liked = {(row["user_id"], row["item_id"]) for row in WORLD.cleaned.to_pylist() if row["label"]}
    rows = served(folder, recommend_backbone=backbone, because_items=2)
    named = [part for row in rows for part in row["why"]]
    assert {"history", "reason"} <= {part["part"] for part in named}
    for row in rows:
        drops = [part["score_drop"] for part in row["why"]]
        assert drops == sorted(drops, reverse=True)
        assert all(drop > 0 for drop in drops)
        history = [part for part in row["why"] if part["part"] == "history"]
        assert len(history) <= 2
        for part in history:
            assert (row["user_id"], part["item_id"]) in liked
            assert part["text"] == f"Thing {part['item_id']}"
        for part in row["why"]:
            if part["part"] == "reason":
                assert (part["item_id"], part["text"]) == (None, row["reason"])
            elif part["part"] == "interest":
                assert (row["user_id"], part["text"]) == ("u00", "Likes cars.")


def test_a_ranker_that_reads_no_words_names_none(folder: Path) -> None:
    rows = served(folder, recommend_arm="id_only")
    assert any(row["reason"] for row in rows)
    assert {part["part"] for row in rows for part in row["why"]} == {"history"}


def test_every_arm_and_popularity_make_lists_for_the_same_users(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("curec_assets.ranker.recommend.SAMPLE_USERS", 5)
    rows = recommended(folder).to_pylist()
    lists: dict[str, dict[str, list[str]]] = {}
    for row in rows:
        if not row["served"]:
            assert (row["reason"], row["because"], row["why"]) == (None, None, None)
            lists.setdefault(row["arm"], {}).setdefault(row["user_id"], []).append(row["item_id"])
    assert set(lists) == {*CONFIG.arms, "popularity", "recent_popularity"}
    sampled = set(lists["id_only"])
    assert len(sampled) == 5
    assert all(set(by_user) == sampled for by_user in lists.values())
    first_served: dict[str, list[str]] = {}
    for row in rows:
        if row["served"] and row["user_id"] in sampled:
            first_served.setdefault(row["user_id"], []).append(row["item_id"])
    assert lists[CONFIG.recommend_arm] == first_served
    # Nobody's list by popularity leaves out an item more liked than one on it, unless they had it.
    events = [row for row in WORLD.cleaned.to_pylist() if row["ts"] < SERVED.end]
    likes = Counter(row["item_id"] for row in events if row["label"])
    for user, offered in lists["popularity"].items():
        had = {row["item_id"] for row in events if row["user_id"] == user}
        known = {row["item_id"] for row in events} - had - set(offered)
        assert min(likes[item] for item in offered) >= max((likes[item] for item in known), default=0)


@pytest.mark.parametrize("backbone", ["din", "sasrec"])
def test_what_is_scored_at_once_changes_nothing(folder: Path, backbone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = recommended(folder, recommend_backbone=backbone).to_pylist()
    monkeypatch.setattr("curec_assets.ranker.why.PAIRS", {"ctr": 70, "next_item": 70})
    for one, other in zip(whole, recommended(folder, recommend_backbone=backbone).to_pylist(), strict=True):
        assert (one["user_id"], one["item_id"], one["arm"]) == (other["user_id"], other["item_id"], other["arm"])
        assert one["score"] == pytest.approx(other["score"], abs=1e-5)
        for part in one["why"] or []:
            drops = [found["score_drop"] for found in other["why"] if found["text"] == part["text"]]
            assert drops == [pytest.approx(part["score_drop"], abs=1e-4)] or part["score_drop"] < 3e-4


def test_the_reasons_are_put_to_the_test_with_every_list(folder: Path) -> None:
    tables = (WORLD.cleaned, WORLD.items, WORLD.evidence, WORLD.reasons)
    found = recommend(folder, *tables, REASONS, ENCODER, SERVED, CONFIG, seed=3)
    evaluations = pa.Table.from_pylist(found.evaluations, schema=schemas.EVALUATIONS).to_pylist()
    by_arm = {row["arm"]: row for row in evaluations}
    assert set(by_arm) == {
        "why", "why − random", "attention", "attention − random", "reason", "reason − shuffled_reason", "interest",
        "interest − shuffled_interest",
    }  # fmt: skip
    assert by_arm["why"]["value"] > 0
    assert all(row["n"] > 0 and row["ci_low"] <= row["value"] <= row["ci_high"] for row in evaluations)
    again = recommend(folder, *tables, REASONS, ENCODER, SERVED, CONFIG, seed=3)
    assert again.evaluations == found.evaluations
