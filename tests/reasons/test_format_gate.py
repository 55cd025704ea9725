import pytest
from hypothesis import given
from hypothesis import strategies as st

from curec_assets.evidence.text import verbalise
from curec_assets.language_model.prompts import explain_prompt
from curec_assets.reasons.config import GateConfig
from curec_assets.reasons.gates import tidy_reason
from tests.reasons.reason_world import evidence_row

GATE = GateConfig()


@pytest.mark.parametrize(
    "text",
    [
        "Fans of Dr. Strangelove (1963) love its dark and clever satire.",
        "People who like E.T. the Extra-Terrestrial (1982) like this one too. It warms the heart!",
        "Those who laughed at Airplane! (1980) laugh here as well.",
        "Fans of Monsters, Inc. (2001) come for the warm humour. Why would they not stay?",
        'People who enjoy "Heat" tend to enjoy its slow tension.',
        "Fans of When Harry Met Sally... (1989) like its quick talk.",
        "Fans of When Harry Met Sally... And of much else besides.",
        "What its fans share is a love of E.T.",
    ],
)
def test_a_well_formed_reason_is_taken_as_it_stands(text: str) -> None:
    assert tidy_reason(text, GATE, {}) == text


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("  People like its slow and patient tension. It also has a big", "People like its slow and patient tension."),
        (
            "Fans of Dr. Strangelove (1963) love its satire. They also like Mr.",
            "Fans of Dr. Strangelove (1963) love its satire.",
        ),
        ('"People like its slow and patient tension."', "People like its slow and patient tension."),
        ('"People like its slow and patient tension. They', "People like its slow and patient tension."),
        ('Viewers enjoy its tension as they do in "Heat."', 'Viewers enjoy its tension as they do in "Heat".'),
        ("People like  its slow and   patient tension. ", "People like its slow and patient tension."),
    ],
)
def test_quotes_around_a_reason_are_stripped_and_an_unfinished_tail_is_cut(raw: str, reason: str) -> None:
    assert tidy_reason(raw, GATE, {}) == reason


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "A fine comedy.",
        "People like its slow and patient tension, its music and its",
        "People who love Dr.",
        "People like its slow and patient tension...",
        "🌟 People like its slow and patient tension.",
        "- People like its slow and patient tension.",
        "1. People like its slow and patient tension.",
        "People like its tension.\nThey also like its music a lot.",
        "People like its **slow** and patient tension.",
        "People like its slow and patient tension, see https://example.org for more.",
        "<|im_start|>People like its slow and patient tension.",
        "User: why is that? It is slow and patient.",
        "Title: Heat is liked for its slow and patient tension.",
        "Why do people like Heat? They like its tension.",
        "As an AI language model I cannot say why people like it.",
        "Sure, people like its slow and patient tension.",
        "Here is why people like its slow and patient tension.",
        "People like its slow tension and people like its slow tension.",
        "People like its slow\x00 and patient tension.",
        "One thing is good. Two things are better. Three things are best. Four are too many.",
        "word " * 80 + "end.",
    ],
)
def test_texts_that_are_no_reason_fail_the_format_gate(text: str) -> None:
    assert tidy_reason(text, GATE, {}) is None


def test_an_echo_of_the_projects_own_prompt_fails_the_format_gate() -> None:
    question = explain_prompt(evidence_row("7"))[-1][1]
    assert tidy_reason(question, GATE, {}) is None


BRAND_MATES = {
    "title": "Alder Lane Deep Sea Hydration Cream Cleanser",
    "categories": ["Skin Care"],
    "facts": [{"kind": "co_liked", "text": "Alder Lane Deep Sea Hydration Treatment Mask", "weight": 1.0}],
}


def test_names_that_share_words_do_not_repeat_each_other() -> None:
    text = (
        "People who like Alder Lane Deep Sea Hydration Cream Cleanser also like Alder Lane Deep Sea Hydration"
        " Treatment Mask."
    )
    assert tidy_reason(text, GATE, BRAND_MATES) == text
    assert tidy_reason(text, GATE, {}) is None


@pytest.mark.parametrize(
    "text",
    [
        "People who like Alder Lane Deep Sea Hydration Cream Cleanser also like Alder Lane Deep Sea Hydration Cream"
        " Cleanser.",
        "People who like it lean towards Skin Care and they lean towards Skin Care.",
    ],
)
def test_a_name_said_twice_and_a_loop_about_names_are_repetitions(text: str) -> None:
    assert tidy_reason(text, GATE, BRAND_MATES) is None


@given(
    st.lists(st.sampled_from(["Alba", "Glow", "Rose", "Night Cream", "Day Cream"]), min_size=2, max_size=5), st.data()
)
def test_no_text_of_the_projects_own_about_things_of_one_name_is_refused(words: list[str], data: st.DataObject) -> None:
    names = data.draw(st.lists(st.permutations(words).map(" ".join), min_size=2, max_size=3, unique=True))
    row = {
        "side": "item",
        "title": names[0],
        "categories": [],
        "n_likes": 9,
        "facts": [{"kind": "co_liked", "text": name, "weight": 1.0} for name in names[1:]],
    }
    text = verbalise(row)
    assert tidy_reason(text, GATE, row) == text


@given(st.text(alphabet=st.sampled_from("ab cD.E!?\"'()“”’-\n,1"), max_size=120))
def test_whatever_passes_the_gate_keeps_every_promise_and_passes_it_again_unchanged(raw: str) -> None:
    gate = GateConfig(min_words=2, max_words=12)
    reason = tidy_reason(raw, gate, {})
    if reason is not None:
        assert reason[-1] in ".!?"
        assert reason.isprintable()
        assert reason == reason.strip()
        assert tidy_reason(reason, gate, {}) == reason


def test_a_gate_whose_bounds_cross_is_refused() -> None:
    with pytest.raises(ValueError, match="min_words"):
        GateConfig(min_words=30, max_words=10)
