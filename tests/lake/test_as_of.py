"""The one reader: it sees its window and what came before, and only what the lineage declares."""

from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from curec_assets.configuration.chain import Chain, load_chain
from curec_assets.configuration.overrides import with_profile
from curec_assets.lake.as_of import AsOfReader, ChronologyError, ConfigurationChangedError, GapError
from curec_assets.lake.lake import Lake
from curec_assets.lake.versions import config_hash, status
from curec_assets.lineage import LINEAGE, Edge
from tests.lake.manifests import manifest_of
from tests.small_world import WINDOWS, write_world


@pytest.fixture
def chain(tmp_path: Path) -> Chain:
    return load_chain(write_world(tmp_path / "configuration") / "chains" / "small.yaml")


@pytest.fixture
def lake(tmp_path: Path, chain: Chain) -> Lake:
    return Lake(tmp_path / "lake", chain.name)


def publish(lake: Lake, chain: Chain, asset: str, window: str, value: int = 0) -> None:
    manifest = manifest_of(asset, window, rows=1, content_hash=f"{asset}{window}{value}")
    lake.publish(
        pa.table({"value": [value]}), replace(manifest, chain=chain.name, config_hash=config_hash(chain, asset))
    )


def reader(lake: Lake, chain: Chain, asset: str, position: int) -> AsOfReader:
    return AsOfReader(lake, chain, asset, chain.all_windows()[position])


def test_reading_up_to_a_window_never_sees_a_later_one(lake: Lake, chain: Chain) -> None:
    for position, window in enumerate(WINDOWS):
        publish(lake, chain, "items", window, position)
    for position, window in enumerate(WINDOWS):
        table = reader(lake, chain, "cleaned_interactions", position).up_to("items")
        assert table["value"].to_pylist() == list(range(position + 1))
        assert table["window"].to_pylist()[-1] == window


def test_the_first_window_reads_no_rows_from_before_it(lake: Lake, chain: Chain) -> None:
    first = reader(lake, chain, "aligned_llm", 0)
    assert len(first.previous("aligned_llm")) == 0
    assert len(reader(lake, chain, "draft_reasons", 0).up_to_previous("draft_reasons")) == 0
    assert first.parents() == ()


def test_an_undeclared_read_is_refused(lake: Lake, chain: Chain) -> None:
    publish(lake, chain, "recommendations", WINDOWS[0])
    with pytest.raises(ChronologyError, match="does not declare that it reads recommendations"):
        reader(lake, chain, "evidence", 0).at("recommendations")


def test_a_gap_is_refused_with_the_windows_to_run(lake: Lake, chain: Chain) -> None:
    publish(lake, chain, "items", WINDOWS[0])
    publish(lake, chain, "items", WINDOWS[2])
    with pytest.raises(GapError, match=r"needs items in 2020-02.*curec run --chain small --windows 2020-02\.\.2020-03"):
        reader(lake, chain, "cleaned_interactions", 2).up_to("items")


def test_a_parent_made_with_another_configuration_is_refused(lake: Lake, chain: Chain) -> None:
    publish(lake, chain, "evidence", WINDOWS[0])
    changed = chain.model_copy(
        update={
            "profile": chain.profile.model_copy(
                update={"evidence": chain.profile.evidence.model_copy(update={"min_support": 9})}
            )
        }
    )
    with pytest.raises(ConfigurationChangedError, match="evidence in 2020-01 was made with another configuration"):
        reader(lake, changed, "aligned_llm", 0).up_to("evidence")


def test_a_reader_remembers_what_it_read_with_its_content(lake: Lake, chain: Chain) -> None:
    publish(lake, chain, "items", WINDOWS[0])
    publish(lake, chain, "items", WINDOWS[1])
    bound = reader(lake, chain, "cleaned_interactions", 1)
    bound.up_to("items")
    assert [(p.asset, p.window, p.content_hash) for p in bound.parents()] == [
        ("items", "2020-01", "items2020-010"),
        ("items", "2020-02", "items2020-020"),
    ]


def test_where_the_files_lie_is_no_part_of_the_configuration(tmp_path: Path, chain: Chain) -> None:
    elsewhere = load_chain(write_world(tmp_path / "elsewhere") / "chains" / "small.yaml")
    for asset in LINEAGE:
        assert config_hash(elsewhere, asset) == config_hash(chain, asset)


def test_each_artifact_comes_after_all_it_reads_in_its_own_window() -> None:
    order = list(LINEAGE)
    for asset, artifact in LINEAGE.items():
        for edge in artifact.edges:
            if edge.span in ("at", "up_to"):
                assert order.index(edge.asset) < order.index(asset), (asset, edge)


