"""Several questions to the lake, answered from one state of it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import duckdb

from curec_assets.configuration.chain import ConfigError, load_chains
from curec_assets.lake.catalogue import ensure_catalogue, query
from curec_assets.lake.lake import Lake
from curec_assets.lake.sql import load_sql

ATTEMPTS = 5

Row = dict[str, Any]
Found = TypeVar("Found")


def of_one_state(lake_root: Path, chain: str, read: Callable[[Row], Found]) -> Found:
    """What ``read`` finds, all in one state of the chain: read again where a partition appeared or changed meanwhile.

    Args:
        read: is handed the one row of ``sql/report/overview.sql``.

    Raises:
        ValueError: the catalogue has no such chain, or the chain no partitions.
        duckdb.Error: files that the queries cannot read.
        RuntimeError: partitions appeared or changed during every attempt.
    """
    for _ in range(ATTEMPTS):
        before = _overview(lake_root, chain)
        if not before["partitions"]:
            raise ValueError(no_partitions(chain, lake_root))
        try:
            found = read(before)
        except duckdb.Error:
            # DuckDB opens a file twice, and trips where it was replaced in between.
            if _overview(lake_root, chain) == before:
                raise
            continue
        if _overview(lake_root, chain) == before:
            return found
    raise RuntimeError(f"{chain}: partitions appeared during every attempt to read them; ask again after the run")


def require_chain(lake_root: Path, chain: str, configuration: Path) -> None:
    """Tells a chain that was not run from one that nobody knows, and brings the lake's catalogue up to date.

    A chain that lies in the lake needs no configuration any more.

    Raises:
        ConfigError: a chain that neither the lake nor the configuration knows.
        ValueError: a chain without partitions.
    """
    if not (Lake(lake_root, chain).folder / "items").is_dir():
        configured = load_chains(configuration)
        if chain in configured:
            raise ValueError(no_partitions(chain, lake_root))
        raise ConfigError(
            f"no chain {chain!r} in the lake {lake_root} nor in {configuration / 'chains'}; "
            f"there are: {', '.join(configured)}"
        )
    # A lake that was moved, or written by an older version, has a catalogue for how it was then.
    ensure_catalogue(lake_root, [])


def no_partitions(chain: str, lake_root: Path) -> str:
    """What to tell whoever asks for something of a chain that nobody ran."""
    return f"chain {chain!r} has no partitions in {lake_root}; make some first: curec run --chain {chain}"


def _overview(lake_root: Path, chain: str) -> Row:
    (row,) = query(lake_root, load_sql("report/overview.sql"), chain).to_pylist()
    return row
