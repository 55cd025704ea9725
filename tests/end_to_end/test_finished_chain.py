"""A whole chain through ``curec run``: every artifact there, every stage at work, every question answered in SQL."""

import json
from itertools import pairwise
from pathlib import Path

import duckdb
from safetensors.numpy import load_file

from curec_assets.lake.catalogue import connect, query
from curec_assets.lake.lake import Lake
from curec_assets.language_model.adapters import WEIGHTS
from curec_assets.lineage import LINEAGE, MODELS
from curec_assets.ranker.config import PRIMARY_CONTRASTS
from tests.conftest import FinishedChain
from tests.small_world import WINDOWS


def rows(finished: FinishedChain, statement: str) -> list[dict]:
    return query(finished.lake, statement, "small").to_pylist()


def test_every_asset_of_every_window_is_published_and_fresh(finished: FinishedChain) -> None:
    for window in WINDOWS:
        for asset in LINEAGE:
            assert Lake(finished.lake, "small").manifest(asset, window) is not None, (asset, window)
    status = finished.curec("status", "--chain", "small")
    assert "stale" not in status.stdout.replace("what is fresh, stale", "")


def test_a_second_run_finds_everything_fresh(finished: FinishedChain) -> None:
    assert "all fresh" in finished.curec("run", "--chain", "small").stdout


def test_raw_rows_are_cleaned_quarantined_or_merged_and_none_is_lost(finished: FinishedChain) -> None:
    (counts,) = rows(
        finished,
        """SELECT (SELECT count(*) FROM raw_interactions) AS raw,
                  (SELECT count(*) FROM cleaned_interactions) AS good,
                  (SELECT sum(merged_duplicates) FROM cleaned_interactions) AS merged,
                  (SELECT count(*) FROM quarantined_interactions) AS quarantined,
                  (SELECT count(*) FROM rejects) AS rejected""",
    )
    lines = (finished.configuration / "interactions.csv").read_text().splitlines()
    assert counts["raw"] == counts["good"] + counts["merged"] + counts["quarantined"]
    assert len(lines) - 1 == counts["raw"] + counts["rejected"]
    codes = {row["quarantine_code"] for row in rows(finished, "FROM quarantined_interactions")}
    assert codes == {"missing_user", "unknown_item", "unparseable_rating", "rating_off_scale"}


def test_every_model_was_trained_and_names_its_parents(finished: FinishedChain) -> None:
    artifacts = rows(finished, "FROM artifacts")
    assert {(row["asset"], row["window"]) for row in artifacts} == {(a, w) for a in MODELS for w in WINDOWS}
    known = {row["artifact_id"] for row in rows(finished, "FROM partitions")}
    for row in artifacts:
        assert row["parents"], row["artifact_id"]
        assert set(row["parents"]) <= known
        assert (finished.lake / row["path"]).is_dir()
        assert row["latest_ts_seen"] is not None
    aligned = {row["window"]: row for row in artifacts if row["asset"] == "aligned_llm"}
    for before, after in pairwise(WINDOWS):
        assert aligned[before]["artifact_id"] in aligned[after]["parents"]


def test_weights_are_safetensors_and_json_and_nothing_else(finished: FinishedChain) -> None:
    files = [path for path in finished.lake.rglob("weights/**/*") if path.is_file()]
    assert {path.suffix for path in files} <= {".safetensors", ".json"}
    assert any(path.suffix == ".safetensors" for path in files)


def test_training_moved_every_learner(finished: FinishedChain) -> None:
    for row in rows(finished, "FROM artifacts"):
        curves = {point["name"] for point in row["curves"]}
        assert curves, row["artifact_id"]
        metrics = json.loads(row["metrics"])
        assert metrics, row["artifact_id"]
        if row["asset"] == "aligned_llm":
            # Each batch is of one task, so that losses of two steps do not compare. An adapter starts at zero in B.
            adapter = load_file(finished.lake / row["path"] / WEIGHTS)
            assert any(weights.any() for name, weights in adapter.items() if "lora_B" in name)
        if row["asset"] == "rl_policy":
            assert {"reward", "gold", "kl", "entropy", "length", "clipped_share", "zero_spread_share"} <= curves


def test_every_review_has_an_action_and_a_cause(finished: FinishedChain) -> None:
    reviews = rows(finished, "FROM corrected_reasons")
    assert {row["action"] for row in reviews} <= {"arrived", "created", "corrected", "kept", "withdrawn"}
    assert all(row["cause"] for row in reviews)
    assert {row["side"] for row in reviews} == {"item", "user"}
    for row in reviews:
        if row["action"] == "corrected" and row["cause"] != "ungrounded":
            assert row["gain_lower_bound"] > 0
        assert (row["reason"] is None) == (row["action"] == "withdrawn")


