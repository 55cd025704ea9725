"""The bias audit as blocks: by popularity, by arm, by group, and how the reasons in force sound."""

from collections.abc import Iterable, Sequence

from dagster_project.report.blocks import NO_ROWS, NOTHING, Block, Figure, Fold, Paragraph, Table, interval, number
from dagster_project.report.plots import Dot, Line, dot_plot, legend, line_plot
from dagster_project.report.queries import ChainRows, Row
from dagster_project.report.tables import distinct, last_window

SHARES = ("item_share", "event_share", "exposure_share")
"""Of the catalogue, of all events, of the recommendations: drawn over one another."""
BY_DECILE = (
    "reward",
    "gain",
    "acceptance_rate",
    "candidates_refused",
    "withdrawn_share",
    "ungrounded_claims",
    "ungrounded_reasons",
)
"""Measures of reasons by the popularity of their subject; one line a side."""
REACH = ("exposure_gini", "catalogue_coverage")
WORDS = ("ungrounded_claims", "ungrounded_reasons", "near_duplicates", "boilerplate", "loaded_terms")
EVERYONE = ("events", "recommended")
"""What is counted over all users; other arms of REACH are counted over a sample of them."""

DECILES_TOLD = (
    "Deciles hold equal numbers of items (for user_interests, of users) by events so far, d01 the least popular. "
    "Rewards and gains are in nats per event. A cell without anything behind it is empty."
)
REACH_TOLD = (
    "Gini over the catalogue (0: every item equally often, 1: one item has all) and share of the catalogue that anyone "
    "is offered. recommended counts everybody served; the arms and popularity make lists for the same {users} of them, "
    "so that arms compare with one another and not with it."
)
WORDS_TOLD = (
    "Reasons in force at each window's end: share of claims, and of reasons with a claim, that the latest evidence of "
    "their subject does not hold; share that repeat another, follow a pattern, or speak of who people are."
)
LEFT_OUT = "user_groups_left_out"
OTHERS = " − others"
"""How the bucket of a gap between a group of users and all others ends."""
GAPS_TOLD = (
    "Difference of a ranker's measure between groups of users or items, with a 95 % interval from users and seeds "
    "resampled; below 0 the first group is served worse, but for log_loss, where above 0 is worse. Each interval "
    "stands for itself: of twenty gaps one will leave out 0 by chance alone."
)
GROUPS_TOLD = (
    "Groups are told apart by what the data says of people, as of the window's end; others are all other users of whom "
    "that attribute is told. Shown are the arm that is served and id_only, which reads no text: what the two differ in "
    "is the reasons' doing. {left_out}"
)


def audit_blocks(rows: ChainRows) -> list[Block]:
    """The section of the audit: the last window by decile, arm and group, and the words over time."""
    if not rows.audit:
        return [NO_ROWS]
    last = last_window(rows.audit)
    sampled = next((row["n"] for row in last if row["measure"] == "sampled_users"), 0)
    return [
        Paragraph(f"{last[0]['window']}. {DECILES_TOLD}"),
        _decile_table(last),
        Figure(f"By popularity decile in {last[0]['window']}.", tuple(decile_plots(last))),
        Paragraph(REACH_TOLD.format(users=f"{sampled:,}")),
        _reach_table(last),
        Figure("Concentration and reach by arm, and over the windows.", (*reach_plots(last), *_over_time(rows.audit))),
        Paragraph(WORDS_TOLD),
        _words_table(rows.audit),
        Paragraph(GAPS_TOLD),
        *_gaps(last),
        *_group_gaps(last),
    ]


def decile_plots(rows: Sequence[Row]) -> list[str]:
    """Plots over popularity of one window's rows, each kind with what its colours stand for."""
    plots = [_decile_plot("share by popularity", rows, [(name, None, name) for name in SHARES]), legend(SHARES)]
    arms = [arm for arm in ("item_reasons", "user_interests") if any(row["arm"] == arm for row in rows)]
    drawn = [
        _decile_plot(measure, rows, [(measure, arm, arm) for arm in arms])
        for measure in BY_DECILE
        if any(row["measure"] == measure and row["value"] is not None for row in rows)
    ]
    return [*plots, *drawn, legend(arms)] if drawn else plots


def reach_plots(rows: Sequence[Row]) -> list[str]:
    """A plot a measure of reach, a dot an arm, of one window's rows."""
    return [
        dot_plot(measure, [Dot(row["arm"], row["value"], None, None) for row in found])
        for measure in REACH
        if (found := [row for row in rows if row["measure"] == measure and row["value"] is not None])
    ]


def _decile_plot(title: str, rows: Sequence[Row], lines: Iterable[tuple[str, str | None, str]]) -> str:
    buckets = _deciles(rows)
    drawn = []
    for measure, arm, label in lines:
        values = {
            row["bucket"]: row["value"] for row in rows if row["measure"] == measure and arm in (None, row["arm"])
        }
        points = [(float(at), values[b]) for at, b in enumerate(buckets) if values.get(b) is not None]
        drawn.append(Line(label, tuple(points)))
    return line_plot(title, drawn, [(float(at), bucket) for at, bucket in enumerate(buckets)], markers=True)


def _decile_table(rows: Sequence[Row]) -> Table:
    columns = [*_deciles(rows), "all"]
    cells = {(row["measure"], row["arm"], row["bucket"]): row["value"] for row in rows}
    of_deciles = [row for row in rows if row["bucket"] in columns[:-1]]
    keys = dict.fromkeys((row["measure"], row["arm"]) for row in of_deciles)
    body = tuple((*key, *(number(cells.get((*key, bucket))) for bucket in columns)) for key in keys)
    return Table(("measure", "of", *columns), body, len(columns))


