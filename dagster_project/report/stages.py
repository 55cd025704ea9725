"""What each stage achieved, as blocks: tables of its held-out measures, and plots of them."""

from collections.abc import Callable, Iterable, Sequence
from typing import get_args

from curec_assets.ranker.config import ArmName
from dagster_project.report.blocks import (
    NO_ROWS,
    NOTHING,
    Block,
    Figure,
    Heading,
    Paragraph,
    Table,
    estimate,
    interval,
    number,
)
from dagster_project.report.plots import Dot, Line, dot_plot, legend, line_plot, stacked_bars
from dagster_project.report.queries import ChainRows, Row

CHANCE = 0.5
"""AUC of a scorer that knows nothing."""
RANKER_ARMS: tuple[str, ...] = get_args(ArmName)


def stage_blocks(rows: ChainRows) -> list[Block]:
    """Every stage under its heading, in the order in which they run; one without rows says so."""
    stages: dict[str, Callable[[ChainRows], list[Block]]] = {
        "aligned_llm": _aligned_llm,
        "reward_model": _reward_model,
        "rl_policy": _rl_policy,
        "correction": _correction,
        "ranker": _ranker,
    }
    return [block for name, build in stages.items() for block in (Heading(4, name), *build(rows))]


def _aligned_llm(rows: ChainRows) -> list[Block]:
    return _measures(rows.evaluations["aligned_llm"])


def _reward_model(rows: ChainRows) -> list[Block]:
    found = [row for row in rows.evaluations["reward_model"] if row["metric"] == "auc"]
    if not found:
        return [NO_ROWS]
    last = _last_window(found)
    slices = _distinct(last, "slice")
    plots = []
    for kind, is_contrast, reference in (("AUC", False, CHANCE), ("difference of AUC", True, 0.0)):
        shown = [row for row in last if row["is_contrast"] == is_contrast]
        for name in slices:
            dots = _dots(row for row in shown if row["slice"] == name)
            plots.append(dot_plot(f"{name}: {kind}", dots, reference, _dots(shown)))
    return [
        Paragraph(f"AUC on held-out events of {last[0]['window']}, by what the model is shown and by slice."),
        _by_slice(last),
        Figure(f"AUC per slice in {last[0]['window']}, and its paired differences.", tuple(plots)),
    ]


def _rl_policy(rows: ChainRows) -> list[Block]:
    blocks: list[Block] = [Paragraph("Held-out measures:"), *_measures(rows.evaluations["rl_policy"])]
    if not rows.curves:
        return [*blocks, Paragraph("Learning curves:"), NO_ROWS]
    windows, names = _distinct(rows.curves, "window"), _distinct(rows.curves, "name")
    cells, plots = [], []
    for name in names:
        lines = []
        for window in windows:
            points = [r for r in rows.curves if (r["name"], r["window"]) == (name, window)]
            if points:
                ends = (number(points[0]["value"]), number(points[-1]["value"]))
                cells.append((name, window, f"{points[-1]['step']:,}", *ends))
            lines.append(Line(window, tuple((point["step"], point["value"]) for point in points)))
        steps = sorted({point["step"] for point in rows.curves if point["name"] == name})
        plots.append(line_plot(name, lines, [(step, str(step)) for step in dict.fromkeys((steps[0], steps[-1]))]))
    return [
        *blocks,
        Paragraph("Learning curves: value at the first and at the last step of each window's training."),
        Table(("curve", "window", "steps", "first", "last"), tuple(cells), 3),
        Figure("Learning curves by step, one line a window.", (*plots, legend(windows))),
    ]


def _correction(rows: ChainRows) -> list[Block]:
    return [
        Paragraph("What became of the reviews:"),
        *_actions(rows.actions),
        Paragraph("Tokens generated, or trained on by aligned_llm:"),
        *_tokens(rows.tokens),
        Paragraph(
            "Later gain of a window's corrections over what they replaced, in nats per event of the window named, by a "
            "model that took no part in them:"
        ),
        *_later_gain([row for row in rows.evaluations["correction"] if row["metric"] == "later_gain"]),
    ]


def _actions(actions: Sequence[Row]) -> list[Block]:
    if not actions:
        return [NO_ROWS]
    names, windows = sorted(_distinct(actions, "action")), _distinct(actions, "window")
    counts = {(row["window"], row["side"], row["action"]): row["reviews"] for row in actions}
    keys = list(dict.fromkeys((row["window"], row["side"]) for row in actions))
    cells = tuple((*key, *(f"{counts.get((*key, name), 0):,}" for name in names)) for key in keys)
    plots = [
        stacked_bars(side, {w: {name: counts.get((w, side, name), 0) for name in names} for w in windows}, names)
        for side in sorted(_distinct(actions, "side"))
    ]
    return [
        Table(("window", "side", *names), cells, len(names)),
        Figure("Reviews per window by action, each side apart.", (*plots, legend(names))),
    ]


def _tokens(tokens: Sequence[Row]) -> list[Block]:
    if not tokens:
        return [NO_ROWS]
    assets, windows = _distinct(tokens, "asset"), sorted(_distinct(tokens, "window"))
    counts = {(row["asset"], row["window"]): f"{row['tokens']:,}" for row in tokens}
    cells = tuple((asset, *(counts.get((asset, window), NOTHING) for window in windows)) for asset in assets)
    return [Table(("asset", *windows), cells, len(windows))]


