from pathlib import Path

import numpy as np
import pytest
import torch

from curec_assets.language_model.chat import prompt_tokens
from curec_assets.language_model.config import SamplingConfig
from curec_assets.language_model.decoding import Continuations, decode, next_token_logits
from curec_assets.language_model.generation import TransformersGenerator
from curec_assets.language_model.loading import load_language_model
from curec_assets.language_model.prompts import YES_NO, explain_prompt, judge_prompt, with_answer_start
from tests.language_model.generator_conformance import PROMPTS, Build, GeneratorConformance
from tests.language_model.tiny_model import TINY


class TestTransformersGenerator(GeneratorConformance):
    @pytest.fixture
    def build(self, tiny_base: Path) -> Build:
        model, tokenizer = load_language_model(tiny_base, [], "float32")
        return lambda sampling, batch_size: TransformersGenerator(
            model, tokenizer, sampling, TINY.model_copy(update={"batch_size": batch_size})
        )


def test_sharing_a_prompts_cache_writes_what_plain_generation_writes(tiny_base: Path) -> None:
    model, tokenizer = load_language_model(tiny_base, [], "float32")
    ids = [prompt_tokens(tokenizer, prompt, 200) for prompt in PROMPTS]
    requests = [Continuations(tuple(prompt), 3, (1,)) for prompt in ids]
    greedy = SamplingConfig(temperature=0.0, max_new_tokens=24)
    ours = decode(model, requests, greedy, [tokenizer.eos_token_id], tokenizer.pad_token_id, 16)
    for prompt, samples in zip(ids, ours, strict=True):
        plain = model.generate(
            torch.tensor([prompt]), attention_mask=torch.ones(1, len(prompt)), do_sample=False, max_new_tokens=24
        )
        assert samples == [plain[0, len(prompt) :].tolist()] * 3


def test_samples_follow_the_models_distribution(tiny_base: Path) -> None:
    model, tokenizer = load_language_model(tiny_base, [], "float32")
    ids = tuple(prompt_tokens(tokenizer, PROMPTS[0], 200))
    one_token = SamplingConfig(temperature=1.0, top_p=1.0, max_new_tokens=1)
    n = 4000
    (samples,) = decode(model, [Continuations(ids, n, (3,))], one_token, [], tokenizer.pad_token_id, n)
    drawn = np.bincount([tokens[0] for tokens in samples], minlength=len(tokenizer)) / n
    expected = torch.softmax(next_token_logits(model, [ids], tokenizer.pad_token_id, 1)[0], dim=-1).numpy()
    assert np.abs(drawn - expected).sum() / 2 < 0.06


def test_a_nucleus_leaves_the_tail_out(tiny_base: Path) -> None:
    model, tokenizer = load_language_model(tiny_base, [], "float32")
    ids = tuple(prompt_tokens(tokenizer, PROMPTS[0], 200))
    narrow = SamplingConfig(temperature=1.0, top_p=0.5, max_new_tokens=1)
    (samples,) = decode(model, [Continuations(ids, 500, (3,))], narrow, [], tokenizer.pad_token_id, 500)
    probabilities = torch.softmax(next_token_logits(model, [ids], tokenizer.pad_token_id, 1)[0], dim=-1)
    order = probabilities.argsort(descending=True).tolist()
    size = int((probabilities[order].cumsum(0) < 0.5).sum()) + 1
    assert {tokens[0] for tokens in samples} == set(order[:size])


def test_choice_probabilities_are_a_distribution_in_the_order_of_the_prompts(tiny_base: Path) -> None:
    generator = TransformersGenerator(*load_language_model(tiny_base, [], "float32"), SamplingConfig(), TINY)
    prompts = [
        with_answer_start(
            judge_prompt([title], [], "Heat", ["Crime"], "most like it", "likes few"), "they share Crime. Answer:"
        )
        for title in ("Seven", "Fargo and a much longer title", "Emma")
    ]
    found = generator.choice_probabilities(prompts, YES_NO)
    assert found.shape == (3, 2)
    np.testing.assert_allclose(found.sum(axis=1), 1.0)
    np.testing.assert_allclose(generator.choice_probabilities(prompts[::-1], YES_NO), found[::-1], rtol=1e-5)
    assert generator.choice_probabilities([], YES_NO).shape == (0, 2)


def test_choices_that_begin_alike_are_refused(tiny_base: Path) -> None:
    generator = TransformersGenerator(*load_language_model(tiny_base, [], "float32"), SamplingConfig(), TINY)
    with pytest.raises(ValueError, match="first token"):
        generator.choice_probabilities([PROMPTS[0]], ["yes it is", "yes it may"])


def test_the_tiny_model_writes_sentences(tiny_base: Path) -> None:
    generator = TransformersGenerator(*load_language_model(tiny_base, [], "float32"), SamplingConfig(), TINY)
    texts = [sample.text for texts in generator.sample(PROMPTS, 8, seed=5) for sample in texts]
    assert sum(text.endswith(".") and len(text.split()) >= 6 for text in texts) > len(texts) / 2


def test_an_unfinished_answer_is_continued_not_answered(tiny_base: Path) -> None:
    _, tokenizer = load_language_model(tiny_base, [], "float32")
    begun = prompt_tokens(tokenizer, with_answer_start(explain_prompt({"side": "item", "title": "Heat"}), "fans"), 200)
    assert tokenizer.decode(begun).endswith("assistant fans")


def test_the_head_is_never_handed_a_slice_with_gaps(tiny_base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Torch copies the head's whole matrix once a row for such a slice, where the head takes no gradient.
    model, tokenizer = load_language_model(tiny_base, [], "float32")
    head = model.get_output_embeddings()
    plain, handed = head.forward, []

    def watched(states: torch.Tensor) -> torch.Tensor:
        handed.append(states.is_contiguous())
        return plain(states)

    monkeypatch.setattr(head, "forward", watched)
    requests = [Continuations(tuple(tokenizer.encode(text)), 2, (7,)) for text in ("one two", "one two three four")]
    decode(model, requests, SamplingConfig(max_new_tokens=3), (), 0, 8)
    assert len(handed) == 3
    assert all(handed)
