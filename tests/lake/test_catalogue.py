"""The catalogue: every view, macro and column documented, readable from anywhere while windows are being written."""

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from curec_assets.lake.catalogue import CATALOGUE, EMPTY_WINDOW, connect, ensure_catalogue, query
from curec_assets.lake.descriptions import describe_column
from curec_assets.lake.lake import Lake
from curec_assets.lake.schemas import ITEMS, RECOMMENDATIONS
from dagster_project.cli.main import main
from tests.lake.manifests import manifest_of

NAMED_BY_THE_DESIGN = {
    "cleaned_interactions",
    "quarantined_interactions",
    "rejects",
    "items",
    "evidence",
    "corrected_reasons",
    "reason_history",
    "current_reasons",
    "item_reasons",
    "user_interests",
    "reason_embeddings",
    "artifacts",
    "evaluations",
    "recommendations",
    "bias_audit",
    "users",
}


def test_every_view_stands_empty_before_anything_is_published(tmp_path: Path) -> None:
    ensure_catalogue(tmp_path, ["demo", "other"])
    with connect(tmp_path) as catalogue:
        for chain in ("demo", "other"):
            found = catalogue.execute("SELECT view_name FROM duckdb_views() WHERE schema_name = ?", [chain]).fetchall()
            views = {view for (view,) in found}
            assert views >= NAMED_BY_THE_DESIGN
            for view in views:
                assert catalogue.table(f"{chain}.{view}").fetchall() == []
        assert catalogue.execute("SELECT * FROM demo.reasons_as_of('2020-01-01')").fetchall() == []
        assert catalogue.execute("SELECT * FROM demo.similar_reasons('item', 'x', 3)").fetchall() == []


def test_a_chain_may_be_called_as_sql_calls_something_else(tmp_path: Path) -> None:
    ensure_catalogue(tmp_path, ["order", "select"])
    assert query(tmp_path, "FROM current_reason_embeddings", "order").num_rows == 0
    assert query(tmp_path, "FROM reasons_as_of('2020-01-01')", "select").num_rows == 0


@pytest.mark.parametrize("name", ["demo-old", "demo.copy", "Demo", "main"])
def test_a_folder_whose_name_no_chain_can_have_is_no_chain(tmp_path: Path, name: str) -> None:
    publish_item(tmp_path, "2020-01")
    shutil.copytree(tmp_path / "demo", tmp_path / name)
    ensure_catalogue(tmp_path, [])
    assert query(tmp_path, "FROM items", "demo").num_rows == 1
    with connect(tmp_path) as catalogue:
        found = catalogue.execute("SELECT DISTINCT schema_name FROM duckdb_views() WHERE NOT internal").fetchall()
    assert {schema for (schema,) in found} == {"demo", "main"}


def test_no_view_macro_or_column_stands_without_a_comment(tmp_path: Path) -> None:
    ensure_catalogue(tmp_path, ["demo"])
    with connect(tmp_path) as catalogue:
        named = {
            "views": "SELECT view_name, comment FROM duckdb_views() WHERE NOT internal",
            "macros": "SELECT function_name, comment FROM duckdb_functions() WHERE NOT internal",
            "columns": "SELECT table_name || '.' || column_name, comment FROM duckdb_columns() WHERE NOT internal",
        }
        found = {kind: catalogue.execute(statement).fetchall() for kind, statement in named.items()}
    assert {name for name, _ in found["macros"]} == {"reasons_as_of", "similar_reasons"}
    assert ("items.item_id", describe_column("items", "item_id")) in found["columns"]
    assert not [name for rows in found.values() for name, comment in rows if not comment]


def test_a_lake_of_an_older_version_gets_the_columns_that_views_name_since(tmp_path: Path) -> None:
    path = ensure_catalogue(tmp_path, ["demo"])
    older = pa.schema([field for field in RECOMMENDATIONS if field.name not in ("why", "arm", "served")])
    row = {"user_id": "1", "rank": 1, "item_id": "2", "score": 0.5, "reason": None, "because": []}
    lake = Lake(tmp_path, "demo")
    pq.write_table(older.empty_table(), lake.folder / "recommendations" / EMPTY_WINDOW / "data.parquet")
    lake.publish(pa.Table.from_pylist([row], schema=older), manifest_of("recommendations", "2020-01", rows=1))
    path.unlink()
    ensure_catalogue(tmp_path, [])
    (found,) = query(tmp_path, "FROM recommendations", "demo").to_pylist()
    assert found == {"window": "2020-01", **row, "why": None}
    assert query(tmp_path, "FROM arm_recommendations", "demo").num_rows == 0
    assert query(tmp_path, "FROM evaluations", "demo").num_rows == 0


