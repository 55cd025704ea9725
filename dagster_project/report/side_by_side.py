"""Several chains beside one another: data, profile, the six answers, the ranker's arms, cost.

Cells of a row stand beside one another and no more: chains differ in data, windows and people, so nothing is pooled or
tested across them. Each chain is judged by its own windows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dagster_project.report.answers import QUESTIONS, answers_to
from dagster_project.report.blocks import NO_ROWS, NOTHING, Block, Figure, Fold, Heading, Paragraph, Table, estimate
from dagster_project.report.opening import seconds_per_stage
from dagster_project.report.plots import Dot, dot_plot
from dagster_project.report.pooling import Pooled, pool
from dagster_project.report.queries import BASELINE, ChainRows, Row
from dagster_project.report.stages import RANKER_ARMS

Key = tuple[str, ...]
"""The cells that open a row."""
Cells = Mapping[Key, str]
"""A chain's cell of each row that it has something for."""

TITLE = "Side by side"
READING = (
    "Each chain has its own data, people and windows, and is judged by its own windows alone. Nothing is pooled or "
    "tested across chains: columns stand beside one another to be read, and the difference of two has no interval. "
    "Values and verdicts are those of each chain's own part below."
)
ARMS_TOLD = (
    "Every arm of the ranker on the whole of each window, pooled over those of the chain's windows that judge it, and "
    f"its difference to {BASELINE}, which has an interval where the evaluation compared the two event by event; that "
    "of corrected_reasons holds jointly with the other contrasts of reasons in its window."
)
COST_TOLD = "Seconds on whatever machine ran each chain, over the windows named above."
PROFILE = {
    "language model": "language_model.source",
    "encoder": "encoder.source",
    "backbones": "ranker.backbones",
    "seeds of the ranker": "ranker.seeds",
}
"""What of the configuration is always shown; the rest where it differs."""


@dataclass(frozen=True)
class Column:
    """A chain, and the windows that it is judged by."""

    rows: ChainRows
    windows: tuple[str, ...]

    @property
    def judged(self) -> list[str]:
        """Those of the windows in which rankers were evaluated."""
        return sorted({row["window"] for row in self.rows.ablation} & set(self.windows))


def side_by_side_blocks(columns: Sequence[Column]) -> list[Block]:
    """The comparison of two chains or more, in their order."""
    return [
        Heading(2, TITLE),
        Paragraph(READING),
        *map(Paragraph, _unjudged(columns)),
        Heading(3, "Data, windows and profile"),
        _beside(columns, ("what",), [_facts(column) for column in columns]),
        Fold("Every value of the configurations that differs", _differing(columns), in_markdown=True),
        Heading(3, "Six answers side by side"),
        _answers(columns),
        Heading(3, "The ranker's arms side by side"),
        Paragraph(ARMS_TOLD),
        *_arms(columns),
        Heading(3, "Cost side by side"),
        Paragraph(COST_TOLD),
        _beside(columns, ("stage",), [_cost(column) for column in columns]),
    ]


def _unjudged(columns: Sequence[Column]) -> list[str]:
    return [
        f"{column.rows.chain}: no ranker was evaluated in {column.windows[0]} to {column.windows[-1]}, so its cells of "
        "points 1, 4, 5 and 6 and of the arms are empty. A chain's second window brings its first evaluation: "
        f"curec run --chain {column.rows.chain}"
        for column in columns
        if not column.judged
    ]


def _facts(column: Column) -> Cells:
    held, sizes = column.rows.overview, column.rows.sizes
    set_to = {row["setting"]: row["value"] for row in column.rows.configuration}
    tokens = sum(row["tokens"] for row in column.rows.tokens if row["window"] in column.windows)
    facts = {
        "windows": f"{held['windows']}: {held['first_window']} to {held['last_window']}",
        "judged by": f"{column.windows[0]} to {column.windows[-1]}",
        "of these, with an evaluated ranker": f"{len(column.judged)} of {len(column.windows)}",
        "latest partition": held["latest"],
        **{name: set_to.get(setting) or NOTHING for name, setting in PROFILE.items()},
        "rows of the source": f"{sizes['source_rows']:,}",
        "quarantined": f"{sizes['quarantined']:,}",
        "events": f"{sizes['events']:,}",
        "liked": _percent(sizes["liked"]),
        "users": f"{sizes['users']:,}",
        "items": f"{sizes['items']:,}",
        "items with a title": _percent(sizes["with_title"]),
        "items with categories": _percent(sizes["with_categories"]),
        "items with a description": _percent(sizes["with_description"]),
        "tokens generated or trained on": f"{tokens:,}",
    }
    return {(fact,): value for fact, value in facts.items()}


