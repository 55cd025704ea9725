"""``curec report``: what came out of chains as ``report.md`` and ``report.html``, from the lake alone."""

from collections.abc import Sequence
from pathlib import Path

import duckdb

from curec_assets.configuration.chain import load_windows
from dagster_project.one_state import require_chain
from dagster_project.report.answers import EVERY_WINDOW, held_windows
from dagster_project.report.html import render_html
from dagster_project.report.markdown import render_markdown
from dagster_project.report.queries import ChainRows, read_chain
from dagster_project.report.sections import TITLE, report_blocks


def write_report(
    chains: Sequence[str], lake_root: Path, configuration: Path, folder: Path, windows: Sequence[str] = ()
) -> list[Path]:
    """Write the report of ``chains``, in their order, into ``folder``, and return the two files.

    ``configuration`` tells a chain that was not run from one that nobody knows, and which windows of a chain are
    judged. ``windows`` are those whose measures the opening pools: a key or ``first..last`` for every chain,
    ``chain=first..last`` for one; by default those that are judged, once the lake holds them.

    Raises:
        ConfigError: a chain that neither the lake nor the configuration knows.
        ValueError: a chain without partitions, or without ``windows``, or a lake that the report's queries cannot read.
    """
    named = list(dict.fromkeys(chains))
    chosen = windows_by_chain(named, windows)
    for chain in named:
        require_chain(lake_root, chain, configuration)
    try:
        read = [read_chain(lake_root, chain) for chain in named]
        blocks = report_blocks(read, {rows.chain: judged_or_all(configuration, rows) for rows in read} | chosen)
    except duckdb.Error as error:
        raise ValueError(f"{lake_root}: the report's queries cannot read this lake: {error}") from None
    files = {"report.md": render_markdown(blocks), "report.html": render_html(blocks, TITLE)}
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in files]


def windows_by_chain(chains: Sequence[str], windows: Sequence[str]) -> dict[str, str]:
    """The windows of each chain that has any named: its own (``chain=first..last``), else those of all.

    Raises:
        ValueError: windows of a chain that is not reported, or named twice.
    """
    asked: dict[str, str] = {}
    for given in windows:
        chain, named, own = given.rpartition("=")
        if named and chain not in chains:
            raise ValueError(f"--windows {given}: {chain!r} is none of the chains reported: {', '.join(chains)}")
        if chain in asked:
            raise ValueError(f"--windows {given}: {chain or 'every chain'} has {asked[chain]} already; give one")
        asked[chain] = own
    for_all = dict.fromkeys(chains, asked[""]) if "" in asked else {}
    return for_all | {chain: asked[chain] for chain in chains if chain in asked}


def judged_or_all(configuration: Path, rows: ChainRows) -> str:
    """The windows on which all arms are judged, where the configuration says so and the lake holds them; else all."""
    file = configuration / "chains" / f"{rows.chain}.yaml"
    judged = load_windows(file).judged_keys() if file.is_file() else ()
    return f"{judged[0]}..{judged[-1]}" if judged and {*judged} <= {*held_windows(rows)} else EVERY_WINDOW
