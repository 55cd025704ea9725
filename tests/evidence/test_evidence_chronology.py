"""Evidence of a window is a function of what lies before its end."""

from datetime import timedelta

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from curec_assets.evidence.build import build_evidence
from curec_assets.evidence.config import EvidenceConfig
from curec_assets.lake.hashing import hash_table
from tests.evidence.evidence_rows import END, START, events, ids, items

PEOPLE = [*ids("u", "evidence", 5), *ids("u", "reward", 2)]
THINGS = [*ids("i", "evidence", 5), *ids("i", "acceptance", 2)]
LOOSE = EvidenceConfig(min_support=1, lift_prior=0.5, category_prior=0.5, crowd_min_people=1, trend_min_events=1)
DAYS = (END - START) / timedelta(days=1)


def history(first_day: float, last_day: float):
    event = st.tuples(
        st.sampled_from(PEOPLE), st.sampled_from(THINGS), st.floats(first_day, last_day), st.integers(0, 1)
    )
    return st.lists(event, max_size=40, unique_by=lambda row: row[:3])


@settings(max_examples=12)
@given(rows=history(-40, DAYS - 0.001), poison=history(DAYS, DAYS + 40))
def test_events_and_items_from_the_windows_end_on_change_nothing(rows, poison):
    known = items(THINGS)
    later = [(user, "garbage", day, label) for user, _, day, label in poison] + poison
    poisoned_items = pa.concat_tables([known, items(["garbage", "late"], ["Garbage"], days=DAYS)])
    clean = build_evidence(events(rows), known, START, END, LOOSE)
    poisoned = build_evidence(events([*rows, *later]), poisoned_items, START, END, LOOSE)
    assert poisoned == clean


@settings(max_examples=12)
@given(rows=history(-40, DAYS - 0.001), seed=st.randoms())
def test_the_order_of_rows_changes_nothing(rows, seed):
    shuffled = list(rows)
    seed.shuffle(shuffled)
    first = build_evidence(events(rows), items(THINGS), START, END, LOOSE)
    second = build_evidence(events(shuffled), items(reversed(THINGS)), START, END, LOOSE)
    assert hash_table(second) == hash_table(first)


def test_an_event_at_the_start_is_in_the_window_and_one_at_the_end_is_not():
    table = build_evidence(
        events([(PEOPLE[0], THINGS[0], 0, 1), (PEOPLE[0], THINGS[1], DAYS, 1)]), items(THINGS), START, END, LOOSE
    )
    assert table["subject_id"].to_pylist() == [THINGS[0], PEOPLE[0]]
    assert table["as_of"].to_pylist() == [END, END]


def test_quarantined_rows_play_no_part():
    good = events([(PEOPLE[0], THINGS[0], 1, 1)])
    bad = events([(PEOPLE[1], THINGS[0], 1, 0)])
    bad = bad.set_column(bad.schema.get_field_index("quarantine_code"), "quarantine_code", pa.array(["off_scale"]))
    both = pa.concat_tables([good, bad.cast(good.schema)])
    assert build_evidence(both, items(THINGS), START, END, LOOSE) == build_evidence(
        good, items(THINGS), START, END, LOOSE
    )


def test_the_hash_moves_with_what_a_prompt_may_use_and_not_with_exposure():
    user, judge = PEOPLE[0], PEOPLE[-1]
    rows = [(user, THINGS[0], 1, 1)]
    [once, more, other] = [
        build_evidence(events(found), items(THINGS), START, END, LOOSE).to_pylist()[0]
        for found in (rows, [*rows, (judge, THINGS[0], 1, 1)], [(user, THINGS[0], 1, 0)])
    ]
    assert more["events_in_window"] > once["events_in_window"]
    assert more["evidence_hash"] == once["evidence_hash"] != other["evidence_hash"]
