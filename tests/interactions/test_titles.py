"""Titles are shown as people should read them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curec_assets.interactions.titles import clean_text, clean_title


@pytest.mark.parametrize(
    ("text", "title", "code"),
    [
        ("Toy Story", "Toy Story", None),
        ("  Toy \n Story ", "Toy Story", None),
        ("<b>Toy</b> Story<br/>", "Toy Story", "html_stripped"),
        ("Crabtree &amp; Evelyn", "Crabtree & Evelyn", "html_stripped"),
        ("D&amp;eacute;j&amp;agrave; Vu", "Déjà Vu", "html_stripped"),
        ('Byrds,Rock & Pop - General" />', "Byrds,Rock & Pop - General", "html_stripped"),
        ("&dagger;&dagger;&dagger;", "†††", "html_stripped"),
        ("Elton John &lrm;&ndash; Honky", "Elton John – Honky", "html_stripped"),
        ("I <3 You", "I <3 You", None),
        ('<span class="a-size-medium a-color-secondary a-text-normal', "Item 7", "html_junk"),
        ("<script>var a = 1;</script>", "Item 7", "html_junk"),
        ("jQuery.ready(function() { go(); })", "Item 7", "html_junk"),
        (".box { color: red; }", "Item 7", "html_junk"),
        ("", "Item 7", "missing"),
        ("   ", "Item 7", "missing"),
        (None, "Item 7", "missing"),
    ],
)
def test_a_title_loses_its_markup_and_says_so(text, title, code):
    assert clean_title("7", text) == (title, code)


def test_a_year_is_appended_once():
    assert clean_title("7", "Toy Story", "1995") == ("Toy Story (1995)", None)
    assert clean_title("7", "Toy Story (1995)", "1995") == ("Toy Story (1995)", None)
    assert clean_title("7", "Toy Story", "") == ("Toy Story", None)
    assert clean_title("7", "Toy Story", "V") == ("Toy Story", None)


@pytest.mark.parametrize(
    ("filed", "spoken"),
    [
        ("Usual Suspects, The (1995)", "The Usual Suspects (1995)"),
        ("Misérables, Les", "Les Misérables"),
        ("Enfer, L' (1994)", "L'Enfer (1994)"),
        ("Vie, La (Life, The)", "La Vie (The Life)"),
        ("Good, The Bad and The Ugly, The", "The Good, The Bad and The Ugly"),
    ],
)
def test_an_article_filed_last_is_said_first(filed, spoken):
    assert clean_title("7", filed, article_last=True) == (spoken, "article_moved")
    assert clean_title("7", filed) == (filed, None)


@given(st.text())
def test_clean_text_has_even_spaces_and_cleaning_it_again_changes_no_plain_text(text):
    once, held_markup = clean_text(text)
    assert once == " ".join(once.split())
    if not held_markup and "<" not in once and "&" not in once:
        assert clean_text(once) == (once, False)
