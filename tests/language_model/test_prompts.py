from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from transformers import PreTrainedTokenizerBase

from curec_assets.evidence.text import verbalise
from curec_assets.evidence.titles import without_years
from curec_assets.language_model.chat import answer_tokens, prompt_tokens
from curec_assets.language_model.loading import load_language_model
from curec_assets.language_model.prompts import (
    FACT_LABELS,
    arrival_prompt,
    choose_prompt,
    explain_prompt,
    judge_prompt,
    prompt_hash,
    with_hint,
)
from tests.language_model.tiny_model import EMMA, HEAT, ROWS, item_row

SAID = ("most like it", "likes few")


@pytest.fixture(scope="module")
def tokenizer(tiny_base: Path) -> PreTrainedTokenizerBase:
    return load_language_model(tiny_base, [], "float32")[1]


def test_an_items_prompt_shows_its_metadata_and_facts() -> None:
    asked = explain_prompt(HEAT)[-1][1]
    for shown in ("Why do people like Heat (1995)?", "Action, Crime", "Fans also like: Seven; Fargo.", "rising"):
        assert shown in asked


def test_a_users_prompt_shows_likes_and_dislikes() -> None:
    asked = explain_prompt(EMMA)[-1][1]
    assert "Recently enjoyed: Emma." in asked
    assert "Did not enjoy: Spawn." in asked


@pytest.mark.parametrize(
    ("side", "kind", "words"),
    [
        ("item", "co_liked", "also like"),
        ("item", "liker_category", "lean towards"),
        ("user", "recent_like", "recently enjoyed"),
        ("user", "recent_dislike", "did not enjoy"),
        ("user", "taste_moved", "more to"),
    ],
)
def test_prompts_label_facts_with_the_words_that_texts_tell_them_by(side: str, kind: str, words: str) -> None:
    row = item_row("Heat (1995)", [], **{kind: ["Seven (1995)"]}) | {"side": side}
    assert words in FACT_LABELS[kind][0].lower()
    assert words in verbalise(row).lower()


def test_an_arrivals_prompt_shows_metadata_alone() -> None:
    asked = arrival_prompt(HEAT)[-1][1]
    assert "Action, Crime" in asked
    assert "Seven" not in asked


def test_a_prompt_shows_the_strongest_facts_and_no_more() -> None:
    many = item_row("Heat", [], co_liked=[f"Film{number}" for number in range(20)])
    asked = explain_prompt(many)[-1][1]
    assert "Film0; Film1; Film2." in asked
    assert "Film3" not in asked


def test_only_the_item_in_question_carries_its_year() -> None:
    assert without_years("Heat (1995) and 2001: A Space Odyssey (1968)") == "Heat and 2001: A Space Odyssey"
    assert explain_prompt(HEAT)[-1][1].count("(19") == 1
    assert "(19" not in judge_prompt(["Emma (1996)"], ["Spawn (1997)"], "Heat (1995)", ["Crime"], *SAID)[-1][1]


def test_a_prompts_hash_follows_what_it_says() -> None:
    hashes = {prompt_hash(explain_prompt(row)) for row in ROWS}
    assert len(hashes) == len(ROWS)
    assert prompt_hash(explain_prompt(HEAT)) == prompt_hash(explain_prompt({**HEAT, "like_rate": 0.3}))


def test_a_hint_gives_the_outcome_away_and_a_plain_prompt_does_not() -> None:
    plain = choose_prompt(["Emma"], "Heat", ["Crime"], "many know it")
    assert "Did this person choose Heat (Crime) next?" in plain[-1][1]
    assert plain[-1][1].endswith("Liked: Emma. Others: many know it.")
    assert "The right answer is no." in with_hint(plain, "no")[-1][1]
    assert "right answer" not in plain[-1][1]


def test_judge_tells_how_others_like_the_item_and_how_lenient_the_person_is() -> None:
    asked = judge_prompt(["Emma"], [], "Heat", [], *SAID)[-1][1]
    assert asked.endswith("Liked: Emma. This person: likes few. Others: most like it.")


def test_judge_without_dislikes_does_not_mention_any() -> None:
    assert "Disliked" not in judge_prompt(["Emma"], [], "Heat", [], *SAID)[-1][1]


@given(limit=st.integers(50, 120), words=st.integers(0, 300))
def test_a_prompt_never_exceeds_its_limit_and_keeps_its_question(
    tokenizer: PreTrainedTokenizerBase, limit: int, words: int
) -> None:
    prompt = (("system", "answer."), ("user", "why do people like it? " + "drama " * words))
    ids = prompt_tokens(tokenizer, prompt, limit)
    assert len(ids) <= limit
    text = tokenizer.decode(ids)
    assert "why do people like it?" in text
    assert text.endswith("assistant")


def test_a_limit_below_the_template_is_refused(tokenizer: PreTrainedTokenizerBase) -> None:
    with pytest.raises(ValueError, match="max_prompt_tokens is 3"):
        prompt_tokens(tokenizer, explain_prompt(HEAT), 3)


def test_an_answer_ends_its_turn_even_when_cut(tokenizer: PreTrainedTokenizerBase) -> None:
    assert answer_tokens(tokenizer, "people like drama.", 64)[-1] == tokenizer.eos_token_id
    cut = answer_tokens(tokenizer, "people like drama " * 20, 8)
    assert len(cut) == 8
    assert cut[-1] == tokenizer.eos_token_id
