"""``curec status``: assets × windows as fresh, stale or missing, and why what is stale is."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from curec_assets.configuration.chain import Chain
from curec_assets.interactions.sources import open_source
from curec_assets.lake.lake import Lake
from curec_assets.lake.versions import status
from curec_assets.lineage import LINEAGE

MARKS = {"fresh": "[green]fresh[/]", "stale": "[yellow]stale[/]", "missing": "[dim]·[/]"}


def print_status(chain: Chain, lake_root: Path) -> int:
    """Print the table; the exit status is 1 where something is stale, so that scripts can ask."""
    console = Console()
    partitions = status(Lake(lake_root, chain.name), chain, open_source(chain.data_set, chain.folder).fingerprints())
    windows = [w.key for w in chain.all_windows()]
    title: str | None = f"{chain.name}: what stands for today's sources, code and configuration"
    fit = _windows_that_fit(console.width, windows)
    for shown in (windows[start : start + fit] for start in range(0, len(windows), fit)):
        table = Table(Column("asset", no_wrap=True), *(Column(window, no_wrap=True) for window in shown), title=title)
        for asset in LINEAGE:
            table.add_row(asset, *(MARKS[partitions[(asset, window)].state] for window in shown))
        console.print(table)
        title = None
    stale = [freshness for freshness in partitions.values() if freshness.state == "stale"]
    for freshness in stale:
        if not freshness.through_parents:
            console.print(f"{freshness.asset} in {freshness.window}: {escape(freshness.why)}")
    through_parents = sum(freshness.through_parents for freshness in stale)
    if through_parents:
        console.print(f"{through_parents} more are stale only because of these.")
    return 1 if stale else 0


def _windows_that_fit(width: int, windows: Sequence[str]) -> int:
    """How many columns of windows a table of ``width`` characters has room for beside the assets' names."""
    margins = 3
    each = max(len(word) for word in (*windows, *MARKS)) + margins
    return max(1, (width - max(map(len, LINEAGE)) - margins - 1) // each)