def test_the_lineage_declares_every_edge_of_the_design() -> None:
    design = {
        "cleaned_interactions": [Edge("raw_interactions", "at"), Edge("items", "up_to")],
        "evidence": [Edge("cleaned_interactions", "up_to"), Edge("items", "up_to")],
        "aligned_llm": [
            Edge("evidence", "up_to"),
            Edge("cleaned_interactions", "up_to"),
            Edge("aligned_llm", "previous"),
        ],
        "reward_model": [Edge(a, "up_to") for a in ("cleaned_interactions", "evidence", "draft_reasons", "items")],
        "rl_policy": [Edge("aligned_llm", "at"), Edge("reward_model", "at"), Edge("cleaned_interactions", "up_to")],
        "arrival_reasons": [Edge("rl_policy", "previous")],
        "corrected_reasons": [
            Edge("rl_policy", "at"),
            Edge("reward_model", "at"),
            Edge("arrival_reasons", "at"),
            Edge("cleaned_interactions", "up_to"),
        ],
        "reason_embeddings": [Edge(a, "at") for a in ("arrival_reasons", "draft_reasons", "corrected_reasons")],
        "ranker": [Edge(a, "up_to") for a in ("cleaned_interactions", "reason_embeddings", "items")],
        "ranker_evaluation": [Edge("ranker", "previous"), Edge("reason_embeddings", "up_to")],
        "recommendations": [
            Edge("ranker", "at"),
            Edge("corrected_reasons", "up_to"),
            Edge("cleaned_interactions", "up_to"),
        ],
        "bias_audit": [
            Edge("corrected_reasons", "up_to"),
            Edge("recommendations", "at"),
            Edge("ranker_evaluation", "at"),
        ],
    }
    for asset, edges in design.items():
        assert set(edges) <= set(LINEAGE[asset].edges), asset


def test_staleness_reaches_through_all_later_windows(lake: Lake, chain: Chain) -> None:
    """An old window made again with other content: the next link is stale itself, the rest through it."""
    for window in WINDOWS:
        publish(lake, chain, "items", window)
        publish(lake, chain, "raw_interactions", window)
    for position, window in enumerate(WINDOWS):
        bound = reader(lake, chain, "cleaned_interactions", position)
        bound.at("raw_interactions")
        bound.up_to("items")
        manifest = replace(
            manifest_of("cleaned_interactions", window, content_hash=f"c{position}"),
            chain=chain.name,
            config_hash=config_hash(chain, "cleaned_interactions"),
            parents=bound.parents(),
        )
        lake.publish(pa.table({"value": [0]}), manifest)
    for position, window in enumerate(WINDOWS):
        bound = reader(lake, chain, "evidence", position)
        bound.up_to("cleaned_interactions")
        manifest = replace(
            manifest_of("evidence", window, content_hash=f"e{position}"),
            chain=chain.name,
            config_hash=config_hash(chain, "evidence"),
            code_version=LINEAGE["evidence"].code_version,
            parents=bound.parents(),
        )
        lake.publish(pa.table({"value": [0]}), manifest)
    assert all(f.state != "stale" for f in status(lake, chain, {}).values())

    publish(lake, chain, "raw_interactions", WINDOWS[0], value=1)
    after = status(lake, chain, {})
    stale = {key for key, freshness in after.items() if freshness.state == "stale"}
    assert stale == {("cleaned_interactions", WINDOWS[0]), *(("evidence", window) for window in WINDOWS)}
    assert not after[("cleaned_interactions", WINDOWS[0])].through_parents
    assert after[("evidence", WINDOWS[2])].through_parents

    publish(lake, chain, "raw_interactions", WINDOWS[0], value=0)
    assert all(f.state != "stale" for f in status(lake, chain, {}).values()), "equal content makes nothing stale"


def test_a_window_is_not_made_on_top_of_one_with_another_configuration(lake: Lake, chain: Chain) -> None:
    """Also where the asset does not read its own past: the first window that differs is named."""
    changed = with_profile(chain, {"ranker": {"epochs": 9}})
    reader(lake, changed, "ranker", 0).require_same_configuration_before()
    for window in WINDOWS[:2]:
        publish(lake, chain, "ranker", window)
    with pytest.raises(ConfigurationChangedError) as refused:
        reader(lake, changed, "ranker", 2).require_same_configuration_before()
    assert "small/ranker in 2020-01 was made with another configuration" in str(refused.value)
    assert "Given at launch, then or now: ranker.epochs = 9" in str(refused.value)
    publish(lake, changed, "ranker", WINDOWS[1])
    reader(lake, changed, "ranker", 2).require_same_configuration_before()
    with pytest.raises(ConfigurationChangedError, match="ranker in 2020-02"):
        reader(lake, chain, "ranker", 2).require_same_configuration_before()
