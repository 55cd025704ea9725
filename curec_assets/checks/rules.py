"""Rules that every row of a partition must keep, each one query of ``sql/checks/`` that returns the rows that do not.

A query names what it reads as ``Partition.visible`` does, and may use ``$window_start`` and ``$window_end``. The
comment that opens its file says the rule; it is what a person reads beside the verdict.
"""

import re
from itertools import takewhile

import duckdb

from curec_assets.checks.finding import Check, Finding, Severity, rows_finding
from curec_assets.checks.partition import Partition
from curec_assets.lake.sql import load_sql


def sql_rule(name: str, severity: Severity = "error") -> Check:
    """The rule of ``sql/checks/<name>.sql``."""
    text = load_sql(f"checks/{name}.sql")
    opening = takewhile(lambda line: line.startswith("--"), text.splitlines())
    rule = " ".join(line.removeprefix("--").strip() for line in opening)
    return Check(name, rule, severity, lambda partition: _judge(partition, text, rule))


def _judge(partition: Partition, text: str, rule: str) -> Finding:
    moments = {"window_start": partition.window.start, "window_end": partition.window.end}
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for name, edge in partition.visible().items():
            if re.search(rf"\b{name}\b", text):
                connection.register(name, partition.read(edge))
        bound = {name: moment for name, moment in moments.items() if f"${name}" in text}
        offending = connection.sql(text, params=bound).to_arrow_table().to_pylist()
    return rows_finding(offending, f"Holds for every row: {rule}")
