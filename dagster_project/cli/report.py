"""``curec report``: what came out of chains as ``report.md`` and ``report.html``, from the lake alone."""

from collections.abc import Sequence
from pathlib import Path

import duckdb

from dagster_project.one_state import require_chain
from dagster_project.report.html import render_html
from dagster_project.report.markdown import render_markdown
from dagster_project.report.opening import EVERY_WINDOW
from dagster_project.report.queries import read_chain
from dagster_project.report.sections import TITLE, report_blocks


def write_report(
    chains: Sequence[str], lake_root: Path, configuration: Path, folder: Path, windows: str = EVERY_WINDOW
) -> list[Path]:
    """Write the report of ``chains``, in their order, into ``folder``, and return the two files.

    ``configuration`` only tells a chain that was not run from one that nobody knows. ``windows`` (a key, or
    ``first..last``) are those whose measures the opening pools.

    Raises:
        ConfigError: a chain that neither the lake nor the configuration knows.
        ValueError: a chain without partitions, or without ``windows``, or a lake that the report's queries cannot read.
    """
    named = list(dict.fromkeys(chains))
    for chain in named:
        require_chain(lake_root, chain, configuration)
    try:
        blocks = report_blocks([read_chain(lake_root, chain) for chain in named], windows)
    except duckdb.Error as error:
        raise ValueError(f"{lake_root}: the report's queries cannot read this lake: {error}") from None
    files = {"report.md": render_markdown(blocks), "report.html": render_html(blocks, TITLE)}
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in files]
