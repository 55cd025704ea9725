"""Everything a report says of a chain, read from the lake in one state of it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from curec_assets.lake.catalogue import connect, query
from curec_assets.lake.sql import load_sql

SUBJECTS = ("aligned_llm", "reward_model", "rl_policy", "correction", "ranker")
"""The stages that are judged, in the order in which they run."""
SHOWN_CORRECTIONS = 20
ATTEMPTS = 5

Row = dict[str, Any]


@dataclass(frozen=True)
class ChainRows:
    """The rows of every query in ``sql/report/`` for one chain, in the order that the query gives them."""

    chain: str
    overview: Row
    headline: list[Row]
    evaluations: dict[str, list[Row]]
    """By subject; one without rows has an empty list."""
    curves: list[Row]
    """Of ``rl_policy``."""
    milliseconds: list[Row]
    """Of ``rl_policy``, per completion."""
    reliability: list[Row]
    """Bins of ``reward_model`` in the last window that has them."""
    actions: list[Row]
    reviews: list[Row]
    regeneration: list[Row]
    tokens: list[Row]
    costs: list[Row]
    corrections: list[Row]
    alignment_pairs: list[Row]
    """What the base model and the aligned one wrote for the same subjects, of the last window that asked them."""


def read_chain(lake_root: Path, chain: str) -> ChainRows:
    """The chain's rows, all of one state of the lake: read again where a partition appeared or changed meanwhile.

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
            found = _read(lake_root, chain, before)
        except duckdb.Error:
            # DuckDB opens a file twice, and trips where it was replaced in between.
            if _overview(lake_root, chain) == before:
                raise
            continue
        if _overview(lake_root, chain) == before:
            return found
    raise RuntimeError(f"{chain}: partitions appeared during every attempt to read them; ask again after the run")


def no_partitions(chain: str, lake_root: Path) -> str:
    """What to tell whoever asks for a report of a chain that nobody ran."""
    return f"chain {chain!r} has no partitions in {lake_root}; make some first: curec run --chain {chain}"


def _overview(lake_root: Path, chain: str) -> Row:
    (row,) = query(lake_root, load_sql("report/overview.sql"), chain).to_pylist()
    return row


def _read(lake_root: Path, chain: str, overview: Row) -> ChainRows:
    with connect(lake_root, chain) as connection:

        def rows(name: str, **parameters: object) -> list[Row]:
            return connection.sql(load_sql(f"report/{name}.sql"), params=parameters).to_arrow_table().to_pylist()

        return ChainRows(
            chain=chain,
            overview=overview,
            headline=rows("headline"),
            evaluations={subject: rows("evaluations", subject=subject) for subject in SUBJECTS},
            curves=rows("curves", asset="rl_policy"),
            milliseconds=rows("milliseconds"),
            reliability=rows("reliability"),
            actions=rows("actions"),
            reviews=rows("reviews"),
            regeneration=rows("regeneration"),
            tokens=rows("tokens"),
            costs=rows("costs"),
            corrections=rows("corrections", seed=chain, shown=SHOWN_CORRECTIONS),
            alignment_pairs=rows("alignment_pairs"),
        )
