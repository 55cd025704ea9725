"""Tables and dots that several stages share, from rows of EVALUATIONS."""

from collections.abc import Iterable, Sequence

from dagster_project.report.blocks import Table, estimate, interval, number
from dagster_project.report.plots import Dot
from dagster_project.report.queries import Row


def long_table(rows: Iterable[Row]) -> Table:
    """A line a row."""
    cells = tuple(
        (r["window"], r["arm"], r["metric"], r["slice"], number(r["value"]), interval(r), f"{r['n']:,}") for r in rows
    )
    return Table(("window", "arm", "metric", "slice", "value", "interval", "n"), cells, 3)


def by_slice(rows: Sequence[Row]) -> Table:
    """Arms × slices of one measure in one window; the first row counts the events."""
    slices, cells = sorted(distinct(rows, "slice"), key=_slice_order), {(r["arm"], r["slice"]): r for r in rows}
    counts = {row["slice"]: f"{row['n']:,}" for row in rows}
    arms = distinct(sorted(rows, key=lambda row: row["is_contrast"]), "arm")
    body = tuple((arm, *(estimate(cells.get((arm, name))) for name in slices)) for arm in arms)
    return Table(("arm", *slices), (("n", *(counts[name] for name in slices)), *body), len(slices))


def by_arm(rows: Sequence[Row]) -> Table:
    """Measures × arms of one slice in one window."""
    cells = {(r["arm"], r["metric"]): r for r in rows}
    counts = {row["metric"]: f"{row['n']:,}" for row in rows}
    arms = distinct(sorted(rows, key=lambda row: row["is_contrast"]), "arm")
    body = tuple(
        (metric, *(estimate(cells.get((arm, metric))) for arm in arms), counts[metric])
        for metric in distinct(rows, "metric")
    )
    return Table(("measure", *arms, "n"), body, len(arms) + 1)


def dots(rows: Iterable[Row], label: str = "arm") -> list[Dot]:
    """A dot for each row with a value."""
    return [Dot(r[label], r["value"], r["ci_low"], r["ci_high"]) for r in rows if r["value"] is not None]


def last_window(rows: Sequence[Row]) -> list[Row]:
    """Those of the last window; ``rows`` holds at least one."""
    last = max(row["window"] for row in rows)
    return [row for row in rows if row["window"] == last]


def distinct(rows: Iterable[Row], column: str) -> list[str]:
    """The values of ``column``, each once, in the order they come."""
    return list(dict.fromkeys(row[column] for row in rows))


def _slice_order(name: str) -> tuple[bool, list[tuple[int, str]]]:
    """The whole set first; ``items_6_20`` before ``items_21_plus``."""
    return name != "all", [(int(part), "") if part.isdigit() else (-1, part) for part in name.split("_")]
