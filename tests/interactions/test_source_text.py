"""Files of any encoding and line end are read whole."""

from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.interactions.interaction_rows import at, csv_source
from tests.interactions.source_conformance import DAWN, DUSK

HEADER = b"user_id,item_id,rating,timestamp\n"
ITEM_HEADER = b"item_id,title,categories\n"

junk_line = st.binary(max_size=30).map(lambda line: line.replace(b"\n", b"").replace(b"\r", b""))
good_line = st.tuples(st.sampled_from("abc"), st.sampled_from("12"), st.integers(-5, 3_000_000_000)).map(
    lambda row: f"{row[0]},{row[1]},3,{row[2]}".encode()
)
lines = st.lists(st.one_of(junk_line, good_line), max_size=12)
line_end = st.sampled_from([b"\n", b"\r\n", b"\r"])


@settings(max_examples=30)
@given(lines=lines, ends=st.lists(line_end, min_size=12, max_size=12), boundary=st.integers(0, 2_000_000_000))
def test_whatever_bytes_a_file_holds_each_line_is_in_one_window_or_rejected(lines, ends, boundary):
    data = HEADER + b"".join(line + end for line, end in zip(lines, ends, strict=False))
    with TemporaryDirectory() as folder:
        source = csv_source(Path(folder), data, ITEM_HEADER)
        parts = [source.interactions(DAWN, at(boundary)), source.interactions(at(boundary), DUSK), source.rejects()]
    numbers = sorted(number for part in parts for number in part["source_row"].to_pylist())
    assert numbers == list(range(1, sum(1 for line in lines if line) + 1))


@settings(max_examples=15)
@given(before=lines, garbage=st.lists(st.tuples(st.sampled_from("12"), st.integers(1000, 10**9)), max_size=8))
def test_items_first_seen_does_not_look_at_rows_from_the_end_on(before, garbage):
    known = [line for line in before if line.count(b",") != 3 or int(line.rsplit(b",", 1)[1] or 0) < 1000]
    later = [f"x,{item},oops,{second}".encode() for item, second in garbage]
    with TemporaryDirectory() as clean, TemporaryDirectory() as poisoned:
        found = [
            csv_source(Path(folder), HEADER + b"\n".join(rows), ITEM_HEADER + b"1,One,x\n2,Two,y\n").items_first_seen(
                DAWN, at(1000), opening=True
            )
            for folder, rows in ((clean, known), (poisoned, later + known))
        ]
    assert found[0] == found[1]


def test_lines_that_are_not_utf8_are_taken_as_windows_1252(tmp_path):
    items = "1,Amélie – 𝄞,Comédie\n".encode() + "2,Café “Müller”,Drame\n".encode("cp1252") + b"3,\x81dd,z\n"
    events = HEADER + b"a,1,3,1\na,2,3,1\n\xe9ve,3,3,1\n"
    source = csv_source(tmp_path, events, ITEM_HEADER + items)
    titles = source.items_first_seen(DAWN, DUSK, opening=False)["title"].to_pylist()
    assert titles == ["Amélie – 𝄞", "Café “Müller”", "�dd"]
    assert source.interactions(DAWN, DUSK)["user_id"].to_pylist() == ["a", "a", "éve"]


def test_a_byte_order_mark_is_no_part_of_the_first_column(tmp_path):
    source = csv_source(tmp_path, b"\xef\xbb\xbf" + HEADER + b"a,1,3,1\n", b"\xef\xbb\xbf" + ITEM_HEADER + b"1,One,x\n")
    assert source.interactions(DAWN, DUSK)["user_id"].to_pylist() == ["a"]
    assert source.items_first_seen(DAWN, DUSK, opening=False)["item_id"].to_pylist() == ["1"]


def test_a_lone_carriage_return_ends_a_line_and_loses_nothing(tmp_path):
    source = csv_source(tmp_path, HEADER + b"a,1,3,1\rb,1,3,2\r\nc,1,3,3\n", ITEM_HEADER)
    assert source.interactions(DAWN, DUSK)["user_id"].to_pylist() == ["a", "b", "c"]


def test_a_file_with_a_header_alone_has_no_rows(tmp_path):
    source = csv_source(tmp_path, HEADER, ITEM_HEADER)
    assert source.interactions(DAWN, DUSK).num_rows == source.rejects().num_rows == 0
