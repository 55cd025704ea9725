"""Text generation behind one protocol: prompts in, samples out, the same for the same seed.

``tests/language_model/generator_conformance.py`` holds what any ``Generator`` must keep.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from curec_assets.language_model.chat import prompt_tokens
from curec_assets.language_model.config import LanguageModelConfig, SamplingConfig
from curec_assets.language_model.decoding import Continuations, decode, next_token_logits
from curec_assets.language_model.prompts import Prompt, prompt_hash
from curec_assets.progress import Progress, silent


@dataclass(frozen=True)
class Sample:
    """One text: ``tokens`` generated (the end token included), ``finished`` when the model ended it by itself."""

    text: str
    tokens: int
    finished: bool


class Generator(Protocol):
    """Anything that writes texts to prompts."""

    def sample(self, prompts: Sequence[Prompt], n: int, seed: int, progress: Progress = silent) -> list[list[Sample]]:
        """``n`` samples of each prompt, in the order of ``prompts``; equal prompts get equal samples.

        A sample is a function of (prompt, seed, its number): neither the other prompts nor ``n`` change it.
        """
        ...


class TransformersGenerator:
    """A ``Generator`` over a transformers model (with or without an adapter)."""

    def __init__(
        self,
        model: PreTrainedModel,
        tokenizer: PreTrainedTokenizerBase,
        sampling: SamplingConfig,
        language_model: LanguageModelConfig,
    ) -> None:
        self._model = model
        self._tokenizer = tokenizer
        self._sampling = sampling
        self._limits = language_model
        self._end_ids = end_ids(model, tokenizer)

    def sample(self, prompts: Sequence[Prompt], n: int, seed: int, progress: Progress = silent) -> list[list[Sample]]:
        """See ``Generator.sample``; each distinct prompt is read once, whatever ``n`` and its repetitions."""
        distinct = list(dict.fromkeys(prompts))
        requests = [
            Continuations(tuple(self._tokens(prompt)), n, (seed, int(prompt_hash(prompt), 16))) for prompt in distinct
        ]
        written = decode(
            self._model,
            requests,
            self._sampling,
            self._end_ids,
            self._pad_id,
            self._limits.batch_size,
            progress,
        )
        by_prompt = {
            prompt: [self._sample(ids) for ids in samples] for prompt, samples in zip(distinct, written, strict=True)
        }
        return [by_prompt[prompt] for prompt in prompts]

    def choice_probabilities(self, prompts: Sequence[Prompt], choices: Sequence[str]) -> np.ndarray:
        """Which of ``choices`` would follow each prompt: float64 ``(len(prompts), len(choices))``, rows sum to 1.

        Choices are told apart by their first token after a space, so one forward pass answers for all of them.

        Raises:
            ValueError: two choices begin with the same token.
        """
        first = [self._tokenizer.encode(f" {choice}", add_special_tokens=False)[0] for choice in choices]
        if len(set(first)) < len(first):
            raise ValueError(f"the choices {list(choices)} do not differ in their first token")
        ids = [self._tokens(prompt) for prompt in prompts]
        logits = next_token_logits(self._model, ids, self._pad_id, self._limits.batch_size)
        return torch.softmax(logits[:, first].double(), dim=-1).numpy()

    @property
    def _pad_id(self) -> int:
        return int(self._tokenizer.pad_token_id)

    def _tokens(self, prompt: Prompt) -> list[int]:
        return prompt_tokens(self._tokenizer, prompt, self._limits.max_prompt_tokens)

    def _sample(self, ids: Sequence[int]) -> Sample:
        text = self._tokenizer.decode(ids, skip_special_tokens=True).strip()
        return Sample(text=text, tokens=len(ids), finished=ids[-1] in self._end_ids)


def end_ids(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> frozenset[int]:
    """All token ids that end an answer: the tokenizer's and those the model's generation settings add."""
    configured = model.generation_config.eos_token_id
    more = configured if isinstance(configured, list) else [] if configured is None else [configured]
    return frozenset([int(tokenizer.eos_token_id), *more])
