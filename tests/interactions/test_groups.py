"""Groups and folds are the same in Python and in SQL."""

from collections import Counter

import duckdb
from hypothesis import given
from hypothesis import strategies as st

from curec_assets.interactions.groups import subject_fold, subject_group
from curec_assets.lake.sql import load_sql

CONNECTION = duckdb.connect()
CONNECTION.execute(load_sql("macros/subject_groups.sql"))


@given(st.text(), st.integers(1, 20))
def test_python_and_sql_put_a_subject_in_the_same_group_and_fold(subject_id, folds):
    query = "SELECT subject_group($id), subject_fold($id, $folds)"
    found = CONNECTION.execute(query, {"id": subject_id, "folds": folds}).fetchall()
    assert found == [(subject_group(subject_id), subject_fold(subject_id, folds))]


def test_half_of_the_subjects_are_evidence_and_a_quarter_each_reward_and_acceptance():
    groups = Counter(subject_group(str(n)) for n in range(10_000))
    assert abs(groups["evidence"] - 5000) < 200
    assert abs(groups["reward"] - 2500) < 200
    assert abs(groups["acceptance"] - 2500) < 200
