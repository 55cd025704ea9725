from pathlib import Path
from typing import Any

import pytest
import torch

from curec_assets.lake.checkpoints import NOTHING_KEPT, Checkpoints
from curec_assets.lake.hashing import hash_folder
from curec_assets.lake.window_run import without_timing
from curec_assets.language_model.adapters import new_adapter, save_adapter
from curec_assets.language_model.config import AdapterConfig
from curec_assets.language_model.loading import load_base_model, load_language_model
from curec_assets.progress import Progress, silent
from curec_assets.reasons.config import GateConfig
from curec_assets.reasons.gates import Grounding
from curec_assets.rl_policy.config import PolicyConfig
from curec_assets.rl_policy.rewards import RLCompletion, RLSubject, Scorer
from curec_assets.rl_policy.train import CURVES, PolicyTraining, train_policy
from tests.language_model.tiny_model import ROWS, TINY

SUBJECTS = [RLSubject(row["side"], f"s{number}", row) for number, row in enumerate(ROWS)]
CONFIG = PolicyConfig(
    steps=24,
    prompts_per_step=4,
    group_size=8,
    micro_batch=16,
    max_completion_tokens=24,
    learning_rate=0.006,
    beta=0.01,
    adapter=AdapterConfig(rank=8, alpha=16.0, layers=2),
)


WANTED = {"dark", "warm", "loud", "quiet", "rich", "bold"}


def wanted_words(completions: list[RLCompletion]) -> list[float]:
    """Synthetic panel reward: how many wanted words the text says."""
    return [float(sum(word.strip(".,") in WANTED for word in completion.text.split())) for completion in completions]