def _reach_table(rows: Sequence[Row]) -> Table:
    found = {(row["arm"], row["measure"]): row["value"] for row in rows if row["measure"] in REACH}
    arms = sorted({arm for arm, _ in found}, key=lambda arm: (arm not in EVERYONE, arm))
    body = tuple(
        (arm, "everyone" if arm in EVERYONE else "sample", *(number(found.get((arm, name))) for name in REACH))
        for arm in arms
    )
    return Table(("lists of", "users", *REACH), body, len(REACH))


def _over_time(rows: Sequence[Row]) -> list[str]:
    windows = sorted(distinct(rows, "window"))
    ticks = [(float(at), window) for at, window in enumerate(windows)]
    plots = [
        line_plot(f"{measure} over the windows", _lines(rows, measure, EVERYONE, windows), ticks, markers=True)
        for measure in REACH
    ]
    return [*plots, legend(EVERYONE)]


def _lines(rows: Sequence[Row], measure: str, arms: Sequence[str], windows: Sequence[str]) -> list[Line]:
    values = {(row["arm"], row["window"]): row["value"] for row in rows if row["measure"] == measure}
    return [
        Line(arm, tuple((float(at), v) for at, w in enumerate(windows) if (v := values.get((arm, w))) is not None))
        for arm in arms
    ]


def _words_table(rows: Sequence[Row]) -> Table:
    found = {
        (row["window"], row["arm"], row["measure"]): row
        for row in rows
        if row["measure"] in WORDS and row["bucket"] == "all"
    }
    body = []
    for window, arm in dict.fromkeys((window, arm) for window, arm, _ in found):
        own = [found.get((window, arm, measure)) for measure in WORDS]
        terms = [
            f"{row['bucket']} {row['value']:.1%}"
            for row in rows
            if (row["window"], row["arm"], row["measure"]) == (window, arm, "loaded_terms") and row["bucket"] != "all"
        ]
        # What is counted of reasons counts them all; claims have a count of their own.
        reasons = next((row["n"] for row in own[1:] if row is not None), 0)
        shown = [NOTHING if row is None or row["value"] is None else f"{row['value']:.1%}" for row in own]
        body.append((window, arm, ", ".join(terms) or NOTHING, *shown, f"{reasons:,}"))
    return Table(("window", "of", "loaded terms found", *WORDS, "reasons"), tuple(body), len(WORDS) + 1)


def group_plots(rows: Sequence[Row], measures: tuple[str, ...] = ("",)) -> list[str]:
    """A plot a measure (whose name begins with one of ``measures``) and arm, a dot a group of users, of one window."""
    gaps = [r for r in _of_gaps(rows) if r["bucket"].endswith(OTHERS) and r["measure"].startswith(measures)]
    return [
        dot_plot(
            f"{measure} of {arm}: group{OTHERS}",
            [_gap_dot(r, r["bucket"].removesuffix(OTHERS)) for r in gaps if (r["measure"], r["arm"]) == (measure, arm)],
            0.0,
        )
        for measure, arm in dict.fromkeys((row["measure"], row["arm"]) for row in gaps)
    ]


def _gaps(rows: Sequence[Row]) -> list[Block]:
    gaps = _of_gaps(rows)
    if not gaps:
        return [NO_ROWS]
    between = [row for row in gaps if not row["bucket"].endswith(OTHERS)]
    groups = dict.fromkeys((row["measure"], row["bucket"]) for row in between)
    plots = [
        dot_plot(
            f"{measure}: {bucket}",
            [_gap_dot(r, r["arm"]) for r in between if (r["measure"], r["bucket"]) == (measure, bucket)],
            0.0,
        )
        for measure, bucket in groups
    ]
    cells = tuple((r["measure"], r["bucket"], r["arm"], number(r["value"]), interval(r), f"{r['n']:,}") for r in gaps)
    return [
        Fold("Every gap of every arm", (Table(("measure", "groups", "arm", "gap", "interval", "events"), cells, 3),)),
        Figure("Error gaps by how well users and items are known, a dot an arm.", tuple(plots)),
    ]


def _group_gaps(rows: Sequence[Row]) -> list[Block]:
    left_out = [row for row in rows if row["measure"] == LEFT_OUT]
    if not left_out:
        return [Paragraph("The data says nothing of people, so that no groups of them can be compared.")]
    counted = "; ".join(f"{row['bucket']} {row['value']:.0f} ({row['arm'].partition('/')[0]})" for row in left_out)
    told = GROUPS_TOLD.format(left_out=f"Groups too small to be compared: {counted}.")
    plots = group_plots(rows)
    return [
        Paragraph(told),
        *([Figure("Error gaps of groups of users, a dot a group.", tuple(plots))] if plots else []),
    ]


def _of_gaps(rows: Iterable[Row]) -> list[Row]:
    return [row for row in rows if row["measure"].endswith("_gap") and row["value"] is not None]


def _gap_dot(row: Row, label: str) -> Dot:
    return Dot(label, row["value"], row["ci_low"], row["ci_high"])


def _deciles(rows: Iterable[Row]) -> list[str]:
    return sorted({row["bucket"] for row in rows if row["measure"] == "item_share"})
