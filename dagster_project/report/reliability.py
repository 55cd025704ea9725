"""Do the reward model's probabilities mean what they say? Its bins as plots and as a table."""

from collections.abc import Mapping, Sequence
from typing import Any

from dagster_project.report.blocks import Table
from dagster_project.report.plots import Calibrated, CalibratedBin, reliability_plot

Bins = Sequence[Mapping[str, Any]]
"""Each with ``slice``, ``arm``, ``low`` (edge), ``n``, ``predicted`` (mean probability), ``observed`` (share liked)."""


def reliability_plots(bins: Bins) -> list[str]:
    """A plot a slice, a curve an arm; curves have the colours of ``legend(arms_of(bins))``."""
    arms = arms_of(bins)
    return [
        reliability_plot(
            name,
            [
                Calibrated(
                    arm,
                    tuple(
                        CalibratedBin(found["low"], found["predicted"], found["observed"], found["n"])
                        for found in bins
                        if (found["slice"], found["arm"]) == (name, arm)
                    ),
                )
                for arm in arms
            ],
        )
        for name in dict.fromkeys(found["slice"] for found in bins)
    ]


def reliability_table(bins: Bins, name: str) -> Table:
    """Bins × arms of one slice: ``predicted → observed (n)``."""
    arms = arms_of(bins)
    cells = {(b["low"], b["arm"]): b for b in bins if b["slice"] == name}
    edges = sorted({low for low, _ in cells})
    body = tuple((f"from {low:.1f}", *(_cell(cells.get((low, arm))) for arm in arms)) for low in edges)
    return Table(("bin", *arms), body, len(arms))


def arms_of(bins: Bins) -> list[str]:
    """Every arm once, in the order of the alphabet, which is that of the report's query."""
    return sorted({found["arm"] for found in bins})


def _cell(found: Mapping[str, Any] | None) -> str:
    return "" if found is None else f"{found['predicted']:.3f} → {found['observed']:.3f} ({found['n']:,})"