@pytest.fixture(scope="module")
def aligned(tiny_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An aligned adapter with an update of its own."""
    torch.manual_seed(1)
    adapted = new_adapter(load_base_model(tiny_base, "float32")[0], CONFIG.adapter)
    for name, weight in adapted.named_parameters():
        if "lora_B" in name:
            weight.data.normal_(std=0.01)
    folder = tmp_path_factory.mktemp("aligned")
    save_adapter(adapted, folder, tiny_base.name)
    return folder


def trained(
    base: Path,
    aligned: Path,
    output: Path,
    subjects: list[RLSubject],
    progress: Progress = silent,
    checkpoints: Checkpoints = NOTHING_KEPT,
    gold: Scorer | None = wanted_words,
    previous: Path | None = None,
    **changes: object,
) -> PolicyTraining:
    config = CONFIG.model_copy(update=changes)
    return train_policy(
        subjects,
        wanted_words,
        gold,
        base,
        aligned,
        previous,
        output,
        TINY,
        config,
        GateConfig(min_words=3),
        Grounding([], []),
        5,
        progress,
        checkpoints,
    )


@pytest.fixture(scope="module")
def run(tiny_base: Path, aligned: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, PolicyTraining]:
    output = tmp_path_factory.mktemp("policy")
    return output, trained(tiny_base, aligned, output, SUBJECTS)


def curve(training: PolicyTraining, name: str) -> list[float]:
    return [point["value"] for point in training.curves if point["name"] == name]


def test_the_reward_rises(run: tuple[Path, PolicyTraining]) -> None:
    rewards = curve(run[1], "panel_reward")
    assert sum(rewards[-6:]) / 6 > sum(rewards[:6]) / 6 + 0.15


def test_kl_is_zero_at_the_first_step_of_the_first_window_and_not_after(run: tuple[Path, PolicyTraining]) -> None:
    kl = curve(run[1], "kl")
    assert kl[0] == 0.0
    assert kl[-1] > 0.0


def test_the_next_window_goes_on_from_where_this_one_ended(
    run: tuple[Path, PolicyTraining], tiny_base: Path, aligned: Path, tmp_path: Path
) -> None:
    onward = trained(tiny_base, aligned, tmp_path / "onward", SUBJECTS, previous=run[0], steps=3)
    assert curve(onward, "kl")[0] > 0.0
    first, last = (curve(training, "panel_reward") for training in (onward, run[1]))
    assert first[0] > sum(last[:6]) / 6


def test_without_subjects_the_policy_stays_as_the_window_before_left_it(
    run: tuple[Path, PolicyTraining], tiny_base: Path, aligned: Path, tmp_path: Path
) -> None:
    trained(tiny_base, aligned, tmp_path / "onward", [], previous=run[0])
    assert hash_folder(tmp_path / "onward") == hash_folder(run[0])


def test_an_adapter_of_another_shape_is_refused(
    run: tuple[Path, PolicyTraining], tiny_base: Path, aligned: Path, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match="another shape"):
        trained(tiny_base, aligned, tmp_path / "onward", [], previous=run[0], adapter=AdapterConfig(rank=4, layers=2))


def test_the_time_of_a_completion_is_told_for_writing_and_for_rewarding_it_and_stays_out_of_hashes(
    run: tuple[Path, PolicyTraining],
) -> None:
    metrics = run[1].metrics
    written, rewarded = (metrics[f"{part}_milliseconds_per_completion"] for part in ("generation", "reward"))
    assert written > 0
    assert rewarded > 0
    assert (written + rewarded) * metrics["completions"] / 1000 < metrics["train_seconds"]
    assert not any("milliseconds" in name for name in without_timing(metrics))


def test_every_curve_has_a_point_for_every_step(run: tuple[Path, PolicyTraining]) -> None:
    for name in CURVES.values():
        assert len(curve(run[1], name)) == CONFIG.steps, name
    assert {point["step"] for point in run[1].curves} == set(range(1, CONFIG.steps + 1))


def test_gold_is_watched_beside_the_reward(run: tuple[Path, PolicyTraining]) -> None:
    assert curve(run[1], "gold") == curve(run[1], "panel_reward")


def test_whatever_gold_says_the_policy_is_the_same(tiny_base: Path, aligned: Path, tmp_path: Path) -> None:
    scorers: dict[str, Scorer | None] = {
        "none": None,
        "agrees": wanted_words,
        "objects": lambda completions: [-100.0 * value for value in wanted_words(completions)],
    }
    trainings = {
        name: trained(tiny_base, aligned, tmp_path / name, SUBJECTS, gold=gold, steps=3)
        for name, gold in scorers.items()
    }
    assert len({hash_folder(tmp_path / name) for name in scorers}) == 1
    agreed, objected = (curve(trainings[name], "gold") for name in ("agrees", "objects"))
    assert objected == pytest.approx([-100.0 * value for value in agreed])
    assert curve(trainings["none"], "gold") == []


def test_completions_and_tokens_are_counted(run: tuple[Path, PolicyTraining]) -> None:
    metrics = run[1].metrics
    assert metrics["completions"] == CONFIG.steps * 4 * 8
    assert metrics["completions"] <= metrics["tokens"] <= metrics["completions"] * 24
    assert metrics["last_kl"] == curve(run[1], "kl")[-1]


def test_only_safetensors_and_json_are_written(run: tuple[Path, PolicyTraining]) -> None:
    assert sorted(path.name for path in run[0].iterdir()) == ["adapter_config.json", "adapter_model.safetensors"]


def test_the_same_inputs_in_any_order_give_the_same_bytes(tiny_base: Path, aligned: Path, tmp_path: Path) -> None:
    one = trained(tiny_base, aligned, tmp_path / "one", SUBJECTS, steps=3)
    other = trained(tiny_base, aligned, tmp_path / "other", SUBJECTS[::-1], steps=3)
    assert hash_folder(tmp_path / "one") == hash_folder(tmp_path / "other")
    assert one.curves == other.curves


def test_micro_batches_do_not_change_what_is_written(tiny_base: Path, aligned: Path, tmp_path: Path) -> None:
    whole = trained(tiny_base, aligned, tmp_path / "whole", SUBJECTS, steps=2, micro_batch=32)
    parts = trained(tiny_base, aligned, tmp_path / "parts", SUBJECTS, steps=2, micro_batch=8)
    assert curve(whole, "reward") == pytest.approx(curve(parts, "reward"), abs=1e-4)
    assert curve(whole, "kl") == pytest.approx(curve(parts, "kl"), rel=0.05, abs=1e-6)


def test_fewer_subjects_than_a_step_takes_come_round_again(tiny_base: Path, aligned: Path, tmp_path: Path) -> None:
    training = trained(tiny_base, aligned, tmp_path, SUBJECTS[:1], steps=1)
    assert training.metrics["completions"] == 32
    assert curve(training, "zero_spread_share")[0] < 1.0


def test_without_subjects_the_policy_is_the_aligned_model(tiny_base: Path, aligned: Path, tmp_path: Path) -> None:
    training = trained(tiny_base, aligned, tmp_path, [])
    assert training.curves == []
    ids = torch.tensor([[5, 6, 7, 8]])
    policy, _ = load_language_model(tiny_base, [aligned, tmp_path], "float32")
    reference, _ = load_language_model(tiny_base, [aligned], "float32")
    torch.testing.assert_close(policy(ids).logits, reference(ids).logits)


@pytest.mark.parametrize(
    ("steps", "micro_batch", "onward"), [(1, 32, False), (4, 8, False), (6, 32, False), (4, 32, True)]
)
def test_a_training_that_was_killed_goes_on_and_ends_with_the_same_bytes(
    run: tuple[Path, PolicyTraining],
    tiny_base: Path,
    aligned: Path,
    tmp_path: Path,
    steps: int,
    micro_batch: int,
    onward: bool,
) -> None:
    changes: dict[str, Any] = {"steps": 6, "micro_batch": micro_batch, "previous": run[0] if onward else None}
    unbroken = trained(tiny_base, aligned, tmp_path / "unbroken", SUBJECTS, **changes)
    checkpoints = Checkpoints(tmp_path / "checkpoints", every_seconds=0)

    def killed(name: str, done: int, total: int) -> None:
        if done == steps:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        trained(tiny_base, aligned, tmp_path / "killed", SUBJECTS, killed, checkpoints, **changes)
    assert checkpoints.names() == ([f"step-{steps - 1:08d}"] if steps > 1 else [])

    heard: list[int] = []
    resumed = trained(
        tiny_base,
        aligned,
        tmp_path / "resumed",
        SUBJECTS,
        lambda name, done, total: heard.append(done),
        checkpoints,
        **changes,
    )
    assert heard == list(range(steps, 7)), "only what was left is done"
    assert hash_folder(tmp_path / "resumed") == hash_folder(tmp_path / "unbroken")
    assert resumed.curves == unbroken.curves
    assert without_timing(resumed.metrics) == without_timing(unbroken.metrics)


def test_a_training_killed_after_its_last_step_is_not_done_again(
    tiny_base: Path, aligned: Path, tmp_path: Path
) -> None:
    checkpoints = Checkpoints(tmp_path / "checkpoints", every_seconds=0)
    whole = trained(tiny_base, aligned, tmp_path / "whole", SUBJECTS, checkpoints=checkpoints, steps=2)
    heard: list[int] = []
    again = trained(
        tiny_base,
        aligned,
        tmp_path / "again",
        SUBJECTS,
        lambda name, done, total: heard.append(done),
        checkpoints,
        steps=2,
    )
    assert heard == []
    assert hash_folder(tmp_path / "again") == hash_folder(tmp_path / "whole")
    assert without_timing(again.metrics) == without_timing(whole.metrics)
