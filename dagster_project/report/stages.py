"""What each stage achieved, as blocks: tables of its held-out measures, and plots of them."""

from collections.abc import Callable, Sequence
from typing import get_args

from curec_assets.ranker.config import ArmName
from dagster_project.report.audit import audit_blocks
from dagster_project.report.blocks import (
    NO_ROWS,
    NOTHING,
    Block,
    Figure,
    Fold,
    Heading,
    Paragraph,
    Table,
    estimate,
    number,
)
from dagster_project.report.correction import correction_blocks
from dagster_project.report.plots import Line, dot_plot, legend, line_plot
from dagster_project.report.queries import ChainRows, Row
from dagster_project.report.reliability import arms_of, reliability_plots, reliability_table
from dagster_project.report.tables import by_arm, by_slice, distinct, dots, last_window, long_table

CHANCE = 0.5
"""AUC of a scorer that knows nothing."""
RANKER_ARMS: tuple[str, ...] = get_args(ArmName)


def stage_blocks(rows: ChainRows) -> list[Block]:
    """Every stage under its heading, in the order in which they run; one without rows says so."""
    stages: dict[str, Callable[[ChainRows], list[Block]]] = {
        "aligned_llm": _aligned_llm,
        "reward_model": _reward_model,
        "rl_policy": _rl_policy,
        "correction": correction_blocks,
        "ranker": _ranker,
        "recommendations": _recommendations,
        "bias_audit": audit_blocks,
    }
    return [block for name, build in stages.items() for block in (Heading(4, name), *build(rows))]


def _aligned_llm(rows: ChainRows) -> list[Block]:
    return _measures(rows.evaluations["aligned_llm"])


def _reward_model(rows: ChainRows) -> list[Block]:
    found = [row for row in rows.evaluations["reward_model"] if row["metric"] == "auc"]
    if not found:
        return [NO_ROWS]
    last = last_window(found)
    slices = distinct(last, "slice")
    plots = []
    for kind, is_contrast, reference in (("AUC", False, CHANCE), ("difference of AUC", True, 0.0)):
        shown = [row for row in last if row["is_contrast"] == is_contrast]
        for name in slices:
            plotted = dots(row for row in shown if row["slice"] == name)
            plots.append(dot_plot(f"{name}: {kind}", plotted, reference, dots(shown)))
    return [
        Paragraph(f"AUC on held-out events of {last[0]['window']}, by what the model is shown and by slice."),
        by_slice(last),
        Figure(f"AUC per slice in {last[0]['window']}, and its paired differences.", tuple(plots)),
        *_calibration(rows),
    ]


def _calibration(rows: ChainRows) -> list[Block]:
    """ECE by arm and slice, and the bins that it sums over."""
    errors = [row for row in rows.evaluations["reward_model"] if row["metric"] == "ece"]
    blocks: list[Block] = []
    if errors:
        last = last_window(errors)
        told = (
            "Calibration error (ece): mean distance, over ten bins, of the predicted probability from the share liked"
        )
        blocks += [Paragraph(f"{told}; held-out events of {last[0]['window']}."), by_slice(last)]
    bins = rows.reliability
    if bins:
        whole = "all" if any(found["slice"] == "all" for found in bins) else bins[0]["slice"]
        told = f"Reliability in {bins[0]['window']}: what was predicted, what was observed, over how many events"
        blocks += [
            Paragraph(f"{told}; slice {whole}."),
            reliability_table(bins, whole),
            Figure(f"{told}; a plot a slice.", (*reliability_plots(bins), legend(arms_of(bins)))),
        ]
    return blocks


def _rl_policy(rows: ChainRows) -> list[Block]:
    blocks: list[Block] = [Paragraph("Held-out measures:"), *_measures(rows.evaluations["rl_policy"])]
    return [*blocks, *_milliseconds(rows.milliseconds), Paragraph(CURVES_TOLD), *_curves(rows.curves)]


CURVES_TOLD = "Learning curves: value at the first → at the last step of each window's training."


def _curves(curves: Sequence[Row]) -> list[Block]:
    if not curves:
        return [NO_ROWS]
    windows, names = distinct(curves, "window"), distinct(curves, "name")
    ends: dict[tuple[str, str], str] = {}
    plots = []
    for name in names:
        lines = []
        for window in windows:
            points = [row for row in curves if (row["name"], row["window"]) == (name, window)]
            if points:
                ends[name, window] = f"{number(points[0]['value'])} → {number(points[-1]['value'])}"
            lines.append(Line(window, tuple((point["step"], point["value"]) for point in points)))
        steps = sorted({point["step"] for point in curves if point["name"] == name})
        plots.append(line_plot(name, lines, [(step, str(step)) for step in dict.fromkeys((steps[0], steps[-1]))]))
    last = {window: max(row["step"] for row in curves if row["window"] == window) for window in windows}
    cells = [(name, *(ends.get((name, window), NOTHING) for window in windows)) for name in names]
    cells.append(("steps", *(f"{last[window]:,}" for window in windows)))
    return [
        Table(("curve", *windows), tuple(cells), len(windows)),
        Figure("Learning curves by step, one line a window.", (*plots, legend(windows))),
    ]


