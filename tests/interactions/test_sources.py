"""The sources at hand keep the promises of every source, and say clearly what they cannot read."""

from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, files
from pathlib import Path

import pyarrow as pa
import pytest

from curec_assets.interactions.config import DataSetConfig
from curec_assets.interactions.sources import OpenSource, SourceError, open_source
from tests.interactions.interaction_rows import NOW, at, csv_source, rated_files, shared_data, write_table
from tests.interactions.source_conformance import DAWN, DUSK, SourceConformance

MOVIELENS = DataSetConfig(
    name="movielens_100k",
    source={"kind": "movielens_100k"},
    licence="GroupLens, research use",
    like_at=4,
    rating_scale=(1, 5),
)

INTERACTIONS = pa.table(
    {
        "user_id": ["a", "b", "a", "c", "b", "c", "a", "b"],
        "item_id": ["1", "2", "2", " 1 ", "3", "9", "1", "3"],
        "rating": [5, 4, 1, 3, 2, 5, 4, 5],
        "timestamp": ["100", "200", "300", "300", "-1", "400", "99999999999", "soon"],
    }
)
ITEMS = pa.table(
    {
        "item_id": ["1", "2", "3", "1"],
        "title": ["First", "Second <b>item</b>", "", "First again"],
        "categories": ["x|y", "y | y", None, "z"],
    }
)


class TestFilesOfParquet(SourceConformance):
    @pytest.fixture
    def source(self, tmp_path):
        return _small_source(tmp_path, ".parquet")

    @pytest.fixture
    def row_count(self):
        return INTERACTIONS.num_rows

    @pytest.fixture
    def boundaries(self):
        return [at(second) for second in (100, 200, 300, 301)]


class TestFilesOfCsv(TestFilesOfParquet):
    @pytest.fixture
    def source(self, tmp_path):
        return _small_source(tmp_path, ".csv")


def _has_movielens() -> bool:
    try:
        return any(path.name == "ml-100k.inter" for path in files("recbole") or [])
    except PackageNotFoundError:
        return False


@pytest.mark.skipif(not _has_movielens(), reason="the package recbole, which carries MovieLens-100K, is not installed")
class TestMovieLens100K(SourceConformance):
    @pytest.fixture
    def source(self):
        return open_source(MOVIELENS, Path("/nowhere"))

    @pytest.fixture
    def row_count(self):
        return 100_000

    @pytest.fixture
    def boundaries(self):
        return [datetime(1997, month, 1, tzinfo=UTC) for month in (9, 10, 11, 12)]

    def test_titles_carry_their_year_and_read_as_people_say_them(self, source):
        items = source.items_first_seen(DAWN, DUSK, opening=True).to_pylist()
        titles = {item["item_id"]: item["title"] for item in items}
        assert len(titles) == 1682
        assert titles["1"] == "Toy Story (1995)"
        assert titles["12"] == "The Usual Suspects (1995)"

    def test_categories_are_split_at_spaces_and_unknown_is_none(self, source):
        items = {i["item_id"]: i for i in source.items_first_seen(DAWN, DUSK, opening=True).to_pylist()}
        assert items["1"]["categories"] == ["Animation", "Children's", "Comedy"]
        assert items["267"]["categories"] == []

    def test_its_people_have_age_gender_and_occupation_and_no_zip_code(self, source):
        users = source.users_first_seen(DAWN, DUSK, opening=True).to_pylist()
        assert len(users) == 943
        assert {tuple(name for name, _ in user["attributes"]) for user in users} == {("age", "gender", "occupation")}
        assert dict(users[0]["attributes"]) == {"age": "24", "gender": "M", "occupation": "technician"}


def test_parquet_and_csv_of_the_same_rows_give_the_same_windows(tmp_path):
    parquet, csv = _small_source(tmp_path, ".parquet"), _small_source(tmp_path, ".csv")
    assert parquet.interactions(DAWN, DUSK) == csv.interactions(DAWN, DUSK)
    assert parquet.items_first_seen(DAWN, DUSK, opening=False) == csv.items_first_seen(DAWN, DUSK, opening=False)
    assert parquet.rejects()["reject_code"] == csv.rejects()["reject_code"]


def test_the_first_row_of_a_repeated_item_counts_and_its_text_is_clean(tmp_path):
    items = _small_source(tmp_path, ".csv").items_first_seen(DAWN, DUSK, opening=False).to_pylist()
    assert [(i["item_id"], i["title"], i["categories"], i["title_code"]) for i in items] == [
        ("1", "First", ["x", "y"], None),
        ("2", "Second item", ["y"], "html_stripped"),
    ]


def test_rows_without_a_possible_time_are_rejected_with_their_reason(tmp_path):
    rejects = _small_source(tmp_path, ".csv").rejects().to_pylist()
    assert [(row["source_row"], row["reject_code"]) for row in rejects] == [
        (5, "negative_time"),
        (7, "future_time"),
        (8, "unreadable_time"),
    ]


