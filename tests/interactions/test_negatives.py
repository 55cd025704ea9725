"""Sampled negatives are as of their event: what comes later never changes them."""

from hashlib import md5

import pyarrow as pa
import pyarrow.compute as pc
from hypothesis import given, settings
from hypothesis import strategies as st

from curec_assets.interactions.cleaning import clean_interactions
from curec_assets.interactions.negatives import with_sampled_negatives
from curec_assets.lake.schemas import CLEANED_INTERACTIONS
from tests.interactions.interaction_rows import at, catalogue, implicit_data, raw_rows

ITEM_IDS = "abcdefgh"
events = st.lists(st.tuples(st.sampled_from("xyz"), st.sampled_from(ITEM_IDS), st.integers(0, 8)), max_size=30)


@settings(max_examples=80)
@given(rows=events, per_positive=st.integers(1, 3), seed=st.integers(-5, 2**70))
def test_a_negative_was_there_to_be_had_and_not_had_yet(rows, per_positive, seed):
    cleaned = _cleaned(rows)
    sampled = with_sampled_negatives(cleaned, per_positive, seed)
    assert sampled.schema == CLEANED_INTERACTIONS
    good = cleaned.to_pylist()
    negatives = [row for row in sampled.to_pylist() if row["label"] == 0]
    assert sampled.num_rows == cleaned.num_rows + len(negatives) <= cleaned.num_rows * (1 + per_positive)
    for row in negatives:
        assert any(e["item_id"] == row["item_id"] and e["ts"] <= row["ts"] for e in good)
        assert any(e["user_id"] == row["user_id"] and e["ts"] == row["ts"] for e in good)
        had = [e for e in good if (e["user_id"], e["item_id"]) == (row["user_id"], row["item_id"])]
        assert all(e["ts"] > row["ts"] for e in had)
    assert len({row["event_id"] for row in sampled.to_pylist()}) == sampled.num_rows


@settings(max_examples=60)
@given(rows=events, poison=events, cut=st.integers(1, 8))
def test_rows_from_a_moment_on_never_change_the_negatives_before_it(rows, poison, cut):
    earlier = [row for row in rows if row[2] < cut]
    later = [(user, item, time + cut) for user, item, time in poison]
    alone = with_sampled_negatives(_cleaned(earlier), 2, seed=3)
    among = with_sampled_negatives(_cleaned(earlier + later), 2, seed=3)
    kept = among.filter(pc.less(among["ts"].cast(pa.int64()), cut * 1_000_000))
    columns = ["event_id", "user_id", "item_id", "label"]
    assert kept.select(columns).to_pylist() == alone.select(columns).to_pylist()


def test_row_order_does_not_matter_and_the_seed_does():
    cleaned = _cleaned([("x" if n % 2 else "y", item, n) for n, item in enumerate(ITEM_IDS * 5)])
    first = with_sampled_negatives(cleaned, 1, seed=1)
    assert with_sampled_negatives(cleaned.take(list(reversed(range(cleaned.num_rows)))), 1, seed=1) == first
    assert with_sampled_negatives(cleaned, 1, seed=2) != first


def test_quarantined_rows_pass_through_and_are_no_history():
    raw = raw_rows([("x", "a", None, 1), ("y", "b", None, 1), ("", "c", None, 1), ("x", "c", None, 2)])
    cleaned = clean_interactions(raw, catalogue("a", "b"), implicit_data()).table
    sampled = with_sampled_negatives(cleaned, 1, seed=0).to_pylist()
    assert sum(row["quarantine_code"] is not None for row in sampled) == 2
    assert {(row["user_id"], row["item_id"]) for row in sampled if row["label"] == 0} == {("x", "b"), ("y", "a")}


def test_draws_are_about_uniform():
    rows = [("crowd", item, 0) for item in ITEM_IDS] + [(f"user {n}", ITEM_IDS[n % 8], 1) for n in range(1600)]
    sampled = with_sampled_negatives(_cleaned(rows), 1, seed=0)
    drawn = sampled.filter(pc.equal(sampled["label"], 0))["item_id"].to_pylist()
    assert all(150 < drawn.count(item) < 250 for item in ITEM_IDS)


def _cleaned(rows):
    """Good implicit events from (user, item, seconds), in canonical order; repeated ones merged."""
    found = sorted({(time, user, item) for user, item, time in rows})
    return pa.Table.from_pylist(
        [
            {
                "event_id": md5(f"{user}|{item}|{time * 1_000_000}".encode()).hexdigest()[:16],
                "user_id": user,
                "item_id": item,
                "ts": at(time),
                "label": 1,
                "merged_duplicates": 0,
                "source_row": number,
            }
            for number, (time, user, item) in enumerate(found)
        ],
        schema=CLEANED_INTERACTIONS,
    )