def test_at_any_moment_a_subject_has_at_most_one_reason(finished: FinishedChain) -> None:
    for moment in ("2020-01-20", "2020-02-01", "2020-02-15", "2020-03-01", "2020-04-01"):
        held = rows(
            finished,
            "SELECT side, subject_id, count(*) AS n "
            f"FROM reasons_as_of(TIMESTAMPTZ '{moment} 00:00:00+00') GROUP BY ALL",
        )
        assert all(row["n"] == 1 for row in held)
    assert not rows(finished, "FROM reasons_as_of(TIMESTAMPTZ '2020-01-15 00:00:00+00') WHERE action <> 'arrived'")
    assert rows(finished, "FROM reasons_as_of(TIMESTAMPTZ '2020-02-01 00:00:00+00')")


def test_a_reason_holds_from_the_end_of_the_window_that_accepted_it(finished: FinishedChain) -> None:
    ends = {window.key: window.end for window in finished.chain.all_windows()}
    for row in rows(finished, "FROM corrected_reasons"):
        if row["action"] == "arrived":
            assert row["valid_from"] < ends[row["window"]]
        else:
            assert row["valid_from"] == ends[row["window"]]


def test_every_arm_is_judged_on_the_windows_after_the_first(finished: FinishedChain) -> None:
    config = finished.chain.profile.ranker
    found = rows(finished, "FROM evaluations WHERE subject = 'ranker' AND slice = 'all'")
    assert {row["window"] for row in found} == set(WINDOWS[1:])
    for window in WINDOWS[1:]:
        for backbone, metric in (("din", "auc"), ("sasrec", "ndcg@10")):
            arms = {r["arm"] for r in found if (r["window"], r["backbone"], r["metric"]) == (window, backbone, metric)}
            assert arms >= set(config.arms), (window, backbone)
            contrasts = [arm for arm in arms if arm not in config.arms and "popularity" not in arm]
            assert len(contrasts) == len(PRIMARY_CONTRASTS), contrasts


def test_recommendations_leave_out_what_was_seen_and_stay_within_their_number(finished: FinishedChain) -> None:
    seen = rows(
        finished,
        """SELECT r.user_id, r.item_id FROM recommendations r JOIN cleaned_interactions c
           ON c.user_id = r.user_id AND c.item_id = r.item_id AND c."window" <= r."window" """,
    )
    assert not seen
    shown = rows(finished, 'SELECT "window", user_id, count(*) AS n FROM recommendations GROUP BY ALL')
    assert shown
    assert max(row["n"] for row in shown) <= finished.chain.profile.ranker.recommend_items


def test_embeddings_are_unit_vectors_that_sql_can_compare(finished: FinishedChain) -> None:
    norms = rows(
        finished,
        "SELECT array_inner_product(embedding, embedding) AS norm FROM reason_embeddings WHERE embedding IS NOT NULL",
    )
    assert norms
    assert all(abs(row["norm"] - 1) < 1e-4 for row in norms)
    (subject,) = rows(finished, "SELECT side, subject_id FROM current_reasons ORDER BY ALL LIMIT 1")
    near = rows(finished, f"FROM similar_reasons('{subject['side']}', '{subject['subject_id']}', 3)")
    assert len(near) == 3


def test_the_summary_shows_costs_corrections_and_the_ablation(finished: FinishedChain) -> None:
    shown = finished.curec("summary", "--chain", "small", columns=200).stdout
    for expected in (*WINDOWS, *LINEAGE, "Ablation on 2020-02", "corrected_reasons", "make ui", "curec sql"):
        assert expected in shown


def test_sql_prints_tables_csv_json_and_writes_parquet(finished: FinishedChain, tmp_path: Path) -> None:
    statement = "select item_id, title, categories from small.items order by 1 limit 2"
    assert "Story" in finished.curec("sql", statement).stdout
    assert finished.curec("sql", statement, "--format", "csv").stdout.splitlines()[0].startswith('"item_id"')
    assert len(json.loads(finished.curec("sql", statement, "--format", "json").stdout)) == 2
    path = tmp_path / "out.parquet"
    finished.curec("sql", statement, "--format", "parquet", "--output", str(path))
    assert len(duckdb.read_parquet(str(path)).fetchall()) == 2


def test_sql_cannot_write_and_says_what_is_wrong(finished: FinishedChain) -> None:
    refused = finished.curec("sql", "drop view small.items", check=False)
    assert refused.returncode == 2
    assert "read-only" in refused.stderr
    unknown = finished.curec("sql", "select * from small.nothing", check=False)
    assert unknown.returncode == 2
    assert "nothing" in unknown.stderr
    with connect(finished.lake, "small") as catalogue:
        assert catalogue.execute("SELECT count(*) FROM items").fetchone() != (0,)
