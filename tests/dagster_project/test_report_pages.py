"""The report as two files: the same each time, well formed, and in need of nothing."""

import re
import shutil
from pathlib import Path
from xml.etree import ElementTree

from dagster_project.cli.report import write_report
from tests.conftest import FinishedChain
from tests.dagster_project.reports import CURVES, cells, without_folds


def test_every_curve_and_every_slices_reliability_is_drawn(report: Path) -> None:
    titles = set(re.findall(r'aria-label="([^"]*)"', (report / "report.html").read_text()))
    assert {*CURVES, "all", "ids_masked", "item", "user", "tokens"} <= titles


def test_the_report_needs_nothing_but_the_lake_and_is_the_same_each_time(
    finished: FinishedChain, report: Path, tmp_path: Path
) -> None:
    moved = tmp_path / "moved"
    shutil.copytree(finished.lake, moved, ignore=shutil.ignore_patterns("weights"))
    again = write_report(["small", "small"], moved, tmp_path / "no_configuration", tmp_path / "again")
    assert [path.name for path in again] == ["report.md", "report.html"]
    for path in again:
        assert path.read_bytes() == (report / path.name).read_bytes()


def test_the_page_fetches_and_runs_nothing_and_its_plots_are_well_formed(report: Path) -> None:
    page = (report / "report.html").read_text()
    for refused in ("<script", "<link", "<img", "src=", "http://", "https://", "url(", "@import"):
        assert refused not in page
    plots = re.findall(r"<svg.*?</svg>", page, flags=re.DOTALL)
    assert plots
    for plot in plots:
        ElementTree.fromstring(plot)
        assert "nan" not in plot


def test_markdown_has_the_tables_of_the_page_and_no_plots(report: Path) -> None:
    markdown, page = ((report / name).read_text() for name in ("report.md", "report.html"))
    assert 0 < len(cells(markdown)) <= page.count("<table>")
    assert "<" not in without_folds(markdown)


def test_several_chains_make_one_report_in_the_order_asked_for(small_lake: Path, tmp_path: Path) -> None:
    shutil.copytree(small_lake / "hand", small_lake / "other")
    markdown, page = (p.read_text() for p in write_report(["other", "hand"], small_lake, tmp_path, tmp_path / "out"))
    assert re.findall(r"^## (.*)$", markdown, flags=re.MULTILINE) == ["Side by side", "other", "hand"]
    assert re.findall(r'<li><a href="#part-\d+">(.*?)</a>', page) == ["Side by side", "other", "hand"]
