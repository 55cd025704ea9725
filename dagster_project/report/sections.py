"""The sections of a report, as blocks: chains side by side; of each, questions, windows, stages, costs, texts."""

from collections.abc import Mapping, Sequence

from curec_assets.lineage import LINEAGE
from dagster_project.report.answers import EVERY_WINDOW, chosen_windows
from dagster_project.report.blocks import NO_ROWS, NOTHING, Block, Fold, Heading, Paragraph, Table, interval, number
from dagster_project.report.opening import opening_blocks
from dagster_project.report.queries import SUBJECTS, ChainRows, Row
from dagster_project.report.side_by_side import Column, side_by_side_blocks
from dagster_project.report.stages import stage_blocks

TITLE = "What came out: reasons, rewards, corrections, ranking"
READING = (
    "Below 0 is the better side in log_loss, ece and near_duplicate_share, neither in tokens and in what texts tell "
    "(tells_…), above 0 elsewhere. "
    "Intervals of the ranker's contrasts of reasons hold jointly within a window; all others stand each for itself, so "
    "that among many rows some are told apart from 0 by chance. An interval without width (a single subject) tells "
    "nothing apart."
)


def report_blocks(chains: Sequence[ChainRows], windows: Mapping[str, str] | None = None) -> list[Block]:
    """The whole report: several chains side by side, then one part a chain.

    Args:
        chains: what the lake holds of each.
        windows: by chain, those to pool in the opening (a key, or ``first..last``; by default every one); all else
            shows every window.

    Raises:
        ValueError: ``windows`` names none of a chain's.
    """
    columns = [Column(rows, chosen_windows(rows, (windows or {}).get(rows.chain, EVERY_WINDOW))) for rows in chains]
    blocks: list[Block] = [Heading(1, TITLE)]
    if len(columns) > 1:
        blocks += side_by_side_blocks(columns)
    for column in columns:
        rows = column.rows
        blocks += [*_state(rows), *opening_blocks(rows, column.windows)]
        blocks += [Heading(3, "Headline: what differs from 0"), *_headline(rows)]
        blocks += [Heading(3, "Stages"), *stage_blocks(rows)]
        blocks += [Heading(3, "Cost: seconds per asset and window"), *_costs(rows.costs)]
        blocks += [Heading(3, "Before and after alignment, drawn at random"), *_alignment_pairs(rows)]
        blocks += [Heading(3, "Corrections, drawn at random"), *_corrections(rows)]
    return blocks


def _state(rows: ChainRows) -> list[Block]:
    found = rows.overview
    told = (
        f"{found['partitions']} partitions of {found['assets']} assets in {found['windows']} windows, "
        f"{found['first_window']} to {found['last_window']}; the latest was made at {found['latest']}. "
        f"State of the lake: {found['state'][:12]}. Plots, and every window, arm and slice, stand in report.html."
    )
    return [Heading(2, rows.chain), Paragraph(told)]


def _headline(rows: ChainRows) -> list[Block]:
    by_subject: dict[str, list[Row]] = {subject: [] for subject in SUBJECTS}
    for row in rows.headline:
        by_subject.setdefault(row["subject"], []).append(row)
    columns = ("backbone", "contrast", "metric", "window", "0 lies", "value", "interval", "n")
    blocks: list[Block] = []
    for subject, found in by_subject.items():
        blocks.append(Heading(4, subject))
        cells = tuple(
            (
                row["backbone"] or NOTHING,
                row["arm"],
                row["metric"],
                row["window"],
                row["verdict"],
                number(row["value"]),
                interval(row),
                f"{row['n']:,}",
            )
            for row in found
        )
        blocks.append(Table(columns, cells, 3) if cells else NO_ROWS)
    return [Paragraph(READING), Fold("Every paired difference of every window", tuple(blocks), in_markdown=True)]


def _costs(costs: Sequence[Row]) -> list[Block]:
    windows = sorted({row["window"] for row in costs if row["window"] is not None})
    made = {row["asset"] for row in costs if row["asset"] is not None}
    # Assets that a later version of the project dropped may still lie in the lake.
    assets = [*(asset for asset in LINEAGE if asset in made), *sorted(made - set(LINEAGE))]
    seconds = {(row["asset"], row["window"]): f"{row['seconds']:,.1f}" for row in costs}
    cells = tuple(
        (asset or "all", *(seconds.get((asset, window), NOTHING) for window in (*windows, None)))
        for asset in (*assets, None)
    )
    return [Table(("asset", *windows, "all"), cells, len(windows) + 1)]


def _alignment_pairs(rows: ChainRows) -> list[Block]:
    pairs = rows.alignment_pairs
    if not pairs:
        return [NO_ROWS]
    told = (
        f"What both models wrote about {len(pairs)} subjects from the same evidence, before any gate; asked in "
        f"{pairs[0]['window']} of the model of the window before. A hash draws the subjects; nobody picked them."
    )
    cells = tuple((row["side"], row["subject"], row["base"] or NOTHING, row["aligned"] or NOTHING) for row in pairs)
    return [Paragraph(told), Table(("side", "subject", "base", "aligned"), cells)]


def _corrections(rows: ChainRows) -> list[Block]:
    if not rows.corrections:
        return [NO_ROWS]
    told = (
        f"{len(rows.corrections)} of {rows.corrections[0]['corrected']:,} corrections, in an order that a hash of the "
        "chain's name fixes; nobody picked them. Gain is in nats per event; a reason that was replaced because it "
        "named what the evidence no longer says was not tested and has none."
    )
    cells = tuple(
        (
            row["window"],
            row["side"],
            row["subject"],
            row["before"] or NOTHING,
            row["after"] or NOTHING,
            row["cause"],
            number(row["gain"]),
        )
        for row in rows.corrections
    )
    return [Paragraph(told), Table(("window", "side", "subject", "before", "after", "cause", "gain"), cells, 1)]
