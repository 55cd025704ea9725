"""Checks as Dagster shows them: a result per window, of the partition the run has just made, with the rows as text."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import pyarrow as pa
import pytest

from curec_assets.assets import ASSETS
from curec_assets.checks.checks import CHECKS
from curec_assets.lake.window_run import Published, WindowRun
from curec_assets.lineage import LINEAGE
from curec_assets.window_asset import WindowAsset
from dagster_project import definitions
from tests.dagster_project.stand_ins import DATA
from tests.small_world import WINDOWS, write_world

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
HOSTILE = "<img src=x onerror=alert(1)> | [click](javascript:alert(1))"


@dataclass
class Chain:
    """The chain ``small`` with an empty lake, and an instance that remembers its runs."""

    definitions: dg.Definitions
    instance: dg.DagsterInstance

    def run(self, window: str, assets: tuple[str, ...] = DATA) -> dg.ExecuteInProcessResult:
        return self.definitions.resolve_implicit_global_asset_job_def().execute_in_process(
            run_config=QUIET,
            partition_key=window,
            asset_selection=[key(asset) for asset in assets],
            instance=self.instance,
            raise_on_error=False,
        )


def key(asset: str) -> dg.AssetKey:
    return dg.AssetKey(["small", asset])


@pytest.fixture
def chain(tmp_path: Path) -> Iterator[Chain]:
    configuration = write_world(tmp_path / "configuration")
    with dg.DagsterInstance.ephemeral() as instance:
        yield Chain(definitions.build_definitions(configuration, tmp_path / "lake", tmp_path / "models"), instance)


def test_every_check_of_every_asset_is_there_with_its_rule_partitioned_by_the_windows(chain: Chain) -> None:
    graph = chain.definitions.resolve_asset_graph()
    expected = {dg.AssetCheckKey(key(asset), check.name) for asset in LINEAGE for check in CHECKS[asset]}
    assert graph.asset_check_keys == expected
    for found in expected:
        node = graph.get(found)
        assert node.description
        assert node.partitions_def == graph.get(found.asset_key).partitions_def
        assert not node.blocking


def test_a_run_judges_the_window_it_has_just_made(chain: Chain) -> None:
    for window in WINDOWS[:2]:
        result = chain.run(window)
        assert result.success
        evaluations = result.get_asset_check_evaluations()
        assert {(e.asset_key.path[-1], e.check_name) for e in evaluations} == {
            (asset, check.name) for asset in DATA for check in CHECKS[asset]
        }
        for evaluation in evaluations:
            assert evaluation.passed, (evaluation.check_name, evaluation.description)
            assert evaluation.partition == window
            assert evaluation.target_materialization_data is not None
            assert evaluation.target_materialization_data.run_id == result.run_id


def test_rows_that_break_a_rule_are_shown_as_text_with_their_severity(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def spoil(run: WindowRun) -> Published:
        table = ASSETS["cleaned_interactions"].compute(run).table
        row = table.slice(0, 1).to_pylist()[0] | {"item_id": HOSTILE, "quarantine_code": None, "event_id": "bad"}
        return run.publish(pa.concat_tables([table, pa.Table.from_pylist([row], schema=table.schema)]), {})

    spoiled = WindowAsset("cleaned_interactions", "Spoiled.", frozenset({"duckdb"}), False, spoil)
    monkeypatch.setattr(definitions, "ASSETS", {**ASSETS, "cleaned_interactions": spoiled})
    configuration = write_world(tmp_path / "configuration")
    with dg.DagsterInstance.ephemeral() as instance:
        found = definitions.build_definitions(configuration, tmp_path / "lake", tmp_path / "models")
        result = Chain(found, instance).run(WINDOWS[0], ("items", "raw_interactions", "cleaned_interactions"))
    assert result.success, "a check shows what is wrong and stops nothing"
    evaluations = {e.check_name: e for e in result.get_asset_check_evaluations()}
    unknown = evaluations["events_name_known_items"]
    assert not unknown.passed
    assert unknown.severity is dg.AssetCheckSeverity.ERROR
    assert unknown.description == "1 row breaks this rule."
    shown = str(unknown.metadata["offending_rows"].value)
    assert "<img" not in shown
    assert "](" not in shown
    assert len(shown.splitlines()) == 3
    assert not evaluations["counts_add_up"].passed
    assert not evaluations["unique_keys"].passed
