"""What the policy writes in a step of RL, by our own decoding loop."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from curec_assets.language_model.chat import prompt_tokens
from curec_assets.language_model.config import SamplingConfig
from curec_assets.language_model.decoding import Continuations, decode
from curec_assets.language_model.generation import end_ids
from curec_assets.language_model.prompts import explain_prompt
from curec_assets.language_model.shared_prompts import Row
from curec_assets.rl_policy.config import PolicyConfig
from curec_assets.rl_policy.rewards import RLSubject

# isort: split
# Behind our own modules, which set the environment that these libraries read when they are imported.
from transformers import PreTrainedModel, PreTrainedTokenizerBase
from trl import GRPOTrainer


class Rollouts:
    """Writes a step's completions. TRL's prompts are places in the schedule, each repeated once per completion."""

    def __init__(
        self,
        tokenizer: PreTrainedTokenizerBase,
        schedule: Sequence[RLSubject],
        max_prompt_tokens: int,
        config: PolicyConfig,
        seed: int,
    ) -> None:
        self._tokenizer = tokenizer
        self._schedule = schedule
        self._prompts = [
            tuple(prompt_tokens(tokenizer, explain_prompt(subject.evidence_row), max_prompt_tokens))
            for subject in schedule
        ]
        self._config = config
        self._seed = seed
        self.tokens = 0
        self.seconds = 0.0

    def probe(self) -> list[Row]:
        """Texts by template behind the first prompts of the schedule, several of them behind one."""
        texts = [
            self._tokenizer.encode(subject.evidence_row["evidence_text"], add_special_tokens=False)
            for subject in self._schedule[:2]
        ]
        return [
            *((self._prompts[0], text) for text in (*texts, texts[0][: len(texts[0]) // 2])),
            (self._prompts[-1], texts[-1]),
        ]

    def state(self) -> dict[str, Any]:
        """Tokens written so far."""
        return {"tokens": self.tokens}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Count on from ``state``."""
        self.tokens = state["tokens"]

    def __call__(self, prompts: list[str], trainer: GRPOTrainer) -> dict[str, Any]:
        places = [int(place) for place in prompts[:: self._config.group_size]]
        requests = [
            Continuations(self._prompts[place], self._config.group_size, (self._seed, place)) for place in places
        ]
        model: PreTrainedModel = trainer.accelerator.unwrap_model(trainer.model)
        sampling = SamplingConfig(
            temperature=self._config.temperature, top_p=1.0, max_new_tokens=self._config.max_completion_tokens
        )
        started = time.perf_counter()
        model.eval()
        written = decode(
            model,
            requests,
            sampling,
            end_ids(model, self._tokenizer),
            int(self._tokenizer.pad_token_id),
            batch_size=len(prompts),
        )
        model.train()
        self.seconds += time.perf_counter() - started
        completions = [ids for samples in written for ids in samples]
        self.tokens += sum(map(len, completions))
        return {
            "prompt_ids": [list(self._prompts[int(place)]) for place in prompts],
            "completion_ids": completions,
            "logprobs": None,
        }
