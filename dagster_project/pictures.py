"""Pictures of what came out, as Markdown: learning curves, differences, arms, actions, rewards, exposure.

A picture is an SVG in an ``img``, which runs nothing, whatever text of the data stands in it.
"""

import math
import re
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from statistics import fmean, stdev
from typing import Any

import pyarrow as pa

from curec_assets.interactions.groups import SIDES
from curec_assets.lake.manifest import Manifest
from curec_assets.reasons.incumbents import ACTIONS
from dagster_project.report.audit import decile_plots, group_plots, reach_plots
from dagster_project.report.plots import Dot, Line, dot_plot, legend, line_plot, stacked_bars
from dagster_project.report.reliability import Bins, arms_of, reliability_plots

MOST_PLOTS = 16
"""More pictures than this are left to the report: an asset's page should load at once."""
MOST_WINDOWS = 12
"""Windows of a picture over time, the latest ones."""
COMPARED = ("auc_gap", "ndcg@")
"""Error gaps that an asset's page shows, the measures that contrasts compare; the report has the others as well."""
LABEL = re.compile(r"""aria-label=(["'])(.*?)\1""")
Row = Mapping[str, Any]


def curves_plots(points: Sequence[Row]) -> str:
    """Learning curves as pictures, one a curve."""
    plots = []
    for name in dict.fromkeys(point["name"] for point in points):
        found = [(float(p["step"]), p["value"]) for p in points if p["name"] == name and _is_finite(p["value"])]
        if found:
            ticks = [(step, f"{step:.0f}") for step in dict.fromkeys((found[0][0], found[-1][0]))]
            plots.append(line_plot(name, [Line(name, tuple(found))], ticks))
    return _pictures(plots)


def evaluation_plots(rows: Sequence[Row]) -> str:
    """The paired differences on the whole held-out set with their intervals, one picture a stage and measure; beside
    each of the ranker's, the arms it is taken between."""
    whole = [row for row in rows if row["slice"] == "all" and _is_finite(row["value"], row["ci_low"], row["ci_high"])]
    differences = [row for row in whole if " − " in row["arm"]]
    plots = []
    for subject, backbone, metric in dict.fromkeys(map(_measure, differences)):
        title = " ".join(part for part in (f"{subject}:", backbone, metric) if part)
        plots.append(dot_plot(title, _dots(differences, (subject, backbone, metric)), 0.0))
        if subject == "ranker":
            arms = [row for row in whole if " − " not in row["arm"]]
            plots.append(dot_plot(f"{title}, each arm", _dots(arms, (subject, backbone, metric))))
    return _pictures(plots) if plots else "no differences to show"


def reliability_pictures(bins: Bins) -> str:
    """Predicted against observed probability with the events of each bin, one picture a slice, and what the colours
    stand for."""
    return _pictures([*reliability_plots(bins), legend(arms_of(bins))])


def rows_per_window(history: Mapping[str, Manifest]) -> str:
    """Good, quarantined and merged rows of each window so far."""
    parts = ("good", "quarantined", "merged")
    bars = {window: {part: _count(found, part) for part in parts} for window, found in _latest(history)}
    return _pictures([stacked_bars("rows of the source", bars, parts), legend(parts)])


def actions_per_window(history: Mapping[str, Manifest]) -> str:
    """What the reviews of each window so far came to, a picture a side."""
    plots = [
        stacked_bars(
            f"{side} reasons: reviews by what was done",
            {w: {action: _count(found, f"{side}_{action}") for action in ACTIONS} for w, found in _latest(history)},
            ACTIONS,
        )
        for side in SIDES
    ]
    return _pictures([*plots, legend(ACTIONS)])


def rewards_before_and_after(corrected: pa.Table) -> str:
    """Mean reward of the reasons that reviews met and of those they left, with 95 % intervals, a picture a side."""
    plots = []
    for side in SIDES:
        met = [
            (row["previous_reward"], row["reward"])
            for row in corrected.select(["side", "previous_reward", "reward"]).to_pylist()
            if row["side"] == side and _is_finite(row["previous_reward"], row["reward"])
        ]
        if met:
            before, after = zip(*met, strict=True)
            differences = [new - old for old, new in met]
            dots = [_mean("before", before), _mean("after", after), _mean("after − before", differences)]
            plots.append(dot_plot(f"{side} reasons, n = {len(met)}: reward in nats per event", dots, 0.0))
    return _pictures(plots) if plots else "no reason was met that had a reward before"


def audit_plots(rows: Sequence[dict[str, Any]]) -> str:
    """Reach of every arm's lists, error gaps of groups of users, and exposure, rewards and reviews by popularity, d01
    the least popular decile."""
    return _pictures([*reach_plots(rows), *group_plots(rows, COMPARED), *decile_plots(rows)])


def _latest(history: Mapping[str, Manifest]) -> list[tuple[str, Manifest]]:
    return list(history.items())[-MOST_WINDOWS:]


def _count(manifest: Manifest, metric: str) -> int:
    return int(manifest.metrics.get(metric, 0))


def _measure(row: Row) -> tuple[str, str | None, str]:
    return row["subject"], row["backbone"], row["metric"]


def _dots(rows: Iterable[Row], measure: tuple[str, str | None, str]) -> list[Dot]:
    return [Dot(r["arm"], r["value"], r["ci_low"], r["ci_high"]) for r in rows if _measure(r) == measure]


def _mean(label: str, values: Sequence[float]) -> Dot:
    mean = fmean(values)
    half = 1.96 * stdev(values) / math.sqrt(len(values)) if len(values) > 1 else None
    return Dot(label, mean, None if half is None else mean - half, None if half is None else mean + half)


def _is_finite(*values: float | None) -> bool:
    return all(value is not None and math.isfinite(value) for value in values)


def _pictures(plots: Sequence[str]) -> str:
    named = [plot.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1) for plot in plots[:MOST_PLOTS]]
    return "\n\n".join(
        f"![{_spoken(plot)}](data:image/svg+xml;base64,{b64encode(plot.encode()).decode()})" for plot in named
    )


def _spoken(plot: str) -> str:
    """What a picture is called where it is read aloud: the label that its drawing has, without Markdown's brackets."""
    label = LABEL.search(plot)
    return re.sub(r"[\[\]\\]", "", label[2]) if label else ""
