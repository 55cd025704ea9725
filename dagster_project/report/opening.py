"""What a report opens with: six questions to the method, a pooled value and verdict a row, and what it cost."""

from collections.abc import Sequence
from dataclasses import dataclass

from curec_assets.configuration.windows import select_keys
from curec_assets.lineage import LINEAGE
from curec_assets.ranker.config import BASELINE_CONTRASTS, PRIMARY_CONTRASTS
from curec_assets.reasons.config import MIN_INTERVAL_SUBJECTS
from dagster_project.report.blocks import NOTHING, Block, Heading, Paragraph, Table, interval, number
from dagster_project.report.pooling import pool
from dagster_project.report.queries import ChainRows, Row

EVERY_WINDOW = ".."
SHARE_EVENTS = frozenset({"reward_model"})
"""Stages whose windows are measured on events that they have in common: all events up to the window."""


@dataclass(frozen=True)
class Question:
    """One question, and the rows of EVALUATIONS that speak to it; an empty choice takes whatever there is."""

    text: str
    subject: str
    metrics: tuple[str, ...] = ()
    slices: tuple[str, ...] = ("all",)
    arms: tuple[str, ...] = ()

    def speaks(self, row: Row) -> bool:
        """Whether a row is one of the question's: a paired difference of two arms, as a gain is by itself."""
        return (
            (row["is_contrast"] or row["metric"] == "later_gain")
            and (not self.metrics or row["metric"] in self.metrics)
            and row["slice"] in self.slices
            and (not self.arms or row["arm"] in self.arms)
        )


def _named(contrasts: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    return tuple(f"{a} − {b}" for a, b in contrasts)


QUESTIONS = (
    Question("1 Is the aligned LLM better than its base?", "aligned_llm"),
    Question("2 Does the reward model read?", "reward_model", ("auc",), ("all", "ids_masked", "item", "user")),
    Question("3 Does RL raise the reward?", "rl_policy", ("reward", "acceptance_reward", "gold_reward")),
    Question("4 Are corrections worth it on the window after?", "correction", ("later_gain",), ("item", "user", "all")),
    Question("5 Is the ranker without text above popularity?", "ranker", arms=_named(BASELINE_CONTRASTS)),
    Question("6 Do corrected reasons help the ranker?", "ranker", arms=_named(PRIMARY_CONTRASTS)),
)

POOLING = (
    "Value: the windows' values weighted by n. Interval: half its width is √(Σ(n·h)²) / Σn, h a window's half-width, "
    "as windows hold distinct events and count as independent; in point 2, measured each time on all events so far "
    "(counted again in n), it is Σ(n·h) / Σn, which holds however windows depend on each other. Confidence is that of "
    "the windows' intervals: 95 %, for the contrasts of point 6 jointly within a window. A window whose value has no "
    f"interval (fewer than {MIN_INTERVAL_SUBJECTS} subjects behind a later gain) is left out: see the column windows. "
    "n counts texts or choices (1), events (2, 4, 5, 6), subjects (3). Rewards and later gain are in nats per event. "
    "Above 0 is the better side, except in losses and errors; not told apart means that the interval holds 0, or that "
    "there is none. Other recommenders beside id_only: docs/experiments.md."
)


def opening_blocks(rows: ChainRows, windows: str = EVERY_WINDOW) -> list[Block]:
    """The table of questions, pooled over ``windows`` (a key, or ``first..last``), and seconds per stage in them.

    Raises:
        ValueError: ``windows`` names none of the chain's windows in the lake.
    """
    held = sorted({row["window"] for row in rows.costs if row["window"] is not None})
    chosen = select_keys(held, windows)
    cells = tuple(cell for question in QUESTIONS for cell in _cells_of(question, rows, frozenset(chosen)))
    columns = ("point", "compared", "measure", "slice", "verdict", "windows", "value", "interval", "n")
    return [
        Heading(3, f"Six questions, pooled over {chosen[0]} to {chosen[-1]}"),
        Table(columns, cells, 3),
        Paragraph(POOLING),
        Heading(3, f"Wall-clock seconds per stage, {chosen[0]} to {chosen[-1]}"),
        _wall_clock(rows.costs, chosen),
    ]


def _cells_of(question: Question, rows: ChainRows, windows: frozenset[str]) -> list[tuple[str, ...]]:
    found = [row for row in rows.evaluations[question.subject] if row["window"] in windows and question.speaks(row)]
    measures = dict.fromkeys(_measure(row) for row in found)
    cells: list[tuple[str, ...]] = []
    for measure in sorted(measures, key=lambda key: _order(question, key)):
        backbone, arm, metric, part = measure
        pooled = pool((row for row in found if _measure(row) == measure), question.subject in SHARE_EVENTS)
        if pooled is None:
            continue
        told = {"ci_low": pooled.ci_low, "ci_high": pooled.ci_high}
        cells.append(
            (
                question.text,
                "corrected − replaced" if metric == "later_gain" else arm,
                metric if backbone is None or question.subject != "ranker" else f"{metric} ({backbone})",
                part,
                pooled.verdict,
                f"{pooled.pooled} of {pooled.measured}",
                number(pooled.value),
                interval(told),
                f"{pooled.n:,}",
            )
        )
    return cells or [(question.text, *[NOTHING] * 8)]


def _measure(row: Row) -> tuple[str | None, str, str, str]:
    return row["backbone"], row["arm"], row["metric"], row["slice"]


def _order(question: Question, measure: tuple[str | None, str, str, str]) -> tuple[object, ...]:
    """As the question lists them; what it does not list, by name."""
    backbone, arm, metric, part = measure
    return (
        backbone or "",
        *map(_place, (question.slices, question.arms, question.metrics), (part, arm, metric)),
        arm,
        metric,
    )


def _place(names: Sequence[str], name: str) -> int:
    return names.index(name) if name in names else len(names)


def _wall_clock(costs: Sequence[Row], windows: Sequence[str]) -> Table:
    seconds: dict[str, float] = {}
    for row in costs:
        if row["asset"] is not None and row["window"] in windows:
            seconds[row["asset"]] = seconds.get(row["asset"], 0.0) + row["seconds"]
    total = sum(seconds.values())
    order = [*(name for name in LINEAGE if name in seconds), *sorted(seconds.keys() - set(LINEAGE))]
    cells = [(name, f"{seconds[name]:,.1f}", f"{seconds[name] / max(total, 1e-9):.0%}") for name in order]
    return Table(("stage", "seconds", "share"), (*cells, ("all", f"{total:,.1f}", "100%")), 2)
