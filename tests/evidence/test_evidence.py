"""Evidence says what the rows say, of the right subjects, from the right people."""

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curec_assets.evidence.build import FACT_ORDER, build_evidence
from curec_assets.evidence.config import EvidenceConfig
from curec_assets.interactions.groups import subject_group
from curec_assets.lake.schemas import EVIDENCE
from tests.evidence.evidence_rows import END, START, events, ids, items, texts

CONFIG = EvidenceConfig(lift_prior=1, category_prior=1)
PEOPLE = ids("u", "evidence", 12)
JUDGES = ids("u", "reward", 4)
SEEN = ids("i", "evidence", 12)
HIDDEN = ids("i", "acceptance", 4)


def evidence(rows, catalogue=None, config=CONFIG):
    """Evidence rows by (side, subject)."""
    known = items([*SEEN, *HIDDEN]) if catalogue is None else catalogue
    table = build_evidence(events(rows), known, START, END, config)
    assert table.schema == EVIDENCE
    return {(row["side"], row["subject_id"]): row for row in table.to_pylist()}


def test_likers_of_an_item_are_described_by_what_else_they_like_and_its_dislikers_by_theirs():
    a, b, c, d = SEEN[:4]
    rows = [(user, item, 1, 1) for user in PEOPLE[:6] for item in (a, b)]
    rows += [(user, c, 1, 1) for user in PEOPLE[6:]] + [(user, a, 2, 0) for user in PEOPLE[6:]]
    rows += [(user, d, 1, 1) for user in PEOPLE]
    found = evidence(rows)["item", a]
    assert texts(found, "co_liked") == [b.upper()]
    assert texts(found, "dislikers_liked") == [c.upper()]
    assert [fact["weight"] for fact in found["facts"][:1]] == [pytest.approx((6 + 1) / (6 * 6 / 12 + 1))]


def test_two_people_are_not_enough_to_say_that_titles_go_together():
    a, b = SEEN[:2]
    rows = [(user, item, 1, 1) for user in PEOPLE[:2] for item in (a, b)] + [(user, a, 1, 1) for user in PEOPLE[6:9]]
    assert texts(evidence(rows)["item", a], "co_liked") == []


def test_an_item_does_not_speak_for_its_own_categories():
    horror, other, drama = SEEN[:3], SEEN[3:6], SEEN[6:9]
    catalogue = pa.concat_tables([items(horror, ["Horror"]), items(other, ["War"]), items(drama, ["Drama"])])
    rows = [(user, item, 1, 1) for user in PEOPLE[:6] for item in (horror[0], *other)]
    rows += [(user, item, 1, 1) for user in PEOPLE[6:] for item in drama]
    assert texts(evidence(rows, catalogue)["item", horror[0]], "liker_category") == ["War"]


def test_a_trend_compares_shares_of_this_window_and_the_time_before_it():
    a, b, c = SEEN[:3]
    rows = [(user, a, 1, 1) for user in PEOPLE[:8]] + [(PEOPLE[9], a, -3, 1)]
    rows += [(user, b, -3, 1) for user in PEOPLE[:8]] + [(PEOPLE[9], b, 1, 1)]
    rows += [(user, c, day, 1) for day in (-3, 1) for user in PEOPLE[:4]]
    found = evidence(rows)
    assert [texts(found["item", item], "trend") for item in (a, b, c)] == [["rising"], ["falling"], ["steady"]]


def test_no_trend_is_stated_where_nothing_came_before():
    found = evidence([(user, SEEN[0], 1, 1) for user in PEOPLE])
    assert texts(found["item", SEEN[0]], "trend") == []


def test_a_user_is_described_by_their_latest_verdicts_latest_first():
    rows = [(PEOPLE[0], item, day, label) for day, (item, label) in enumerate(zip(SEEN[:8], [1, 0] * 4, strict=True))]
    found = evidence(rows)["user", PEOPLE[0]]
    assert texts(found, "recent_like") == [item.upper() for item in (SEEN[6], SEEN[4], SEEN[2])]
    assert texts(found, "recent_dislike") == [item.upper() for item in (SEEN[7], SEEN[5], SEEN[3])]


def test_the_last_verdict_on_an_item_counts():
    found = evidence([(PEOPLE[0], SEEN[0], 1, 1), (PEOPLE[0], SEEN[0], 2, 0)])["user", PEOPLE[0]]
    assert (texts(found, "recent_like"), texts(found, "recent_dislike")) == ([], [SEEN[0].upper()])


def test_a_user_parts_from_the_crowd_on_what_the_others_judge_otherwise():
    rows = [(user, SEEN[0], 1, 1) for user in PEOPLE[1:]] + [(PEOPLE[0], SEEN[0], 1, 0)]
    rows += [(user, SEEN[1], 1, 1) for user in PEOPLE]
    found = evidence(rows)["user", PEOPLE[0]]
    assert texts(found, "parts_from_crowd") == [SEEN[0].upper()]
    assert all(fact["weight"] < 0 for fact in found["facts"] if fact["kind"] == "parts_from_crowd")


