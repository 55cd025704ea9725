"""Reading each prompt of a group once."""

from pathlib import Path

import pytest
import torch
from trl.trainer.utils import add_fused_lm_head

from curec_assets.language_model.adapters import new_adapter
from curec_assets.language_model.config import AdapterConfig
from curec_assets.language_model.loading import load_base_model
from curec_assets.language_model.shared_prompts import read_prompts_once

FIELDS = ("log_probs", "entropy")
PROBE = (
    ((5, 6, 7, 8, 9), (10, 11, 12, 13, 14, 15)),
    ((5, 6, 7, 8, 9), (15, 14, 13)),
    ((7, 6, 5), (10, 12, 14, 11, 13, 15)),
    ((5, 6, 7, 8, 9), (12, 10, 15, 11, 14, 13)),
)


def _rows() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Five completions of three prompts in no order: prompts padded on the left, completions on the right."""
    torch.manual_seed(0)
    ids = torch.randint(5, 60, (5, 17))
    mask = torch.ones_like(ids)
    ids[2, :11] = ids[0, :11]
    ids[4, :11] = ids[1, :11]
    for row, padded in ((0, 3), (2, 3), (3, 1)):
        mask[row, :padded] = 0
    mask[1, 14:] = 0
    mask[2, 12:] = 0
    labels = ids.masked_fill(mask == 0, -100)
    labels[:, :11] = -100
    return ids, mask, labels


def test_packed_completions_have_the_scores_and_gradients_of_rows_apart(tiny_base: Path) -> None:
    ids, mask, labels = _rows()
    found = []
    for once in (False, True):
        model, _ = load_base_model(tiny_base, "float32")
        add_fused_lm_head(model, temperature=0.7, outputs=FIELDS)
        if once:
            assert read_prompts_once(model, PROBE)
        scores = model(input_ids=ids, attention_mask=mask, labels=labels, fused_lm_head=True)
        scores.log_probs.sum().backward()
        found.append((scores, model.model.layers[0].mlp.up_proj.weight.grad))
    (apart, apart_gradient), (packed, packed_gradient) = found
    for name in FIELDS:
        torch.testing.assert_close(packed[name], apart[name])
    torch.testing.assert_close(packed_gradient, apart_gradient)


def test_the_model_reads_each_prompt_once(tiny_base: Path) -> None:
    ids, mask, labels = _rows()
    model, _ = load_base_model(tiny_base, "float32")
    add_fused_lm_head(model, outputs=FIELDS)
    assert read_prompts_once(model, PROBE)
    seen = []
    model.model.register_forward_pre_hook(
        lambda _module, _args, given: seen.append(tuple(given["input_ids"].shape)), with_kwargs=True
    )
    model(input_ids=ids, attention_mask=mask, labels=labels, fused_lm_head=True)
    assert seen == [(3, 11 + 6 + 3)]


def test_a_model_that_heeds_no_mask_is_scored_as_before(tiny_base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model, _ = load_base_model(tiny_base, "float32")
    add_fused_lm_head(model, outputs=FIELDS)
    heeds = model.model.forward

    def forward(*args: object, attention_mask: torch.Tensor | None = None, **given: object) -> object:
        return heeds(*args, attention_mask=None, **given)

    monkeypatch.setattr(model.model, "forward", forward)
    scored = model.forward
    assert not read_prompts_once(model, PROBE)
    assert model.forward is scored


def test_a_model_that_heeds_no_positions_is_scored_as_before(tiny_base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model, _ = load_base_model(tiny_base, "float32")
    add_fused_lm_head(model, outputs=FIELDS)
    heeds = model.model.forward

    def forward(*args: object, position_ids: torch.Tensor | None = None, **given: object) -> object:
        return heeds(*args, **given)

    monkeypatch.setattr(model.model, "forward", forward)
    assert not read_prompts_once(model, PROBE)


def test_a_model_that_refuses_the_mask_is_scored_as_before_and_says_why(
    tiny_base: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    model, _ = load_base_model(tiny_base, "float32")
    add_fused_lm_head(model, outputs=FIELDS)
    takes = model.model.forward

    def forward(*args: object, attention_mask: torch.Tensor | None = None, **given: object) -> object:
        if attention_mask is not None and attention_mask.ndim == 4:
            raise ValueError("two dimensions were expected")
        return takes(*args, attention_mask=attention_mask, **given)

    monkeypatch.setattr(model.model, "forward", forward)
    assert not read_prompts_once(model, PROBE)
    assert "takes no mask of ours" in caplog.text
    assert "two dimensions were expected" in caplog.text


@pytest.mark.parametrize("masked", [range(11, 12), range(11, 17)], ids=["the first column", "every column"])
def test_rows_laid_out_otherwise_are_scored_as_they_stand(tiny_base: Path, masked: range) -> None:
    ids, mask, labels = _rows()
    mask[:, masked] = 0
    labels[:, masked] = -100
    found = []
    for once in (False, True):
        model, _ = load_base_model(tiny_base, "float32")
        add_fused_lm_head(model, outputs=FIELDS)
        if once:
            assert read_prompts_once(model, PROBE)
        found.append(model(input_ids=ids, attention_mask=mask, labels=labels, fused_lm_head=True).log_probs)
    torch.testing.assert_close(found[1], found[0])


def test_generation_stays_as_it_was(tiny_base: Path) -> None:
    model, _ = load_base_model(tiny_base, "float32")
    ids = torch.randint(5, 60, (2, 7))
    before = model(input_ids=ids).logits
    add_fused_lm_head(model)
    assert read_prompts_once(model, PROBE)
    assert torch.equal(model(ids).logits, before)


def test_an_adapter_on_bfloat16_weights_is_no_hindrance_under_the_trainers_autocast(tiny_base: Path) -> None:
    model, _ = load_base_model(tiny_base, "bfloat16")
    adapted = new_adapter(model, AdapterConfig(rank=4, alpha=8.0, layers=1)).get_base_model()
    add_fused_lm_head(adapted, outputs=FIELDS)
    with torch.autocast("cpu", torch.bfloat16):
        assert read_prompts_once(adapted, PROBE)
