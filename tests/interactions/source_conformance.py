"""What every interaction source promises; subclass ``SourceConformance`` and give the three fixtures."""

from datetime import UTC, datetime
from itertools import pairwise

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from curec_assets.interactions.sources import InteractionSource
from curec_assets.lake.schemas import ITEMS, RAW_INTERACTIONS, REJECTS, USERS

DAWN = datetime(1970, 1, 1, tzinfo=UTC)
DUSK = datetime(2100, 1, 1, tzinfo=UTC)
REJECT_CODES = {"invalid_row", "unreadable_time", "negative_time", "future_time"}


class SourceConformance:
    """Tests for a source whose rows number ``row_count`` and whose time ``boundaries`` cut into windows."""

    @pytest.fixture
    def source(self) -> InteractionSource:
        raise NotImplementedError

    @pytest.fixture
    def row_count(self) -> int:
        raise NotImplementedError

    @pytest.fixture
    def boundaries(self) -> list[datetime]:
        raise NotImplementedError

    def test_every_source_row_is_in_exactly_one_window_or_among_the_rejects(self, source, row_count, boundaries):
        windows = [source.interactions(*span) for span in pairwise([DAWN, *boundaries, DUSK])]
        numbers = [n for table in [*windows, source.rejects()] for n in table["source_row"].to_pylist()]
        assert sorted(numbers) == list(range(1, row_count + 1))

    def test_a_window_holds_its_start_and_not_its_end_in_source_order(self, source, boundaries):
        for start, end in pairwise(boundaries):
            table = source.interactions(start, end)
            assert all(start <= ts < end for ts in table["ts"].to_pylist())
            assert table["source_row"].to_pylist() == sorted(table["source_row"].to_pylist())

    def test_tables_have_the_schemas_of_the_lake(self, source, boundaries):
        start, end = boundaries[:2]
        assert source.interactions(start, end).schema == RAW_INTERACTIONS
        assert source.items_first_seen(start, end, opening=True).schema == ITEMS
        assert source.users_first_seen(start, end, opening=True).schema == USERS
        assert source.rejects().schema == REJECTS

    def test_rejects_carry_a_code_and_what_stood_in_the_row(self, source):
        rejects = source.rejects()
        assert set(rejects["reject_code"].to_pylist()) <= REJECT_CODES
        assert rejects["raw"].null_count == 0

    def test_an_item_belongs_to_the_window_of_its_first_interaction(self, source, boundaries):
        everything = source.interactions(DAWN, DUSK)
        first = pa.table([pc.utf8_trim_whitespace(everything["item_id"]), everything["ts"]], names=["item_id", "ts"])
        first_seen = {
            row["item_id"]: row["ts_min"] for row in first.group_by("item_id").aggregate([("ts", "min")]).to_pylist()
        }
        for start, end in pairwise(boundaries):
            for item in source.items_first_seen(start, end, opening=False).to_pylist():
                assert start <= item["first_seen"] == first_seen[item["item_id"]] < end

    def test_windows_share_no_item_and_together_hold_all(self, source, boundaries):
        spans = list(pairwise([DAWN, *boundaries, DUSK]))
        found = [i for span in spans for i in source.items_first_seen(*span, opening=False)["item_id"].to_pylist()]
        assert len(found) == len(set(found))
        assert sorted(found) == source.items_first_seen(DAWN, DUSK, opening=False)["item_id"].to_pylist()

    def test_an_opening_window_also_holds_the_items_seen_before_it(self, source, boundaries):
        start, end = boundaries[1:3]
        opening = source.items_first_seen(start, end, opening=True)
        assert opening == source.items_first_seen(DAWN, end, opening=False)

    def test_a_user_belongs_to_the_window_of_their_first_interaction(self, source, boundaries):
        everything = source.interactions(DAWN, DUSK)
        ids = pc.utf8_trim_whitespace(everything["user_id"])
        first = pa.table([ids, everything["ts"]], names=["user_id", "ts"]).group_by("user_id")
        first_seen = {row["user_id"]: row["ts_min"] for row in first.aggregate([("ts", "min")]).to_pylist()}
        for start, end in pairwise(boundaries):
            for user in source.users_first_seen(start, end, opening=False).to_pylist():
                assert start <= user["first_seen"] == first_seen[user["user_id"]] < end

    def test_windows_share_no_user_and_together_hold_all_who_are_described(self, source, boundaries):
        spans = list(pairwise([DAWN, *boundaries, DUSK]))
        found = [u for span in spans for u in source.users_first_seen(*span, opening=False)["user_id"].to_pylist()]
        assert len(found) == len(set(found))
        assert sorted(found) == source.users_first_seen(DAWN, DUSK, opening=False)["user_id"].to_pylist()
        start, end = boundaries[1:3]
        assert source.users_first_seen(start, end, opening=True) == source.users_first_seen(DAWN, end, opening=False)

    def test_no_attribute_of_a_user_is_empty_or_told_twice(self, source):
        for attributes in source.users_first_seen(DAWN, DUSK, opening=True)["attributes"].to_pylist():
            assert all(value and value == " ".join(value.split()) for _, value in attributes)
            assert [name for name, _ in attributes] == sorted({name for name, _ in attributes})

    def test_every_item_has_a_title(self, source):
        titles = source.items_first_seen(DAWN, DUSK, opening=True)["title"].to_pylist()
        assert all(title and title == " ".join(title.split()) for title in titles)

    def test_reading_twice_gives_the_same(self, source, boundaries):
        start, end = boundaries[:2]
        assert source.interactions(start, end) == source.interactions(start, end)
        assert source.users_first_seen(start, end, False) == source.users_first_seen(start, end, False)
        assert source.fingerprints() == source.fingerprints()
        assert {len(fingerprint) for fingerprint in source.fingerprints().values()} == {64}
