"""Evaluation: what is reported, on which events, and that nothing after a window's end or of its own reasons enters."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from curec_assets.lake import schemas
from curec_assets.lake.hashing import hash_table
from curec_assets.ranker.config import RankerConfig
from curec_assets.ranker.evaluate import evaluate_ranker
from curec_assets.ranker.slices import GAPS
from curec_assets.ranker.train import train_ranker
from tests.ranker.ranker_world import (
    DIMENSION,
    ENCODER,
    GROUPING,
    TINY,
    WINDOWS,
    RankerWorld,
    event,
    make_world,
)
from tests.ranker.test_train import with_garbage_after

ARMS = ("id_only", "evidence_text", "rl_frozen", "corrected_reasons", "shuffled_reasons")
CONFIG = TINY.model_copy(update={"backbones": ("din", "sasrec"), "arms": ARMS, "seeds": (0, 1)})
SLICES = {"all", "items_0", "items_1_5", "items_6_20", "items_21_plus", "new_users", "returning_users"}
WORLD = make_world()
TESTED = WINDOWS[2]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ranker")
    tables = (WORLD.cleaned, WORLD.items, WORLD.evidence, WORLD.reasons)
    train_ranker(*tables, ENCODER, WINDOWS[:2], CONFIG, 7, path)
    return path


def evaluate(folder: Path, world: RankerWorld, config: RankerConfig = CONFIG) -> pa.Table:
    tables = (world.cleaned, world.items, world.evidence, world.reasons, world.users)
    return evaluate_ranker(folder, *tables, ENCODER, TESTED, config, GROUPING, 7)


def values(table: pa.Table, metric: str, name: str = "all", backbone: str = "din") -> dict[str, float | None]:
    return {
        row["arm"]: row["value"]
        for row in table.to_pylist()
        if (row["metric"], row["slice"], row["backbone"]) == (metric, name, backbone)
    }


def test_every_arm_is_judged_on_every_slice_by_its_tasks_measures(folder: Path) -> None:
    table = evaluate(folder, WORLD)
    assert table.schema == schemas.EVALUATIONS
    everything = table.to_pylist()
    assert {row["subject"] for row in everything} == {"ranker", "ranker_groups"}
    rows = [row for row in everything if row["subject"] == "ranker"]
    shares = {"item_reason_share", "user_reason_share"}
    for backbone, measures in (("din", {"auc", "group_auc", "log_loss"}), ("sasrec", {"hr@10", "ndcg@10", "mrr"})):
        for arm in ARMS:
            found = {(r["metric"], r["slice"]) for r in rows if (r["backbone"], r["arm"]) == (backbone, arm)}
            assert found == {(measure, name) for measure in measures | shares for name in SLICES}
        for arm in ("popularity", "recent_popularity"):
            found = {r["metric"] for r in rows if (r["backbone"], r["arm"]) == (backbone, arm)}
            assert found == measures - {"log_loss"}
    keys = [tuple(row[name] for name in ("subject", "backbone", "arm", "metric", "slice")) for row in everything]
    assert len(keys) == len(set(keys))


def test_slices_part_the_windows_events(folder: Path) -> None:
    rows = [row for row in evaluate(folder, WORLD).to_pylist() if row["subject"] == "ranker"]
    rows = [row for row in rows if (row["arm"], row["metric"]) == ("id_only", "auc")]
    n = {row["slice"]: row["n"] for row in rows}
    in_window = pc.and_(
        pc.greater_equal(WORLD.cleaned["ts"], pa.scalar(TESTED.start)),
        pc.less(WORLD.cleaned["ts"], pa.scalar(TESTED.end)),
    )
    assert n["all"] == pc.sum(in_window).as_py()
    assert sum(n[name] for name in n if name.startswith("items_")) == n["all"]
    assert n["new_users"] + n["returning_users"] == n["all"]


def test_contrasts_are_paired_differences_with_wider_intervals(folder: Path) -> None:
    table = evaluate(folder, WORLD)
    auc = values(table, "auc")
    for other in ("evidence_text", "rl_frozen", "id_only"):
        assert auc[f"corrected_reasons − {other}"] == pytest.approx(auc["corrected_reasons"] - auc[other])
    assert "corrected_reasons − id_only" in values(table, "ndcg@10", backbone="sasrec")
    assert "corrected_reasons − id_only" not in values(table, "log_loss")


def test_the_ranker_without_text_is_compared_with_both_baselines_on_the_same_events(folder: Path) -> None:
    table = evaluate(folder, WORLD)
    for metric, backbone in (("auc", "din"), ("ndcg@10", "sasrec")):
        found = values(table, metric, backbone=backbone)
        for baseline in ("popularity", "recent_popularity"):
            assert found[f"id_only − {baseline}"] == pytest.approx(found["id_only"] - found[baseline])


def test_shares_say_how_many_events_an_arm_covers(folder: Path) -> None:
    table = evaluate(folder, WORLD)
    items, users = values(table, "item_reason_share"), values(table, "user_reason_share")
    assert items["id_only"] == users["id_only"] == 0.0
    assert items["corrected_reasons"] == items["shuffled_reasons"] == 1.0
    # Arrival reasons belong to the corrected arm; an item first seen in the window has no evidence text yet.
    assert 0.0 < items["evidence_text"] < 1.0
    assert values(table, "item_reason_share", "items_0")["evidence_text"] == 0.0
    assert users["corrected_reasons"] == 1.0


def test_events_items_and_reasons_of_the_future_change_nothing(folder: Path) -> None:
    clean = hash_table(evaluate(folder, WORLD.up_to(TESTED)))
    assert hash_table(evaluate(folder, with_garbage_after(WORLD, TESTED).shuffled(5))) == clean
    assert hash_table(evaluate(folder, WORLD)) == clean


def test_reasons_made_in_the_window_are_not_met_in_it(folder: Path) -> None:
    rows = [
        row | {"embedding": [1.0] * DIMENSION} if row["window"] == TESTED.key and row["role"] != "arrival" else row
        for row in WORLD.reasons.to_pylist()
    ]
    poisoned = replace(WORLD, reasons=pa.Table.from_pylist(rows, schema=WORLD.reasons.schema))
    assert hash_table(evaluate(folder, poisoned)) == hash_table(evaluate(folder, WORLD))


def test_a_tied_event_is_no_history_of_another(folder: Path) -> None:
    # One user, one instant: judged alone or beside a tied event, the first event's score is the same.
    moment = TESTED.end - timedelta(hours=1)
    one, two = event("u00", "i00", moment, 1), event("u00", "i01", moment, 0)
    before = WORLD.cleaned.filter(pc.less(WORLD.cleaned["ts"], pa.scalar(TESTED.start)))
    had = {row["item_id"] for row in before.to_pylist() if row["user_id"] == "u00"}
    one, two = (
        row | {"item_id": name}
        for row, name in zip((one, two), sorted({f"i{n:02d}" for n in range(10)} - had), strict=False)
    )
    alone, tied = (
        values(
            evaluate(
                folder,
                replace(
                    WORLD,
                    cleaned=pa.concat_tables([before, pa.Table.from_pylist(rows, schema=before.schema)]),
                ),
            ),
            "mrr",
            backbone="sasrec",
        )
        for rows in ([one], [one, two])
    )
    assert alone == tied


@pytest.mark.parametrize("labels", [(), (1,), (0,)])
def test_an_empty_or_one_sided_window_reports_nulls(folder: Path, labels: tuple[int, ...]) -> None:
    before = WORLD.cleaned.filter(pc.less(WORLD.cleaned["ts"], pa.scalar(TESTED.start)))
    rows = [event("u00", "i00", TESTED.start, label) for label in labels]
    world = replace(WORLD, cleaned=pa.concat_tables([before, pa.Table.from_pylist(rows, schema=before.schema)]))
    table = evaluate(folder, world)
    found = [row for row in table.to_pylist() if (row["metric"], row["slice"]) == ("auc", "all")]
    assert {(row["value"], row["n"]) for row in found} == {(None, len(labels))}


def test_a_chain_without_text_is_judged(folder: Path) -> None:
    table = evaluate(folder, WORLD.without_text())
    assert values(table, "item_reason_share")["corrected_reasons"] == 0.0
    assert values(table, "auc")["corrected_reasons"] is not None


def groups_of(table: pa.Table) -> list[dict[str, Any]]:
    return [row for row in table.to_pylist() if row["subject"] == "ranker_groups"]


def test_groups_of_users_are_set_against_all_others_in_the_arm_that_is_served_and_in_the_one_without_text(
    folder: Path,
) -> None:
    rows = groups_of(evaluate(folder, WORLD))
    for backbone, measures in (("din", ("auc", "log_loss")), ("sasrec", ("ndcg@10",))):
        found = {
            (row["arm"], row["slice"]): row
            for row in rows
            if row["backbone"] == backbone and row["metric"] == f"{measures[0]}_gap" and "others" in row["slice"]
        }
        groups = ("gender F", "gender M", "age 20–31", "age 32–43")
        assert set(found) == {(a, f"{g} − others") for a in ("id_only", "corrected_reasons") for g in groups}
        women, men = (found["id_only", f"gender {one} − others"] for one in "FM")
        assert women["value"] == pytest.approx(-men["value"]), "there are but two, so that each is the other's others"
        assert women["n"] == men["n"]
        own = {row["slice"]: row for row in rows if (row["backbone"], row["arm"]) == (backbone, "id_only")
               and row["metric"] == measures[0]}  # fmt: skip
        assert women["value"] == pytest.approx(own["gender F"]["value"] - own["gender M"]["value"])
        assert own["gender F"]["n"] + own["gender M"]["n"] == women["n"]


def test_gaps_between_slices_are_taken_in_every_arm_and_have_intervals(folder: Path) -> None:
    newcomers = [f"u{n:02d}" for n in range(8)]
    kept = [row["ts"] >= TESTED.start or row["user_id"] not in newcomers for row in WORLD.cleaned.to_pylist()]
    table = evaluate(folder, replace(WORLD, cleaned=WORLD.cleaned.filter(pa.array(kept))))
    gaps = {
        row["arm"]: row
        for row in groups_of(table)
        if (row["backbone"], row["metric"], row["slice"]) == ("din", "auc_gap", "new_users − returning_users")
    }
    assert set(gaps) == {*ARMS, "popularity", "recent_popularity"}
    new, returning = (values(table, "auc", name)["id_only"] for name in ("new_users", "returning_users"))
    assert gaps["id_only"]["value"] == pytest.approx(new - returning)
    assert gaps["id_only"]["ci_low"] < gaps["id_only"]["value"] < gaps["id_only"]["ci_high"]


def test_groups_that_are_too_small_are_counted_and_nothing_is_told_of_them(folder: Path) -> None:
    table = evaluate_ranker(
        folder,
        *(WORLD.cleaned, WORLD.items, WORLD.evidence, WORLD.reasons, WORLD.users),
        ENCODER,
        TESTED,
        CONFIG,
        GROUPING.model_copy(update={"fewest_users": 13}),
        7,
    )
    rows = groups_of(table)
    assert not [row for row in rows if "gender" in row["slice"] and row["metric"] != "user_groups_left_out"]
    left_out = {(row["backbone"], row["slice"]): (row["value"], row["n"]) for row in rows if row["arm"] == "every_arm"}
    assert left_out["din", "gender"] == left_out["din", "age"] == (2.0, 24)


def test_people_of_whom_nothing_is_told_make_no_groups(folder: Path) -> None:
    rows = groups_of(evaluate(folder, replace(WORLD, users=WORLD.users.slice(0, 0))))
    assert {row["metric"] for row in rows} == {"auc_gap", "log_loss_gap", "ndcg@10_gap"}
    assert {row["slice"] for row in rows} == {f"{a} − {b}" for a, b in GAPS}
    everything = evaluate(folder, WORLD).to_pylist()
    nothing = evaluate(folder, replace(WORLD, users=WORLD.users.slice(0, 0))).to_pylist()
    assert [r for r in everything if r["subject"] == "ranker"] == [r for r in nothing if r["subject"] == "ranker"]
