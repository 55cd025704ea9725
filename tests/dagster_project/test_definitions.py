"""The definitions: every asset of every chain with its edges, and nothing heavy imported to see them."""

import os
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

from curec_assets.checks.checks import CHECKS
from curec_assets.configuration.chain import SHIPPED, load_chain
from curec_assets.lake.lake import Lake
from curec_assets.lineage import LINEAGE
from dagster_project.columns import MADE_FROM
from dagster_project.definitions import build_definitions
from dagster_project.peak_memory import PeakMemory
from tests.conftest import FinishedChain
from tests.small_world import CHAIN, WINDOWS, write_world


@pytest.fixture(scope="module")
def definitions(tmp_path_factory: pytest.TempPathFactory) -> dg.Definitions:
    root = tmp_path_factory.mktemp("definitions")
    configuration = write_world(root / "configuration")
    (configuration / "chains" / "other.yaml").write_text(CHAIN.replace(WINDOWS[2], WINDOWS[1]))
    return build_definitions(configuration, root / "lake", root / "models")


def key(asset: str, chain: str = "small") -> dg.AssetKey:
    return dg.AssetKey([chain, asset])


def test_several_chains_stand_side_by_side_and_share_no_asset(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    for chain in ("small", "other"):
        for asset in LINEAGE:
            parents = graph.get(key(asset, chain)).parent_keys
            assert {parent.path[0] for parent in parents} <= {chain}
    assert {asset.path[0] for asset in graph.get_all_asset_keys()} == {"small", "other"}


def test_each_chain_has_partitions_and_groups_of_its_own(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    for chain, windows in (("small", WINDOWS), ("other", WINDOWS[:2])):
        for asset, artifact in LINEAGE.items():
            node = graph.get(key(asset, chain))
            assert node.partitions_def is not None
            assert tuple(node.partitions_def.get_partition_keys()) == windows
            assert node.group_name == f"{chain}_{artifact.group}"


def test_every_asset_has_a_description_a_group_kinds_an_owner_and_a_code_version(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    for asset, artifact in LINEAGE.items():
        node = graph.get(key(asset))
        assert node.group_name == f"small_{artifact.group}"
        assert node.code_version == artifact.code_version
        assert node.owners
        assert node.kinds
        assert node.description


def test_the_edges_are_those_of_the_lineage(definitions: dg.Definitions) -> None:
    graph = definitions.resolve_asset_graph()
    for asset, artifact in LINEAGE.items():
        assert graph.get(key(asset)).parent_keys == {key(edge.asset) for edge in artifact.edges}, asset


@pytest.mark.parametrize(
    ("asset", "parent", "window", "read"),
    [
        ("evidence", "items", WINDOWS[2], WINDOWS),
        ("evidence", "items", WINDOWS[0], WINDOWS[:1]),
        ("aligned_llm", "aligned_llm", WINDOWS[1], WINDOWS[:1]),
        ("aligned_llm", "aligned_llm", WINDOWS[0], ()),
        ("corrected_reasons", "corrected_reasons", WINDOWS[2], WINDOWS[:2]),
        ("ranker_evaluation", "ranker", WINDOWS[2], WINDOWS[1:2]),
        ("rl_policy", "reward_model", WINDOWS[1], WINDOWS[1:2]),
    ],
)
def test_dagster_maps_each_window_to_the_windows_that_are_read(
    definitions: dg.Definitions, asset: str, parent: str, window: str, read: tuple[str, ...]
) -> None:
    graph = definitions.resolve_asset_graph()
    node = graph.get(key(asset))
    mapping = graph.get_partition_mapping(key(asset), key(parent))
    partitions = node.partitions_def
    assert partitions is not None
    upstream = mapping.get_upstream_mapped_partitions_result_for_partitions(
        downstream_partitions_subset=partitions.subset_with_partition_keys([window]),
        downstream_partitions_def=partitions,
        upstream_partitions_def=partitions,
    )
    assert tuple(upstream.partitions_subset.get_partition_keys()) == tuple(read)


def test_loading_the_definitions_imports_no_torch() -> None:
    code = (
        "import sys, dagster_project.definitions; "
        "print([m for m in ('torch', 'transformers', 'trl', 'peft', 'sentence_transformers') if m in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"


def test_dagster_validates_the_workspace(tmp_path: Path) -> None:
    environment = os.environ | {"DAGSTER_HOME": str(tmp_path), "CUREC_LAKE": str(tmp_path / "lake")}
    command = [sys.executable, "-m", "dagster", "definitions", "validate", "-w", "workspace.yaml"]
    shown = subprocess.run(command, cwd=SHIPPED.parent, env=environment, capture_output=True, text=True, check=False)
    assert shown.returncode == 0, shown.stderr
    assert not (tmp_path / "lake").exists(), "loading the definitions wrote to the lake"


def test_the_shipped_chains_load_and_name_the_windows_they_promise() -> None:
    for name in ("demo", "movielens_100k"):
        windows = [window.key for window in load_chain(SHIPPED / "chains" / f"{name}.yaml").all_windows()]
        assert windows[0] == "1997-09"
        assert windows[-1] == "1998-04"


def test_runs_and_materializations_show_in_the_instance_with_data_versions(finished: FinishedChain) -> None:
    with dg.DagsterInstance.from_config(str(finished.home)) as instance:
        assert len(instance.get_runs()) == len(WINDOWS)
        assert all(run.is_success for run in instance.get_runs())
        for asset in LINEAGE:
            assert instance.get_materialized_partitions(key(asset)) == set(WINDOWS)
            event = instance.get_latest_materialization_event(key(asset))
            assert event is not None
            materialization = event.asset_materialization
            assert materialization is not None
            assert {"dagster/row_count", "dagster/uri", "preview", "seconds"} <= set(materialization.metadata)
            version = (materialization.tags or {})["dagster/data_version"]
            assert version == materialization.metadata["content_hash"].value


ANSWERS = {
    "dagster/row_count",
    "dagster/partition_row_count",
    "dagster/column_schema",
    "dagster/uri",
    "path",
    "relation",
    "preview",
    "seconds",
    *PeakMemory().mib(),
    "made_at",
    "window_end",
    "content_hash",
}
"""What came out, what it cost, how old it is and where it lies."""
PICTURES = {
    "cleaned_interactions": {"rows_per_window"},
    "aligned_llm": {"learning_curves"},
    "reward_model": {"learning_curves", "evaluation", "reliability"},
    "rl_policy": {"learning_curves", "evaluation"},
    "corrected_reasons": {"actions_per_window", "rewards_before_and_after"},
    "ranker": {"learning_curves"},
    "ranker_evaluation": {"evaluation"},
    "recommendations": {"evaluation"},
    "bias_audit": {"audit"},
}
WRITES_TOKENS = ("aligned_llm", "draft_reasons", "rl_policy", "arrival_reasons", "corrected_reasons")


def test_an_assets_page_answers_what_came_out_is_it_good_what_it_cost_how_old_it_is_and_where(
    finished: FinishedChain,
) -> None:
    with dg.DagsterInstance.from_config(str(finished.home)) as instance:
        for asset in LINEAGE:
            event = instance.get_latest_materialization_event(key(asset))
            assert event is not None
            assert event.asset_materialization is not None
            shown = event.asset_materialization.metadata
            assert set(shown) >= ANSWERS | PICTURES.get(asset, set()), asset
            assert ("dagster/column_lineage" in shown) == (asset in MADE_FROM)
            assert ("tokens_per_second" in shown) == (asset in WRITES_TOKENS)
            assert Path(str(shown["path"].value)).is_file()


def test_a_table_so_far_is_counted_beside_its_window(finished: FinishedChain) -> None:
    with dg.DagsterInstance.from_config(str(finished.home)) as instance:
        event = instance.get_latest_materialization_event(key("cleaned_interactions"))
        assert event is not None
        assert event.asset_materialization is not None
        shown = event.asset_materialization.metadata
    lake = Lake(finished.lake, "small")
    rows = [len(lake.read("cleaned_interactions", window)) for window in WINDOWS]
    assert shown["dagster/partition_row_count"].value == rows[-1]
    assert shown["dagster/row_count"].value == sum(rows)


def test_every_check_of_every_window_was_judged(finished: FinishedChain) -> None:
    with dg.DagsterInstance.from_config(str(finished.home)) as instance:
        filters = dg.EventRecordsFilter(dg.DagsterEventType.ASSET_CHECK_EVALUATION)
        events = [record.event_log_entry.dagster_event for record in instance.get_event_records(filters)]
    judged = [event.asset_check_evaluation_data for event in events if event is not None]
    expected = {(asset, check.name, w) for asset in LINEAGE for check in CHECKS[asset] for w in WINDOWS}
    assert {(found.asset_key.path[-1], found.check_name, found.partition) for found in judged} == expected
    wrong = [found for found in judged if not found.passed and found.severity is dg.AssetCheckSeverity.ERROR]
    assert wrong == []
