"""``curec summary``: what came out of a chain, as tables a person can read in a minute."""

import sys
from pathlib import Path

import duckdb
from rich.console import Console
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from curec_assets.configuration.chain import Chain
from curec_assets.lake.catalogue import query
from curec_assets.lake.lake import Lake
from curec_assets.lake.sql import load_sql
from curec_assets.lineage import LINEAGE
from dagster_project.one_state import of_one_state, require_chain

SHOWN_CORRECTIONS = {"item": 5, "user": 2}
SHOWN_METRICS = ("auc", "group_auc", "log_loss", "hr", "ndcg")
"""In this order; of those at a cutoff (``hr@10``), every cutoff."""


def print_summary(chain: Chain, lake_root: Path, configuration: Path) -> None:
    """Print assets × windows, corrected reasons before and after, and the ablation.

    Raises:
        ValueError: a chain that nobody ran, or a lake that the queries cannot read.
    """
    require_chain(lake_root, chain.name, configuration)
    try:
        corrections, outcomes, ablation = of_one_state(lake_root, chain.name, lambda _: _read(lake_root, chain.name))
    except duckdb.Error as error:
        raise ValueError(f"{lake_root}: the summary's queries cannot read this lake: {error}") from None
    console = Console()
    _print_costs(console, chain, Lake(lake_root, chain.name))
    _print_corrections(console, corrections, outcomes)
    _print_ablation(console, ablation)
    command = sys.argv[0] if sys.argv[0].endswith("curec") else "curec"
    console.print("\nNext:", style="bold")
    console.print("  make ui", markup=False)
    console.print(
        f'  {command} sql "select title, reason, cause from {chain.name}.item_reasons limit 10"',
        markup=False,
        soft_wrap=True,
    )


def _read(lake_root: Path, chain: str) -> list[list[dict]]:
    names = ("corrections_before_and_after", "review_outcomes", "ablation")
    return [query(lake_root, load_sql(f"queries/{name}.sql"), chain).to_pylist() for name in names]


def _print_costs(console: Console, chain: Chain, lake: Lake) -> None:
    manifests = {
        (asset, w.key): manifest
        for asset in LINEAGE
        for w in chain.all_windows()
        if (manifest := lake.manifest(asset, w.key)) is not None
    }
    windows = [w.key for w in chain.all_windows() if any(window == w.key for _, window in manifests)]
    total = sum(manifest.seconds for manifest in manifests.values())
    table = Table(title=f"{chain.name}: rows and seconds of each asset in each window, and its share of all seconds")
    table.add_column("asset", no_wrap=True)
    for window in windows:
        table.add_column(window, justify="right", no_wrap=True)
    table.add_column("share", justify="right")
    for asset in LINEAGE:
        cells = [manifests.get((asset, window)) for window in windows]
        seconds = sum(manifest.seconds for manifest in cells if manifest is not None)
        shown = ["·" if m is None else f"{m.rows:,} in {m.seconds:.1f} s" for m in cells]
        table.add_row(asset, *shown, f"{seconds / max(total, 1e-9):.0%}")
    sums = [sum(m.seconds for (_, window), m in manifests.items() if window == w) for w in windows]
    table.add_section()
    table.add_row("all", *(f"{seconds:.1f} s" for seconds in sums), f"{total:.0f} s")
    console.print(table)


def _print_corrections(console: Console, corrections: list[dict], outcomes: list[dict]) -> None:
    if not corrections:
        reviewed = sum(row["reviews"] for row in outcomes)
        console.print(
            f"\nNo reason was corrected: of {reviewed} reviews, none passed the acceptance test.", style="bold"
        )
    for side, shown in SHOWN_CORRECTIONS.items():
        for row in [row for row in corrections if row["side"] == side][:shown]:
            # Text from data is shown as text: rich would read [brackets] as markup.
            body = Text(f"before  {row['before']}\nafter   {row['after']}\ncause   {row['cause']}; {_gain(row)}")
            console.print(Panel(body, title=Text(f"{row['subject']}, {row['window']}"), title_align="left"))
    table = Table("window", "side", "action", "cause", "reviews", "mean gain", title="What became of the reviews")
    for row in outcomes:
        mean = "" if row["mean_gain"] is None else f"{row['mean_gain']:+.4f}"
        table.add_row(row["window"], row["side"], row["action"], row["cause"], str(row["reviews"]), mean)
    console.print(table)


def _gain(row: dict) -> str:
    if row["cause"] == "ungrounded":
        return "replaced without a test, since it names what the evidence no longer says"
    return f"gain {row['gain']:+.4f} nats per event, lower bound {row['gain_lower_bound']:+.4f}"


def _print_ablation(console: Console, ablation: list[dict]) -> None:
    windows = sorted({row["window"] for row in ablation})
    if not windows:
        console.print("No ablation yet: the ranker of one window is judged on the next.")
    for window in windows:
        rows = [row for row in ablation if row["window"] == window]
        metrics = _shown({row["metric"] for row in rows})
        table = Table(title=f"Ablation on {window} by rankers trained before it, 95 % intervals")
        table.add_column("backbone", no_wrap=True)
        table.add_column("arm", no_wrap=True)
        for metric in metrics:
            table.add_column(metric, justify="right")
        cells = {(row["backbone"], row["arm"], row["metric"]): row for row in rows}
        for backbone, arm in dict.fromkeys((row["backbone"], row["arm"]) for row in rows):
            found = [cells.get((backbone, arm, metric)) for metric in metrics]
            if any(found):
                # An interval for the first metric; all of them stand in the evaluations view.
                first, *others = found
                shown = ["" if row is None or row["value"] is None else f"{row['value']:.4f}" for row in others]
                table.add_row(backbone, arm, _interval(first) if first else "", *shown)
        console.print(table)


def _shown(metrics: set[str]) -> list[str]:
    def place(metric: str) -> tuple[int, int]:
        kind, _, cutoff = metric.partition("@")
        return SHOWN_METRICS.index(kind), int(cutoff or 0)

    return sorted((metric for metric in metrics if metric.partition("@")[0] in SHOWN_METRICS), key=place)


def _interval(row: dict) -> str:
    if row["value"] is None:
        return f"n = {row['n']}"
    if row["ci_low"] is None:
        return f"{row['value']:.4f}"
    return f"{row['value']:.4f} [{row['ci_low']:.3f}, {row['ci_high']:.3f}]"
