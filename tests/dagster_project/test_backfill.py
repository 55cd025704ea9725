"""A backfill over all windows, by Dagster's own daemon: in order, up to a window that fails, and on from there."""

import logging
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest
import yaml
from dagster._core.execution.backfill import BulkActionStatus, PartitionBackfill
from dagster._core.remote_origin import CodeLocationOrigin, InProcessCodeLocationOrigin
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import WorkspaceLoadTarget
from dagster._daemon.backfill import execute_backfill_iteration

from curec_assets.configuration.windows import select_keys
from curec_assets.lake.lake import Lake
from curec_assets.lineage import LINEAGE
from dagster_project import definitions
from tests.dagster_project.stand_ins import DATA, stand_ins
from tests.small_world import WINDOWS, write_world

CODE = """\
from pathlib import Path
from dagster_project.definitions import build_definitions

root = Path(__file__).parent
defs = build_definitions(root / "configuration", root / "lake", root / "models")
"""
MOST_TICKS = 40


class ThisProcess(WorkspaceLoadTarget):
    """A code location without a server: the definitions in a file, loaded where the test runs."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def create_origins(self) -> Sequence[CodeLocationOrigin]:
        target = LoadableTargetOrigin(executable_path=sys.executable, python_file=str(self._file), attribute="defs")
        return [InProcessCodeLocationOrigin(target, location_name="curec")]


class Backfills:
    """Backfills of the chain ``small``, whose runs take place at once and in this process."""

    def __init__(self, root: Path, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch) -> None:
        self.lake = Lake(root / "lake", "small")
        self.begun: list[tuple[str, str]] = []
        self.broken: set[tuple[str, str]] = set()
        # Before the workspace, which loads the definitions at once.
        monkeypatch.setattr(definitions, "ASSETS", stand_ins(self.begin))
        self._instance = instance
        self._workspace = WorkspaceProcessContext(instance, ThisProcess(root / "code.py"))

    def begin(self, asset: str, window: str) -> None:
        self.begun.append((asset, window))
        if (asset, window) in self.broken:
            raise RuntimeError("on purpose")

    def run(self, name: str, windows: Sequence[str]) -> BulkActionStatus:
        """Launch all assets of ``windows`` as a person does in the UI, and let the daemon work until it is done."""
        graph = definitions.build_definitions(*self._folders()).resolve_asset_graph()
        backfill = PartitionBackfill.from_asset_partitions(
            backfill_id=name,
            asset_graph=graph,
            partition_names=list(windows),
            asset_selection=[dg.AssetKey(["small", asset]) for asset in LINEAGE],
            backfill_timestamp=datetime.now(UTC).timestamp(),
            tags={},
            dynamic_partitions_store=self._instance,
            all_partitions=False,
            title=None,
            description=None,
            run_config=None,
        )
        self._instance.add_backfill(backfill)
        for _ in range(MOST_TICKS):
            found = self._instance.get_backfill(name)
            assert found is not None
            if found.status not in (BulkActionStatus.REQUESTED, BulkActionStatus.FAILING):
                return found.status
            errors = list(execute_backfill_iteration(self._workspace, logging.getLogger("backfill")))
            assert not any(errors), errors
        raise AssertionError(f"{name} is not done after {MOST_TICKS} ticks; begun: {self.begun}")

    def made(self) -> set[tuple[str, str]]:
        return {(a, w) for a in LINEAGE for w in WINDOWS if self.lake.manifest(a, w) is not None}

    def _folders(self) -> tuple[Path, Path, Path]:
        root = self.lake.root.parent
        return root / "configuration", root / "lake", root / "models"


@pytest.fixture
def backfills(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Backfills]:
    write_world(tmp_path / "configuration")
    (tmp_path / "code.py").write_text(CODE)
    with dg.instance_for_test(synchronous_run_coordinator=True, synchronous_run_launcher=True) as instance:
        yield Backfills(tmp_path, instance, monkeypatch)


def test_a_backfill_runs_in_order_stops_at_what_fails_and_another_goes_on_once_it_is_mended(
    backfills: Backfills,
) -> None:
    first, second, third = WINDOWS
    backfills.broken.add(("aligned_llm", second))
    assert backfills.run("broken", WINDOWS) is BulkActionStatus.COMPLETED_FAILED
    made = backfills.made()
    assert {asset for asset, window in made if window == first} == set(LINEAGE)
    assert {asset for asset, window in made if window == third} == set(DATA), "nothing is built past what failed"
    assert ("rl_policy", second) not in made
    for asset in LINEAGE:
        windows = [window for name, window in backfills.begun if name == asset]
        assert windows == list(WINDOWS[: len(windows)]), asset

    backfills.broken.clear()
    backfills.begun.clear()
    rest = select_keys(WINDOWS, f"{second}..")
    assert backfills.run("mended", rest) is BulkActionStatus.COMPLETED_SUCCESS
    assert backfills.made() == {(asset, window) for asset in LINEAGE for window in WINDOWS}
    assert len(backfills.begun) == len(set(backfills.begun)), "each partition is made once"
    for asset in LINEAGE:
        assert [window for name, window in backfills.begun if name == asset] == list(rest)


def test_the_shipped_settings_let_a_backfills_runs_go_one_at_a_time() -> None:
    """What keeps a window from starting beside the one it builds on; the tests above launch one run after the other."""
    settings = yaml.safe_load((Path(definitions.__file__).parent / "dagster.yaml").read_text())
    with dg.instance_for_test(overrides=settings) as instance:
        limits = instance.get_concurrency_config().run_queue_config.tag_concurrency_limits
    assert limits == [{"key": "dagster/backfill", "value": {"applyLimitPerUniqueValue": True}, "limit": 1}]
