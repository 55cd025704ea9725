"""Each format that a source can be in keeps the promises of every source, and tells of the same events and items."""

import gzip
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import ValidationError

from curec_assets.interactions.config import DataSetConfig
from curec_assets.interactions.sources import OpenSource, SourceError, open_source
from tests.interactions.interaction_rows import NOW
from tests.interactions.source_conformance import DAWN, DUSK, SourceConformance
from tests.public_formats import BOUNDARIES, EVENTS, FORMATS, ITEMS, ROWS, USERS


def opened(source: dict, folder: Path) -> OpenSource:
    config = DataSetConfig(name="invented", source=source, licence="invented", like_at=4, rating_scale=(1, 5))
    return open_source(config, folder, NOW)


class TestEveryFormat(SourceConformance):
    @pytest.fixture(params=FORMATS)
    def source(self, request, tmp_path):
        return opened(FORMATS[request.param](tmp_path), tmp_path)

    @pytest.fixture
    def row_count(self):
        return len(ROWS)

    @pytest.fixture
    def boundaries(self):
        return BOUNDARIES

    def test_its_events_are_those_that_were_written(self, source):
        rows = source.interactions(DAWN, DUSK).to_pylist()
        found = {(row["user_id"], row["item_id"], float(row["rating"]), row["ts"]) for row in rows}
        assert found == {(user, item, rating, datetime.fromtimestamp(t, UTC)) for user, item, rating, t in EVENTS}
        assert len(rows) == len(EVENTS)

    def test_its_items_are_those_that_were_written(self, source):
        rows = source.items_first_seen(DAWN, DUSK, opening=False).to_pylist()
        found = [(row["item_id"], row["title"], tuple(row["categories"])) for row in rows]
        assert found == [(item.item_id, item.title, item.genres) for item in ITEMS]

    def test_its_users_are_those_that_were_written_without_zip_codes(self, source):
        rows = source.users_first_seen(DAWN, DUSK, opening=False).to_pylist()
        described = "users" in source.fingerprints()
        assert [(row["user_id"], row["attributes"]) for row in rows] == (list(USERS) if described else [])

    def test_the_row_without_a_time_is_rejected(self, source):
        assert source.rejects()["reject_code"].to_pylist() == ["unreadable_time"]


def test_paragraphs_of_a_description_are_joined(tmp_path):
    source = opened(FORMATS["amazon_2018"](tmp_path), tmp_path)
    assert set(source.items_first_seen(DAWN, DUSK, opening=True)["description"].to_pylist()) == {"One. Two."}


def test_a_line_that_is_no_object_is_rejected_as_it_stands(tmp_path):
    source = FORMATS["json_files"](tmp_path)
    bad = ["no json", "[1, 2]", '{"customer": "10"', "{'customer': 'it's'}", '"text"']
    with (tmp_path / "orders.jsonl").open("a") as file:
        file.write("\n".join(bad) + "\n")
    rejects = opened(source, tmp_path).rejects().to_pylist()[1:]
    assert [(row["reject_code"], row["raw"]) for row in rejects] == [("invalid_row", line) for line in bad]


def test_a_key_that_a_line_lacks_is_an_empty_value(tmp_path):
    source = FORMATS["json_files"](tmp_path)
    with (tmp_path / "orders.jsonl").open("a") as file:
        file.write('{"customer": null, "bought_at": 1000000000}\n')
    [row] = [row for row in opened(source, tmp_path).interactions(DAWN, DUSK).to_pylist() if row["ts"] not in _times()]
    assert (row["user_id"], row["item_id"], row["rating"]) == (None, None, None)


def test_metadata_that_cannot_be_read_describes_no_item(tmp_path):
    source = FORMATS["amazon_2014"](tmp_path)
    with gzip.open(tmp_path / "meta_Things.json.gz", "at") as file:
        file.write("{'asin': '10', 'title': 'Wings \\U0001f600'}\n{'asin': '11', 'title': 'cut o\n")
    items = opened(source, tmp_path).items_first_seen(DAWN, DUSK, opening=True)
    assert items["item_id"].to_pylist() == [item.item_id for item in ITEMS]


