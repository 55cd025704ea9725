"""Blocks and plots draw what they are given, and the report's queries answer what they say."""

import re
from html import unescape
from pathlib import Path
from xml.etree import ElementTree

import duckdb
import pytest

from curec_assets.lake.sql import SQL_ROOT, load_sql
from dagster_project.report.blocks import Block, Figure, Fold, Heading, Paragraph, Table, number
from dagster_project.report.html import render_html
from dagster_project.report.markdown import render_markdown
from dagster_project.report.plots import Dot, Line, dot_plot, legend, line_plot, stacked_bars
from dagster_project.report.reliability import reliability_plots
from tests.dagster_project.reports import HOSTILE

BIN = {"slice": "all", "arm": "own_reason", "low": 0.7, "n": 4, "predicted": 0.75, "observed": 0.5}


def test_every_block_and_plot_escapes_a_title_with_a_tag_in_it() -> None:
    plots = (
        dot_plot(HOSTILE, [Dot(HOSTILE, 0.5, 0.4, 0.6)]),
        line_plot(HOSTILE, [Line(HOSTILE, ((0.0, 1.0),))], [(0.0, HOSTILE)]),
        stacked_bars(HOSTILE, {HOSTILE: {HOSTILE: 3}}, [HOSTILE]),
        legend([HOSTILE]),
    )
    (reliability,) = reliability_plots([{**BIN, "slice": HOSTILE, "arm": HOSTILE}])
    assert f"{HOSTILE}: 0.750 predicted, 0.500 observed, n 4" in {*ElementTree.fromstring(reliability).itertext()}
    for plot in plots:
        assert HOSTILE in {*ElementTree.fromstring(plot).itertext()}
    blocks: list[Block] = [
        Heading(2, HOSTILE),
        Paragraph(HOSTILE),
        Table((HOSTILE, HOSTILE), ((HOSTILE, HOSTILE),), 1),
        Figure(HOSTILE, (*plots, reliability)),
    ]
    blocks.append(Fold(HOSTILE, tuple(blocks)))
    assert "<script" not in render_html(blocks, HOSTILE)
    assert "<" not in render_markdown(blocks)
    folded = render_markdown([Fold(HOSTILE, (Paragraph(HOSTILE),), in_markdown=True)])
    assert re.findall(r"<[^>]*>", folded) == ["<details>", "<summary>", "</summary>", "</details>"]


@pytest.mark.parametrize("address", ["https://example.org", "HTTP://example.org", "www.example.org", "[a](b)"])
def test_an_address_in_a_title_is_text_wherever_it_stands(address: str) -> None:
    blocks: list[Block] = [
        Heading(2, address),
        Paragraph(f"see {address}"),
        Table((address,), ((address,),), 0),
    ]
    blocks.append(Fold(address, tuple(blocks), in_markdown=True))
    markdown = render_markdown(blocks)
    assert not re.search(r"://|www\.|\]\(", markdown, re.IGNORECASE)
    assert unescape(markdown).count(address) == 9


@pytest.mark.parametrize("path", sorted((SQL_ROOT / "report").glob("*.sql")), ids=lambda path: path.name)
def test_every_query_of_the_report_opens_with_what_it_answers(path: Path) -> None:
    assert path.read_text().startswith("-- ")


@pytest.mark.parametrize("ordering", ["ASC", "DESC"])
def test_seconds_add_up_the_same_in_every_order_of_the_partitions(ordering: str) -> None:
    """As floats, 0.1 + 0.2 + 0.3 is more than 0.3 + 0.2 + 0.1."""
    with duckdb.connect() as connection:
        made = "SELECT 'items' AS asset, w AS \"window\", w / 10 AS seconds FROM range(1, 4) AS windows (w)"
        connection.execute(f"CREATE TABLE partitions AS {made} ORDER BY w {ordering}")
        assert {row[2] for row in connection.execute(load_sql("report/costs.sql")).fetchall()} == {0.1, 0.2, 0.3, 0.6}


def test_a_dot_lies_within_its_interval_and_bars_are_as_high_as_their_counts() -> None:
    plot = ElementTree.fromstring(dot_plot("t", [Dot("a", 0.5, 0.25, 0.75)], reference=0.0))
    (dot,) = plot.iter("circle")
    (bar,) = [line for line in plot.iter("line") if line.get("stroke-width") == "2"]
    assert float(dot.attrib["cx"]) == pytest.approx((float(bar.attrib["x1"]) + float(bar.attrib["x2"])) / 2, abs=0.1)
    bars = ElementTree.fromstring(stacked_bars("t", {"w": {"kept": 3, "created": 1}}, ["kept", "created"]))
    kept, created = (float(rect.attrib["height"]) for rect in bars.iter("rect"))
    assert kept == pytest.approx(3 * created, abs=0.2)


def test_a_number_that_is_not_0_never_looks_like_it() -> None:
    assert [number(value) for value in (None, 0.0, -0.0, 0.61459, 0.00002604, -12.5)] == [
        "–",
        "0.0000",
        "0.0000",
        "0.6146",
        "2.6e-05",
        "-12.5000",
    ]


def test_a_calibrated_bin_lies_on_the_diagonal_and_the_fullest_has_the_highest_bar() -> None:
    bins = [
        {**BIN, "low": 0.2, "n": 10, "predicted": 0.25, "observed": 0.25},
        {**BIN, "low": 0.7, "n": 40, "predicted": 0.75, "observed": 0.5},
    ]
    (plot,) = (ElementTree.fromstring(svg) for svg in reliability_plots(bins))
    (diagonal,) = [line for line in plot.iter("line") if line.get("stroke-dasharray")]
    x1, y1, x2, y2 = (float(diagonal.attrib[name]) for name in ("x1", "y1", "x2", "y2"))
    on, below = (
        (float(dot.attrib["cy"]) - y1) / (y2 - y1) - (float(dot.attrib["cx"]) - x1) / (x2 - x1)
        for dot in plot.iter("circle")
    )
    assert on == pytest.approx(0, abs=1e-3)
    assert below == pytest.approx(-0.25, abs=1e-3)
    few, many = (float(bar.attrib["height"]) for bar in plot.iter("rect"))
    assert many == pytest.approx(4 * few, abs=0.2)
