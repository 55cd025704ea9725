"""Reasoning without a teacher (STaR): the model's own rationales where they hold, a template where none does.

A rationale is sampled with the outcome given away in its prompt, and kept when it
- passes the format gate,
- claims nothing the prompt did not tell, and names at least one thing it did,
- leads the model to the right answer without the hint: after the plain prompt and this rationale, the right choice is
  the likeliest one.
Of several survivors the one that makes the right choice likeliest is kept. *explain* has no outcome, so its samples
answer the plain prompt and the one naming most of its evidence is kept.

Deviations from STaR (Zelikman et al. 2022): rationales are always sampled with the hint, because a small model's
unhinted ones rarely survive; the leading test compares choice probabilities instead of sampling an answer; and
examples without a survivor are verbalised instead of dropped.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, get_args

import numpy as np

from curec_assets.aligned_llm.tasks import Example
from curec_assets.evidence.titles import without_years
from curec_assets.language_model.generation import Generator
from curec_assets.language_model.prompts import Prompt, with_answer_start, with_hint
from curec_assets.progress import Progress, silent
from curec_assets.reasons.config import GateConfig
from curec_assets.reasons.gates import Grounding, tidy_reason
from curec_assets.reasons.naming import names_told

ANSWER = "Answer:"

Source = Literal["kept", "verbalised", "direct"]
SOURCES: tuple[Source, ...] = get_args(Source)


class ChoosingGenerator(Generator, Protocol):
    """A generator that can also say which continuation it finds likeliest."""

    def choice_probabilities(self, prompts: Sequence[Prompt], choices: Sequence[str]) -> np.ndarray:
        """float64 ``(len(prompts), len(choices))``, rows sum to 1."""
        ...


@dataclass(frozen=True)
class Target:
    """An example with what is to be learnt: reasoning ``kept`` of the model's own, ``verbalised`` by template, or the
    answer alone (``direct``)."""

    example: Example
    completion: str
    source: Source

    @property
    def read(self) -> Prompt:
        """What the model reads before the completion; before an answer alone, the start of it as well."""
        return with_answer_start(self.example.prompt, ANSWER) if self.source == "direct" else self.example.prompt


def bootstrap(
    examples: Sequence[Example],
    generator: ChoosingGenerator,
    gate: GateConfig,
    grounding: Grounding,
    samples: int,
    seed: int,
    progress: Progress = silent,
) -> list[Target]:
    """Targets of ``examples``, in order: a surviving rationale of ``samples`` tries, else the verbalised one."""
    prompts = [with_hint(x.prompt, x.answer) if x.answer else x.prompt for x in examples]
    sampled = generator.sample(prompts, samples, seed, progress)
    survivors = [
        _grounded([sample.text for sample in texts], example, gate, grounding)
        for example, texts in zip(examples, sampled, strict=True)
    ]
    merits = _merits(examples, survivors, generator)
    targets = []
    for example, rationales, merit in zip(examples, survivors, merits, strict=True):
        held = [(value, -number) for number, value in enumerate(merit) if value is not None]
        if held:
            targets.append(Target(example, completion(example, rationales[-max(held)[1]]), "kept"))
        else:
            targets.append(verbalised(example))
    return targets


def verbalised(example: Example) -> Target:
    """The target by template."""
    return Target(example, completion(example, example.verbalised), "verbalised")


def direct(example: Example) -> Target:
    """The target without reasoning: the answer behind ``Answer:``, just where its probability is read later."""
    return Target(example, f" {example.answer}.", "direct")


def completion(example: Example, rationale: str) -> str:
    """What the model is to write: the rationale without years, as in prompts, and the answer where there is one."""
    reason = without_years(rationale)
    return f"{reason} {ANSWER} {example.answer}." if example.answer else reason


def _grounded(texts: Sequence[str], example: Example, gate: GateConfig, grounding: Grounding) -> list[str]:
    tidied = [tidy_reason(text.split(ANSWER)[0], gate, example.told) for text in texts]
    return [
        rationale
        for rationale in dict.fromkeys(tidied)
        if rationale
        and names_told(rationale, example.told)
        and not grounding.ungrounded_claims(rationale, example.told)
    ]


def _merits(
    examples: Sequence[Example], survivors: Sequence[Sequence[str]], generator: ChoosingGenerator
) -> list[list[float | None]]:
    """Merit of each survivor; None where it leads the model astray. One batch per set of choices."""
    merits: list[list[float | None]] = [
        [float(names_told(rationale, example.told)) for rationale in rationales]
        for example, rationales in zip(examples, survivors, strict=True)
    ]
    for choices in sorted({example.choices for example in examples if example.choices}):
        places = [
            (index, number)
            for index, example in enumerate(examples)
            if example.choices == choices
            for number in range(len(survivors[index]))
        ]
        asked = [
            with_answer_start(examples[index].prompt, f"{survivors[index][number]} {ANSWER}")
            for index, number in places
        ]
        probabilities = generator.choice_probabilities(asked, choices) if asked else np.zeros((0, len(choices)))
        for (index, number), row in zip(places, probabilities, strict=True):
            right = choices.index(examples[index].answer)
            merits[index][number] = float(row[right]) if int(row.argmax()) == right else None
    return merits
