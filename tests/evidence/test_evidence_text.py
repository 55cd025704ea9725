"""Evidence reads like English and names no more than a reader can hold."""

import re

from hypothesis import example, given
from hypothesis import strategies as st

from curec_assets.evidence.build import ITEM_KINDS, USER_KINDS
from curec_assets.evidence.text import verbalise
from curec_assets.language_model.prompts import explain_prompt


def row(side, facts=(), title=None, categories=(), n_events=10, n_likes=6):
    found = [{"kind": kind, "text": text, "weight": weight} for kind, text, weight in facts]
    return {
        "side": side,
        "title": title,
        "categories": list(categories),
        "n_events": n_events,
        "n_likes": n_likes,
        "facts": found,
    }


def test_an_item_with_every_fact_reads_as_two_sentences_that_leave_out_what_its_dislikers_like():
    facts = [
        ("co_liked", "Aladdin (1992)", 2.1),
        ("co_liked", "Babe (1995)", 1.9),
        ("co_liked", "Hercules (1997)", 1.8),
        ("liker_category", "Musical", 1.6),
        ("dislikers_liked", "Heat (1995)", 1.4),
        ("trend", "rising", 2.0),
    ]
    assert verbalise(row("item", facts, "Toy Story (1995)")) == (
        "People who like Toy Story (1995) also like Aladdin (1992) and Babe (1995), and lean towards Musical. "
        "More people are finding it of late."
    )


def test_an_item_without_facts_is_told_from_its_metadata():
    bare = row("item", title="Stag (1997)", categories=["Film", "Action", "War", "Drama"], n_likes=1)
    assert verbalise(bare) == (
        "Stag (1997) is for those who enjoy Action, War and Drama; few people have liked it so far."
    )
    assert verbalise(row("item", title="Stag (1997)", n_likes=0)) == (
        "Stag (1997) is new to most; few people have liked it so far."
    )


def test_a_user_with_every_fact_reads_as_two_sentences():
    facts = [
        ("recent_like", "Aladdin (1992)", 0.2),
        ("recent_dislike", "Heat (1995)", -0.4),
        ("liked_category", "Animation", 1.8),
        ("parts_from_crowd", "Fargo (1996)", -0.8),
        ("taste_moved", "Musical", 0.3),
    ]
    assert verbalise(row("user", facts)) == (
        "This person likes Animation more than most people do, and recently enjoyed Aladdin (1992). "
        "Unlike most, they did not care for Fargo (1996), and lately they turn more to Musical."
    )


def test_a_user_of_dislikes_alone_and_one_of_nothing_have_a_sentence_too():
    assert verbalise(row("user", [("recent_dislike", "Heat (1995)", -0.5)])) == (
        "This person did not enjoy Heat (1995)."
    )
    assert verbalise(row("user")) == "This person has yet to show what they like."


names = st.text(st.characters(categories=["L", "Nd", "Zs", "Po"]), min_size=1, max_size=120).map(
    lambda name: " ".join(name.split()) or "x"
)


facts = st.lists(
    st.tuples(
        st.sampled_from([kind for kind in (*ITEM_KINDS, *USER_KINDS) if kind != "trend"]), names, st.floats(-1, 1)
    ),
    max_size=12,
)


@given(side=st.sampled_from(["item", "user"]), facts=facts, title=names, categories=st.lists(names, max_size=5))
def test_whatever_the_facts_the_text_is_one_line_that_ends_a_sentence_and_names_at_most_three_titles(
    side, facts, title, categories
):
    text = verbalise(row(side, facts, title, categories))
    assert text == text.strip()
    assert "\n" not in text
    assert text[-1] in ".!?"
    marked = verbalise(row(side, [(kind, f"T{kind}{n}T", w) for n, (kind, _, w) in enumerate(facts)], "own", []))
    assert "Tdislikers_liked" not in marked
    of_titles = ("co_liked", "recent_like", "recent_dislike", "parts_from_crowd")
    of_categories = ("liker_category", "liked_category", "taste_moved")
    assert sum(marked.count(f"T{kind}") for kind in of_titles) <= 3
    assert sum(marked.count(f"T{kind}") for kind in of_categories) <= 3


words = st.text("abcdefghij", min_size=4, max_size=9).map(str.title)


def facts_of(kinds):
    """Up to four facts of each kind, in the order of the kinds."""
    of_kind = [st.lists(st.tuples(st.just(kind), words, st.sampled_from([-0.5, 0.5])), max_size=4) for kind in kinds]
    return st.tuples(*of_kind).map(lambda found: [fact for facts in found for fact in facts])


@given(
    st.one_of(st.tuples(st.just("item"), facts_of(ITEM_KINDS)), st.tuples(st.just("user"), facts_of(USER_KINDS))),
    st.lists(words, max_size=7),
)
@example(("item", []), ["Books", "Fiction", "Crime", "Noir", "Bleak"])
def test_a_prompt_tells_all_that_its_evidence_text_names(subject, categories):
    side, facts = subject
    told = row(side, facts, title="Brazil (1985)", categories=categories if side == "item" else ())
    prompt, said = explain_prompt(told)[-1][1], verbalise(told)
    for name in {*(text for _, text, _ in facts), *categories}:
        assert name in prompt or not re.search(rf"\b{name}\b", said), (name, prompt, said)
