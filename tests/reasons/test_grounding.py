from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from curec_assets.reasons.gates import Grounding
from tests.reasons.reason_world import CATEGORIES, GROUNDING, TITLES

ROW = {
    "title": "Toy Story (1995)",
    "categories": ["Comedy", "Children's"],
    "description": "A cowboy doll named Woody is threatened by Buzz Lightyear.",
    "facts": [
        {"kind": "co_liked", "text": "Heat (1995)", "weight": 2.0},
        {"kind": "liker_category", "text": "Film-Noir", "weight": 1.4},
    ],
}


@pytest.mark.parametrize(
    "reason",
    [
        "People who like Heat like Toy Story.",
        "People who like HEAT (1995) like toy story.",
        "It is a comedy for children, and comedies travel well.",
        "Fans of film noir like Woody and Buzz Lightyear too.",
        "Many people like it in the heat of summer, at full speed.",
        "I like Woody's hat. You would as well.",
        "Its fans know that Story by heart.",
        "It is a Comedy Film-Noir lovers enjoy.",
        "Those who like Toy Story 1995 will know.",
        "They like it.",
    ],
)
def test_claims_that_stand_in_the_evidence_are_grounded(reason: str) -> None:
    assert GROUNDING.ungrounded_claims(reason, ROW) == []


@pytest.mark.parametrize(
    ("reason", "claims"),
    [
        ("People who like Blade Runner (1982) like it.", ["Blade Runner"]),
        ("A film made by Christopher Nolan.", ["Christopher Nolan"]),
        ("Speed is what its fans like.", ["Speed"]),
        ('They like "Speed" and drama.', ["Speed", "drama"]),
        ("They like dramas.", ["dramas"]),
        ("Fans of Toy Story 2 like it.", ["Toy Story 2"]),
        ("Fans of Help! (1965) Beatles songs like it.", ["Help", "Beatles"]),
        ("Fans of Dr. Strangelove like it.", ["Dr", "Strangelove"]),
        ('"Vertigo" is what they like.', ["Vertigo"]),
        ("Christopher Nolan made it.", ["Nolan"]),
        ("They like Toy Story - Vertigo less so.", ["Vertigo"]),
    ],
)
def test_claims_that_stand_nowhere_in_the_evidence_are_reported_as_written(reason: str, claims: list[str]) -> None:
    assert GROUNDING.ungrounded_claims(reason, ROW) == claims


def test_a_capital_that_opens_a_sentence_is_no_claim() -> None:
    assert GROUNDING.ungrounded_claims("Warm and witty. Loved by many! Always fresh.", ROW) == []


def test_the_row_of_a_bare_item_is_evidence_too() -> None:
    item = {"item_id": "1", "title": "Alien (1979)", "categories": ["Action"], "description": None}
    assert GROUNDING.ungrounded_claims("People like Alien for its action.", item) == []
    assert GROUNDING.ungrounded_claims("People like Heat for its action.", item) == ["Heat"]


def test_a_title_written_in_small_letters_is_caught_from_four_words_on() -> None:
    grounding = Grounding(["While You Were Sleeping (1995)", "The Game (1997)"], [])
    assert grounding.ungrounded_claims("They liked while you were sleeping a lot.", ROW) == ["while you were sleeping"]
    assert grounding.ungrounded_claims("They like the game of it.", ROW) == []


def test_a_title_made_of_evidenced_names_is_a_claim_of_its_own() -> None:
    grounding = Grounding(["Alpha", "Alpha Alpha (1951)"], [])
    row = {"title": "Alpha", "categories": [], "description": None, "facts": []}
    assert grounding.ungrounded_claims("People who like Alpha Alpha like that one.", row) == ["Alpha Alpha"]
    assert grounding.ungrounded_claims("People who like Alpha like that one.", row) == []


WORDS = st.sampled_from(
    ["Alpha", "Bravo", "of", "the", "Delta", "and", "Echo", "in", "River", "2", "Stone", "a", "Night"]
)
NAMES = st.lists(WORDS, min_size=1, max_size=5).map(" ".join)


@st.composite
def catalogue_and_row(draw: st.DrawFn) -> tuple[Grounding, list[str], dict[str, Any]]:
    titles = draw(st.lists(NAMES, min_size=2, max_size=12, unique=True))
    titles = [f"{title} ({1950 + index})" if index % 2 else title for index, title in enumerate(titles)]
    facts = draw(st.lists(st.sampled_from(titles), max_size=3))
    row = {
        "title": titles[0],
        "categories": draw(st.lists(st.sampled_from(CATEGORIES), max_size=3)),
        "description": draw(st.one_of(st.none(), st.lists(WORDS, max_size=12).map(" ".join))),
        "facts": [{"kind": "co_liked", "text": fact, "weight": 1.0} for fact in facts],
    }
    return Grounding([*titles, *TITLES], CATEGORIES), titles, row


@given(catalogue_and_row(), st.data())
def test_text_taken_word_by_word_from_the_evidence_is_always_grounded(
    world: tuple[Grounding, list[str], dict[str, Any]], data: st.DataObject
) -> None:
    grounding, _, row = world
    texts = [row["title"], row["description"] or "", *row["categories"], *(fact["text"] for fact in row["facts"])]
    words = data.draw(st.sampled_from([text for text in texts if text])).split()
    begin = data.draw(st.integers(0, len(words) - 1))
    taken = " ".join(words[begin : data.draw(st.integers(begin + 1, len(words)))])
    before = data.draw(st.sampled_from(["", "people like ", "They say that ", '"']))
    assert grounding.ungrounded_claims(f"{before}{taken}.", row) == []


@given(catalogue_and_row(), st.data())
def test_a_title_of_the_catalogue_that_the_evidence_lacks_is_always_caught(
    world: tuple[Grounding, list[str], dict[str, Any]], data: st.DataObject
) -> None:
    grounding, titles, row = world
    title = data.draw(st.sampled_from(titles))
    bare = title.split(" (")[0]
    evidence = "|".join([row["title"], row["description"] or "", *(fact["text"] for fact in row["facts"])])
    assume(f" {bare.lower()} " not in " " + evidence.lower().replace("|", " | ").replace(" (", " | (") + " ")
    assume(any(character.isupper() for character in bare))
    position = data.draw(st.integers(1, 5))
    words = ["people", "who", "like", "it", "also", "like", "that", "one"]
    text = " ".join([*words[:position], title, *words[position:]]) + "."
    assert grounding.ungrounded_claims(text, row) != []


@given(st.text(max_size=200))
def test_any_text_at_all_can_be_checked(text: str) -> None:
    for claim in GROUNDING.ungrounded_claims(text, ROW):
        assert claim in text
