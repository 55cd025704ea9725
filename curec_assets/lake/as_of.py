"""The one way to read across windows: a reader bound to a window, which cannot see past it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from curec_assets.configuration.chain import Chain
from curec_assets.configuration.windows import Window
from curec_assets.lake.lake import Lake
from curec_assets.lake.manifest import Manifest, Parent
from curec_assets.lake.schemas import ASSET_SCHEMAS
from curec_assets.lake.versions import config_hash
from curec_assets.lineage import LINEAGE, Edge, Span


class ChronologyError(RuntimeError):
    """A read or a run that the chronology contract forbids (DESIGN §2). Nothing was written."""


class GapError(ChronologyError):
    """A window whose earlier windows, or whose parents, were never materialized."""


class ConfigurationChangedError(ChronologyError):
    """A parent that was made with another effective configuration or base model than the one in force."""


@dataclass
class AsOfReader:
    """Reads the parents of ``asset`` in ``window``, as they are declared in the lineage, and remembers what was read.

    Every table carries a ``window`` column with the key of the window each row comes from.
    """

    lake: Lake
    chain: Chain
    asset: str
    window: Window
    _seen: dict[tuple[str, str], Manifest] = field(default_factory=dict)
    _sealed: bool = False

    def at(self, asset: str) -> pa.Table:
        """``asset`` in this window."""
        return self._read(asset, "at")

    def previous(self, asset: str) -> pa.Table:
        """``asset`` in the window before; no rows in the first window."""
        return self._read(asset, "previous")

    def up_to(self, asset: str) -> pa.Table:
        """``asset`` in all windows up to and with this one, in order."""
        return self._read(asset, "up_to")

    def up_to_previous(self, asset: str) -> pa.Table:
        """``asset`` in all windows before this one, in order; no rows in the first window."""
        return self._read(asset, "up_to_previous")

    def parents(self) -> tuple[Parent, ...]:
        """What has been read so far."""
        found = [Parent(m.asset, m.window, m.content_hash, m.artifact_id) for m in self._seen.values()]
        return tuple(sorted(found, key=lambda p: (p.asset, p.window)))

    def seal(self) -> tuple[Parent, ...]:
        """What has been read, after which nothing more can be: what the artifact is made from is known now."""
        self._sealed = True
        return self.parents()

    def rows_seen(self) -> int:
        """Rows of all partitions read so far."""
        return sum(manifest.rows for manifest in self._seen.values())

    def latest_ts_seen(self) -> str | None:
        """Latest event time that this artifact's parents, and theirs, have seen."""
        return max((m.latest_ts_seen for m in self._seen.values() if m.latest_ts_seen), default=None)

    def _read(self, asset: str, span: Span) -> pa.Table:
        if Edge(asset, span) not in LINEAGE[self.asset].edges:
            raise ChronologyError(
                f"{self.asset} does not declare that it reads {asset} ({span}); declare the edge in the lineage first"
            )
        if self._sealed:
            raise ChronologyError(
                f"{self.asset} reads {asset} after it opened its checkpoints, which would not depend on it; read first"
            )
        all_windows = self.chain.all_windows()
        windows = windows_in(span, all_windows, all_windows.index(self.window))
        if not windows:
            return ASSET_SCHEMAS[asset].empty_table().append_column("window", pa.array([], pa.string()))
        tables = []
        for window in windows:
            self._seen[(asset, window.key)] = self._checked_manifest(asset, window, windows)
            table = self.lake.read(asset, window.key).replace_schema_metadata(None)
            tables.append(table.append_column("window", pa.array([window.key] * len(table), pa.string())))
        return pa.concat_tables(tables, promote_options="default")

    def _checked_manifest(self, asset: str, window: Window, windows: Sequence[Window]) -> Manifest:
        manifest = self.lake.manifest(asset, window.key)
        if manifest is None:
            missing = [w.key for w in windows if self.lake.manifest(asset, w.key) is None]
            raise GapError(
                f"{self.chain.name}/{self.asset} in {self.window.key} needs {asset} in {', '.join(missing)}, which "
                f"was never materialized. Run: curec run --chain {self.chain.name} --windows "
                f"{missing[0]}..{self.window.key}"
            )
        expected = config_hash(self.chain, asset)
        if manifest.config_hash != expected:
            raise ConfigurationChangedError(
                f"{self.chain.name}/{asset} in {window.key} was made with another configuration "
                f"({manifest.config_hash}, now {expected}), so {self.asset} in {self.window.key} cannot build on it. "
                f"Materialize {asset} again from {window.key} on, or restore the configuration"
            )
        return manifest


def windows_in(span: Span, windows: Sequence[Window], position: int) -> Sequence[Window]:
    """The windows that ``span`` names, seen from ``windows[position]``; empty before the first."""
    if span == "at":
        return windows[position : position + 1]
    if span == "previous":
        return windows[max(position - 1, 0) : position]
    return windows[: position + 1] if span == "up_to" else windows[:position]
