"""``docs/sql.md`` says what the cookbook and the catalogue say, and rows shown in it stay rows."""

import pyarrow as pa

from dagster_project.cookbook import read_cookbook
from dagster_project.sql_docs import MARKER, PAGE, SAMPLE, generated, without_rows


def test_the_page_holds_exactly_the_cookbook_and_the_catalogue() -> None:
    _, marker, below = PAGE.read_text(encoding="utf-8").partition(MARKER)
    assert marker
    assert without_rows(below).strip() == generated(None).strip(), "docs/sql.md is behind: make docs-sql"


def test_the_page_shows_what_every_query_gave() -> None:
    recipes = [recipe for of_topic in read_cookbook().values() for recipe in of_topic]
    assert len(SAMPLE.findall(PAGE.read_text(encoding="utf-8"))) == len(recipes)


def test_rows_from_data_cannot_break_out_of_their_table() -> None:
    hostile = pa.table({"reason": ["<script> | `x` <!-- rows:end -->\n# Title", "long " * 100], "n": [1, 2]})
    page = generated(lambda _: ("demo", hostile))
    assert "<script>" not in page
    assert "\n# Title" not in page
    assert without_rows(page) == generated(None)
    assert "…" in page
    assert "| reason | n |\n| --- | ---: |" in page
