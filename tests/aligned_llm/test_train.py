from contextlib import nullcontext
from pathlib import Path

import pytest

from curec_assets.aligned_llm.bootstrap import SOURCES
from curec_assets.aligned_llm.config import AlignmentConfig
from curec_assets.aligned_llm.train import Alignment, align
from curec_assets.lake.checkpoints import NOTHING_KEPT, Checkpoints
from curec_assets.lake.hashing import hash_folder
from curec_assets.lake.window_run import without_timing
from curec_assets.language_model import resuming
from curec_assets.language_model.config import AdapterConfig, LanguageModelConfig
from curec_assets.language_model.loading import load_language_model
from curec_assets.progress import Progress, silent
from curec_assets.reasons.config import GateConfig
from tests.aligned_llm.recorded_world import (
    cleaned_table,
    cleaned_world,
    evidence_table,
    evidence_world,
)
from tests.language_model.tiny_model import TINY

TASKS = ("judge", "choose", "explain")
CONFIG = AlignmentConfig(
    judge_examples=6,
    choose_examples=8,
    explain_examples=16,
    min_likes=1,
    bootstrap_examples=4,
    bootstrap_samples=2,
    steps=36,
    batch_size=8,
    learning_rate=0.008,
    adapter=AdapterConfig(rank=8, alpha=16.0, layers=2),
    max_completion_tokens=40,
)


def aligned(
    base: Path,
    output: Path,
    previous: Path | None = None,
    progress: Progress = silent,
    checkpoints: Checkpoints = NOTHING_KEPT,
    language_model: LanguageModelConfig = TINY,
    **changes: object,
) -> Alignment:
    config = CONFIG.model_copy(update=changes)
    world = (evidence_world(), cleaned_world(), base, previous, output, language_model, config, GateConfig(), 3)
    return align(*world, progress, checkpoints)


@pytest.fixture(scope="module")
def first(tiny_base: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Alignment]:
    output = tmp_path_factory.mktemp("first")
    return output, aligned(tiny_base, output)


def test_the_loss_of_every_task_falls(first: tuple[Path, Alignment]) -> None:
    metrics = first[1].metrics
    fallen = {task: metrics[f"last_loss_{task}"] / metrics[f"first_loss_{task}"] for task in TASKS}
    assert all(share < 0.7 for share in fallen.values()), fallen


def test_every_step_is_on_the_loss_curve_of_its_task(first: tuple[Path, Alignment]) -> None:
    losses = [point for point in first[1].curves if point["name"].startswith("loss_")]
    assert sorted(point["step"] for point in losses) == list(range(1, CONFIG.steps + 1))
    assert {point["name"] for point in losses} == {f"loss_{task}" for task in TASKS}


def test_every_example_is_counted_as_kept_verbalised_or_direct(first: tuple[Path, Alignment]) -> None:
    metrics = first[1].metrics
    counted = {task: sum(metrics[f"{task}_{source}"] for source in SOURCES) for task in ("judge", "choose", "explain")}
    assert counted == {"judge": 6, "choose": 8, "explain": 16}
    assert metrics["examples"] == 30


def test_only_safetensors_and_json_are_written(first: tuple[Path, Alignment]) -> None:
    assert sorted(path.name for path in first[0].iterdir()) == ["adapter_config.json", "adapter_model.safetensors"]


def test_the_same_inputs_give_the_same_bytes(first: tuple[Path, Alignment], tiny_base: Path, tmp_path: Path) -> None:
    again = aligned(tiny_base, tmp_path)
    assert hash_folder(tmp_path) == hash_folder(first[0])
    assert again.curves == first[1].curves


