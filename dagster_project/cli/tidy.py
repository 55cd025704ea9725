"""``curec tidy``: weights that no partition names any more, and their removal where it is asked for."""

from pathlib import Path

from rich.console import Console
from rich.text import Text

from curec_assets.lake.lake import Lake
from curec_assets.lake.superseded import remove_superseded, superseded_weights

MB = 1 << 20


def print_tidy(lake_root: Path, chain: str, remove: bool) -> int:
    """List the superseded weights of ``chain`` and, with ``remove``, remove them.

    Raises:
        ValueError: a chain that has no folder in the lake, or a partition that cannot be read.
        AtWorkError: weights are to be removed while a stage is at work in the lake.
    """
    lake = Lake(lake_root, chain)
    if not lake.folder.is_dir():
        raise ValueError(f"{lake_root} has no chain {chain!r}")
    console = Console(soft_wrap=True, highlight=False)
    found = remove_superseded(lake) if remove else superseded_weights(lake)
    for one in found:
        console.print(Text(f"{one.size / MB:>10,.1f} MB  {one.folder}"))
    total = f"{len(found)} folders of weights, {sum(one.size for one in found) / MB:,.1f} MB, that no partition names"
    if not found:
        console.print(Text(f"every folder of weights of {chain} is named by a partition"))
    elif remove:
        console.print(Text(f"removed {total}"))
    else:
        console.print(Text(f"{total}; to remove them: curec tidy --chain {chain} --remove"))
    return 0
