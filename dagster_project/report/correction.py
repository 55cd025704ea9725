"""What correction did in each window: what became of reviews, what was caught, what it cost, what it was worth."""

from collections.abc import Sequence

from curec_assets.reasons.incumbents import ACTIONS
from dagster_project.report.blocks import NO_ROWS, NOTHING, Block, Figure, Paragraph, Table, number
from dagster_project.report.plots import Line, dot_plot, legend, line_plot, stacked_bars
from dagster_project.report.queries import ChainRows, Row
from dagster_project.report.tables import distinct, dots, long_table

ACTIONS_TOLD = "What became of the reviews, and which share of the window's rows of that side each action is:"
REVIEWS_TOLD = (
    "Judged are challengers of reasons that are still true; expected false is the sum, over those accepted, of the "
    "posterior probability that their gain is 0 or less. Stale are the reasons carried in from the window before that "
    "were reviewed and claim what the evidence no longer says: each is caught, and replaced or withdrawn. Stale left "
    "are those that no review met."
)
REGENERATION_TOLD = (
    "Tokens generated in a window by drafts, arrivals and correction, beside regenerating the whole catalogue: the "
    "candidates of one review, at the window's mean of tokens per review, for every item and user with evidence up to "
    "then. Prompts are counted on neither side, nor is training."
)
LATER_GAIN_TOLD = (
    "Later gain of the corrections that the window before the one named made, in nats per event of the latter, by a "
    "model that took no part in them, and how many subjects stand behind it: of challengers that passed the acceptance "
    "test, and of replacements that needed none, since the incumbent claimed what the evidence no longer says:"
)


def correction_blocks(rows: ChainRows) -> list[Block]:
    """The section of the stage."""
    judged = rows.evaluations["correction"]
    return [
        Paragraph(ACTIONS_TOLD),
        *_actions(rows.actions),
        Paragraph(REVIEWS_TOLD),
        *_reviews(rows.reviews),
        Paragraph(REGENERATION_TOLD),
        *_regeneration(rows.regeneration),
        Paragraph("Tokens generated, or trained on by aligned_llm:"),
        *_tokens(rows.tokens),
        Paragraph(LATER_GAIN_TOLD),
        *_later_gain([row for row in judged if row["metric"].startswith("later_gain")]),
    ]


def _actions(actions: Sequence[Row]) -> list[Block]:
    if not actions:
        return [NO_ROWS]
    names, windows = ACTIONS, distinct(actions, "window")
    counts = {(row["window"], row["side"], row["action"]): row["reviews"] for row in actions}
    keys = list(dict.fromkeys((row["window"], row["side"]) for row in actions))
    cells = []
    for key in keys:
        found = [counts.get((*key, name), 0) for name in names]
        cells.append((*key, *(f"{count:,} ({count / sum(found):.0%})" for count in found), f"{sum(found):,}"))
    plots = [
        stacked_bars(side, {w: {name: counts.get((w, side, name), 0) for name in names} for w in windows}, names)
        for side in sorted(distinct(actions, "side"))
    ]
    return [
        Table(("window", "side", *names, "rows"), tuple(cells), len(names) + 1),
        Figure("Reviews per window by action, each side apart.", (*plots, legend(names))),
    ]


def _reviews(reviews: Sequence[Row]) -> list[Block]:
    if not reviews:
        return [NO_ROWS]
    counted = ("judged", "accepted")
    carried = ("carried", "carried_reviewed", "stale", "replaced", "withdrawn", "stale_left")
    cells = tuple(
        (
            row["window"],
            row["side"],
            *(_count(row[name]) for name in counted),
            number(row["expected_false"]),
            *(_count(row[name]) for name in carried),
        )
        for row in reviews
    )
    columns = (*counted, "expected false", "carried", "reviewed", "stale", "replaced", "withdrawn", "stale left")
    return [Table(("window", "side", *columns), cells, len(columns))]


def _regeneration(windows: Sequence[Row]) -> list[Block]:
    if not windows:
        return [NO_ROWS]
    counted = ("drafts", "arrivals", "candidates", "spent", "reviews", "subjects", "regenerated")
    cells = tuple(
        (row["window"], *(_count(row[name]) for name in counted), _share(row["spent"], row["regenerated"]))
        for row in windows
    )
    columns = ("drafts", "arrivals", "correction", "spent", "reviews", "subjects", "whole catalogue", "spent / whole")
    lines = [
        Line(label, tuple((float(at), float(row[name])) for at, row in enumerate(windows) if row[name] is not None))
        for label, name in (("spent", "spent"), ("whole catalogue", "regenerated"))
    ]
    ticks = [(float(at), row["window"]) for at, row in enumerate(windows)]
    return [
        Table(("window", *columns), cells, len(columns)),
        Figure(
            "Tokens generated, and what regenerating every reason would take.",
            (line_plot("tokens", lines, ticks, markers=True), legend([line.label for line in lines])),
        ),
    ]


def _tokens(tokens: Sequence[Row]) -> list[Block]:
    if not tokens:
        return [NO_ROWS]
    assets, windows = distinct(tokens, "asset"), sorted(distinct(tokens, "window"))
    counts = {(row["asset"], row["window"]): f"{row['tokens']:,}" for row in tokens}
    cells = tuple((asset, *(counts.get((asset, window), NOTHING) for window in windows)) for asset in assets)
    return [Table(("asset", *windows), cells, len(windows))]


def _later_gain(rows: list[Row]) -> list[Block]:
    gains = [row for row in rows if row["metric"] == "later_gain"]
    if not gains:
        return [NO_ROWS]
    counts = [row for row in rows if row["metric"] == "later_gain_subjects"]
    subjects = {(row["window"], row["arm"], row["slice"]): _count(row["value"]) for row in counts}
    table = long_table(gains)
    behind = (subjects.get((row["window"], row["arm"], row["slice"]), NOTHING) for row in gains)
    cells = tuple((*line, count) for line, count in zip(table.rows, behind, strict=True))
    plots = [
        dot_plot(f"{arm}, {name}", dots(shown, "window"), 0.0)
        for arm in distinct(gains, "arm")
        for name in distinct(gains, "slice")
        if (shown := [row for row in gains if (row["arm"], row["slice"]) == (arm, name) and row["value"] is not None])
    ]
    blocks: list[Block] = [Table((*table.columns, "subjects"), cells, table.numbers + 1)]
    return [*blocks, Figure("Later gain in nats per event, by window.", tuple(plots))] if plots else blocks


def _count(value: float | None) -> str:
    return NOTHING if value is None else f"{value:,.0f}"


def _share(part: float | None, whole: float | None) -> str:
    return NOTHING if part is None or not whole else f"{part / whole:.0%}"