def test_a_json_array_is_refused_with_what_to_do(tmp_path):
    source = FORMATS["json_files"](tmp_path)
    (tmp_path / "products.jsonl").write_text(json.dumps([{"sku": "1", "name": "One", "path": "x"}]))
    with pytest.raises(SourceError, match=r"products\.jsonl is one JSON array, .* COPY \(FROM read_json"):
        opened(source, tmp_path)


def test_a_key_that_no_line_has_is_named_with_those_that_are_there(tmp_path):
    source = FORMATS["json_files"](tmp_path)
    source["interaction_columns"] = source["interaction_columns"] | {"user": "buyer"}
    with pytest.raises(SourceError, match=r"orders\.jsonl has no column 'buyer'; its columns are customer, sku"):
        opened(source, tmp_path)


def test_reviews_and_metadata_of_different_editions_are_refused(tmp_path):
    old, new = FORMATS["amazon_2018"](tmp_path), FORMATS["amazon_2023"](tmp_path)
    with pytest.raises(SourceError, match=r"meta_Things\.json does not describe .* it has no key 'parent_asin'"):
        opened(new | {"items": old["items"]}, tmp_path)


def test_json_lines_that_are_no_amazon_reviews_are_refused_with_their_keys(tmp_path):
    FORMATS["json_files"](tmp_path)
    source = {"kind": "amazon_reviews", "interactions": "orders.jsonl", "items": "products.jsonl"}
    with pytest.raises(SourceError, match=r"no edition of Amazon Reviews .* customer, sku, stars, bought_at"):
        opened(source, tmp_path)


@pytest.mark.parametrize(
    ("kind", "file", "told"),
    [
        ("movielens", "ratings.txt", "expected u.data, ratings.dat or ratings.csv"),
        ("amazon_reviews", "reviews.csv", "expected a file that ends in .json, .jsonl, .ndjson"),
    ],
)
def test_a_file_that_cannot_be_of_the_format_is_refused_at_load(kind, file, told):
    with pytest.raises(ValidationError, match=told):
        opened({"kind": kind, "interactions": file, "items": "movies.csv"}, Path("/nowhere"))


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ({"kind": "movielens", "interactions": "ratings.csv"}, "the CSV editions have none"),
        ({"kind": "files", "interactions": "ratings.csv"}, "users needs user_columns.attributes"),
        (
            {"kind": "files", "interactions": "r.csv", "user_columns": {"attributes": ["age", "age:token"]}},
            "an attribute stands there twice",
        ),
    ],
)
def test_users_that_a_source_cannot_have_are_refused_at_load(source, told):
    with pytest.raises(ValidationError, match=told):
        opened({**source, "items": "items.csv", "users": "users.csv"}, Path("/nowhere"))


def test_a_gzip_file_that_is_cut_off_is_named(tmp_path):
    source = FORMATS["csv_gz_files"](tmp_path)
    path = tmp_path / "orders.csv.gz"
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(SourceError, match=r"orders\.csv\.gz"):
        opened(source, tmp_path)


def test_lists_of_lists_in_parquet_are_categories(tmp_path):
    source = FORMATS["query_pair"](tmp_path)
    source["items"] = "SELECT '1' AS item_id, 'One' AS title, [['a'], ['b', 'a']] AS categories"
    [item] = opened(source, tmp_path).items_first_seen(DAWN, DUSK, opening=True).to_pylist()
    assert item["categories"] == ["a", "b"]


def test_all_formats_but_those_that_say_nothing_of_people_describe_users(tmp_path):
    described = {name for name, write in FORMATS.items() if "users" in opened(write(tmp_path), tmp_path).fingerprints()}
    assert set(FORMATS) - described == {"movielens_25m", "amazon_2014", "amazon_2018", "amazon_2023"}


def _times() -> set[datetime]:
    return {datetime.fromtimestamp(t, UTC) for *_, t in EVENTS}