def test_what_recommendations_measure_of_themselves_stands_among_the_evaluations(tmp_path: Path) -> None:
    judged = {
        "subject": "recommendations", "backbone": "din", "arm": "why", "metric": "score_drop", "slice": "all",
        "value": 0.5, "ci_low": None, "ci_high": None, "n": 7,
    }  # fmt: skip
    manifest = replace(manifest_of("recommendations", "2020-01"), metrics={"users": 7, "evaluations": [judged]})
    Lake(tmp_path, "demo").publish(RECOMMENDATIONS.empty_table(), manifest)
    ensure_catalogue(tmp_path, ["demo"])
    assert query(tmp_path, "FROM evaluations", "demo").to_pylist() == [{"window": "2020-01", **judged}]


def test_the_catalogue_cannot_be_written_through_a_reader(tmp_path: Path) -> None:
    ensure_catalogue(tmp_path, ["demo"])
    with connect(tmp_path) as catalogue, pytest.raises(duckdb.Error, match="read-only"):
        catalogue.execute("CREATE TABLE demo.mine AS SELECT 1")


def test_a_lake_in_a_folder_with_a_quote_in_its_name_opens(tmp_path: Path) -> None:
    root = tmp_path / "it's a lake"
    ensure_catalogue(root, ["demo"])
    with connect(root, "demo") as catalogue:
        assert catalogue.execute("SELECT count(*) FROM items").fetchone() == (0,)


def test_an_unknown_chain_is_named(tmp_path: Path) -> None:
    ensure_catalogue(tmp_path, ["demo"])
    with pytest.raises(ValueError, match="no chain 'elsewhere'"):
        connect(tmp_path, "elsewhere")


WRITER = """
import sys
from pathlib import Path
import pyarrow as pa
from curec_assets.lake.catalogue import ensure_catalogue
from curec_assets.lake.lake import Lake
from curec_assets.lake.schemas import ITEMS
from tests.lake.manifests import manifest_of

root = Path(sys.argv[1])
for version in range(300):
    ids = [f"{version}-{n}" for n in range(500)]
    rows = pa.Table.from_pylist([{"item_id": i, "title": str(version)} for i in ids], schema=ITEMS)
    # Mostly new windows, as a run publishes them; every tenth replaces one, as a run that is made again does.
    window = f"{2020 + version // 12}-{1 + version % 12:02d}" if version % 10 else "2020-02"
    Lake(root, "demo").publish(rows, manifest_of("items", window, rows=len(rows)))
    if version % 50 == 0:
        ensure_catalogue(root, ["demo", f"chain{version}"])
"""


def test_readers_see_whole_windows_while_another_process_publishes(tmp_path: Path) -> None:
    ensure_catalogue(tmp_path, ["demo"])
    queries = 0
    with subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)]) as writer:
        while writer.poll() is None:
            windows = query(
                tmp_path, 'SELECT count(*) AS n, count(DISTINCT title) AS v FROM demo.items GROUP BY "window"'
            )
            assert all((row["n"], row["v"]) == (500, 1) for row in windows.to_pylist()), windows
            queries += 1
    assert writer.returncode == 0
    assert queries > 5


def test_any_client_opens_it_from_another_working_directory(tmp_path: Path) -> None:
    lake = Lake(tmp_path / "lake", "demo")
    rows = pa.Table.from_pylist([{"item_id": "1", "title": "One"}], schema=ITEMS)
    lake.publish(rows, manifest_of("items", "2020-01", rows=1))
    path = ensure_catalogue(tmp_path / "lake", ["demo"])
    client = "import duckdb, sys; print(duckdb.connect(sys.argv[1], read_only=True).sql('FROM demo.items').fetchall())"
    shown = subprocess.run(
        [sys.executable, "-c", client, str(path)], cwd=os.sep, capture_output=True, text=True, check=True
    )
    assert "'One'" in shown.stdout
    assert "2020-01" in shown.stdout


def publish_item(root: Path, window: str) -> None:
    rows = pa.Table.from_pylist([{"item_id": window, "title": "One"}], schema=ITEMS)
    Lake(root, "demo").publish(rows, manifest_of("items", window, rows=1))


def test_a_client_that_stays_open_sees_new_windows_and_outlives_a_new_catalogue(tmp_path: Path) -> None:
    path = ensure_catalogue(tmp_path, ["demo"])
    with duckdb.connect(str(path), read_only=True) as client:
        count = "SELECT count(*) FROM demo.items"
        assert client.execute(count).fetchone() == (0,)
        publish_item(tmp_path, "2020-01")
        assert client.execute(count).fetchone() == (1,)
        ensure_catalogue(tmp_path, ["demo", "other"])
        publish_item(tmp_path, "2020-02")
        assert client.execute(count).fetchone() == (2,)


def test_curec_catalog_rebuilds_it_from_a_lake_that_lost_it_or_was_moved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    ensure_catalogue(before, ["demo"])
    publish_item(before, "2020-01")
    for lose in (lambda: (before / CATALOGUE).unlink(), lambda: before.rename(after)):
        lose()
        root = after if after.exists() else before
        monkeypatch.setenv("CUREC_LAKE", str(root))
        assert main(["catalog"]) == 0
        with duckdb.connect(str(root / CATALOGUE), read_only=True) as client:
            assert client.execute("SELECT title FROM demo.items").fetchall() == [("One",)]


