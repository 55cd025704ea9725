"""One asset of one window being made: the job that describes it, and the run that reads, works and publishes."""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from shutil import rmtree
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from curec_assets.configuration.chain import Chain
from curec_assets.configuration.section import Section
from curec_assets.lake.as_of import AsOfReader, ChronologyError
from curec_assets.lake.checkpoints import Checkpoints
from curec_assets.lake.hashing import hash_json, hash_table
from curec_assets.lake.lake import Lake
from curec_assets.lake.manifest import Manifest
from curec_assets.lake.schemas import MODEL
from curec_assets.lake.versions import config_hash, overrides_of
from curec_assets.lineage import LINEAGE
from curec_assets.progress import Progress, silent

TIMING_SUFFIXES = ("_seconds", "_per_second", "_milliseconds_per_completion")
"""Metrics that measure the machine, not the result: shown in the UI, kept out of content hashes."""


class WindowJob(Section):
    """All that is needed to make one asset of one window, serialisable, so that the same stage can be launched in
    this process, in another, or on another machine that sees the same lake."""

    lake: Path
    """Root of the lake."""
    models: Path
    """Root of the base models."""
    chain: Chain
    asset: str
    window: str
    """Key of the window."""


@dataclass(frozen=True)
class Published:
    """What a stage has put into the lake, with what a person should see of it."""

    manifest: Manifest
    table: pa.Table
    path: Path


@dataclass
class WindowRun:
    """What a stage holds while it works: its window, its configuration, its reader and its way to publish."""

    job: WindowJob
    progress: Progress = silent
    started: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        self.chain = self.job.chain
        self.profile = self.job.chain.profile
        self.lake = Lake(self.job.lake, self.job.chain.name)
        self.window = self.chain.window(self.job.window)
        self.read = AsOfReader(self.lake, self.chain, self.job.asset, self.window)

    @property
    def is_first_window(self) -> bool:
        """Whether the chain has no window before this one."""
        return self.window == self.chain.all_windows()[0]

    @property
    def seed(self) -> int:
        """This stage's seed: of the profile's seed, the asset and the window, so that stages do not share a stream."""
        text = f"{self.profile.seed}/{self.job.asset}/{self.window.key}"
        return int.from_bytes(sha256(text.encode()).digest()[:4], "big")

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """An empty folder for this stage's files, removed afterwards."""
        folder = self.lake.stage()
        folder.mkdir()
        try:
            yield folder
        finally:
            rmtree(folder, ignore_errors=True)

    def checkpoints(self, *inputs: str) -> Checkpoints:
        """Where this stage keeps parts of its work until it has published. Nothing can be read after this.

        The folder is named by all that the result depends on: asset, window, code version, effective configuration, and
        the content of everything that was read. So another run of the same work finds it, and no other work does; what
        other inputs have left of this asset and window is removed.

        Args:
            inputs: ids of what the result also depends on and the reader does not know: base model, encoders.
        """
        parents = [[parent.asset, parent.window, parent.content_hash] for parent in self.read.seal()]
        key = hash_json(
            [
                self.job.asset,
                self.window.key,
                LINEAGE[self.job.asset].code_version,
                config_hash(self.chain, self.job.asset),
                parents,
                list(inputs),
            ]
        )
        folder = self.lake.checkpoints(self.job.asset, self.window.key)
        folder.mkdir(parents=True, exist_ok=True)
        for left in folder.iterdir():
            if left.name != key:
                rmtree(left, ignore_errors=True)
        return Checkpoints(folder / key)

    def weights(self, model_row: pa.Table) -> Path:
        """The folder of weights of a model partition that was read (its one manifest row)."""
        return self.lake.weights(model_row["path"][0].as_py())

    def publish(self, table: pa.Table, metrics: Mapping[str, Any], source_fingerprint: str | None = None) -> Published:
        """Publish a table of rows.

        Args:
            table: rows of the asset's schema; a ``window`` column, if there is one, is dropped (the folder says it).
            metrics: counts and means for people; JSON values.
            source_fingerprint: content of the source files, for assets that read them.
        """
        if "window" in table.column_names:
            table = table.drop_columns(["window"])
        content_hash = hash_table(table)
        return self._publish(table, content_hash, content_hash, metrics, source_fingerprint=source_fingerprint)

    def publish_model(
        self,
        folder: Path,
        metrics: Mapping[str, Any],
        curves: Sequence[Mapping[str, Any]] = (),
        evaluations: pa.Table | None = None,
        base_model: str | None = None,
    ) -> Published:
        """Publish a folder of weights and its manifest row."""
        path, weights_hash = self.lake.publish_weights(self.job.asset, folder)
        sections = {name: self.chain.section(name) for name in LINEAGE[self.job.asset].sections}
        latest = self.read.latest_ts_seen()
        row = {
            "artifact_id": f"{self.job.asset}@{self.window.key}:{weights_hash[:12]}",
            "path": path,
            "sha256": weights_hash,
            "base_model": base_model,
            "parents": [parent.artifact_id for parent in self.read.parents()],
            "rows_seen": self.read.rows_seen(),
            "latest_ts_seen": datetime.fromisoformat(latest) if latest else None,
            "config": json.dumps(sections, sort_keys=True),
            "config_hash": config_hash(self.chain, self.job.asset),
            "created_at": datetime.now(UTC),
            "metrics": json.dumps(without_timing(metrics), sort_keys=True),
            "curves": list(curves),
            "evaluations": evaluations.to_pylist() if evaluations is not None else [],
        }
        table = pa.Table.from_pylist([row], schema=MODEL)
        return self._publish(table, hash_table(table), weights_hash, metrics, base_model=base_model)

    def _publish(
        self,
        table: pa.Table,
        content_hash: str,
        identity: str,
        metrics: Mapping[str, Any],
        source_fingerprint: str | None = None,
        base_model: str | None = None,
    ) -> Published:
        own_latest = _latest_ts(table) if "ts" in table.column_names else None
        manifest = Manifest(
            chain=self.chain.name,
            asset=self.job.asset,
            window=self.window.key,
            artifact_id=f"{self.job.asset}@{self.window.key}:{identity[:12]}",
            content_hash=content_hash,
            config_hash=config_hash(self.chain, self.job.asset),
            code_version=LINEAGE[self.job.asset].code_version,
            parents=self.read.parents(),
            rows=len(table),
            rows_seen=self.read.rows_seen(),
            latest_ts_seen=max(filter(None, (own_latest, self.read.latest_ts_seen())), default=None),
            created_at=datetime.now(UTC).isoformat(),
            seconds=round(time.monotonic() - self.started, 3),
            source_fingerprint=source_fingerprint,
            base_model=base_model,
            metrics=dict(metrics),
            overrides=overrides_of(self.chain, self.job.asset),
        )
        if manifest.latest_ts_seen and datetime.fromisoformat(manifest.latest_ts_seen) >= self.window.end:
            raise ChronologyError(
                f"{self.chain.name}/{self.job.asset} in {self.window.key} has seen an event of "
                f"{manifest.latest_ts_seen}, at or after the window's end; nothing was published"
            )
        path = self.lake.publish(table, manifest)
        rmtree(self.lake.checkpoints(self.job.asset, self.window.key), ignore_errors=True)
        return Published(manifest, table, path)


def without_timing(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """Metrics without those that measure the machine."""
    return {name: value for name, value in metrics.items() if not name.endswith(TIMING_SUFFIXES)}


def _latest_ts(table: pa.Table) -> str | None:
    latest = pc.max(table["ts"]).as_py()
    return latest.isoformat() if latest else None
