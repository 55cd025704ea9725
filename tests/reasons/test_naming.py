from curec_assets.reasons.naming import names_evidence, names_told
from tests.reasons.reason_world import evidence_row

ALIEN = evidence_row("a")
"""Alien (1979), an Action film; liked with Heat (1995) by people who like Drama."""


def test_titles_categories_and_facts_are_counted_without_years_in_any_case() -> None:
    assert names_told("Fans of heat and DRAMA like Alien.", ALIEN) == 3
    assert names_told("Fans of nothing.", ALIEN) == 0


def test_a_category_or_a_fact_is_evidence_named() -> None:
    assert names_evidence("People who like Heat like it.", ALIEN, 1)
    assert names_evidence("It is loved for its action.", ALIEN, 1)
    assert not names_evidence("It is loved for its action.", ALIEN, 2)


def test_the_subject_itself_is_no_evidence() -> None:
    assert not names_evidence("Alien is a beloved classic of its time.", ALIEN, 1)


def test_no_more_is_asked_than_there_is_to_name() -> None:
    bare = ALIEN | {"categories": None, "facts": []}
    assert names_evidence("People like it for what it is.", bare, 1)
    assert names_evidence("It is loved for its action.", ALIEN | {"facts": []}, 2)


def test_where_no_name_is_asked_for_any_sentence_will_do() -> None:
    assert names_evidence("People like it for what it is.", ALIEN, 0)


def test_what_lies_within_the_subjects_own_name_is_not_named_by_naming_it() -> None:
    third = ALIEN | {
        "title": "Alien 3 (1992)",
        "categories": [],
        "facts": [{"kind": "co_liked", "text": "Alien (1979)"}],
    }
    assert not names_evidence("Alien 3 is a beloved classic.", third, 1)
    assert names_evidence("People who like Alien 3 also like Alien.", third, 1)
    first = ALIEN | {"categories": [], "facts": [{"kind": "co_liked", "text": "Aliens (1986)"}]}
    assert names_evidence("People who like Alien also like Aliens.", first, 1)
    assert not names_evidence("People who like Alien like it.", first, 1)


def test_a_long_title_is_named_by_its_beginning() -> None:
    long = "Shea Moisture Shea Butter Leave in Conditioner 8oz with Argan Oil and Sea Kelp"
    shop = ALIEN | {"categories": [], "facts": [{"kind": "co_liked", "text": long}]}
    assert names_evidence("People also like Shea Moisture Shea Butter Leave in Conditioner.", shop, 1)
    assert not names_evidence("People also like Shea Moisture.", shop, 1)
