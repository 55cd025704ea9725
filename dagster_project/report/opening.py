"""What a report opens with: six questions to the method, a pooled value and verdict a row, and what it cost."""

from collections.abc import Mapping, Sequence

from curec_assets.lineage import LINEAGE
from curec_assets.reasons.config import MIN_INTERVAL_SUBJECTS
from dagster_project.report.answers import QUESTIONS, Question, answers_to
from dagster_project.report.blocks import NOTHING, Block, Heading, Paragraph, Table, interval, number
from dagster_project.report.queries import ChainRows, Row

POOLING = (
    "Value: the windows' values weighted by n. Interval: half its width is √(Σ(n·h)²) / Σn, h a window's half-width, "
    "as windows hold distinct events and count as independent; in points 2 and 3, measured each time on all events so "
    "far, or on panels of largely the same subjects (counted again in n), it is Σ(n·h) / Σn, which holds however "
    "windows depend on each other. Confidence is that of the windows' intervals: 95 %, for the contrasts of point 6 "
    "jointly within a window and slice. They tell of the models that were trained (of the ranker's seeds too, where "
    "there are several), by other users (1, 2, 5, 6) or other subjects (1, 3, 4); people who stand behind several "
    "subjects are not resampled. Points 2 and 3 hold other people out, not later time. A window whose "
    f"value has no interval (fewer than {MIN_INTERVAL_SUBJECTS} subjects behind a later gain) is left out: see the "
    "column windows. n counts texts or choices (1), events (2, 4, 5, 6), subjects (3). Rewards and later gain are in "
    "nats per event. Relative (5, 6): the value as a share of what the ranker named last has, where that is known to "
    "within half. "
    "Above 0 is the better side, except in losses and errors; not told apart means that the interval holds 0, or that "
    "there is none. Other recommenders beside id_only: docs/experiments.md."
)


def opening_blocks(rows: ChainRows, chosen: Sequence[str]) -> list[Block]:
    """The table of questions, pooled over the windows ``chosen``, and seconds per stage in them."""
    cells = tuple(cell for question in QUESTIONS for cell in _cells_of(question, rows, chosen))
    columns = ("point", "compared", "measure", "slice", "verdict", "windows", "value", "interval", "relative", "n")
    return [
        Heading(3, f"Six questions, pooled over {chosen[0]} to {chosen[-1]}"),
        Table(columns, cells, 3),
        Paragraph(POOLING),
        Heading(3, f"Seconds per stage, {chosen[0]} to {chosen[-1]}"),
        _wall_clock(rows.costs, chosen),
    ]


def _cells_of(question: Question, rows: ChainRows, windows: Sequence[str]) -> list[tuple[str, ...]]:
    cells: list[tuple[str, ...]] = [
        (
            *answer.about,
            answer.pooled.verdict,
            f"{answer.pooled.pooled} of {answer.pooled.measured}",
            number(answer.pooled.value),
            interval({"ci_low": answer.pooled.ci_low, "ci_high": answer.pooled.ci_high}),
            NOTHING if answer.relative is None else f"{answer.relative:+.1%}",
            f"{answer.pooled.n:,}",
        )
        for answer in answers_to(question, rows, windows)
    ]
    return cells or [(question.text, *[NOTHING] * 9)]


def _wall_clock(costs: Sequence[Row], windows: Sequence[str]) -> Table:
    seconds = seconds_per_stage(costs, windows)
    total = sum(seconds.values())
    cells = [(name, f"{taken:,.1f}", f"{taken / max(total, 1e-9):.0%}") for name, taken in seconds.items()]
    return Table(("stage", "seconds", "share"), (*cells, ("all", f"{total:,.1f}", "100%")), 2)


def seconds_per_stage(costs: Sequence[Row], windows: Sequence[str]) -> Mapping[str, float]:
    """Seconds that each stage took in ``windows``, in lineage order; what a later version dropped comes last."""
    seconds: dict[str, float] = {}
    for row in costs:
        if row["asset"] is not None and row["window"] in windows:
            seconds[row["asset"]] = seconds.get(row["asset"], 0.0) + row["seconds"]
    order = [*(name for name in LINEAGE if name in seconds), *sorted(seconds.keys() - set(LINEAGE))]
    return {name: seconds[name] for name in order}
