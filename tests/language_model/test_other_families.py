"""Base models of other families fit: what docs/how-to/own-llm.md says of them."""

from pathlib import Path

import pytest
import torch
from transformers import (
    AutoTokenizer,
    Gemma3ForCausalLM,
    Gemma3TextConfig,
    GenerationConfig,
    PreTrainedModel,
    Qwen3Config,
    Qwen3ForCausalLM,
)

from curec_assets.language_model.adapters import new_adapter, save_adapter
from curec_assets.language_model.chat import prompt_tokens
from curec_assets.language_model.config import AdapterConfig, SamplingConfig
from curec_assets.language_model.decoding import Continuations, decode
from curec_assets.language_model.generation import end_ids
from curec_assets.language_model.loading import load_base_model, load_language_model
from tests.language_model.generator_conformance import PROMPTS

SIZE = {
    "hidden_size": 32,
    "intermediate_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "bos_token_id": None,
}


@pytest.fixture(scope="module", params=["qwen3", "gemma3"])
def other_base(request: pytest.FixtureRequest, tiny_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random model of another family with the tiny model's tokenizer; one attends to a sliding window."""
    tokenizer = AutoTokenizer.from_pretrained(str(tiny_base))
    ids = {"vocab_size": len(tokenizer), "eos_token_id": tokenizer.eos_token_id, "pad_token_id": tokenizer.pad_token_id}
    torch.manual_seed(0)
    model: PreTrainedModel = (
        Qwen3ForCausalLM(Qwen3Config(**SIZE, **ids))
        if request.param == "qwen3"
        else Gemma3ForCausalLM(Gemma3TextConfig(**SIZE, **ids, sliding_window=16))
    )
    model.generation_config = GenerationConfig(eos_token_id=tokenizer.eos_token_id, pad_token_id=tokenizer.pad_token_id)
    folder = tmp_path_factory.mktemp(request.param)
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def test_sharing_a_prompts_cache_writes_what_plain_generation_writes(other_base: Path) -> None:
    model, tokenizer = load_base_model(other_base, "float32")
    ids = [prompt_tokens(tokenizer, prompt, 200) for prompt in PROMPTS]
    requests = [Continuations(tuple(prompt), 2, (1,)) for prompt in ids]
    greedy = SamplingConfig(temperature=0.0, max_new_tokens=12)
    ours = decode(model, requests, greedy, end_ids(model, tokenizer), tokenizer.pad_token_id, 16)
    for prompt, samples in zip(ids, ours, strict=True):
        plain = model.generate(
            torch.tensor([prompt]), attention_mask=torch.ones(1, len(prompt)), do_sample=False, max_new_tokens=12
        )
        assert samples == [plain[0, len(prompt) :].tolist()] * 2


def test_an_adapter_on_its_last_block_changes_what_it_says(other_base: Path, tmp_path: Path) -> None:
    base, tokenizer = load_base_model(other_base, "float32")
    ids = torch.tensor([prompt_tokens(tokenizer, PROMPTS[0], 200)])
    plain = base(ids).logits
    adapted = new_adapter(base, AdapterConfig(rank=4, alpha=8.0, layers=1))
    for name, weight in adapted.named_parameters():
        if "lora_B" in name:
            weight.data.normal_(std=0.1)
    save_adapter(adapted, tmp_path, other_base.name)
    again, _ = load_language_model(other_base, [tmp_path], "float32")
    assert not torch.allclose(again(ids).logits, plain)