@pytest.mark.parametrize("text", ["", "nan", "inf", "1e400", "12:30", "yesterday"])
def test_a_time_that_names_no_moment_is_unreadable(tmp_path, text):
    source = csv_source(tmp_path, f"user_id,item_id,rating,timestamp\na,1,3,{text}\n".encode(), _item_lines())
    assert source.rejects()["reject_code"].to_pylist() == ["unreadable_time"]


def test_lines_that_do_not_fall_into_the_columns_are_rejected_and_swallow_no_other_line(tmp_path):
    lines = b'user_id,item_id,rating,timestamp\na,1\na,1,3,4,5\n"a,1,3,100\n"a"b,1,3,4\n"a,b",1,3,200\n\nc,1,3,300\n'
    source = csv_source(tmp_path, lines, _item_lines())
    assert source.rejects().to_pylist() == [
        {"source_row": 1, "reject_code": "invalid_row", "raw": "a,1"},
        {"source_row": 2, "reject_code": "invalid_row", "raw": "a,1,3,4,5"},
        {"source_row": 4, "reject_code": "invalid_row", "raw": '"a"b,1,3,4'},
    ]
    assert source.interactions(DAWN, DUSK)["user_id"].to_pylist() == ['"a', "a,b", "c"]


@pytest.mark.parametrize(
    ("written", "timestamp_format"),
    [
        ("883612800", "epoch_seconds"),
        ("883612800000", "epoch_millis"),
        ("1998-01-01", "iso"),
        ("1998-01-01T00:00:00Z", "iso"),
        ("1998-01-01 02:00:00+02", "iso"),
    ],
)
def test_times_are_read_in_the_form_that_the_data_set_names(tmp_path, written, timestamp_format):
    lines = f"user_id,item_id,rating,timestamp\na,1,3,{written}\n".encode()
    table = csv_source(tmp_path, lines, _item_lines(), timestamp_format=timestamp_format).interactions(DAWN, DUSK)
    assert table["ts"].to_pylist() == [datetime(1998, 1, 1, tzinfo=UTC)]
    assert table["timestamp"].to_pylist() == [written]


@pytest.mark.parametrize("kind", [pa.date32(), pa.timestamp("us"), pa.timestamp("us", tz="Europe/Rome")])
def test_date_and_timestamp_columns_of_parquet_are_read(tmp_path, kind):
    midnight = pa.array([datetime(1998, 1, 1, tzinfo=UTC)]).cast(kind)
    write_table(
        tmp_path / "in.parquet", pa.table({"user_id": ["a"], "item_id": ["1"], "rating": [3], "timestamp": midnight})
    )
    (tmp_path / "items.csv").write_bytes(_item_lines())
    source = open_source(rated_files(interactions="in.parquet", timestamp_format="iso"), tmp_path, NOW)
    assert source.interactions(DAWN, DUSK)["ts"].to_pylist() == [datetime(1998, 1, 1, tzinfo=UTC)]


def test_descriptions_are_joined_and_quoted_line_ends_survive(tmp_path):
    items = b'item_id,title,overview,tagline\n1,One,"A long\nstory, told",<i>Go!</i>\n'
    columns = {"description": ["overview", "tagline"]}
    source = csv_source(tmp_path, b"user_id,item_id,rating,timestamp\na,1,3,1\n", items, item_columns=columns)
    [item] = source.items_first_seen(DAWN, DUSK, opening=False).to_pylist()
    assert item["description"] == "A long story, told Go!"


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(SourceError, match=r"The file .*interactions\.csv does not exist\."):
        open_source(rated_files(), tmp_path)


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_missing_column_is_named_with_those_that_are_there(tmp_path, suffix):
    write_table(
        tmp_path / f"interactions{suffix}", INTERACTIONS.rename_columns(["who", "item_id", "rating", "timestamp"])
    )
    write_table(tmp_path / f"items{suffix}", ITEMS)
    config = rated_files(interactions=f"interactions{suffix}", items=f"items{suffix}")
    with pytest.raises(SourceError, match=r"interactions\S+ has no column 'user_id'; its columns are who, item_id"):
        open_source(config, tmp_path)


def test_a_missing_item_column_is_named(tmp_path):
    with pytest.raises(SourceError, match=r"items\.csv has no column 'categories'; its columns are item_id, title\."):
        csv_source(tmp_path, b"user_id,item_id,rating,timestamp\n", b"item_id,title\n")


def test_a_file_that_is_no_parquet_is_named(tmp_path):
    (tmp_path / "in.parquet").write_bytes(b"no parquet at all")
    (tmp_path / "items.csv").write_bytes(_item_lines())
    with pytest.raises(SourceError, match=r"in\.parquet"):
        open_source(rated_files(interactions="in.parquet"), tmp_path)


