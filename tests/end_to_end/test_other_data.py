"""Another data set is YAML and no code: implicit day-level data and half-star ratings, side by side in one lake."""

import os
from pathlib import Path

import pytest

from curec_assets.configuration.chain import load_chains
from curec_assets.lake.catalogue import query
from curec_assets.lineage import LINEAGE
from tests.chains import run_windows

SHARED = Path(os.environ.get("CUREC_SHARED_DATA") or Path(__file__).resolve().parents[3] / "shared" / "data")

DATA_SETS = {
    "amazon_beauty": """\
name: amazon_beauty
licence: Amazon review data (2014), research use only
implicit: true
source:
  kind: files
  interactions: ${CUREC_SHARED_DATA}/amazon_beauty/interactions.parquet
  items: ${CUREC_SHARED_DATA}/amazon_beauty/items.parquet
  item_columns: {categories: category}
""",
    "movielens_small": """\
name: movielens_small
licence: GroupLens MovieLens licence, research use only
like_at: 4
rating_scale: [0.5, 5]
source:
  kind: files
  interactions: ${CUREC_SHARED_DATA}/movielens_small/interactions.parquet
  items: ${CUREC_SHARED_DATA}/movielens_small/items.parquet
  interaction_columns: {rating: rating}
  item_columns: {categories: genres, description: [overview, tagline]}
  articles_follow_titles: true
  absent_categories: ["(no genres listed)"]
""",
}
"""What a user writes, and all they write beside the two chains below."""

BASELINES = {"popularity", "recent_popularity"}

CHAINS = {
    "beauty": """\
data_set: amazon_beauty
profile: test
windows: {frequency: yearly, first: "2007", last: "2008", judged: "2007"}
""",
    "movies": """\
data_set: movielens_small
profile: test
windows: {frequency: yearly, first: "1998", last: "1999"}
""",
}


@pytest.mark.skipif(not SHARED.is_dir(), reason=f"no data at {SHARED} (set CUREC_SHARED_DATA); it may not be shipped")
def test_two_data_sets_run_as_chains_of_one_lake(
    tmp_path: Path, models_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUREC_SHARED_DATA", str(SHARED))
    for folder, files in (("data_sets", DATA_SETS), ("chains", CHAINS)):
        (tmp_path / folder).mkdir()
        for name, text in files.items():
            (tmp_path / folder / f"{name}.yaml").write_text(text)
    lake = tmp_path / "lake"
    for chain in load_chains(tmp_path).values():
        windows = [window.key for window in chain.all_windows()]
        run_windows(chain, lake, models_root, windows)
        partitions = query(lake, 'SELECT asset, "window" FROM partitions', chain.name).to_pylist()
        assert {(row["asset"], row["window"]) for row in partitions} == {(a, w) for a in LINEAGE for w in windows}
        (counts,) = query(
            lake,
            """SELECT (SELECT count(*) FROM raw_interactions) AS raw, count(*) + sum(merged_duplicates)
               + (SELECT count(*) FROM quarantined_interactions) AS accounted, count(*) AS good
               FROM cleaned_interactions""",
            chain.name,
        ).to_pylist()
        assert counts["raw"] == counts["accounted"]
        assert counts["good"] > 0
        arms = query(
            lake, "SELECT DISTINCT arm FROM evaluations WHERE subject = 'ranker' AND slice = 'all'", chain.name
        ).to_pylist()
        judged = set(chain.ranker_judged_in(chain.all_windows()[-1]).arms)
        assert {row["arm"] for row in arms if " − " not in row["arm"]} == judged | BASELINES
        assert len(query(lake, "FROM recommendations", chain.name))
