"""Groups and folds part the subjects, the same way for ever; groups are the same in Python and in SQL."""

from collections import Counter

import duckdb
from hypothesis import given
from hypothesis import strategies as st

from curec_assets.interactions.groups import subject_fold, subject_group
from curec_assets.lake.sql import load_sql

CONNECTION = duckdb.connect()
CONNECTION.execute(load_sql("macros/subject_groups.sql"))
PINNED = {
    "1": ("reward", 0),
    "405": ("reward", 1),
    "196": ("evidence", 2),
    "Zoë": ("acceptance", 0),
    "": ("acceptance", 1),
}


@given(st.text())
def test_python_and_sql_put_a_subject_in_the_same_group(subject_id):
    found = CONNECTION.execute("SELECT subject_group($id)", {"id": subject_id}).fetchall()
    assert found == [(subject_group(subject_id),)]


def test_half_of_the_subjects_are_evidence_and_a_quarter_each_reward_and_acceptance():
    groups = Counter(subject_group(str(n)) for n in range(10_000))
    assert abs(groups["evidence"] - 5000) < 200
    assert abs(groups["reward"] - 2500) < 200
    assert abs(groups["acceptance"] - 2500) < 200


def test_groups_and_folds_never_move_since_what_was_learned_on_one_must_not_be_judged_on_it_later():
    found = {name: (subject_group(name), subject_fold(name, 3)) for name in ("1", "405", "196", "Zoë", "")}
    assert found == PINNED


def test_a_fold_says_nothing_of_the_group():
    counts = Counter((subject_group(str(n)), subject_fold(str(n), 2)) for n in range(10_000))
    for group in ("evidence", "reward", "acceptance"):
        share = counts[group, 0] / (counts[group, 0] + counts[group, 1])
        assert abs(share - 0.5) < 0.05
