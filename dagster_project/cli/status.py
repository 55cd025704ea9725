"""``curec status``: assets × windows as fresh, stale or missing, and why what is stale is."""

from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from curec_assets.configuration.chain import Chain
from curec_assets.interactions.sources import open_source
from curec_assets.lake.lake import Lake
from curec_assets.lake.versions import status
from curec_assets.lineage import LINEAGE

MARKS = {"fresh": "[green]fresh[/]", "stale": "[yellow]stale[/]", "missing": "[dim]·[/]"}


def print_status(chain: Chain, lake_root: Path) -> int:
    """Print the table; the exit status is 1 where something is stale, so that scripts can ask."""
    console = Console()
    partitions = status(Lake(lake_root, chain.name), chain, open_source(chain.data_set, chain.folder).fingerprint())
    windows = [w.key for w in chain.all_windows()]
    table = Table("asset", *windows, title=f"{chain.name}: what stands for today's sources, code and configuration")
    for asset in LINEAGE:
        table.add_row(asset, *(MARKS[partitions[(asset, window)].state] for window in windows))
    console.print(table)
    stale = [freshness for freshness in partitions.values() if freshness.state == "stale"]
    for freshness in stale:
        if not freshness.through_parents:
            console.print(f"{freshness.asset} in {freshness.window}: {escape(freshness.why)}")
    through_parents = sum(freshness.through_parents for freshness in stale)
    if through_parents:
        console.print(f"{through_parents} more are stale only because of these.")
    return 1 if stale else 0
