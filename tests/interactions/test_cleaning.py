"""Cleaning loses nothing, says why a row is no event, and does not hang on the order of rows."""

from hashlib import md5

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curec_assets.interactions.cleaning import QUARANTINE_CODES, clean_interactions
from curec_assets.interactions.config import DataSetConfig
from curec_assets.lake.schemas import CLEANED_INTERACTIONS
from tests.interactions.interaction_rows import catalogue, implicit_data, rated_files, raw_rows

KNOWN = catalogue("1", "2")
ids = st.one_of(st.none(), st.sampled_from(["", " ", "1", " 1", "2", "3"]), st.text(max_size=3))
ratings = st.one_of(st.none(), st.sampled_from(["1", "4", "4.0", " 5", "0", "6", "nan", "-inf", "x", ""]))
rows = st.lists(st.tuples(ids, ids, ratings, st.integers(0, 3)), max_size=25)


@settings(max_examples=40)
@given(rows=rows, implicit=st.booleans())
def test_raw_rows_are_good_quarantined_or_merged_whatever_they_hold(rows, implicit):
    data_set = implicit_data() if implicit else rated_files()
    cleaned = clean_interactions(raw_rows(rows), KNOWN, data_set)
    assert cleaned.table.schema == CLEANED_INTERACTIONS
    assert cleaned.counts["raw"] == len(rows)
    assert cleaned.counts["quarantined"] == sum(cleaned.counts[code] for code in QUARANTINE_CODES)
    for row in cleaned.table.to_pylist():
        good = row["quarantine_code"] is None
        assert good == (row["label"] in (0, 1)) == (row["quarantine_detail"] is None)
        if good:
            assert row["user_id"]
            assert row["item_id"] in ("1", "2")
            assert row["label"] == (1 if implicit else int(row["rating"] >= 4))


@settings(max_examples=25)
@given(rows=rows, seed=st.randoms())
def test_the_order_of_raw_rows_does_not_matter(rows, seed):
    raw = raw_rows(rows)
    order = list(range(len(rows)))
    seed.shuffle(order)
    shuffled = raw.take(pa.array(order, pa.int64()))
    assert clean_interactions(shuffled, KNOWN, rated_files()) == clean_interactions(raw, KNOWN, rated_files())


@settings(max_examples=25)
@given(rows=rows)
def test_good_rows_have_one_event_per_user_item_and_time(rows):
    table = clean_interactions(raw_rows(rows), KNOWN, rated_files()).table
    good = [row for row in table.to_pylist() if row["quarantine_code"] is None]
    assert len({(row["user_id"], row["item_id"], row["ts"]) for row in good}) == len(good)


@pytest.mark.parametrize(
    ("row", "code", "detail"),
    [
        (("", "1", "4", 0), "missing_user", "the user id is empty"),
        ((None, "1", "4", 0), "missing_user", "the user id is empty"),
        (("a", "  ", "4", 0), "missing_item", "the item id is empty"),
        (("a", "9", "4", 0), "unknown_item", "the items file has no item 9"),
        (("a", "1", "four", 0), "unparseable_rating", 'the rating is "four"'),
        (("a", "1", None, 0), "unparseable_rating", "the rating is empty"),
        (("a", "1", "nan", 0), "unparseable_rating", 'the rating is "nan"'),
        (("a", "1", "5.5", 0), "rating_off_scale", "the rating 5.5 lies outside 1.0 to 5.0"),
        (("a", "1", "0", 0), "rating_off_scale", "the rating 0.0 lies outside 1.0 to 5.0"),
    ],
)
def test_a_row_that_is_no_event_is_set_aside_with_its_reason(row, code, detail):
    cleaned = clean_interactions(raw_rows([row]), KNOWN, rated_files())
    assert cleaned.table["quarantine_code"].to_pylist() == [code]
    assert cleaned.table["quarantine_detail"].to_pylist() == [detail]
    assert cleaned.counts[code] == cleaned.counts["quarantined"] == 1


def test_a_second_rating_of_the_same_moment_is_set_aside_and_a_repeated_one_merged():
    rows = [("a", "1", "4", 5), ("a", "1", "4.0", 5), ("a", "1", "2", 5), ("a", "1", "2", 6), (" a", "1 ", "4", 5)]
    cleaned = clean_interactions(raw_rows(rows), KNOWN, rated_files())
    assert [
        (row["source_row"], row["rating"], row["label"], row["merged_duplicates"], row["quarantine_code"])
        for row in cleaned.table.to_pylist()
    ] == [(1, 4.0, 1, 2, None), (3, 2.0, None, 0, "conflicting_rating"), (4, 2.0, 0, 0, None)]
    assert cleaned.counts["merged"] == 2


def test_a_rating_off_the_scale_is_no_conflict_and_never_the_kept_one():
    cleaned = clean_interactions(raw_rows([("a", "1", "9", 5), ("a", "1", "3", 5)]), KNOWN, rated_files())
    assert cleaned.table["quarantine_code"].to_pylist() == ["rating_off_scale", None]


def test_implicit_events_are_likes_without_a_rating():
    cleaned = clean_interactions(raw_rows([("a", "1", "2", 5), ("a", "1", None, 5)]), KNOWN, implicit_data())
    [row] = cleaned.table.to_pylist()
    assert (row["label"], row["rating"], row["merged_duplicates"]) == (1, None, 1)


def test_event_ids_are_the_md5_of_user_item_and_microseconds():
    cleaned = clean_interactions(raw_rows([("a", "1", "4", 5)]), KNOWN, rated_files())
    assert cleaned.table["event_id"].to_pylist() == [md5(b"a|1|5000000").hexdigest()[:16]]


@pytest.mark.parametrize(
    ("rule", "complaint"),
    [
        ({}, "needs like_at and rating_scale"),
        ({"like_at": 4}, "needs like_at and rating_scale"),
        ({"like_at": 6, "rating_scale": (1, 5)}, "like_at must lie above 1 and at most at 5"),
        ({"implicit": True, "like_at": 4}, "implicit data has no ratings"),
    ],
)
def test_an_impossible_label_rule_is_refused(rule, complaint):
    with pytest.raises(ValueError, match=complaint):
        DataSetConfig(name="x", source={"kind": "movielens_100k"}, licence="none", **rule)


def test_a_rated_data_set_must_name_its_rating_column():
    source = {"kind": "files", "interactions": "a.csv", "items": "b.csv"}
    with pytest.raises(ValueError, match=r"needs source\.interaction_columns\.rating"):
        DataSetConfig(name="x", source=source, licence="none", like_at=4, rating_scale=(1, 5))