def test_in_bfloat16_inputs_are_cast_once_to_the_same_bytes(
    tiny_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    language_model = TINY.model_copy(update={"dtype": "bfloat16"})
    aligned(tiny_base, tmp_path / "once", language_model=language_model, steps=3)
    monkeypatch.setattr(resuming, "disable_input_dtype_casting", nullcontext)
    aligned(tiny_base, tmp_path / "there and back", language_model=language_model, steps=3)
    assert hash_folder(tmp_path / "once") == hash_folder(tmp_path / "there and back")


def test_alignment_goes_on_from_the_previous_adapter(
    first: tuple[Path, Alignment], tiny_base: Path, tmp_path: Path
) -> None:
    second = aligned(tiny_base, tmp_path / "second", previous=first[0])
    for task in TASKS:
        assert second.metrics[f"first_loss_{task}"] < 0.8 * first[1].metrics[f"first_loss_{task}"]
    aligned(tiny_base, tmp_path / "idle", previous=first[0], steps=0)
    assert hash_folder(tmp_path / "idle") == hash_folder(first[0])


def test_without_any_example_the_adapter_changes_nothing_and_the_chain_goes_on(tiny_base: Path, tmp_path: Path) -> None:
    alignment = align(
        evidence_table([]), cleaned_table([]), tiny_base, None, tmp_path, TINY, CONFIG, GateConfig(), seed=3
    )
    assert alignment.metrics["examples"] == 0
    assert alignment.curves == []
    load_language_model(tiny_base, [tmp_path], "float32")


def test_progress_is_told_of_bootstrapping_and_of_every_step(tiny_base: Path, tmp_path: Path) -> None:
    heard: list[tuple[str, int, int]] = []
    config = CONFIG.model_copy(update={"steps": 2})
    align(
        evidence_world(),
        cleaned_world(),
        tiny_base,
        None,
        tmp_path,
        TINY,
        config,
        GateConfig(),
        3,
        lambda step, done, total: heard.append((step, done, total)),
    )
    assert ("align", 2, 2) in heard
    assert any(step == "generate" for step, _, _ in heard)


def killed_at(step_name: str, step: int) -> Progress:
    def progress(name: str, done: int, total: int) -> None:
        if (name, done) == (step_name, step):
            raise KeyboardInterrupt

    return progress


@pytest.mark.parametrize("steps", [1, 2, 17])
def test_a_training_that_was_killed_goes_on_and_ends_with_the_same_bytes(
    first: tuple[Path, Alignment], tiny_base: Path, tmp_path: Path, steps: int
) -> None:
    checkpoints = Checkpoints(tmp_path / "checkpoints", every_seconds=0)
    with pytest.raises(KeyboardInterrupt):
        aligned(tiny_base, tmp_path / "killed", progress=killed_at("align", steps), checkpoints=checkpoints)
    assert checkpoints.names() == ["bootstrapped", *([f"step-{steps - 1:08d}"] if steps > 1 else [])]

    heard: list[tuple[str, int]] = []
    resumed = aligned(
        tiny_base, tmp_path / "resumed", None, lambda name, done, total: heard.append((name, done)), checkpoints
    )
    assert heard == [("align", step) for step in range(steps, CONFIG.steps + 1)], "only what was left is done"
    assert hash_folder(tmp_path / "resumed") == hash_folder(first[0])
    assert resumed.curves == first[1].curves
    assert without_timing(resumed.metrics) == without_timing(first[1].metrics)


def test_a_training_killed_after_its_last_step_is_not_done_again(
    first: tuple[Path, Alignment], tiny_base: Path, tmp_path: Path
) -> None:
    checkpoints = Checkpoints(tmp_path / "checkpoints", every_seconds=0)
    aligned(tiny_base, tmp_path / "whole", checkpoints=checkpoints)
    again = aligned(tiny_base, tmp_path / "again", progress=killed_at("align", CONFIG.steps), checkpoints=checkpoints)
    assert hash_folder(tmp_path / "again") == hash_folder(first[0])
    assert again.curves == first[1].curves


def test_a_training_that_goes_on_from_the_last_window_and_was_killed_ends_with_the_same_bytes(
    first: tuple[Path, Alignment], tiny_base: Path, tmp_path: Path
) -> None:
    aligned(tiny_base, tmp_path / "unbroken", first[0], steps=8)
    checkpoints = Checkpoints(tmp_path / "checkpoints", every_seconds=0)
    with pytest.raises(KeyboardInterrupt):
        aligned(tiny_base, tmp_path / "killed", first[0], killed_at("align", 5), checkpoints, steps=8)
    aligned(tiny_base, tmp_path / "resumed", first[0], checkpoints=checkpoints, steps=8)
    assert hash_folder(tmp_path / "resumed") == hash_folder(tmp_path / "unbroken")


def test_a_training_of_seconds_writes_no_checkpoint(tiny_base: Path, tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path / "checkpoints")
    aligned(tiny_base, tmp_path / "whole", checkpoints=checkpoints, steps=2)
    assert checkpoints.names() == ["bootstrapped"]
