"""A title is told by one short name, whoever tells it or looks for it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curec_assets.evidence.text import verbalise
from curec_assets.evidence.titles import LONGEST_TITLE, facts_told, short_title, without_years
from curec_assets.language_model.prompts import explain_prompt
from curec_assets.reasons.gates import Grounding
from curec_assets.reasons.naming import names_told

names = st.text(
    st.characters(categories=["L", "Nd", "Zs", "Po", "Ps", "Pe", "Pd", "Sm"]), min_size=1, max_size=120
).map(lambda name: " ".join(name.split()) or "x")
words = st.text("abcdefghij", min_size=2, max_size=11).map(str.title)
marks = st.sampled_from([" ", ", ", " - ", " (", ") ", " [", " + ", ": ", " | ", ". "])
shop_titles = st.lists(st.tuples(words, marks), min_size=1, max_size=14).map(
    lambda parts: "".join(word + mark for word, mark in parts).strip(" ,-([+:|")
)


def item(title, *co_liked):
    facts = [{"kind": "co_liked", "text": text, "weight": 2.0} for text in co_liked]
    return {"side": "item", "title": title, "categories": [], "n_events": 10, "n_likes": 6, "facts": facts}


@given(names)
def test_a_short_title_is_never_long_nor_empty_and_begins_the_title(name):
    short = short_title(name)
    assert 0 < len(short) <= LONGEST_TITLE
    assert name.startswith(short)


@pytest.mark.parametrize(
    ("title", "short"),
    [
        ("Toy Story (1995)", "Toy Story (1995)"),
        ("Schick Hydro 5 Disposable Razor, 3 Count", "Schick Hydro 5 Disposable Razor, 3 Count"),
        ("A title of just forty-eight letters, with a year (1995)",) * 2,
        ("x" * 90, "x" * 48),
        ("word " * 20, ("word " * 9).strip()),
        (
            "A serum, by its maker, that does it all, and then some more promises",
            "A serum, by its maker, that does it all",
        ),
        ("Nail Art Set (24 colours, brushes, and a stamper plate to go with it)", "Nail Art Set"),
        ("I Am Curious (Yellow) (Jag är nyfiken - en film i gult)", "I Am Curious (Yellow)"),
        ("Fekkai Brilliant Glossing Creme 80936 [Health and Beauty]", "Fekkai Brilliant Glossing Creme 80936"),
        (
            "A (very long bracket that never comes to any end at all)",
            "A (very long bracket that never comes to any end",
        ),
    ],
)
def test_a_long_title_is_cut_where_a_clause_or_word_ends(title, short):
    assert short_title(title) == short


@given(st.lists(shop_titles, min_size=3, max_size=5, unique=True), st.sampled_from(["", " (1995)"]))
def test_a_title_of_any_length_is_told_by_one_name_that_stands_in_prompt_and_text_and_is_found_there(titles, year):
    own, *others = (title + year for title in titles)
    row = item(own, *others)
    prompt, said = explain_prompt(row)[-1][1], without_years(verbalise(row))
    assert not Grounding([own, *others], []).ungrounded_claims(said, row)
    for fact in facts_told(row, "co_liked")[:2]:
        name = without_years(short_title(fact["text"]))
        assert name in said
        assert name.rstrip(".") in prompt
        assert names_told(f"They like {name}.", item(None, fact["text"]))


def test_titles_that_would_be_told_alike_are_told_once_and_never_beside_the_item_itself():
    lip = "REVLON Colorburst Lip Butter for Soft and Shining Lips, "
    row = item("Brush", *(lip + colour for colour in ("Peach", "Plum", "Rose")))
    assert verbalise(row) == "People who like Brush also like REVLON Colorburst Lip Butter for Soft and."
    assert explain_prompt(row)[-1][1].count("REVLON") == 1
    assert "also like" not in verbalise(item(f"{lip}Plum", f"{lip}Peach"))


def test_a_beginning_that_titles_share_is_the_name_of_none_of_them_and_that_of_one_is_its_own():
    lip = "REVLON Colorburst Lip Butter for Soft and Shining Lips, "
    shared = Grounding([f"{lip}Peach", f"{lip}Plum"], [])
    alone = Grounding([f"{lip}Peach"], [])
    said = "People like REVLON Colorburst Lip Butter for Soft and."
    assert shared.titles_named(said) == []
    assert alone.titles_named(said) == [f"{lip}Peach"]
    assert alone.ungrounded_claims(said, item("Brush"))
    assert not alone.ungrounded_claims(said, item("Brush", f"{lip}Peach"))
