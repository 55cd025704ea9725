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
from dagster_project.doctor.finding import Finding, counted
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
            name,
            f"the folder {folder} of the {name} cannot be written: {error.strerror}",
            f"set CUREC_{name.upper()} to a folder of yours",
        )
    can = "is there and can be written" if folder == root else "is not there yet and can be made"
    return Finding("ok", name, f"folder {root} {can}")


def _catalogue(root: Path) -> Finding:
    if not (root / CATALOGUE).exists():
        return Finding("ok", "lake", f"no catalogue ({CATALOGUE}) yet; the first run makes it")
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
    return Finding("ok", "lake", f"the catalogue ({CATALOGUE}) opens")


def _leftovers(lake_root: Path, models_root: Path) -> Iterator[Finding]:
    staged = [path for path in lake_root.glob("*/.staging/*") if _writer_is_gone(path.name.partition("-")[0])]
    staged += [path for path in models_root.glob(".making-*") if _writer_is_gone(path.name.rpartition("-")[2])]
    for path in staged:
        in_lake = path.parent.name == ".staging"
        to_do = "nothing: the chain's next run removes it" if in_lake else "remove that folder"
        yield Finding("warn", "lake" if in_lake else "models", f"a killed run left {path} half-written", to_do)
    for path in sorted(lake_root.glob("*/.checkpoints/*@*")):
        asset, _, window = path.name.partition("@")
        yield Finding(
            "warn",
            "lake",
            f"{asset} of {path.parent.parent.name} in {window} is at work or was interrupted",
            f"if nothing runs: curec run --chain {path.parent.parent.name} goes on from its checkpoint",
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
        to_do = f"see to what it names, then curec run --chain {chain.name} makes what is gone"
        yield Finding("fail", "lake", f"windows of {chain.name} cannot be read: {error}", to_do)
        return
    stale = {window for (_, window), freshness in partitions.items() if freshness.state == "stale"}
    made = sum(freshness.state != "missing" for freshness in partitions.values())
    if stale:
        yield Finding(
            "warn",
            "lake",
            f"{len(stale)} of {counted(len(chain.all_windows()), 'window')} of {chain.name} "
            f"{'holds' if len(stale) == 1 else 'hold'} something stale",
            f"curec status --chain {chain.name} says why, curec run --chain {chain.name} makes it again",
        )
    else:
        yield Finding("ok", "lake", f"{made} of {len(partitions)} partitions of {chain.name} are made, none is stale")
