"""A chain run by nobody: its configuration and empty lake, and a daemon that ticks and makes what is requested."""

import shutil
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import dagster as dg

from curec_assets.configuration.chain import Chain, load_chain
from curec_assets.lineage import LINEAGE
from dagster_project.definitions import build_definitions
from tests.chains import run_windows
from tests.small_world import WINDOWS, Event, write_world

DATA_VERSION = "dagster/data_version"
ROOTS = ("items", "raw_interactions", "users")
Made = list[tuple[str, str]]


@dataclass
class Setting:
    """A configuration folder with the chain ``small``, an empty lake, and what Dagster makes of them."""

    root: Path
    instance: dg.DagsterInstance = field(default_factory=dg.DagsterInstance.ephemeral)

    @property
    def lake(self) -> Path:
        return self.root / "lake"

    @property
    def chain(self) -> Chain:
        return load_chain(self.root / "configuration" / "chains" / "small.yaml")

    def definitions(self) -> dg.Definitions:
        return build_definitions(self.root / "configuration", self.lake, self.root / "models")

    def read_source(self, windows: Iterable[str] = WINDOWS) -> None:
        run_windows(self.chain, self.lake, self.root / "models", windows, ROOTS)

    def write_source(self, events: list[Event]) -> None:
        shutil.rmtree(self.root / "changed", ignore_errors=True)
        changed = write_world(self.root / "changed", events)
        shutil.copy(changed / "interactions.csv", self.root / "configuration" / "interactions.csv")


class Daemon:
    """Ticks of the chain's automation; what it requests is made at once, by name alone."""

    def __init__(self, setting: Setting) -> None:
        self._definitions, self._instance = setting.definitions(), setting.instance
        self._cursor = None

    def make(self, asset: str, window: str, content: str) -> None:
        made = dg.AssetMaterialization(["small", asset], partition=window, tags={DATA_VERSION: content})
        self._instance.report_runless_asset_event(made)

    def begin(self, asset: str, window: str) -> dg.DagsterRun:
        """A run that makes a partition, and is not done with it."""
        job, key = self._definitions.resolve_implicit_global_asset_job_def(), dg.AssetKey(["small", asset])
        return self._instance.create_run_for_job(
            job.get_subset(asset_selection={key}),
            tags={"dagster/partition": window},
            asset_selection=frozenset({key}),
        )

    def end_all(self) -> None:
        """End every run that has not ended, without having made anything."""
        for run in self._instance.get_runs():
            if not run.is_finished:
                self._instance.report_run_canceled(run)

    def tick(self) -> Made:
        result = dg.evaluate_automation_conditions(self._definitions, self._instance, cursor=self._cursor)
        self._cursor = result.cursor
        return [
            (asset, window)
            for asset in LINEAGE
            for window in sorted(map(str, result.get_requested_partitions(dg.AssetKey(["small", asset]))))
        ]

    def find_all_made(self, content: str) -> None:
        """Begin with a chain that is wholly there and up to date."""
        assert self.tick() == []
        for asset in LINEAGE:
            for window in WINDOWS:
                self.make(asset, window, content)
        assert self.tick() == []

    def settle(self, content: str) -> list[Made]:
        """Tick and make what is requested until nothing is."""
        ticks = []
        while requested := self.tick():
            ticks.append(requested)
            for asset, window in requested:
                self.make(asset, window, content)
        return ticks