def test_categories_above_the_crowds_share_and_those_that_moved_are_named():
    catalogue = pa.concat_tables([items(SEEN[:6], ["War"]), items(SEEN[6:], ["Comedy"])])
    rows = [(user, item, -5, 1) for user in PEOPLE[1:] for item in SEEN]
    rows += [(PEOPLE[0], item, -5, 1) for item in SEEN[:5]] + [(PEOPLE[0], item, 1, 1) for item in SEEN[6:10]]
    found = evidence(rows, catalogue)["user", PEOPLE[0]]
    assert texts(found, "taste_moved") == ["Comedy", "War"]
    rows = [(user, item, -5, 1) for user in PEOPLE[1:] for item in SEEN] + [(PEOPLE[0], i, 1, 1) for i in SEEN[:6]]
    assert texts(evidence(rows, catalogue)["user", PEOPLE[0]], "liked_category") == ["War"]


def test_only_subjects_touched_in_the_window_have_a_row():
    rows = [(PEOPLE[0], SEEN[0], -1, 1), (PEOPLE[1], SEEN[1], 0, 1), (JUDGES[0], HIDDEN[0], 1, 0)]
    assert sorted(evidence(rows)) == sorted(
        [("item", SEEN[1]), ("item", HIDDEN[0]), ("user", PEOPLE[1]), ("user", JUDGES[0])]
    )


def test_exposure_counts_everyone_and_rates_count_the_evidence_group_alone():
    rows = [(user, SEEN[0], day, 1) for user in (*PEOPLE[:2], *JUDGES[:3]) for day in (-3, 1)]
    row = evidence(rows)["item", SEEN[0]]
    assert (row["n_events"], row["n_likes"], row["events_in_window"], row["like_rate"]) == (4, 4, 5, 1.0)
    unheard = evidence([(JUDGES[0], SEEN[0], 1, 1)])["item", SEEN[0]]
    assert (unheard["n_events"], unheard["like_rate"], unheard["events_in_window"]) == (0, None, 1)


def test_implicit_data_has_no_dislikes_and_no_facts_about_them():
    found = evidence([(user, item, 1, 1) for user in PEOPLE for item in SEEN])
    kinds = {fact["kind"] for row in found.values() for fact in row["facts"]}
    assert kinds.isdisjoint({"dislikers_liked", "recent_dislike", "parts_from_crowd"})


def test_two_items_of_one_title_are_named_once_and_never_beside_themselves():
    catalogue = items(SEEN)
    same = catalogue.set_column(1, "title", pa.array(["TWIN"] * 3 + [name.upper() for name in SEEN[3:]]))
    rows = [(user, item, 1, 1) for user in PEOPLE[:6] for item in SEEN[:5]] + [(PEOPLE[9], SEEN[9], 1, 1)]
    rows += [(user, SEEN[8], 1, 1) for user in PEOPLE[6:]]
    found = evidence(rows, same)
    assert "TWIN" not in texts(found["item", SEEN[0]], "co_liked")
    assert texts(found["item", SEEN[3]], "co_liked").count("TWIN") == 1


def test_facts_come_in_the_order_of_kinds_and_no_more_than_asked_for():
    config = EvidenceConfig(facts_per_kind=2, lift_prior=0.5, min_support=1)
    rows = [(user, item, 1, (n * m) % 3 > 0) for n, user in enumerate(PEOPLE) for m, item in enumerate(SEEN)]
    for row in evidence([(u, i, d, int(y)) for u, i, d, y in rows], config=config).values():
        places = [FACT_ORDER[fact["kind"]] for fact in row["facts"]]
        assert places == sorted(places)
        assert all(places.count(place) <= 2 for place in places)


histories = st.lists(
    st.tuples(
        st.sampled_from([*PEOPLE[:6], *JUDGES]),
        st.sampled_from([*SEEN[:6], *HIDDEN]),
        st.integers(-40, 27),
        st.integers(0, 1),
    ),
    min_size=5,
    max_size=60,
    unique_by=lambda event: event[:3],
)
LOOSE = EvidenceConfig(min_support=1, lift_prior=0.5, category_prior=0.5, crowd_min_people=1, trend_min_events=1)


@settings(max_examples=12)
@given(rows=histories)
def test_an_items_row_does_not_depend_on_the_verdicts_of_people_outside_the_evidence_group(rows):
    flipped = [(u, i, d, y if subject_group(u) == "evidence" else 1 - y) for u, i, d, y in rows]
    before, after = evidence(rows, config=LOOSE), evidence(flipped, config=LOOSE)
    assert {k: v for k, v in before.items() if k[0] == "item"} == {k: v for k, v in after.items() if k[0] == "item"}


@settings(max_examples=12)
@given(rows=histories)
def test_a_users_row_does_not_depend_on_verdicts_on_items_outside_the_evidence_group(rows):
    flipped = [(u, i, d, y if subject_group(i) == "evidence" else 1 - y) for u, i, d, y in rows]
    before, after = evidence(rows, config=LOOSE), evidence(flipped, config=LOOSE)
    assert {k: v for k, v in before.items() if k[0] == "user"} == {k: v for k, v in after.items() if k[0] == "user"}
