from pathlib import Path

import pytest
import torch
import trl.trainer.utils
from trl.trainer.utils import add_fused_lm_head

from curec_assets.language_model.loading import load_base_model
from curec_assets.language_model.training import (
    VOCABULARY_TILE,
    curves_from,
    score_completions_only,
    suit_a_cpu,
)

FIELDS = ("log_probs", "entropy", "is_top1")


def test_scoring_completions_only_gives_the_same_scores_and_gradients(tiny_base: Path) -> None:
    torch.manual_seed(0)
    ids = torch.randint(5, 60, (3, 20))
    labels = ids.clone()
    labels[:, :9] = -100
    labels[0, :12] = -100
    found = []
    for only in (False, True):
        model, _ = load_base_model(tiny_base, "float32")
        add_fused_lm_head(model, temperature=0.7, outputs=FIELDS)
        if only:
            score_completions_only(model)
        scores = model(input_ids=ids, attention_mask=torch.ones_like(ids), labels=labels, fused_lm_head=True)
        scores.log_probs.sum().backward()
        found.append((scores, model.model.layers[0].mlp.up_proj.weight.grad))
    (every, every_gradient), (some, some_gradient) = found
    for name in (*FIELDS, "label_mask"):
        torch.testing.assert_close(some[name], every[name])
    torch.testing.assert_close(some_gradient, every_gradient)


def test_scoring_completions_only_leaves_generation_as_it_was(tiny_base: Path) -> None:
    model, _ = load_base_model(tiny_base, "float32")
    ids = torch.randint(5, 60, (2, 7))
    before = model(input_ids=ids).logits
    add_fused_lm_head(model)
    score_completions_only(model)
    assert torch.equal(model(input_ids=ids).logits, before)


def test_labels_that_lie_scattered_are_scored_where_they_stand(tiny_base: Path) -> None:
    ids = torch.randint(5, 60, (2, 12), generator=torch.Generator().manual_seed(1))
    labels = torch.full_like(ids, -100)
    labels[0, [4, 9]], labels[1, [11]] = ids[0, [4, 9]], ids[1, [11]]
    found = []
    for only in (False, True):
        model, _ = load_base_model(tiny_base, "float32")
        add_fused_lm_head(model)
        if only:
            score_completions_only(model)
        found.append(model(input_ids=ids, attention_mask=torch.ones_like(ids), labels=labels, fused_lm_head=True))
    every, some = found
    torch.testing.assert_close(some.log_probs, every.log_probs)
    torch.testing.assert_close(some.loss, every.loss)


@pytest.mark.skipif(torch.cuda.is_available(), reason="only the head on a CPU is changed")
def test_the_head_looks_at_a_cache_of_words_at_a_time_and_scores_the_same(
    tiny_base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As it is after the test, whatever that did to it.
    monkeypatch.setattr(trl.trainer.utils, "_CHUNKED_LOGPROB_CHUNK_SIZE", 32_768)
    model, _ = load_base_model(tiny_base, "float32")
    add_fused_lm_head(model)
    ids = torch.randint(5, 60, (2, 7))
    given = {"input_ids": ids, "attention_mask": torch.ones_like(ids), "labels": ids, "fused_lm_head": True}
    before = model(**given).log_probs
    suit_a_cpu()
    assert trl.trainer.utils._CHUNKED_LOGPROB_CHUNK_SIZE == VOCABULARY_TILE
    torch.testing.assert_close(model(**given).log_probs, before)


def test_curves_take_the_named_values_alone() -> None:
    history = [
        {"step": 1, "loss": 2.0, "epoch": 0.1},
        {"step": 2, "loss": 1.0, "gold": None},
        {"step": 2, "runtime": 3},
    ]
    assert curves_from(history, {"loss": "loss", "gold": "gold"}) == [
        {"step": 1, "name": "loss", "value": 2.0},
        {"step": 2, "name": "loss", "value": 1.0},
    ]
