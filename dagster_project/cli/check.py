"""``curec check``: the checks of windows that lie in the lake, without making anything."""

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

from curec_assets.checks.checks import CHECKS
from curec_assets.checks.partition import Partition
from curec_assets.configuration.chain import Chain
from curec_assets.configuration.windows import Window
from curec_assets.lake.lake import Lake
from curec_assets.lineage import LINEAGE

STYLES = {"error": "red", "warn": "yellow"}
MOST_ROWS = 3


def print_checks(chain: Chain, windows: Sequence[Window], lake_root: Path) -> int:
    """Print what failed with the first rows that broke the rule; the exit status is 1 where an error is among it.

    Raises:
        ValueError: none of the windows has anything to check.
    """
    console, lake = Console(), Lake(lake_root, chain.name)
    published = [(asset, w) for w in windows for asset in LINEAGE if lake.manifest(asset, w.key) is not None]
    if not published:
        raise ValueError(f"{lake_root} holds nothing of {chain.name} in these windows; run it first")
    failed = {"error": 0, "warn": 0}
    for asset, window in published:
        partition = Partition(lake, chain, asset, window)
        for check in CHECKS[asset]:
            finding = check.judge(partition)
            if finding.passed:
                continue
            failed[check.severity] += 1
            head = Text(f"{check.severity:<5} {window.key} {asset} {check.name}: ", style=STYLES[check.severity])
            console.print(head.append(finding.summary, style="default"), soft_wrap=True)
            for row in finding.offending[:MOST_ROWS]:
                console.print(Text(f"      {row}"), soft_wrap=True)
    done = sum(len(CHECKS[asset]) for asset, _ in published)
    told = f"{failed['error']} errors, {failed['warn']} warnings"
    console.print(f"{done:,} checks of {len(published):,} partitions: {told}", soft_wrap=True)
    return 1 if failed["error"] else 0
