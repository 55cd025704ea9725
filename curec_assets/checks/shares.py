"""Checks of shares: how much of the source could be used, and how much of what was generated."""

from collections import Counter
from datetime import timedelta

from curec_assets.checks.finding import Finding, check
from curec_assets.checks.partition import Partition

MOST_QUARANTINED = 0.05
"""Share of the rows from which a column is more likely to be misread than its values to be dirty."""
MOST_QUIET = 0.1
"""Share of the window after its last row from which the source is more likely to be incomplete than quiet."""
LEAST_PARSED = 0.5
"""Share of generated texts in the form of a reason: an aligned model stays above, one that learned nothing below."""
LEAST_GROUNDED = 0.3
"""Share of generated texts that pass both gates: below it most of the budget is spent on what is thrown away."""


@check("warn")
def source_reaches_the_end(partition: Partition) -> Finding:
    """The source's rows reach the end of the window; where they stop early, the source may not be complete yet."""
    times = [ts for ts in partition.rows["ts"].to_pylist() if ts is not None]
    if not times:
        return Finding(False, "The source has no rows in this window.")
    # A first window that holds everything before it is long for that reason alone: its own length is the calendar's.
    start, end = max(partition.window.start, partition.chain.windows.first_start), partition.window.end
    left = end - max(times)
    summary = f"The last row is of {max(times):%Y-%m-%d %H:%M}, {left / timedelta(days=1):.1f} days before the end."
    return Finding(left <= MOST_QUIET * (end - start), summary, measures={"quiet_share": left / (end - start)})


@check("warn")
def few_rows_are_quarantined(partition: Partition) -> Finding:
    """Few rows cannot be used; where many cannot, a column is probably misread."""
    codes = Counter(partition.rows["quarantine_code"].to_pylist())
    total = codes.total()
    good = codes.pop(None, 0)
    share = (total - good) / total if total else 0.0
    summary = f"{total - good:,} of {total:,} rows are quarantined ({share:.1%}, {MOST_QUARANTINED:.0%} at most)."
    return Finding(share <= MOST_QUARANTINED, summary, measures={"quarantined_share": share, **codes})


@check("warn")
def reasons_parse(partition: Partition) -> Finding:
    """Enough of the generated texts hold a reason as the format gate reads it."""
    reasons = partition.rows["reason"]
    return _enough(len(reasons) - reasons.null_count, len(reasons), LEAST_PARSED, "texts pass the format gate")


@check("warn")
def reasons_are_grounded(partition: Partition) -> Finding:
    """Enough of the generated texts hold a reason that claims nothing beyond its evidence."""
    grounded = partition.rows["grounded"].to_pylist()
    return _enough(sum(grounded), len(grounded), LEAST_GROUNDED, "texts pass both gates")


@check("warn")
def candidates_pass_the_gates(partition: Partition) -> Finding:
    """Enough of the policy's candidates pass the format and grounding gates to choose from."""
    rows = partition.rows.select(["candidates", "candidates_passing_gates"]).to_pylist()
    sampled = sum(row["candidates"] or 0 for row in rows)
    passing = sum(row["candidates_passing_gates"] or 0 for row in rows)
    return _enough(passing, sampled, LEAST_GROUNDED, "candidates pass both gates")


def _enough(part: int, whole: int, least: float, what: str) -> Finding:
    if not whole:
        return Finding(True, "Nothing was generated in this window.")
    summary = f"{part:,} of {whole:,} {what} ({part / whole:.0%}, {least:.0%} at least)."
    return Finding(part / whole >= least, summary, measures={"share": part / whole})