def _differing(columns: Sequence[Column]) -> tuple[Block, ...]:
    settings = [{row["setting"]: row["value"] for row in column.rows.configuration} for column in columns]
    keys = sorted({key for own in settings for key in own if len({other.get(key) for other in settings}) > 1})
    cells: list[Cells] = [{(key,): own[key] or NOTHING for key in keys if key in own} for own in settings]
    return (_beside(columns, ("key",), cells, [(key,) for key in keys]) if keys else Paragraph("none"),)


def _answers(columns: Sequence[Column]) -> Table:
    cells: list[dict[Key, str]] = [{} for _ in columns]
    keys: dict[Key, None] = {}
    asked: list[Key]
    for question in QUESTIONS:
        answers = [answers_to(question, column.rows, column.windows) for column in columns]
        # A question that no chain answers keeps its row.
        asked = [answer.about for own in answers for answer in own] or [(question.text, *[NOTHING] * 3)]
        keys |= dict.fromkeys(asked)
        for own, found in zip(cells, answers, strict=True):
            own |= {answer.about: f"{_estimate(answer.pooled)}, {answer.pooled.verdict}" for answer in found}
    return _beside(columns, ("point", "compared", "measure", "slice"), cells, list(keys))


def _arms(columns: Sequence[Column]) -> list[Block]:
    values = [_by_arm(column, ("value", "ci_low", "ci_high")) for column in columns]
    differences = [_by_arm(column, ("difference", "difference_low", "difference_high")) for column in columns]
    keys = sorted({key for own in values for key in own}, key=_arm_order)
    if not keys:
        return [NO_ROWS]
    body = tuple(
        (*key, *(_estimate(found.get(key)) for pair in zip(values, differences, strict=True) for found in pair))
        for key in keys
    )
    named = [name for column in columns for name in (column.rows.chain, f"{column.rows.chain}: − {BASELINE}")]
    plots = []
    for measured in dict.fromkeys(key[:2] for key in keys):
        dots = [
            [Dot(key[2], p.value, p.ci_low, p.ci_high) for key in keys if key[:2] == measured and (p := own.get(key))]
            for own in differences
        ]
        scale = [dot for own in dots for dot in own]
        plots += [
            dot_plot(f"{column.rows.chain}, {' '.join(measured)}: − {BASELINE}", own, 0.0, scale)
            for column, own in zip(columns, dots, strict=True)
            if own
        ]
    caption = f"Difference of each arm to {BASELINE}, a plot a chain; those of one measure share their axis."
    return [
        Table(("backbone", "measure", "arm", *named), body, len(named)),
        *([Figure(caption, tuple(plots))] if plots else []),
    ]


def _by_arm(column: Column, names: tuple[str, str, str]) -> dict[Key, Pooled]:
    """By backbone, measure and arm: one of the ablation's estimates, whose columns are ``names``, over the windows."""
    found: dict[Key, list[Row]] = {}
    for row in column.rows.ablation:
        if row["window"] in column.windows:
            told = dict(zip(("value", "ci_low", "ci_high"), (row[name] for name in names), strict=True))
            found.setdefault((row["backbone"], row["metric"], row["arm"]), []).append({**told, "n": row["n"]})
    return {key: pooled for key, rows in found.items() if (pooled := pool(rows)) is not None}


def _arm_order(key: Key) -> tuple[object, ...]:
    """Backbones and measures by name; arms as configured, then baselines."""
    backbone, measure, arm = key
    return backbone, measure, RANKER_ARMS.index(arm) if arm in RANKER_ARMS else len(RANKER_ARMS), arm


def _cost(column: Column) -> Cells:
    seconds = seconds_per_stage(column.rows.costs, column.windows)
    total = sum(seconds.values())
    told = {**seconds, "all": total, "all, a window": total / len(column.windows)}
    return {(stage,): f"{taken:,.1f}" for stage, taken in told.items()}


def _beside(columns: Sequence[Column], labels: Key, cells: Sequence[Cells], keys: Sequence[Key] | None = None) -> Table:
    """A row a key, of ``keys`` or else in the order they come, and a column of numbers a chain."""
    shown = list(dict.fromkeys(key for own in cells for key in own)) if keys is None else keys
    body = tuple((*key, *(own.get(key, NOTHING) for own in cells)) for key in shown)
    return Table((*labels, *(column.rows.chain for column in columns)), body, len(columns))


def _estimate(pooled: Pooled | None) -> str:
    return NOTHING if pooled is None else estimate(vars(pooled))


def _percent(share: float | None) -> str:
    return NOTHING if share is None else f"{share:.1%}"
