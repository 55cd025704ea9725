"""Tune the aligned language model by RL on the reward model's judgement of its reasons (DESIGN §3.4).

The published method (CURec, arXiv 2508.07595) fine-tunes the LLM by RL on a recommender-style reward; only its abstract
is at hand, so the optimizer, the reward's shape and every number are our own. The optimizer is GRPO (Shao et al. 2024)
as in TRL's ``GRPOTrainer``; where we deviate from the published GRPO:
- the loss averages over the tokens of the batch (DAPO), not over each completion first: no length is favoured;
- one optimizer step per batch of completions, so the policy ratio is 1 and its clipping never acts;
- the reference of the KL term is the aligned LLM all along, never renewed;
- a LoRA adapter over the merged aligned LLM, on from the adapter of the window before: few steps a window add up. The
  reference is the model with the adapter off, so KL is 0 at the first step of the first window alone;
- completions come from our own decoding loop, which reads the prompt of a group once; at temperature ``temperature``
  and without a nucleus, hence from the very distribution whose log-probabilities the loss takes;
- rewards are shaped before GRPO centres them within each group (``rewards.py``), and not scaled there once more (as in
  Dr. GRPO, Liu et al. 2025): whose texts hardly differ in reward should not say as much as whose do;
- completions of one prompt are scored behind a single copy of it (``language_model/shared_prompts.py``);
- log-probabilities are taken in the type of the weights (bfloat16 with autocast by default), as on larger machines.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch

from curec_assets.lake.checkpoints import NOTHING_KEPT, Checkpoints
from curec_assets.language_model.adapters import lora_config, merge_adapter, new_adapter, restore_adapter, save_adapter
from curec_assets.language_model.config import LanguageModelConfig
from curec_assets.language_model.loading import load_base_model
from curec_assets.language_model.resuming import train_resumably
from curec_assets.language_model.shared_prompts import read_prompts_once
from curec_assets.language_model.training import (
    Curve,
    curves_from,
    listen,
    score_completions_only,
    suit_a_cpu,
    trainer_settings,
)
from curec_assets.progress import Progress, silent
from curec_assets.reasons.config import GateConfig
from curec_assets.reasons.gates import Grounding
from curec_assets.rl_policy.config import PolicyConfig
from curec_assets.rl_policy.rewards import RewardShaper, RLCompletion, RLSubject, Scorer
from curec_assets.rl_policy.rollouts import Rollouts

# isort: split
# Behind our own modules, which set the environment that these libraries read when they are imported.
from datasets import Dataset
from trl import GRPOConfig, GRPOTrainer

CURVES = {
    "reward": "reward",
    "panel_reward": "panel_reward",
    "gold": "gold",
    "kl": "kl",
    "entropy": "entropy",
    "completions/mean_length": "length",
    "completions/clipped_ratio": "clipped_share",
    "frac_reward_zero_std": "zero_spread_share",
    "format_pass_share": "format_pass_share",
    "grounded_share": "grounded_share",
}
"""TRL's (or our reward's) name of each curve and ours. ``reward`` is shaped, ``panel_reward`` and ``gold`` are in nats;
``clipped_share`` counts completions cut at their greatest length, ``zero_spread_share`` groups of equal rewards."""


@dataclass(frozen=True)
class PolicyTraining:
    """What a run did. ``metrics`` ending in ``_seconds``, ``_per_second`` or ``_milliseconds_per_completion`` vary from
    run to run."""

    metrics: dict[str, float]
    curves: Curve


def train_policy(
    subjects: list[RLSubject],
    reward: Scorer,
    gold: Scorer | None,
    base: Path,
    aligned_adapter: Path,
    previous_adapter: Path | None,
    output: Path,
    language_model: LanguageModelConfig,
    config: PolicyConfig,
    gate: GateConfig,
    grounding: Grounding,
    seed: int,
    progress: Progress = silent,
    checkpoints: Checkpoints = NOTHING_KEPT,
) -> PolicyTraining:
    """Train the RL adapter of a window and write it to ``output`` (safetensors and JSON).

    Args:
        subjects: whom to write for; their order does not matter. Each step takes the next ``prompts_per_step`` of a
            random order, and starts over when all were seen.
        reward: panel rewards that are optimised; called once a step with the completions that pass the format gate.
        gold: panel rewards that are only watched, or None.
        base: folder of the base model.
        aligned_adapter: adapter of ``aligned_llm``, merged into the base first.
        previous_adapter: the RL adapter of the window before to go on from, or None to start afresh.
        output: folder of the new adapter, to be loaded on top of the same merged model.
        language_model: type of the weights and prompt length.
        config: budget, shaping and optimizer.
        gate: format gate of completions.
        grounding: the catalogue's names.
        seed: fixes the order of subjects, all sampling, and the first weights of a fresh adapter.
        checkpoints: keep where the training stands (``resuming.py``). A completion is a function of seed and place in
            the order of subjects, so what is written after a kill is what would have been.

    Returns:
        First and last value of every curve (``first_<curve>``, ``last_<curve>``), ``completions``, ``tokens``; the
        curves. Of each completion of the run, the mean milliseconds that writing it took
        (``generation_milliseconds_per_completion``) and that the optimised panel reward of it took
        (``reward_milliseconds_per_completion``: the gates, which score without a model, and the gold reward, which is
        only watched, are not in it). Without subjects or steps the adapter is written as it was (or changing nothing).
    """
    started = time.perf_counter()
    torch.manual_seed(seed)
    model, tokenizer = load_base_model(base, language_model.dtype)
    model = merge_adapter(model, aligned_adapter)
    schedule = _schedule(subjects, config, seed)
    if not schedule:
        adapted = new_adapter(model, config.adapter)
        if previous_adapter:
            restore_adapter(adapted, previous_adapter)
        save_adapter(adapted, output, base.name)
        return PolicyTraining({"completions": 0.0, "tokens": 0.0}, [])

    timed = _Timed(reward)
    shaper = RewardShaper(timed, gold, config, gate, grounding)
    rollouts = Rollouts(tokenizer, schedule, language_model.max_prompt_tokens, config, seed)
    with TemporaryDirectory() as scratch:
        trainer = GRPOTrainer(
            model=model,
            reward_funcs=_reward_function(shaper, schedule),
            args=_settings(language_model, config, seed, scratch),
            train_dataset=Dataset.from_dict(
                {"prompt": [str(place) for place in range(len(schedule))], "place": list(range(len(schedule)))}
            ),
            processing_class=tokenizer,
            peft_config=lora_config(model, config.adapter),
            rollout_func=rollouts,
        )
        if previous_adapter:
            restore_adapter(trainer.model, previous_adapter)
        listen(trainer, "rl", progress)
        policy = trainer.model.get_base_model()
        suit_a_cpu()
        with trainer.accelerator.autocast():
            once = read_prompts_once(policy, rollouts.probe())
        if not once:
            score_completions_only(policy)
        train_resumably(trainer, checkpoints, {"rewards": shaper, "rollouts": rollouts})
    save_adapter(trainer.model, output, base.name)

    curves = curves_from(trainer.state.log_history, CURVES)
    seconds = time.perf_counter() - started
    completions = len(schedule) * config.group_size
    metrics = _ends(curves) | {
        "completions": float(completions),
        "tokens": float(rollouts.tokens),
        "train_seconds": seconds,
        "tokens_per_second": rollouts.tokens / seconds,
        "generation_milliseconds_per_completion": 1000 * rollouts.seconds / completions,
        "reward_milliseconds_per_completion": 1000 * timed.seconds / completions,
    }
    return PolicyTraining(metrics, curves)


def _schedule(subjects: Sequence[RLSubject], config: PolicyConfig, seed: int) -> list[RLSubject]:
    """The subjects of all steps in order, ``prompts_per_step`` each."""
    ordered = sorted(subjects, key=lambda subject: (subject.side, subject.subject_id))
    wanted = config.steps * config.prompts_per_step if ordered else 0
    rng = np.random.default_rng(seed)
    schedule: list[RLSubject] = []
    while len(schedule) < wanted:
        schedule += [ordered[index] for index in rng.permutation(len(ordered))]
    return schedule[:wanted]


def _settings(language_model: LanguageModelConfig, config: PolicyConfig, seed: int, scratch: str) -> GRPOConfig:
    completions = config.prompts_per_step * config.group_size
    return GRPOConfig(
        **trainer_settings(language_model.dtype, config.steps, config.learning_rate, seed, scratch),
        per_device_train_batch_size=config.micro_batch,
        gradient_accumulation_steps=completions // config.micro_batch,
        num_generations=config.group_size,
        max_completion_length=config.max_completion_tokens,
        temperature=config.temperature,
        top_p=1.0,
        beta=config.beta,
        num_iterations=1,
        loss_type="dapo",
        scale_rewards="none",
        shuffle_dataset=False,
    )


class _Timed:
    """A scorer that adds up the seconds it was at work."""

    def __init__(self, scorer: Scorer) -> None:
        self._scorer = scorer
        self.seconds = 0.0

    def __call__(self, completions: list[RLCompletion]) -> list[float]:
        started = time.perf_counter()
        scores = self._scorer(completions)
        self.seconds += time.perf_counter() - started
        return scores


def _reward_function(shaper: RewardShaper, schedule: Sequence[RLSubject]) -> Any:
    """The shaped reward with the signature that TRL calls."""

    def reward(completions: list[str], place: list[int], log_metric: Any, **_: Any) -> list[float]:
        scores = shaper.score([schedule[index] for index in place], completions)
        for name, value in scores.log.items():
            log_metric(name, value)
        return scores.rewards

    return reward


def _ends(curves: Curve) -> dict[str, float]:
    """First and last value of each curve."""
    first: dict[str, float] = {}
    last: dict[str, float] = {}
    for point in curves:
        first.setdefault(f"first_{point['name']}", point["value"])
        last[f"last_{point['name']}"] = point["value"]
    return first | last