def _milliseconds(windows: Sequence[Row]) -> list[Block]:
    if not windows:
        return []
    cells = tuple(
        (row["window"], f"{row['completions']:,}", f"{row['generation']:,.1f}", f"{row['reward']:,.1f}")
        for row in windows
    )
    return [
        Paragraph("Milliseconds that a completion of RL's training took to write, and to be rewarded (gold left out):"),
        Table(("window", "completions", "generation ms", "reward ms"), cells, 3),
    ]


def _ranker(rows: ChainRows) -> list[Block]:
    found = sorted(rows.evaluations["ranker"], key=_arm_order)
    if not found:
        return [NO_ROWS]
    return [block for name in sorted(distinct(found, "backbone")) for block in _backbone(name, found)]


RECOMMENDATIONS_TOLD = (
    "How far the score of what is recommended falls when something is taken away, in units of the score, on a sample "
    "of users: the history items that why names (why), those with most attention (attention), the item's reason, the "
    "user's interest. Beside each, the fall less that of as many history items drawn at random, or less that of "
    "another's words in the same place: where it is not above 0, what is named did not make the recommendation more "
    "than anything else would have. n counts users."
)


def _recommendations(rows: ChainRows) -> list[Block]:
    found = rows.evaluations["recommendations"]
    if not found:
        return [NO_ROWS]
    last = last_window(found)
    plots = [
        dot_plot(told, dots(row for row in last if row["is_contrast"] == is_contrast), 0.0)
        for told, is_contrast in (("fall of the score", False), ("fall less the control", True))
    ]
    return [
        Paragraph(RECOMMENDATIONS_TOLD),
        long_table(last),
        Figure(f"Taken away from the recommendations of {last[0]['window']}.", tuple(plots)),
        Fold("Every window", (long_table(found),)),
    ]


def _backbone(name: str, rows: Sequence[Row]) -> list[Block]:
    found = [row for row in rows if row["backbone"] == name]
    # What the contrasts compare comes first: AUC for DIN, NDCG at the first cut-off for SASRec.
    compared = {row["metric"] for row in found if row["is_contrast"]}
    metrics = sorted(distinct(found, "metric"), key=lambda m: (m not in compared, m != "auc", m[:5] != "ndcg@", m))
    judged = [row for row in found if row["metric"] == metrics[0]]
    whole = [row for row in judged if row["slice"] == "all" and not row["is_contrast"]]
    windows, arms = sorted(distinct(whole, "window")), distinct(whole, "arm")
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
    plots = [
        dot_plot(f"{name}, {w}: {metrics[0]}", dots(r for r in whole if r["window"] == w), scale=dots(whole))
        for w in windows
    ]
    places = {window: place for place, window in enumerate(windows)}
    known = [row for row in whole if row["value"] is not None]
    lines = [Line(arm, tuple((places[r["window"]], r["value"]) for r in known if r["arm"] == arm)) for arm in arms]
    over_time = line_plot(f"{name}: {metrics[0]}", lines, [(p, w) for w, p in places.items()], markers=True)
    last = last_window(judged)
    return [
        Paragraph(f"{name}: each window judged by rankers trained before it; 95 % interval of {metrics[0]}."),
        Fold(
            f"{name}: every arm in every window",
            (Table(("window", "arm", *metrics), cells, len(metrics)),),
            in_markdown=True,
        ),
        Figure(f"{name}: {metrics[0]} of each arm, one plot a window.", tuple(plots)),
        Figure(f"{name}: {metrics[0]} of each arm over the windows.", (over_time, legend(arms))),
        Paragraph(f"{name}: {metrics[0]} by slice in {last[0]['window']}; contrasts within slices are exploratory."),
        by_slice(last),
    ]


def _measures(rows: list[Row]) -> list[Block]:
    """The whole set in the last window by arm, a plot per measure and slice of its arms, and all rows behind a fold."""
    if not rows:
        return [NO_ROWS]
    last = last_window(rows)
    shown = [row for row in last if not row["is_contrast"] and row["value"] is not None]
    groups = dict.fromkeys((row["metric"], row["slice"]) for row in shown)
    plots = [
        dot_plot(f"{metric}, {part}", dots(row for row in shown if (row["metric"], row["slice"]) == (metric, part)))
        for metric, part in groups
    ]
    window = last[0]["window"]
    # A stage that was not judged on the whole set is shown by the first slice it was judged on.
    whole = [row for row in last if row["slice"] == "all"] or [row for row in last if row["slice"] == last[0]["slice"]]
    return [
        Paragraph(f"{window}, slice {whole[0]['slice']}:"),
        by_arm(whole),
        *([Figure(f"Arms in {window}.", tuple(plots))] if plots else []),
        Fold("Every window, arm and slice", (long_table(rows),)),
    ]


def _arm_order(row: Row) -> int:
    """The order of the configuration, then baselines and contrasts in their own."""
    return RANKER_ARMS.index(row["arm"]) if row["arm"] in RANKER_ARMS else len(RANKER_ARMS)
