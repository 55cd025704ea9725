"""The batches of an alignment, each of one task.

The loss is a mean over the tokens of a batch, so an answer of one word beside explanations would hardly count.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from transformers import PreTrainedTokenizerBase

from curec_assets.aligned_llm.bootstrap import Target
from curec_assets.aligned_llm.config import AlignmentConfig
from curec_assets.aligned_llm.tasks import Task
from curec_assets.language_model.chat import answer_tokens, prompt_tokens


@dataclass(frozen=True)
class Batch:
    """What one optimizer step learns."""

    task: Task
    rows: list[dict[str, list[int]]]
    """``batch_size`` examples as ``input_ids`` and ``labels``, -100 on the prompt: it is read, not learnt."""


def make_batches(
    targets: Sequence[Target],
    tokenizer: PreTrainedTokenizerBase,
    max_prompt_tokens: int,
    config: AlignmentConfig,
    rng: np.random.Generator,
) -> list[Batch]:
    """The batches of ``steps`` steps in random order; none without targets.

    Each task has a share of the steps that follows its number of examples. Within a task batches hold examples of one
    kind (answers alone, or reasoning), as far as the numbers allow, and of any length: sorted by length, which would
    spare padding, subjects with much to tell fill batches of their own, and the latest of those settle what is told.
    """
    by_task: dict[Task, list[Target]] = {}
    for target in targets:
        by_task.setdefault(target.example.task, []).append(target)
    batches: list[Batch] = []
    for (task, members), steps in zip(by_task.items(), _shares(by_task, config.steps), strict=True):
        rows = [_row(target, tokenizer, max_prompt_tokens, config.max_completion_tokens) for target in members]
        order: list[int] = []
        while len(order) < steps * config.batch_size:
            order += rng.permutation(len(members)).tolist()
        drawn = sorted(order[: steps * config.batch_size], key=lambda index: members[index].source == "direct")
        for start in range(0, len(drawn), config.batch_size):
            batches.append(Batch(task, [rows[index] for index in drawn[start : start + config.batch_size]]))
    return [batches[place] for place in rng.permutation(len(batches))]


def _shares(by_task: dict[Task, list[Target]], steps: int) -> list[int]:
    """Steps of each task, in proportion to its examples, by largest remainders; they sum to ``steps``."""
    total = sum(map(len, by_task.values()))
    exact = [steps * len(members) / total for members in by_task.values()]
    shares = [int(share) for share in exact]
    by_remainder = sorted(range(len(exact)), key=lambda place: shares[place] - exact[place])
    for place in by_remainder[: steps - sum(shares)]:
        shares[place] += 1
    return shares


def _row(
    target: Target, tokenizer: PreTrainedTokenizerBase, max_prompt_tokens: int, max_completion_tokens: int
) -> dict[str, list[int]]:
    read = prompt_tokens(tokenizer, target.read, max_prompt_tokens)
    written = answer_tokens(tokenizer, target.completion, max_completion_tokens)
    return {"input_ids": read + written, "labels": [-100] * len(read) + written}
