"""The lake: can it be written, does its catalogue open, what did killed runs leave, what is stale."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryFile

import duckdb

from curec_assets.configuration.chain import Chain
from curec_assets.interactions.sources import SourceError, open_source
from curec_assets.lake.catalogue import CATALOGUE, connect
from curec_assets.lake.lake import Lake
from curec_assets.lake.processes import is_alive
from curec_assets.lake.versions import status
from dagster_project.doctor.finding import Finding
from dagster_project.doctor.machine import existing_parent


def check_lake(chains: Iterable[Chain], lake_root: Path, models_root: Path) -> Iterator[Finding]:
    """Everything about the lake's folder; of chains, those that have windows in it."""
    for name, root in (("lake", lake_root), ("models", models_root)):
        yield _writable(name, root)
    yield _catalogue(lake_root)
    yield from _leftovers(lake_root, models_root)
    for chain in chains:
        yield from _stale(chain, lake_root)


def _writable(name: str, root: Path) -> Finding:
    folder = existing_parent(root)
    try:
        with TemporaryFile(dir=folder):
            pass
    except OSError as error:
        return Finding(
            "fail",
            "lake",
            f"the folder {folder} of the {name} cannot be written: {error.strerror}",
            f"set CUREC_{name.upper()} to a folder of yours",
        )
    return Finding("ok", "lake", f"{root} can be written" if folder == root else f"{root} can be made")


def _catalogue(root: Path) -> Finding:
    if not (root / CATALOGUE).exists():
        return Finding("ok", "lake", "no catalogue yet; the first run makes it")
    try:
        with connect(root) as connection:
            connection.execute("SELECT fingerprint FROM main.catalogue").fetchall()
    except duckdb.Error as error:
        return Finding(
            "fail",
            "lake",
            f"the catalogue {root / CATALOGUE} does not open: {str(error).splitlines()[0]}",
            f"run: curec catalog (it builds {CATALOGUE} anew and keeps that file beside it)",
        )
    return Finding("ok", "lake", "the catalogue opens")


def _leftovers(lake_root: Path, models_root: Path) -> Iterator[Finding]:
    staged = [path for path in lake_root.glob("*/.staging/*") if _writer_is_gone(path.name.partition("-")[0])]
    staged += [path for path in models_root.glob(".making-*") if _writer_is_gone(path.name.rpartition("-")[2])]
    for path in staged:
        to_do = "the chain's next run sweeps it" if path.parent.name == ".staging" else "remove that folder"
        yield Finding("warn", "lake", f"a killed run left {path} half-written", to_do)
    for path in sorted(lake_root.glob("*/.checkpoints/*@*")):
        asset, _, window = path.name.partition("@")
        yield Finding(
            "warn",
            "lake",
            f"{asset} of {path.parent.parent.name} in {window} is at work or was interrupted",
            "if nothing runs: curec run goes on from its checkpoint",
        )


def _writer_is_gone(process: str) -> bool:
    return process.isdigit() and not is_alive(int(process))


def _stale(chain: Chain, lake_root: Path) -> Iterator[Finding]:
    lake = Lake(lake_root, chain.name)
    if not any(lake.folder.glob("*/window=[!_]*/data.parquet")):
        return
    try:
        fingerprints = open_source(chain.data_set, chain.folder).fingerprints()
    except SourceError:
        # Said of the data already.
        return
    try:
        partitions = status(lake, chain, fingerprints)
    except (OSError, ValueError) as error:
        yield Finding("fail", "lake", f"windows of {chain.name} cannot be read: {error}", "move that file away")
        return
    stale = {window for (_, window), freshness in partitions.items() if freshness.state == "stale"}
    made = sum(freshness.state != "missing" for freshness in partitions.values())
    if stale:
        yield Finding(
            "warn",
            "lake",
            f"{len(stale)} of {len(chain.all_windows())} windows of {chain.name} hold something stale",
            f"curec status --chain {chain.name} says why, curec run makes it again",
        )
    else:
        yield Finding("ok", "lake", f"{made} of {len(partitions)} partitions of {chain.name} are made, none is stale")
