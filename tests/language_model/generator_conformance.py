"""What every ``Generator`` must keep. Subclass ``GeneratorConformance`` and give it a generator to test a new one."""

from collections.abc import Callable

import pytest

from curec_assets.language_model.config import SamplingConfig
from curec_assets.language_model.generation import Generator
from curec_assets.language_model.prompts import Prompt, explain_prompt
from tests.language_model.tiny_model import ROWS

Build = Callable[[SamplingConfig, int], Generator]
"""A generator with these sampling settings that writes so many texts side by side."""

PROMPTS: list[Prompt] = [explain_prompt(row) for row in ROWS]


class GeneratorConformance:
    """Give the suite a generator by a fixture ``build`` of type ``Build``."""

    @pytest.fixture
    def build(self) -> Build:
        raise NotImplementedError

    def test_every_prompt_gets_n_samples_in_order(self, build: Build) -> None:
        generator = build(SamplingConfig(max_new_tokens=12), 16)
        together = generator.sample(PROMPTS, 3, seed=1)
        assert [len(samples) for samples in together] == [3] * len(PROMPTS)
        assert generator.sample(PROMPTS[::-1], 3, seed=1) == together[::-1]

    def test_the_same_seed_gives_the_same_samples_and_another_seed_others(self, build: Build) -> None:
        generator = build(SamplingConfig(max_new_tokens=12), 16)
        assert generator.sample(PROMPTS, 2, seed=1) == generator.sample(PROMPTS, 2, seed=1)
        assert generator.sample(PROMPTS, 2, seed=1) != generator.sample(PROMPTS, 2, seed=2)

    def test_samples_of_one_prompt_differ(self, build: Build) -> None:
        (samples,) = build(SamplingConfig(max_new_tokens=20), 16).sample(PROMPTS[:1], 8, seed=1)
        assert len({sample.text for sample in samples}) > 1

    @pytest.mark.parametrize("batch_size", [1, 3, 64])
    def test_the_batch_size_changes_nothing(self, build: Build, batch_size: int) -> None:
        sampling = SamplingConfig(max_new_tokens=12)
        assert build(sampling, batch_size).sample(PROMPTS, 2, seed=1) == build(sampling, 16).sample(PROMPTS, 2, seed=1)

    def test_a_prompts_samples_depend_neither_on_its_company_nor_on_how_many_are_asked_for(self, build: Build) -> None:
        generator = build(SamplingConfig(max_new_tokens=12), 16)
        (alone,) = generator.sample(PROMPTS[1:2], 1, seed=1)
        assert generator.sample(PROMPTS, 4, seed=1)[1][:1] == alone

    def test_equal_prompts_get_equal_samples(self, build: Build) -> None:
        first, second = build(SamplingConfig(max_new_tokens=12), 16).sample([PROMPTS[0], PROMPTS[0]], 2, seed=1)
        assert first == second

    def test_no_sample_is_longer_than_asked_for_and_an_unended_one_says_so(self, build: Build) -> None:
        samples = build(SamplingConfig(max_new_tokens=2), 16).sample(PROMPTS, 2, seed=1)
        assert all(1 <= sample.tokens <= 2 for texts in samples for sample in texts)
        assert not all(sample.finished for texts in samples for sample in texts)

    def test_a_sample_stops_where_the_model_ends_it(self, build: Build) -> None:
        samples = build(SamplingConfig(max_new_tokens=100), 16).sample(PROMPTS, 2, seed=1)
        ended = [sample for texts in samples for sample in texts if sample.finished]
        assert ended
        assert all(sample.tokens < 100 for sample in ended)

    def test_texts_carry_no_special_tokens_and_no_surrounding_space(self, build: Build) -> None:
        samples = build(SamplingConfig(max_new_tokens=30), 16).sample(PROMPTS, 4, seed=1)
        for text in (sample.text for texts in samples for sample in texts):
            assert text == text.strip()
            assert "<|" not in text
            assert "[" not in text

    def test_without_prompts_there_are_no_samples(self, build: Build) -> None:
        assert build(SamplingConfig(), 16).sample([], 2, seed=1) == []

    def test_temperature_zero_writes_the_same_whatever_the_seed(self, build: Build) -> None:
        generator = build(SamplingConfig(temperature=0.0, max_new_tokens=12), 16)
        assert generator.sample(PROMPTS, 1, seed=1) == generator.sample(PROMPTS, 1, seed=2)

    def test_progress_ends_at_the_number_of_distinct_prompts(self, build: Build) -> None:
        heard: list[tuple[int, int]] = []
        build(SamplingConfig(max_new_tokens=4), 2).sample(
            [*PROMPTS, PROMPTS[0]], 1, 1, lambda step, done, total: heard.append((done, total))
        )
        assert heard[-1] == (len(PROMPTS), len(PROMPTS))
