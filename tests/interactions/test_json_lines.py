"""Lines of JSON and of Python literals are read alike, and what is neither is no object."""

import json
from functools import cache

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curec_assets.lake.sql import load_sql

# Python 2 wrote these files: every character beyond ASCII is an escape, none beyond \uffff.
text = st.text(st.characters(max_codepoint=0xD7FF), max_size=12)
character = st.characters(blacklist_categories=["Cs"], blacklist_characters="\x00")
value = st.recursive(
    st.one_of(text, st.none(), st.booleans(), st.integers(-(10**9), 10**9)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(text, inner, max_size=3)),
    max_leaves=6,
)


@cache
def connection() -> duckdb.DuckDBPyConnection:
    made = duckdb.connect()
    made.execute(load_sql("interactions/json_macros.sql"))
    return made


def read(lines: list[str]) -> list[str | None]:
    rows = connection().execute("SELECT json_record(unnest($lines))", {"lines": lines}).fetchall()
    return [row for (row,) in rows]


@settings(max_examples=100)
@given(st.lists(st.dictionaries(text, value, max_size=4), min_size=1, max_size=20))
def test_a_python_literal_is_read_as_the_object_that_it_was(objects):
    assert [json.loads(record) for record in read([ascii(one) for one in objects])] == objects


@settings(max_examples=50)
@given(st.lists(st.dictionaries(text, value, max_size=4), min_size=1, max_size=20))
def test_json_is_taken_as_it_stands(objects):
    lines = [json.dumps(one, ensure_ascii=False) for one in objects]
    assert read(lines) == lines


@settings(max_examples=100)
@given(
    st.lists(st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\x00"), max_size=30), min_size=1)
)
def test_any_line_is_an_object_or_none_and_never_an_error(lines):
    query = "SELECT json_fields(line, ['/a', '/b']) FROM (SELECT unnest($lines) AS line)"
    found = connection().execute(query, {"lines": lines}).fetchall()
    assert len(found) == len(lines)


@pytest.mark.parametrize(
    "line", ["{'a': 1'}", "{'a': 'b'c'}", "{'a': '\\0'}", "{'a': '\\U0001f600'}", "{'a': 'b", "None"]
)
def test_what_is_no_literal_that_json_can_hold_is_no_object(line):
    assert connection().execute("SELECT json_fields($line, ['/a'])", {"line": line}).fetchall() == [(None,)]
