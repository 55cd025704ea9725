"""``curec init`` recognises what it is given, says what it saw, and writes a chain that loads and loses no row."""

import gzip
import os
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from curec_assets.configuration.chain import Chain, load_chain
from curec_assets.interactions.cleaning import QUARANTINE_CODES, clean_interactions
from curec_assets.interactions.config import AmazonReviews, FilesSource, MovieLensFiles
from curec_assets.interactions.sources import open_source
from dagster_project.cli.main import main
from tests.command_line.init_command import init, write_csv
from tests.public_formats import EVENTS, FORMATS, ITEMS, USERS

SHARED = Path(os.environ.get("CUREC_SHARED_DATA") or Path(__file__).resolve().parents[3] / "shared" / "data")
FILES = [name for name in FORMATS if name != "query_pair"]


pytestmark = pytest.mark.usefixtures("in_a_folder_of_its_own")


def all_rows(chain: Chain) -> int:
    source = open_source(chain.data_set, chain.folder)
    return sum(len(source.interactions(window.start, window.end)) for window in chain.all_windows())


@pytest.mark.parametrize("name", FILES)
def test_each_format_is_recognised_and_its_chain_holds_every_event(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    source = FORMATS[name](Path("data"))
    files = ("--interactions", f"data/{source['interactions']}", "--items", f"data/{source['items']}")
    chain = init(*files, "--name", "x")
    kind = {"movielens": MovieLensFiles, "amazon_reviews": AmazonReviews, "files": FilesSource}[source["kind"]]
    assert isinstance(chain.data_set.source, kind)
    assert (chain.data_set.like_at, chain.data_set.rating_scale) == (4, (1, 5))
    assert all_rows(chain) == len(EVENTS)
    source_opened = open_source(chain.data_set, chain.folder)
    items = source_opened.items_first_seen(datetime(1970, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC), True)
    assert items["title"].to_pylist() == [item.title for item in ITEMS]
    assert [tuple(names) for names in items["categories"].to_pylist()] == [item.genres for item in ITEMS]
    told = capsys.readouterr().out
    assert "48 by 4 users on 5 items, 2001-01-01 to 2001-04-10" in told
    assert "1 unreadable_time" in told
    assert "100.0% have a title, 80.0% categories" in told
    following = [line.strip() for line in told.partition("\nNext\n")[2].splitlines()]
    assert following == [f"CUREC_CONFIG=configuration curec {command} --chain x" for command in ("doctor", "run")]


def test_what_it_counts_as_quarantined_is_what_a_run_quarantines(capsys: pytest.CaptureFixture[str]) -> None:
    rows = [("user_id", "item_id", "rating", "timestamp")]
    rows += [(f"u{n % 7}", f"i{n % 3}", 1 + n % 5, f"2020-0{1 + n % 6}-1{n % 4}") for n in range(3000)]
    rows += [
        ("", "i1", 4, "2020-01-01"),
        ("u1", "", 4, "2020-01-01"),
        ("u1", "gone", 4, "2020-01-02"),
        ("u1", "i1", "many", "2020-01-03"),
    ]
    rows += [("u1", "i1", 99, "2020-01-04"), ("u1", "i1", 4, "2020-01-05"), ("u1", "i1", 2, "2020-01-05")]
    write_csv("data/interactions.csv", rows)
    write_csv("data/items.csv", [("item_id", "title"), *((f"i{n}", f"Title {n}") for n in range(3))])
    chain = init("--interactions", "data/interactions.csv", "--name", "small")
    told = capsys.readouterr().out
    source = open_source(chain.data_set, chain.folder)
    counts: Counter[str] = Counter()
    for window in chain.all_windows():
        raw = source.interactions(window.start, window.end)
        items = source.items_first_seen(window.start, window.end, opening=True)
        counts += Counter(clean_interactions(raw, items, chain.data_set).counts)
    assert min(counts[code] for code in QUARANTINE_CODES) > 0
    for code in QUARANTINE_CODES:
        assert f"{counts[code]:,} {code}" in told
    assert re.search(rf"events +{counts['good']:,} by", told)
    assert re.search(rf"merged +{counts['merged']:,} rows", told)


@pytest.mark.parametrize(
    ("ratings", "rule"),
    [
        ([0.5, 1, 2.5, 4, 5], (4, (0.5, 5))),
        ([1, 4, 7, 8, 10], (8, (1, 10))),
        ([0, 1], (1, (0, 1))),
        ([1], None),
        ([1, 17, 5000], None),
        (["", "n/a"], None),
    ],
)
def test_the_label_rule_follows_the_scale_and_counts_are_implicit(
    ratings: list, rule: tuple[float, tuple[float, float]] | None
) -> None:
    rows = [(f"u{n}", "i", ratings[n % len(ratings)], f"2020-01-{1 + n % 28:02d}") for n in range(100)]
    write_csv("data/interactions.csv", [("user", "item", "score", "date"), *rows])
    write_csv("data/items.csv", [("item", "name"), ("i", "One")])
    data_set = init("--interactions", "data/interactions.csv", "--name", "rated").data_set
    if rule is None:
        assert data_set.implicit
    else:
        assert (data_set.like_at, data_set.rating_scale) == rule


@pytest.mark.parametrize(
    ("days", "per_day", "frequency"),
    [(10, 3, "daily"), (40, 400, "weekly"), (100, 5, "monthly"), (500, 60, "quarterly"), (1500, 3, "yearly")],
)
def test_windows_are_the_finest_that_are_full_enough(days: int, per_day: int, frequency: str) -> None:
    start = datetime(2018, 1, 1, tzinfo=UTC)
    rows = [
        (f"u{n}", "i", (start + timedelta(days=day)).date().isoformat()) for day in range(days) for n in range(per_day)
    ]
    write_csv("data/interactions.csv", [("user", "item", "date"), *rows])
    write_csv("data/items.csv", [("item", "name"), ("i", "One")])
    chain = init("--interactions", "data/interactions.csv", "--name", "dated")
    assert chain.windows.frequency == frequency
    assert 3 <= len(chain.all_windows()) <= 7
    assert all_rows(chain) == len(rows)


def test_flags_overrule_what_is_proposed() -> None:
    source = FORMATS["csv_files"](Path("data"))
    chain = init(
        *("--interactions", f"data/{source['interactions']}", "--items", f"data/{source['items']}", "--name", "mine"),
        *("--columns", "user=sku,item=customer", "--item-columns", "item=sku,title=path,description=name+path"),
        *("--like-at", "3", "--frequency", "quarterly", "--profile", "test", "--licence", "ours"),
    )
    columns = chain.data_set.source.interaction_columns
    assert (columns.user, columns.item, columns.rating) == ("sku", "customer", "stars")
    assert chain.data_set.source.item_columns.description == ("name", "path")
    assert (chain.data_set.like_at, chain.data_set.licence) == (3, "ours")
    assert (chain.windows.frequency, chain.profile.threads) == ("quarterly", 1)


def test_nothing_is_overwritten_without_force(capsys: pytest.CaptureFixture[str]) -> None:
    source = FORMATS["movielens_1m"](Path("data"))
    asked = ("init", "--yes", "--interactions", f"data/{source['interactions']}", "--name", "films")
    assert main(asked) == 0
    written = Path("configuration/data_sets/films.yaml")
    written.write_text("mine\n")
    assert main(asked) == 2
    assert written.read_text() == "mine\n"
    assert "would be overwritten" in capsys.readouterr().err
    assert main([*asked, "--force"]) == 0
    assert "kind: movielens" in written.read_text()


def test_data_beside_the_configuration_is_named_relative_to_it_and_other_data_absolutely(tmp_path: Path) -> None:
    FORMATS["movielens_25m"](Path("data"))
    inside = init("--interactions", "data/ratings.csv", "--name", "inside")
    assert inside.data_set.source.interactions == "../data/ratings.csv"
    main(["init", "--yes", "--interactions", "data/ratings.csv", "--name", "outside", "--folder", "else/where"])
    outside = load_chain(Path("else/where/chains/outside.yaml"))
    assert outside.data_set.source.interactions == str(tmp_path / "data" / "ratings.csv")


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "--interactions is needed where nobody is asked"),
        (("--interactions", "data/orders.csv"), "--items is needed"),
        (("--interactions", "data/nowhere.csv", "--items", "data/products.csv"), "nowhere.csv does not exist"),
        (("--interactions", "data"), "data is a folder; name the file in it"),
        (("--interactions", "data/orders.csv", "--items", "data"), "data is a folder; name the file in it"),
        (("--interactions", "data/plain.csv", "--items", "data/products.csv"), "has no column names in its first line"),
        (
            ("--interactions", "data/odd.csv", "--items", "data/products.csv"),
            "Which column of data/odd.csv holds the user? Its columns are a, b, c; say --columns user=NAME",
        ),
        (
            ("--interactions", "data/orders.csv", "--items", "data/products.csv", "--columns", "user=who"),
            "has no column 'who'; its columns are customer, sku",
        ),
        (("--interactions", "data/orders.csv", "--items", "data/products.csv", "--columns", "who=x"), "a key of user,"),
        (("--interactions", "data/orders.csv", "--items", "data/products.csv", "--profile", "x"), "no profiles/x.yaml"),
        (("--interactions", "data/orders.csv", "--items", "data/products.csv", "--name", "../x"), "cannot name"),
        (("--interactions", "data/cut.csv.gz", "--items", "data/products.csv"), "cannot be read"),
        (("--interactions", "data/no.parquet", "--items", "data/products.csv"), "cannot be read"),
        (
            ("--interactions", "data/late.csv", "--items", "data/products.csv"),
            "time that can be read; the first is 1,2,31/12/2020",
        ),
    ],
)
def test_what_it_cannot_make_out_is_told_in_a_sentence_and_nothing_is_written(
    arguments: tuple[str, ...], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    FORMATS["csv_files"](Path("data"))
    Path("data/plain.csv").write_text("1,2,3\n1,2,3\n")
    Path("data/cut.csv.gz").write_bytes(gzip.compress(Path("data/orders.csv").read_bytes())[:-20])
    Path("data/no.parquet").write_bytes(b"no parquet at all")
    Path("data/odd.csv").write_text("a,b,c\n1,2,3\n")
    Path("data/late.csv").write_text("customer,sku,bought_at\n1,2,31/12/2020\n")
    assert main(["init", "--yes", *arguments]) == 2
    refused = capsys.readouterr().err
    assert told in refused
    assert "Traceback" not in refused
    assert not Path("configuration").exists()


@pytest.mark.skipif(not SHARED.is_dir(), reason=f"no data at {SHARED} (set CUREC_SHARED_DATA); it may not be shipped")
@pytest.mark.parametrize(
    ("name", "rows", "implicit", "frequency"),
    [
        ("amazon_beauty", 198_502, True, "monthly"),
        ("amazon_cds", 25_694, False, "yearly"),
        ("movielens_small", 100_004, False, "yearly"),
    ],
)
def test_real_data_is_taken_for_what_it_is(
    name: str, rows: int, implicit: bool, frequency: str, capsys: pytest.CaptureFixture[str]
) -> None:
    chain = init("--interactions", str(SHARED / name / "interactions.parquet"), "--name", name, "--licence", "research")
    told = capsys.readouterr().out
    assert f"{rows:,} rows in" in told
    assert chain.data_set.implicit == implicit
    assert implicit or chain.data_set.like_at == 4
    assert chain.windows.frequency == frequency
    assert all_rows(chain) == rows


@pytest.mark.parametrize("name", ["movielens_100k", "movielens_1m", "csv_files", "json_gz_files", "parquet_files"])
def test_a_users_file_is_recognised_and_what_tells_groups_apart_is_proposed(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    source = FORMATS[name](Path("data"))
    files = [word for key in ("interactions", "items", "users") for word in (f"--{key}", f"data/{source[key]}")]
    chain = init(*files, "--name", "x")
    found = open_source(chain.data_set, chain.folder).users_first_seen(
        datetime(1970, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC), opening=True
    )
    own = isinstance(chain.data_set.source, FilesSource)
    # Of five people, three have occupations of their own: nothing that says it tells groups apart.
    told = [(user, [pair for pair in pairs if not own or pair[0] != "occupation"]) for user, pairs in USERS]
    assert [(row["user_id"], row["attributes"]) for row in found.to_pylist()] == told
    assert "4 of 4 are described: age, 3 values; gender, 2 values" in capsys.readouterr().out


def test_attributes_that_are_named_are_taken_and_those_of_no_use_are_refused() -> None:
    source = csv_pair()
    files = ("--interactions", "data/orders.csv", "--items", "data/products.csv")
    chain = init(*files, "--users", "data/people.csv", "--user-columns", "attributes=occupation", "--name", "x")
    assert isinstance(chain.data_set.source, FilesSource)
    assert chain.data_set.source.user_columns.attributes == ("occupation",)
    assert source["users"] == "people.csv"
    Path("data/people.csv").write_text("customer,zip,full_name\n10,1,A\n11,1,B\n")
    assert main(["init", "--yes", *files, "--users", "data/people.csv", "--name", "y"]) != 0
    assert main(["init", "--yes", *files, "--user-columns", "attributes=zip", "--name", "y"]) != 0
    assert not Path("configuration", "chains", "y.yaml").exists()


def csv_pair() -> dict[str, object]:
    return FORMATS["csv_files"](Path("data"))
