"""The one way to read across windows: a reader bound to a window, which cannot see past it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from curec_assets.configuration.chain import Chain
from curec_assets.configuration.overrides import describe
from curec_assets.configuration.windows import Window
from curec_assets.lake.lake import Lake
from curec_assets.lake.manifest import Manifest, Parent
from curec_assets.lake.schemas import ASSET_SCHEMAS
from curec_assets.lake.versions import config_hash, overrides_of
from curec_assets.lineage import LINEAGE, Edge, Span


class ChronologyError(RuntimeError):
    """A read or a run that the chronology contract forbids (DESIGN §2). Nothing was written."""


class GapError(ChronologyError):
    """A window whose earlier windows, or whose parents, were never materialized."""


class ConfigurationChangedError(ChronologyError):
    """A parent that was made with another effective configuration or base model than the one in force."""


class OlderCodeError(ChronologyError):
    """A parent that older code wrote, without columns that are read now."""


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

    def at(self, asset: str, needs: Sequence[str] = ()) -> pa.Table:
        """``asset`` in this window.

        Args:
            needs: columns that not every version of the code has written.

        Raises:
            OlderCodeError: a partition without one of them.
        """
        table = self._read(asset, "at")
        if lacks := [column for column in needs if column not in table.column_names]:
            raise self._older(asset, lacks)
        return table

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

    def require_same_configuration_before(self) -> None:
        """Refuse to make this window on top of one that was made otherwise.

        Raises:
            ConfigurationChangedError: this asset's window before was made with another effective configuration.
        """
        made = [self.lake.manifest(self.asset, window.key) for window in earlier_windows(self.chain, self.window)]
        if made and made[-1] is not None and self._differs(made[-1]):
            raise self._changed(next(found for found in made if found is not None and self._differs(found)))

    def _read(self, asset: str, span: Span) -> pa.Table:
        if Edge(asset, span) not in LINEAGE[self.asset].edges:
            raise ChronologyError(
                f"{self.asset} does not declare that it reads {asset} ({span}); declare the edge in the lineage first"
            )
        if self._sealed:
            raise ChronologyError(
                f"{self.asset} reads {asset} after it opened its checkpoints, which would not depend on it; read first"
            )
        windows = windows_in(span, self.chain, self.window)
        for window in windows:
            self._seen[(asset, window.key)] = self._checked_manifest(asset, window, windows)
        return read_windows(self.lake, asset, windows)

    def _checked_manifest(self, asset: str, window: Window, windows: Sequence[Window]) -> Manifest:
        manifest = self.lake.manifest(asset, window.key)
        if manifest is None:
            missing = [w.key for w in windows if self.lake.manifest(asset, w.key) is None]
            raise GapError(
                f"{self.chain.name}/{self.asset} in {self.window.key} needs {asset} in {', '.join(missing)}, which "
                f"was never materialized. Run: curec run --chain {self.chain.name} --windows "
                f"{missing[0]}..{self.window.key}"
            )
        if self._differs(manifest):
            raise self._changed(manifest)
        return manifest

    def _differs(self, manifest: Manifest) -> bool:
        return manifest.config_hash != config_hash(self.chain, manifest.asset)

    def _changed(self, manifest: Manifest) -> ConfigurationChangedError:
        given = {**manifest.overrides, **overrides_of(self.chain, manifest.asset)}
        launched = f" Given at launch, then or now: {describe(given)}." if given else ""
        return ConfigurationChangedError(
            f"{self.chain.name}/{manifest.asset} in {manifest.window} was made with another configuration "
            f"({manifest.config_hash}, now {config_hash(self.chain, manifest.asset)}), so {self.asset} in "
            f"{self.window.key} cannot build on it.{launched} Materialize {manifest.asset} again from "
            f"{manifest.window} on, or restore the configuration"
        )

    def _older(self, asset: str, lacks: Sequence[str]) -> OlderCodeError:
        made, now = self._seen[(asset, self.window.key)].code_version, LINEAGE[asset].code_version
        return OlderCodeError(
            f"{self.chain.name}/{asset} in {self.window.key} was written by older code (version {made}, now {now}), "
            f"without {', '.join(lacks)}, which {self.asset} reads. Make it again: curec run --chain "
            f"{self.chain.name} --windows {self.window.key} --assets {asset},{self.asset}"
        )


def read_windows(lake: Lake, asset: str, windows: Sequence[Window]) -> pa.Table:
    """The rows of ``asset`` in those of ``windows`` that were published, with a ``window`` column; windows in order."""
    tables = [ASSET_SCHEMAS[asset].empty_table().append_column("window", pa.array([], pa.string()))]
    for window in windows:
        if lake.partition(asset, window.key).exists():
            table = lake.read(asset, window.key).replace_schema_metadata(None)
            tables.append(table.append_column("window", pa.array([window.key] * len(table), pa.string())))
    return pa.concat_tables(tables[1:] or tables, promote_options="default")


def windows_in(span: Span, chain: Chain, window: Window) -> Sequence[Window]:
    """The windows that ``span`` names, seen from ``window``; empty before the chain's first."""
    if span == "at":
        return (window,)
    earlier = earlier_windows(chain, window)
    if span == "previous":
        return earlier[-1:]
    return (*earlier, window) if span == "up_to" else earlier


def earlier_windows(chain: Chain, window: Window) -> Sequence[Window]:
    """The chain's windows before ``window``, in order."""
    windows = chain.all_windows()
    return windows[: windows.index(window)]