def test_the_fingerprint_follows_content_and_not_names(tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        folder.mkdir()
    lines = b"user_id,item_id,rating,timestamp\na,1,3,1\n"
    same = csv_source(first, lines, _item_lines()).fingerprints()
    assert same["items"] == same["raw_interactions"]
    assert csv_source(second, lines, _item_lines()).fingerprints() == same
    assert csv_source(second, lines + b"b,1,3,2\n", _item_lines()).fingerprints()["items"] != same["items"]


def _with_users(folder: Path, users: bytes, lines: bytes = b"a,1,3,100\nb,1,3,200\n") -> OpenSource:
    (folder / "users.csv").write_bytes(users)
    described = {"users": "users.csv", "user_columns": {"attributes": ["age:token", "city"]}}
    return csv_source(folder, b"user_id,item_id,rating,timestamp\n" + lines, _item_lines(), **described)


def test_the_first_row_of_a_repeated_user_counts_and_its_text_is_clean(tmp_path):
    users = b'user_id,age:token,city\n b ,31,"New <b>York</b>\n"\na, ,&amp;\xe9lan\na,20,Rome\n,1,Nowhere\nc,9,Unseen\n'
    rows = _with_users(tmp_path, users).users_first_seen(DAWN, DUSK, opening=False).to_pylist()
    assert [(row["user_id"], row["attributes"], row["first_seen"]) for row in rows] == [
        ("a", [("city", "&élan")], at(100)),
        ("b", [("age", "31"), ("city", "New York")], at(200)),
    ]


def test_events_after_a_window_change_none_of_its_users(tmp_path):
    users = b"user_id,age:token,city\na,31,Rome\nb,20,Oslo\nc,50,Bern\n"
    early, late = at(0), at(150)
    honest = _with_users(tmp_path, users).users_first_seen(early, late, opening=True)
    assert honest["user_id"].to_pylist() == ["a"]
    for later in (b"a,1,3,100\n", b"a,1,3,100\nc,1,3,150\nb,1,3,160\na,1,5,170\nz,9,x,soon\n"):
        assert _with_users(tmp_path, users, later).users_first_seen(early, late, opening=True) == honest


def test_a_users_file_changes_what_is_read_of_users_alone(tmp_path):
    first = _with_users(tmp_path, b"user_id,age:token,city\na,31,Rome\n").fingerprints()
    other = _with_users(tmp_path, b"user_id,age:token,city\na,32,Rome\n").fingerprints()
    assert {asset for asset in first if first[asset] != other[asset]} == {"users"}
    later = _with_users(tmp_path, b"user_id,age:token,city\na,32,Rome\n", b"a,1,3,50\n").fingerprints()
    assert {asset for asset in later if later[asset] != other[asset]} == {"items", "raw_interactions", "users"}


def test_a_users_file_that_is_not_there_or_lacks_a_column_is_named(tmp_path):
    with pytest.raises(SourceError, match=r"users\.csv has no column 'city'; its columns are user_id, age:token"):
        _with_users(tmp_path, b"user_id,age:token\na,31\n")
    (tmp_path / "users.csv").unlink()
    config = rated_files(users="users.csv", user_columns={"attributes": ["city"]})
    with pytest.raises(SourceError, match=r"users\.csv does not exist"):
        open_source(config, tmp_path, NOW)


@pytest.mark.parametrize("name", ["amazon_beauty", "movielens_small", "amazon_cds"])
def test_real_data_is_read_whole(name):
    folder = shared_data(name)
    rated = name != "amazon_beauty"
    source = {
        "interactions": "interactions.parquet",
        "items": "items.parquet",
        "interaction_columns": {"rating": "rating" if rated else None},
    }
    rule = {"like_at": 4, "rating_scale": (0.5, 5)} if rated else {"implicit": True}
    opened = open_source(
        DataSetConfig(name=name, source={"kind": "files", **source}, licence="research", **rule), folder
    )
    assert opened.rejects().num_rows == 0
    assert opened.interactions(DAWN, DUSK).num_rows == {"amazon_beauty": 198_502, "movielens_small": 100_004}.get(
        name, 25_694
    )
    codes = opened.items_first_seen(DAWN, DUSK, opening=False)["title_code"].to_pylist()
    assert codes.count("html_junk") == (29 if name == "amazon_cds" else 0)


def _item_lines() -> bytes:
    return b"item_id,title,categories\n1,One,x\n"


def _small_source(folder: Path, suffix: str):
    write_table(folder / f"interactions{suffix}", INTERACTIONS)
    write_table(folder / f"items{suffix}", ITEMS)
    config = rated_files(interactions=f"interactions{suffix}", items=f"items{suffix}")
    return open_source(config, folder, NOW)