def _later_gain(gains: list[Row]) -> list[Block]:
    if not gains:
        return [NO_ROWS]
    plots = [
        dot_plot(name, _dots((row for row in gains if row["slice"] == name), "window"), 0.0)
        for name in _distinct(gains, "slice")
        if any(row["slice"] == name and row["value"] is not None for row in gains)
    ]
    blocks: list[Block] = [_long_table(gains)]
    return [*blocks, Figure("Later gain in nats per event, by window.", tuple(plots))] if plots else blocks


def _ranker(rows: ChainRows) -> list[Block]:
    found = sorted(rows.evaluations["ranker"], key=_arm_order)
    if not found:
        return [NO_ROWS]
    return [block for name in sorted(_distinct(found, "backbone")) for block in _backbone(name, found)]


def _backbone(name: str, rows: Sequence[Row]) -> list[Block]:
    found = [row for row in rows if row["backbone"] == name]
    # What the contrasts compare comes first: AUC for DIN, NDCG at the first cut-off for SASRec.
    compared = {row["metric"] for row in found if row["is_contrast"]}
    metrics = sorted(_distinct(found, "metric"), key=lambda m: (m not in compared, m != "auc", m[:5] != "ndcg@", m))
    judged = [row for row in found if row["metric"] == metrics[0]]
    whole = [row for row in judged if row["slice"] == "all" and not row["is_contrast"]]
    windows, arms = sorted(_distinct(whole, "window")), _distinct(whole, "arm")
    values = {(r["window"], r["arm"], r["metric"]): r for r in found if r["slice"] == "all"}
    cells = tuple(
        (
            window,
            arm,
            *(estimate(values.get((window, arm, metric))) for metric in metrics[:1]),
            *(number((values.get((window, arm, metric)) or {}).get("value")) for metric in metrics[1:]),
        )
        for window in windows
        for arm in arms
        if (window, arm, metrics[0]) in values
    )
    dots = [
        dot_plot(f"{name}, {w}: {metrics[0]}", _dots(r for r in whole if r["window"] == w), scale=_dots(whole))
        for w in windows
    ]
    places = {window: place for place, window in enumerate(windows)}
    known = [row for row in whole if row["value"] is not None]
    lines = [Line(arm, tuple((places[r["window"]], r["value"]) for r in known if r["arm"] == arm)) for arm in arms]
    over_time = line_plot(f"{name}: {metrics[0]}", lines, [(p, w) for w, p in places.items()], markers=True)
    last = _last_window(judged)
    return [
        Paragraph(f"{name}: each window judged by rankers trained before it; 95 % interval of {metrics[0]}."),
        Table(("window", "arm", *metrics), cells, len(metrics)),
        Figure(f"{name}: {metrics[0]} of each arm, one plot a window.", tuple(dots)),
        Figure(f"{name}: {metrics[0]} of each arm over the windows.", (over_time, legend(arms))),
        Paragraph(f"{name}: {metrics[0]} by slice in {last[0]['window']}; contrasts within slices are exploratory."),
        _by_slice(last),
    ]


def _measures(rows: list[Row]) -> list[Block]:
    """All rows as a table, and a plot per measure and slice of the last window's arms."""
    if not rows:
        return [NO_ROWS]
    last = [row for row in _last_window(rows) if not row["is_contrast"] and row["value"] is not None]
    groups = dict.fromkeys((row["metric"], row["slice"]) for row in last)
    plots = [
        dot_plot(f"{metric}, {part}", _dots(row for row in last if (row["metric"], row["slice"]) == (metric, part)))
        for metric, part in groups
    ]
    blocks: list[Block] = [_long_table(rows)]
    return [*blocks, Figure(f"Arms in {last[0]['window']}.", tuple(plots))] if plots else blocks


def _long_table(rows: Iterable[Row]) -> Table:
    cells = tuple(
        (r["window"], r["arm"], r["metric"], r["slice"], number(r["value"]), interval(r), f"{r['n']:,}") for r in rows
    )
    return Table(("window", "arm", "metric", "slice", "value", "interval", "n"), cells, 3)


def _by_slice(rows: Sequence[Row]) -> Table:
    """Arms × slices of one measure in one window; the first row counts the events."""
    slices, cells = sorted(_distinct(rows, "slice"), key=_slice_order), {(r["arm"], r["slice"]): r for r in rows}
    counts = {row["slice"]: f"{row['n']:,}" for row in rows}
    arms = _distinct(sorted(rows, key=lambda row: row["is_contrast"]), "arm")
    body = tuple((arm, *(estimate(cells.get((arm, name))) for name in slices)) for arm in arms)
    return Table(("arm", *slices), (("n", *(counts[name] for name in slices)), *body), len(slices))


def _dots(rows: Iterable[Row], label: str = "arm") -> list[Dot]:
    return [Dot(r[label], r["value"], r["ci_low"], r["ci_high"]) for r in rows if r["value"] is not None]


def _arm_order(row: Row) -> int:
    """The order of the configuration, then baselines and contrasts in their own."""
    return RANKER_ARMS.index(row["arm"]) if row["arm"] in RANKER_ARMS else len(RANKER_ARMS)


def _slice_order(name: str) -> tuple[bool, list[tuple[int, str]]]:
    """The whole set first; ``items_6_20`` before ``items_21_plus``."""
    return name != "all", [(int(part), "") if part.isdigit() else (-1, part) for part in name.split("_")]


def _last_window(rows: Sequence[Row]) -> list[Row]:
    last = max(row["window"] for row in rows)
    return [row for row in rows if row["window"] == last]


def _distinct(rows: Iterable[Row], column: str) -> list[str]:
    return list(dict.fromkeys(row[column] for row in rows))
