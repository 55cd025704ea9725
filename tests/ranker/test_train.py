"""Training: a folder is a function of what came before the window's end, and reasons that carry the signal are used."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from curec_assets.configuration.windows import Window
from curec_assets.lake import schemas
from curec_assets.lake.checkpoints import NOTHING_KEPT, Checkpoints
from curec_assets.lake.hashing import hash_folder
from curec_assets.language_model.encoder import HashingEncoder
from curec_assets.progress import Progress, silent
from curec_assets.ranker.config import RankerConfig
from curec_assets.ranker.evaluate import evaluate_ranker
from curec_assets.ranker.events import events_before
from curec_assets.ranker.folder import model_seed, open_folder
from curec_assets.ranker.sasrec import SASRec
from curec_assets.ranker.train import RankerTraining, train_ranker
from tests.ranker.ranker_world import (
    DIMENSION,
    ENCODER,
    GROUPING,
    TINY,
    WINDOWS,
    RankerWorld,
    event,
    evidence_row,
    item_row,
    make_world,
    reason,
    user_row,
    windowed,
)

BOTH = TINY.model_copy(
    update={
        "backbones": ("din", "sasrec"),
        "arms": ("id_only", "evidence_text", "corrected_reasons", "shuffled_reasons"),
    }
)


def train(
    world: RankerWorld,
    output: Path,
    windows: tuple[Window, ...] = WINDOWS[:2],
    config: RankerConfig = BOTH,
    implicit: bool = False,
    progress: Progress = silent,
    checkpoints: Checkpoints = NOTHING_KEPT,
) -> RankerTraining:
    tables = (world.cleaned, world.items, world.evidence, world.reasons)
    return train_ranker(
        *tables, ENCODER, windows, config, 7, output, progress, checkpoints=checkpoints, implicit=implicit
    )


def with_garbage_after(world: RankerWorld, window: Window) -> RankerWorld:
    """Nonsense events, items, evidence and reasons from the end of ``window`` on, also of subjects known before."""
    later = next(other for other in WINDOWS if other.start == window.end)
    rng = np.random.default_rng(1)
    events = [
        event(f"u{rng.integers(30):02d}", f"i{rng.integers(40):02d}", window.end + timedelta(hours=n // 3), n % 2)
        for n in range(200)
    ]
    items = [item_row(f"x{n}", window.end) for n in range(5)]
    reasons, evidence = [], []
    for name in [f"i{n:02d}" for n in range(0, 30, 3)]:
        for role in ("arrival", "draft", "rl_sample", "corrected"):
            reasons.append(reason("item", name, role, later.end, later.key, f"garbage {role}"))
        reasons.append(reason("item", name, "arrival", window.end + timedelta(days=1), later.key, "late garbage"))
        evidence.append(evidence_row("item", name, later, "garbage evidence"))
    clean = world.up_to(window)
    return RankerWorld(
        cleaned=pa.concat_tables([pa.Table.from_pylist(events, schema=schemas.CLEANED_INTERACTIONS), clean.cleaned]),
        items=pa.concat_tables([pa.Table.from_pylist(items, schema=schemas.ITEMS), clean.items]),
        evidence=pa.concat_tables([pa.Table.from_pylist(evidence, schema=windowed(schemas.EVIDENCE)), clean.evidence]),
        reasons=pa.concat_tables(
            [
                pa.Table.from_pylist(reasons, schema=windowed(schemas.reason_embeddings(DIMENSION))),
                clean.reasons,
            ]
        ),
        users=pa.concat_tables(
            [
                pa.Table.from_pylist(
                    [user_row(f"x{n:02d}", window.end, gender="M", age=str(70 + n)) for n in range(40)],
                    schema=schemas.USERS,
                ),
                clean.users,
            ]
        ),
    )


def test_the_folder_ignores_the_future_and_the_order_of_rows(tmp_path: Path) -> None:
    world = make_world()
    train(world.up_to(WINDOWS[1]), tmp_path / "clean")
    train(with_garbage_after(world, WINDOWS[1]).shuffled(3), tmp_path / "poisoned")
    train(world, tmp_path / "whole")
    assert hash_folder(tmp_path / "poisoned") == hash_folder(tmp_path / "clean")
    assert hash_folder(tmp_path / "whole") == hash_folder(tmp_path / "clean")


def test_the_folder_holds_safetensors_and_json_alone(tmp_path: Path) -> None:
    report = train(make_world(), tmp_path, config=BOTH.model_copy(update={"seeds": (0, 4)}))
    names = {path.name for path in tmp_path.iterdir()}
    models = {f"{b}-{a}-seed{n}.safetensors" for b in BOTH.backbones for a in BOTH.arms for n in (0, 4)}
    assert names == models | {"ranker.json"}
    json.loads((tmp_path / "ranker.json").read_text())
    assert set(report.metrics) == {f"{b}/{a}/seed{n}/loss" for b in BOTH.backbones for a in BOTH.arms for n in (0, 4)}
    assert all(point["step"] == 1 for point in report.curves)


def test_no_more_than_the_latest_events_are_learned_from(tmp_path: Path) -> None:
    world = make_world()
    train(world, tmp_path, config=BOTH.model_copy(update={"max_train_events": 20}))
    known = open_folder(tmp_path, ENCODER.name)
    events = events_before(world.cleaned, WINDOWS[1].end)
    assert known.users == tuple(sorted(set(events["user_id"].to_pylist()[-20:])))
    assert len(known.users) < len(set(events["user_id"].to_pylist()))


def test_a_reason_of_the_last_window_changes_no_weight(tmp_path: Path) -> None:
    world = make_world().up_to(WINDOWS[1])
    kept = [
        row if row["window"] != WINDOWS[1].key or row["role"] == "arrival" else row | {"embedding": [0.5] * DIMENSION}
        for row in world.reasons.to_pylist()
    ]
    changed = replace(world, reasons=pa.Table.from_pylist(kept, world.reasons.schema))
    train(world, tmp_path / "a")
    train(changed, tmp_path / "b")
    assert hash_folder(tmp_path / "a") == hash_folder(tmp_path / "b")


def test_arms_that_know_the_same_are_trained_once_and_arms_that_do_not_are_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fits: list[int] = []
    fit = SASRec.fit

    def counted(self: SASRec, *arguments: Any) -> list[float]:
        fits.append(1)
        return fit(self, *arguments)

    monkeypatch.setattr(SASRec, "fit", counted)
    config = BOTH.model_copy(update={"backbones": ("sasrec",)})
    files = [f"sasrec-{arm}-seed0.safetensors" for arm in BOTH.arms]
    # Reasons of the first window, but for arrivals, are in force from its end on: nothing trained in it has met one.
    world = make_world()
    later = [n for n, role in enumerate(world.reasons["role"].to_pylist()) if role != "arrival"]
    train(replace(world, reasons=world.reasons.take(later)), tmp_path / "first", WINDOWS[:1], config)
    none, *others = ((tmp_path / "first" / name).read_bytes() for name in files)
    assert len(fits) == 2
    assert len({none, *others}) == 2
    fits.clear()
    train(world, tmp_path / "second", WINDOWS[:2], config)
    assert len(fits) == len({(tmp_path / "second" / name).read_bytes() for name in files}) == len(files)


def test_a_chain_without_any_text_or_event_still_trains(tmp_path: Path) -> None:
    world = make_world()
    assert train(world.without_text(), tmp_path / "no_text").metrics
    nothing = RankerWorld(*(table.slice(0, 0) for table in vars(world).values()))
    assert train(nothing, tmp_path / "nothing").metrics == {}
    assert train(nothing, tmp_path / "nothing_implicit", implicit=True).metrics == {}


def test_implicit_data_trains_on_sampled_negatives(tmp_path: Path) -> None:
    world = make_world()
    liked = world.cleaned.take([n for n, label in enumerate(world.cleaned["label"].to_pylist()) if label])
    implicit = replace(world, cleaned=liked)
    config = TINY.model_copy(update={"arms": ("id_only",), "recommend_arm": "id_only", "epochs": 4})
    train(implicit, tmp_path / "with", config=config, implicit=True)
    train(implicit, tmp_path / "without", config=config)
    assert hash_folder(tmp_path / "with") != hash_folder(tmp_path / "without")
    tables = (implicit.cleaned, implicit.items, implicit.evidence, implicit.reasons, implicit.users)
    judged = {}
    for sampled in (True, False):
        table = evaluate_ranker(tmp_path / "with", *tables, ENCODER, WINDOWS[2], config, GROUPING, 7, implicit=sampled)
        judged[sampled] = next(
            (row["value"], row["n"])
            for row in table.to_pylist()
            if (row["arm"], row["metric"], row["slice"]) == ("id_only", "auc", "all")
        )
    positives = judged[False][1]
    assert judged[False][0] is None
    assert judged[True][0] is not None
    assert positives < judged[True][1] <= positives * (1 + config.negatives_per_positive)


def test_another_encoder_than_the_rankers_is_refused(tmp_path: Path) -> None:
    world = make_world()
    train(world, tmp_path)
    with pytest.raises(ValueError, match="hashing:32"):
        evaluate_ranker(
            tmp_path,
            *(world.cleaned, world.items, world.evidence, world.reasons, world.users),
            HashingEncoder(16),
            WINDOWS[2],
            BOTH,
            GROUPING,
            7,
        )


def test_reasons_that_name_the_crowd_rank_new_items_better_than_ids_or_shuffled_reasons(tmp_path: Path) -> None:
    world = make_world(users=60, items=160, events=5_000, seed=2)
    config = RankerConfig(
        dimension=16,
        history_events=15,
        epochs=10,
        sasrec_epochs=10,
        batch_size=256,
        bootstrap_samples=20,
        reason_dropout=0.2,
        arms=("id_only", "corrected_reasons", "shuffled_reasons"),
    )
    train(world, tmp_path, WINDOWS[:3], config)
    rows = evaluate_ranker(
        tmp_path,
        *(world.cleaned, world.items, world.evidence, world.reasons, world.users),
        ENCODER,
        WINDOWS[3],
        config,
        GROUPING,
        7,
    ).to_pylist()
    cold = {row["arm"]: row["value"] for row in rows if (row["metric"], row["slice"]) == ("auc", "items_0")}
    assert cold["corrected_reasons"] > cold["id_only"] + 0.1
    assert cold["corrected_reasons"] > cold["shuffled_reasons"] + 0.1


def test_a_training_that_was_killed_goes_on_with_the_next_model_and_ends_with_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make_world()
    unbroken = train(world, tmp_path / "unbroken")

    def killed(step: str, done: int, total: int) -> None:
        if done == 5:
            raise KeyboardInterrupt

    checkpoints = Checkpoints(tmp_path / "checkpoints")
    with pytest.raises(KeyboardInterrupt):
        train(world, tmp_path / "killed", progress=killed, checkpoints=checkpoints)
    assert len(checkpoints.names()) == 5

    seeded: list[int] = []
    monkeypatch.setattr(
        "curec_assets.ranker.train.model_seed", lambda *seed: seeded.append(seed[1]) or model_seed(*seed)
    )
    resumed = train(world, tmp_path / "resumed", checkpoints=checkpoints)
    assert len(seeded) == len(checkpoints.names()) - 5
    assert resumed == unbroken
    assert hash_folder(tmp_path / "resumed") == hash_folder(tmp_path / "unbroken")
