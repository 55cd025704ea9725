"""Everything a report says of a chain, read from the lake in one state of it."""

from dataclasses import dataclass
from pathlib import Path

from curec_assets.lake.catalogue import connect
from curec_assets.lake.sql import load_sql
from curec_assets.ranker.config import ArmName
from dagster_project.one_state import Row, of_one_state

SUBJECTS = ("aligned_llm", "reward_model", "rl_policy", "correction", "ranker", "recommendations")
"""The stages that are judged, in the order in which they run."""
SHOWN_CORRECTIONS = 20
BASELINE: ArmName = "id_only"
"""The arm that all others are told from: what text adds is what they have beyond it."""


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
    audit: list[Row]
    """Every measure of ``bias_audit``."""
    alignment_pairs: list[Row]
    """What the base model and the aligned one wrote for the same subjects, of the last window that asked them."""
    sizes: Row
    """Rows, users, items, and of how many items there is text."""
    ablation: list[Row]
    """Every arm of the ranker in every window, with its difference to ``BASELINE``."""
    configuration: list[Row]
    """Each value that the models were made with."""


def read_chain(lake_root: Path, chain: str) -> ChainRows:
    """The chain's rows, all of one state of the lake.

    Raises:
        ValueError: the catalogue has no such chain, or the chain no partitions.
        duckdb.Error: files that the queries cannot read.
        RuntimeError: partitions appeared or changed during every attempt.
    """
    return of_one_state(lake_root, chain, lambda overview: _read(lake_root, chain, overview))


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
            audit=rows("audit"),
            alignment_pairs=rows("alignment_pairs"),
            sizes=rows("sizes")[0],
            ablation=rows("ablation", baseline=BASELINE),
            configuration=rows("configuration"),
        )
