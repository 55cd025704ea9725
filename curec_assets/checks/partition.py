"""A partition under check, with what its lineage lets it see: that window and earlier ones, as they lie in the lake."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pyarrow as pa

from curec_assets.configuration.chain import Chain
from curec_assets.configuration.windows import Window
from curec_assets.lake.as_of import GapError, read_windows, windows_in
from curec_assets.lake.lake import Lake
from curec_assets.lake.manifest import Manifest
from curec_assets.lake.schemas import ASSET_SCHEMAS
from curec_assets.lineage import LINEAGE, Edge


@dataclass(frozen=True)
class Partition:
    """One published partition of ``chain``. Unlike a stage, a check reads what lies there whatever it was made with.

    Raises:
        GapError: it was never published.
    """

    lake: Lake
    chain: Chain
    asset: str
    window: Window

    @cached_property
    def manifest(self) -> Manifest:
        """What is known of the partition beside its rows."""
        manifest = self.lake.manifest(self.asset, self.window.key)
        if manifest is None:
            raise GapError(f"{self.chain.name}/{self.asset} in {self.window.key} was never materialized")
        return manifest

    def __post_init__(self) -> None:
        # Asked at once: a query over a partition that is not there would find no row that breaks a rule.
        _ = self.manifest

    @cached_property
    def rows(self) -> pa.Table:
        """The partition's rows."""
        return self.read(Edge(self.asset, "at")).drop_columns(["window"])

    def previous_rows(self) -> pa.Table:
        """The same asset in the window before; no rows where there is none."""
        return read_windows(self.lake, self.asset, windows_in("previous", self.chain, self.window))

    def visible(self) -> Mapping[str, Edge]:
        """What can be read, by the name a query gives it: the partition's rows by the asset's name, what its lineage
        reads by theirs, and ``earlier_<asset>`` for what it reads of windows before this one alone."""
        found = {self.asset: Edge(self.asset, "at")}
        for edge in LINEAGE[self.asset].edges:
            found[f"earlier_{edge.asset}" if edge.span in ("previous", "up_to_previous") else edge.asset] = edge
        return found

    def read(self, edge: Edge) -> pa.Table:
        """The rows behind a name of ``visible``, each with the ``window`` it comes from; columns that an older lake
        lacks are null."""
        found = read_windows(self.lake, edge.asset, windows_in(edge.span, self.chain, self.window))
        for column in ASSET_SCHEMAS[edge.asset]:
            if column.name not in found.column_names:
                found = found.append_column(column, pa.nulls(len(found), column.type))
        return found

    def parents(self) -> dict[tuple[str, str], Manifest | None]:
        """The manifests, as they are now, of what the partition was made from."""
        return {(p.asset, p.window): self.lake.manifest(p.asset, p.window) for p in self.manifest.parents}

    @cached_property
    def model_row(self) -> dict[str, Any]:
        """The manifest row of a model partition."""
        (row,) = self.rows.to_pylist()
        return row
