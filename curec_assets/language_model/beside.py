"""A tuned model beside the model it was tuned from, on one copy of the weights."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from curec_assets.language_model.config import LanguageModelConfig, SamplingConfig
from curec_assets.language_model.generation import Sample, TransformersGenerator
from curec_assets.language_model.loading import load_language_model
from curec_assets.language_model.prompts import Prompt
from curec_assets.progress import Progress, silent


@dataclass(frozen=True)
class Untuned:
    """A generator whose last adapter is switched off while it is asked."""

    generator: TransformersGenerator
    switched_off: Callable[[], AbstractContextManager[None]]

    def sample(self, prompts: Sequence[Prompt], n: int, seed: int, progress: Progress = silent) -> list[list[Sample]]:
        """As ``Generator.sample``."""
        with self.switched_off():
            return self.generator.sample(prompts, n, seed, progress)

    def choice_probabilities(self, prompts: Sequence[Prompt], choices: Sequence[str]) -> np.ndarray:
        """As ``TransformersGenerator.choice_probabilities``."""
        with self.switched_off():
            return self.generator.choice_probabilities(prompts, choices)


def open_beside(
    base: Path, adapters: Sequence[Path], language_model: LanguageModelConfig, sampling: SamplingConfig
) -> tuple[Untuned, TransformersGenerator]:
    """The model without and with the last of ``adapters`` (at least one; those before it are merged in both).

    They share their weights, so they cannot be asked at the same time.
    """
    model, tokenizer = load_language_model(base, adapters, language_model.dtype)
    tuned = TransformersGenerator(model, tokenizer, sampling, language_model)
    return Untuned(tuned, model.disable_adapter), tuned
