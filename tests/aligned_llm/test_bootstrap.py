from collections.abc import Sequence

import numpy as np

from curec_assets.aligned_llm.bootstrap import bootstrap, direct
from curec_assets.aligned_llm.tasks import Example
from curec_assets.language_model.generation import Sample
from curec_assets.language_model.prompts import YES_NO, Prompt, judge_prompt, prompt_hash, with_answer_start
from curec_assets.progress import Progress, silent
from curec_assets.reasons.config import GateConfig
from curec_assets.reasons.gates import Grounding
from tests.language_model.tiny_model import HEAT

GROUNDING = Grounding(["Heat (1995)", "Seven (1995)", "Fargo (1996)", "Alien (1979)"], ["Action", "Crime", "Horror"])
GROUNDED = "This person liked Seven, and Heat is as much of a chase."
UNGROUNDED = "This person liked Alien, and Heat is as much of a chase."
VAGUE = "This is the kind of thing that one cannot help to like."
JUDGE = Example(
    "judge",
    judge_prompt(["Seven (1995)"], [], "Heat (1995)", ["Crime"], "most like it", "likes few"),
    YES_NO,
    "yes",
    HEAT,
    "By template.",
)
EXPLAIN = Example("explain", (("user", "Why?"),), (), "", HEAT, "Evidence as it stands.")


class Scripted:
    """Says what it is told to; finds "yes" likeliest where the rationale holds ``convinced_by``."""

    def __init__(self, texts: Sequence[str], convinced_by: str = "") -> None:
        self.texts = texts
        self.convinced_by = convinced_by
        self.asked: list[Prompt] = []
        self.judged: list[Prompt] = []

    def sample(self, prompts: Sequence[Prompt], n: int, seed: int, progress: Progress = silent) -> list[list[Sample]]:
        self.asked += prompts
        return [[Sample(text, 10, True) for text in self.texts] for _ in prompts]

    def choice_probabilities(self, prompts: Sequence[Prompt], choices: Sequence[str]) -> np.ndarray:
        self.judged += prompts
        return np.array([[0.9, 0.1] if self.convinced_by in prompt[-1][1] else [0.2, 0.8] for prompt in prompts])


def test_a_direct_target_is_the_answer_alone() -> None:
    assert direct(JUDGE).read == with_answer_start(JUDGE.prompt, "Answer:")
    assert direct(JUDGE).completion == " yes."
    assert direct(JUDGE).source == "direct"


def completion_of(example: Example, generator: Scripted) -> tuple[str, bool]:
    (target,) = bootstrap([example], generator, GateConfig(), GROUNDING, len(generator.texts), 0)
    return target.completion, target.source == "kept"


def test_a_grounded_convincing_rationale_is_kept_with_its_answer() -> None:
    assert completion_of(JUDGE, Scripted([GROUNDED])) == (f"{GROUNDED} Answer: yes.", True)


def test_an_ungrounded_rationale_is_never_kept() -> None:
    assert completion_of(JUDGE, Scripted([UNGROUNDED])) == ("By template. Answer: yes.", False)
    assert completion_of(EXPLAIN, Scripted([UNGROUNDED])) == ("Evidence as it stands.", False)


def test_a_rationale_that_names_nothing_of_its_evidence_is_not_kept() -> None:
    assert completion_of(EXPLAIN, Scripted([VAGUE])) == ("Evidence as it stands.", False)


def test_a_rationale_that_leads_astray_is_not_kept() -> None:
    assert completion_of(JUDGE, Scripted([GROUNDED], convinced_by="no such words")) == (
        "By template. Answer: yes.",
        False,
    )


def test_a_badly_formed_rationale_is_not_kept() -> None:
    assert completion_of(EXPLAIN, Scripted(["Heat", "- Heat is liked for its Crime.\n- Seven too.", ""])) == (
        "Evidence as it stands.",
        False,
    )


def test_of_several_rationales_the_most_convincing_is_kept() -> None:
    other = "Heat is a tale of Crime, which this person likes."
    assert completion_of(JUDGE, Scripted([GROUNDED, other], convinced_by="tale")) == (f"{other} Answer: yes.", True)


def test_of_several_explanations_the_one_naming_most_evidence_is_kept() -> None:
    rich = "People who like Seven and Fargo like Heat for its Crime."
    assert completion_of(EXPLAIN, Scripted([GROUNDED, rich])) == (rich, True)


def test_rationales_see_the_hint_but_are_judged_without_it() -> None:
    generator = Scripted([GROUNDED])
    completion_of(JUDGE, generator)
    assert "The right answer is yes." in generator.asked[0][-1][1]
    assert "right answer" not in str(generator.judged)
    assert generator.judged[0][:-1] == JUDGE.prompt


def test_an_answer_already_given_by_the_rationale_is_cut_off() -> None:
    assert completion_of(JUDGE, Scripted([f"{GROUNDED} Answer: no."])) == (f"{GROUNDED} Answer: yes.", True)


def test_explanations_are_sampled_from_the_plain_prompt() -> None:
    generator = Scripted([GROUNDED])
    completion_of(EXPLAIN, generator)
    assert prompt_hash(generator.asked[0]) == prompt_hash(EXPLAIN.prompt)


def test_targets_leave_years_out_as_prompts_do() -> None:
    dated = "People who like Seven (1995) like Heat (1995) for its Crime."
    assert completion_of(EXPLAIN, Scripted([dated])) == ("People who like Seven like Heat for its Crime.", True)
