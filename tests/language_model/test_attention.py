"""Attention of training on a CPU: float32 where a gradient is asked for, otherwise as it was."""

from pathlib import Path

import pytest
import torch

from curec_assets.language_model.attention import NAME, train_attention_in_float32
from curec_assets.language_model.loading import load_base_model

IDS = torch.randint(5, 60, (2, 9), generator=torch.Generator().manual_seed(0))
MASK = torch.ones_like(IDS)
MASK[0, :3] = 0


@pytest.mark.skipif(torch.cuda.is_available(), reason="only attention on a CPU is changed")
def test_attention_takes_its_operands_in_float32_only_where_a_gradient_is_asked_for(
    tiny_base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model, _ = load_base_model(tiny_base, "bfloat16")
    train_attention_in_float32(model)
    seen: list[torch.dtype] = []
    attend = torch.nn.functional.scaled_dot_product_attention

    def watched(query: torch.Tensor, *args: object, **settings: object) -> torch.Tensor:
        seen.append(query.dtype)
        return attend(query, *args, **settings)

    monkeypatch.setattr(torch.nn.functional, "scaled_dot_product_attention", watched)
    with torch.autocast("cpu", torch.bfloat16):
        model(input_ids=IDS, attention_mask=MASK)
        assert set(seen) == {torch.float32}
        seen.clear()
        with torch.no_grad():
            model(input_ids=IDS, attention_mask=MASK)
        assert set(seen) == {torch.bfloat16}


@pytest.mark.skipif(torch.cuda.is_available(), reason="only attention on a CPU is changed")
def test_scores_and_gradients_are_the_same_to_the_rounding_of_bfloat16(tiny_base: Path) -> None:
    found = []
    for changed in (False, True):
        model, _ = load_base_model(tiny_base, "bfloat16")
        if changed:
            train_attention_in_float32(model)
        logits = model(input_ids=IDS, attention_mask=MASK).logits
        logits[1].float().logsumexp(dim=-1).sum().backward()
        found.append((logits.float(), model.model.layers[0].self_attn.q_proj.weight.grad.float()))
    (plain, plain_gradient), (logits, gradient) = found
    torch.testing.assert_close(logits[1], plain[1], atol=0.05, rtol=0.05)
    torch.testing.assert_close(gradient, plain_gradient, atol=0.02 * float(plain_gradient.abs().max()), rtol=0.1)


def test_a_model_in_float32_stays_as_it_is(tiny_base: Path) -> None:
    model, _ = load_base_model(tiny_base, "float32")
    before = model.config._attn_implementation
    train_attention_in_float32(model)
    assert model.config._attn_implementation == before != NAME
