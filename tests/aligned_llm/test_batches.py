from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from transformers import PreTrainedTokenizerBase

from curec_assets.aligned_llm.batches import Batch, make_batches
from curec_assets.aligned_llm.bootstrap import Source, Target
from curec_assets.aligned_llm.config import AlignmentConfig
from curec_assets.aligned_llm.tasks import Example, Task
from curec_assets.language_model.loading import load_language_model
from curec_assets.language_model.prompts import explain_prompt
from curec_assets.language_model.tiny import CATEGORIES
from tests.aligned_llm.recorded_world import ITEMS, evidence_row


@pytest.fixture(scope="module")
def tokenizer(tiny_base: Path) -> PreTrainedTokenizerBase:
    return load_language_model(tiny_base, [], "float32")[1]


def target(task: Task, completion: str, source: Source = "verbalised") -> Target:
    row = evidence_row("item", ITEMS[0])
    return Target(Example(task, explain_prompt(row), (), "", row, ""), completion, source)


def of(judge: int, choose: int, explain: int) -> list[Target]:
    return [
        *(target("judge", " yes.", "direct") for _ in range(judge)),
        *(target("choose", " B.", "direct") for _ in range(choose)),
        *(target("explain", f"people like {category}.") for category in CATEGORIES.split()[:explain]),
    ]


def batched(tokenizer: PreTrainedTokenizerBase, targets: list[Target], steps: int, seed: int = 0) -> list[Batch]:
    config = AlignmentConfig(steps=steps, batch_size=4, max_completion_tokens=40)
    return make_batches(targets, tokenizer, 200, config, np.random.default_rng(seed))


def learnt(tokenizer: PreTrainedTokenizerBase, row: dict[str, list[int]]) -> str:
    return tokenizer.decode([token for token, label in zip(row["input_ids"], row["labels"], strict=True) if label >= 0])


def test_a_batch_holds_examples_of_its_task_alone(tokenizer: PreTrainedTokenizerBase) -> None:
    starts = {"judge": "yes.", "choose": "b.", "explain": "people"}
    for batch in batched(tokenizer, of(7, 5, 9), steps=12):
        assert len(batch.rows) == 4
        told = [learnt(tokenizer, row) for row in batch.rows]
        assert all(text.startswith(starts[batch.task]) for text in told), told


def test_steps_are_shared_by_the_number_of_examples(tokenizer: PreTrainedTokenizerBase) -> None:
    steps = Counter(batch.task for batch in batched(tokenizer, of(60, 30, 10), steps=12))
    assert steps == {"judge": 7, "choose": 4, "explain": 1}


def test_every_example_of_a_task_is_seen_before_one_is_seen_again(tokenizer: PreTrainedTokenizerBase) -> None:
    rows = [row for batch in batched(tokenizer, of(0, 0, 8), steps=3) for row in batch.rows]
    seen = Counter(learnt(tokenizer, row) for row in rows)
    assert len(seen) == 8
    assert set(seen.values()) == {1, 2}


def test_answers_alone_stand_apart_from_reasoning_as_far_as_they_fill_batches(
    tokenizer: PreTrainedTokenizerBase,
) -> None:
    targets = [*of(8, 0, 0), *(target("judge", "people like drama. Answer: yes.", "kept") for _ in range(4))]
    batches = batched(tokenizer, targets, steps=3)
    assert sorted(len({learnt(tokenizer, row) for row in batch.rows}) for batch in batches) == [1, 1, 1]


def test_long_and_short_texts_share_batches(tokenizer: PreTrainedTokenizerBase) -> None:
    short, long = "people like drama.", "people like drama, comedy, action, romance and crime."
    targets = [target("explain", text) for text in [short] * 20 + [long] * 20]
    both = [len({learnt(tokenizer, row) for row in batch.rows}) == 2 for batch in batched(tokenizer, targets, steps=10)]
    assert sum(both) > len(both) / 2


def test_the_order_of_batches_is_drawn_from_the_generator_alone(tokenizer: PreTrainedTokenizerBase) -> None:
    targets = of(9, 6, 12)
    assert batched(tokenizer, targets, 10, seed=1) == batched(tokenizer, targets, 10, seed=1)
    assert batched(tokenizer, targets, 10, seed=1) != batched(tokenizer, targets, 10, seed=2)


def test_without_examples_or_steps_there_is_no_batch(tokenizer: PreTrainedTokenizerBase) -> None:
    assert batched(tokenizer, [], steps=3) == []
    assert batched(tokenizer, of(2, 2, 2), steps=0) == []


def test_the_prompt_is_read_but_not_learnt(tokenizer: PreTrainedTokenizerBase) -> None:
    (batch,) = batched(tokenizer, of(0, 0, 1), steps=1)
    for row in batch.rows:
        assert learnt(tokenizer, row) == "people like action. <|im_end|>"
        assert sum(label >= 0 for label in row["labels"]) < len(row["labels"]) / 2
