"""A query is read like a file: in its chain's folder, only read, and the same rows are the same source."""

import shutil

import duckdb
import pytest

from curec_assets.interactions.sources import SourceError
from tests.interactions.source_conformance import DAWN, DUSK
from tests.interactions.test_public_formats import opened
from tests.public_formats import EVENTS, FORMATS


@pytest.fixture
def source(tmp_path):
    return FORMATS["query_pair"](tmp_path)


def test_paths_start_from_the_chains_folder_whatever_lies_in_the_working_directory(tmp_path, monkeypatch):
    here, there = tmp_path / "here", tmp_path / "there"
    for folder, user in ((here, "wrong"), (there, "right")):
        folder.mkdir()
        (folder / "orders.csv").write_text(f"user_id,item_id,rating,timestamp\n{user},1,4,2001-01-01\n")
    monkeypatch.chdir(here)
    source = {"kind": "query", "interactions": "FROM 'orders.csv'", "items": "SELECT '1' AS item_id, 'One' AS title"}
    assert opened(source, there).interactions(DAWN, DUSK)["user_id"].to_pylist() == ["right"]


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("SELECT 1; SELECT 2", "must be one SELECT"),
        ("COPY (SELECT 1) TO 'written.csv'", "must be one SELECT"),
        ("CREATE TABLE t AS SELECT 1", "must be one SELECT"),
        ("ATTACH 'written.duckdb'", "must be one SELECT"),
        ("", "must be one SELECT"),
        ("SELEC 1", "cannot be run in"),
        ("FROM 'nowhere.csv'", "nowhere.csv"),
        ("SELECT 'a' AS user_id, '1' AS item_id, DATE '2001-01-01' AS day, 4 AS rating", "no column 'timestamp'; it"),
        ("SELECT 'a' AS user_id, '1' AS item_id, DATE '2001-01-01' AS \"timestamp\"", "no column 'rating'; it gives"),
    ],
)
def test_a_query_that_cannot_be_a_source_is_refused_in_a_sentence(source, tmp_path, query, told):
    before = sorted(tmp_path.iterdir())
    with pytest.raises(SourceError, match=r"source\.interactions") as refused:
        opened(source | {"interactions": query}, tmp_path)
    assert told in str(refused.value)
    assert sorted(tmp_path.iterdir()) == before


def test_the_fingerprint_follows_the_rows_and_not_their_order_or_place(source, tmp_path):
    same = opened(source, tmp_path).fingerprints()
    backwards = source["interactions"] + " ORDER BY bought_at DESC, customer"
    assert opened(source | {"interactions": backwards}, tmp_path).fingerprints() == same
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for name in ("shop.duckdb", "products.json"):
        shutil.copy(tmp_path / name, elsewhere / name)
    assert opened(source, elsewhere).fingerprints() == same
    with duckdb.connect(str(elsewhere / "shop.duckdb")) as connection:
        connection.execute("UPDATE orders SET stars = 5 WHERE customer = '10' AND sku = '1'")
    assert opened(source, elsewhere).fingerprints() != same


def test_every_column_of_the_users_query_beside_the_id_is_an_attribute(source, tmp_path):
    source["users"] = "SELECT ' 10 ' AS user_id, 7 AS level, ['a', 'b'] AS clubs, NULL AS team"
    (row,) = opened(source, tmp_path).users_first_seen(DAWN, DUSK, opening=False).to_pylist()
    assert (row["user_id"], row["attributes"]) == ("10", [("clubs", "a b"), ("level", "7")])


def test_a_users_query_without_an_attribute_or_an_id_is_refused(source, tmp_path):
    for query, told in (("SELECT '10' AS user_id", "user_id alone"), ("SELECT 3 AS age", "no column 'user_id'")):
        with pytest.raises(SourceError, match=rf"source\.users .*{told}"):
            opened(source | {"users": query}, tmp_path)


def test_rows_are_numbered_by_their_values_whatever_order_the_query_gives_them_in(source, tmp_path):
    plain = opened(source, tmp_path).interactions(DAWN, DUSK)
    shuffled = source["interactions"] + " ORDER BY md5(customer || sku || bought_at)"
    assert opened(source | {"interactions": shuffled}, tmp_path).interactions(DAWN, DUSK) == plain
    assert plain["ts"].to_pylist() == sorted(plain["ts"].to_pylist())
    assert len(plain) == len(EVENTS)
