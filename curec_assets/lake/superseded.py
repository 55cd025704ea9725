"""Weights that no partition names any more: what is left of a model when its partition was made again with another
content. They are kept until a person asks for their removal, since a stage that began before may still read them."""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from curec_assets.lake.at_work import alone
from curec_assets.lake.lake import Lake
from curec_assets.lake.manifest import read_manifest
from curec_assets.lineage import MODELS

CONTENT_ADDRESS = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Superseded:
    """A folder of weights that no partition of the lake names."""

    asset: str
    folder: Path
    size: int
    """Bytes of its files."""


def superseded_weights(lake: Lake) -> list[Superseded]:
    """Those of one chain, by asset and name.

    Named is what any partition of any chain in the lake names: a chain's folder may have been copied to another name.
    Only folders with a content address for a name count, each at its own place in the lake: what is a link, lies behind
    one, or has another name was not put there by publishing, and is left alone.

    Raises:
        ValueError: a partition that cannot be read, so that nobody knows what it names.
    """
    root = lake.root.resolve()
    named = _named(lake.root)
    found = []
    for asset in MODELS:
        place = root / lake.chain / asset / "weights"
        for folder in sorted((lake.folder / asset / "weights").glob("*")):
            if not CONTENT_ADDRESS.fullmatch(folder.name) or folder.is_symlink() or not folder.is_dir():
                continue
            if folder.resolve() == place / folder.name and folder.resolve() not in named:
                found.append(Superseded(asset, folder, _size(folder)))
    return found


def remove_superseded(lake: Lake) -> list[Superseded]:
    """Remove ``superseded_weights`` while nobody is at work in the lake, and return what was removed.

    Each is renamed before it is deleted: killed at any instant, no half of it lies at a content address, where
    publishing would take it for the whole.

    Raises:
        AtWorkError: a stage is at work; nothing was removed.
        ValueError: a partition that cannot be read; nothing was removed.
    """
    with alone(lake.root):
        found = superseded_weights(lake)
        for one in found:
            staged = lake.stage()
            one.folder.rename(staged)
            shutil.rmtree(staged)
    return found


def _named(root: Path) -> set[Path]:
    named = set()
    for asset in MODELS:
        # The file without rows that gives a view its columns is no partition.
        for partition in root.glob(f"*/{asset}/window=[!_]*/data.parquet"):
            try:
                read_manifest(partition)
                rows = pq.read_table(partition, columns=["path"])
            except (OSError, ValueError, KeyError) as error:
                raise ValueError(
                    f"{partition} cannot be read, so nobody knows which weights it names; nothing was removed: {error}"
                ) from None
            named |= {(root / relative).resolve() for relative in rows["path"].to_pylist() if relative is not None}
    return named


def _size(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*") if not path.is_dir())