@pytest.mark.parametrize("kept_bytes", [0, 4096, 20_000], ids=["no database", "a header alone", "damaged inside"])
def test_a_catalogue_that_does_not_open_is_built_anew_and_kept_beside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept_bytes: int
) -> None:
    path = ensure_catalogue(tmp_path, ["demo"])
    publish_item(tmp_path, "2020-01")
    whole = path.read_bytes()
    damaged = whole[:kept_bytes] + b"x" * (len(whole) - kept_bytes)
    monkeypatch.setenv("CUREC_LAKE", str(tmp_path))
    for number in (1, 2):
        path.write_bytes(damaged)
        assert main(["catalog"]) == 0
        assert path.with_name(f"{CATALOGUE}.unreadable-{number}").read_bytes() == damaged
        assert query(tmp_path, "SELECT title FROM items", "demo").to_pylist() == [{"title": "One"}]


def test_an_empty_database_in_the_catalogues_place_is_built_over(tmp_path: Path) -> None:
    duckdb.connect(str(tmp_path / CATALOGUE)).close()
    ensure_catalogue(tmp_path, ["demo"])
    assert query(tmp_path, "FROM items", "demo").num_rows == 0
    assert not list(tmp_path.glob("*.unreadable-*"))


@pytest.mark.parametrize("in_a_catalogue", [True, False])
def test_somebodys_own_tables_in_the_catalogues_place_are_never_destroyed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], in_a_catalogue: bool
) -> None:
    if in_a_catalogue:
        ensure_catalogue(tmp_path, ["demo"])
    with duckdb.connect(str(tmp_path / CATALOGUE)) as own:
        own.execute("CREATE TABLE notes AS SELECT 'mine' AS note")
    monkeypatch.setenv("CUREC_LAKE", str(tmp_path))
    (tmp_path / "other" / "items").mkdir(parents=True)  # a chain that the catalogue does not know: it is out of date
    assert main(["catalog"]) == 2
    assert "holds tables that are not the catalogue's: main.notes; move that file elsewhere" in capsys.readouterr().err
    with duckdb.connect(str(tmp_path / CATALOGUE), read_only=True) as own:
        assert own.execute("FROM notes").fetchall() == [("mine",)]


HOLDER = """
import sys
import duckdb
with duckdb.connect(sys.argv[1]):
    print("open", flush=True)
    sys.stdin.read()
"""


def test_a_catalogue_that_another_process_has_open_for_writing_stays_where_it_is(tmp_path: Path) -> None:
    path = ensure_catalogue(tmp_path, ["demo"])
    command = [sys.executable, "-c", HOLDER, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "open\n"
        with pytest.raises(ValueError, match="is open for writing elsewhere; close it there"):
            ensure_catalogue(tmp_path, ["demo"])
        holder.communicate()
    assert [found.name for found in tmp_path.glob(f"{CATALOGUE}*")] == [CATALOGUE]


def test_it_is_written_for_clients_from_duckdb_1_0_on(tmp_path: Path) -> None:
    # A checksum of 8 bytes, then DUCK, then the storage version: 64 is that of 1.0, and newer clients read it too.
    header = ensure_catalogue(tmp_path, ["demo"]).read_bytes()[:20]
    assert header[8:12] == b"DUCK"
    assert int.from_bytes(header[12:20], "little") == 64


def test_a_lake_of_older_code_has_its_missing_columns_as_nulls(tmp_path: Path) -> None:
    older = ITEMS.remove(ITEMS.get_field_index("title_code"))
    row = pa.Table.from_pylist([{"item_id": "1", "title": "One"}], schema=older)
    lake = Lake(tmp_path, "demo")
    lake.publish(row, manifest_of("items", "2020-01", rows=1))
    empty = tmp_path / "demo" / "items" / EMPTY_WINDOW / "data.parquet"
    empty.parent.mkdir()
    pq.write_table(older.empty_table(), empty)
    ensure_catalogue(tmp_path, [])
    with connect(tmp_path, "demo") as catalogue:
        assert catalogue.execute("SELECT title, title_code FROM items").fetchall() == [("One", None)]


def test_a_query_is_given_its_variables_as_text(tmp_path: Path) -> None:
    ensure_catalogue(tmp_path, ["demo"])
    named = "it's; DROP VIEW demo.items"
    rows = query(tmp_path, "SELECT getvariable('item') AS item", "demo", {"item": named})
    assert rows.to_pylist() == [{"item": named}]


def test_views_over_manifests_can_be_narrowed(tmp_path: Path) -> None:
    ensure_catalogue(tmp_path, ["demo"])
    publish_item(tmp_path, "2020-01")
    assert query(tmp_path, "FROM evaluations WHERE subject = 'recommendations' AND slice = 'all'", "demo").num_rows == 0
    rows = query(tmp_path, """SELECT "window", "rows" FROM partitions WHERE asset = 'items' AND "rows" > 0""", "demo")
    assert rows.to_pylist() == [{"window": "2020-01", "rows": 1}]
