"""What the page of an asset shows: a window made by a click, and the pictures of a finished chain."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from curec_assets.lake.schemas import ITEMS
from curec_assets.lineage import LINEAGE
from tests.browser.clicks import (
    RUN_MILLISECONDS,
    launch_run,
    metadata,
    open_asset,
    open_markdown,
    open_window,
    select_chain,
)
from tests.browser.conftest import Served
from tests.small_world import WINDOWS

pytestmark = pytest.mark.browser
ON_SHOW = "ranker_evaluation"
"""The asset whose pictures are kept as a screenshot."""


def test_a_window_made_by_a_click_shows_its_rows_columns_and_a_preview(
    page: Page, served: Served, screenshots: Path
) -> None:
    open_asset(page, served.address, "fresh", "items")
    launch_run(page, WINDOWS[0])
    expect(page.get_by_text("Success", exact=True).first).to_be_visible(timeout=RUN_MILLISECONDS)
    table = served.fresh.read("items", WINDOWS[0])
    assert len(table) > 0

    open_window(page, served.address, "fresh", "items", WINDOWS[0])
    expect(metadata(page, "dagster/partition_row_count")).to_contain_text(f"{len(table)}")
    preview = metadata(page, "preview")
    for row in table.slice(0, 3).to_pylist():
        expect(preview).to_contain_text(row["title"])
    page.screenshot(path=screenshots / "window.png")

    page.get_by_role("tab", name="Overview").click()
    for column in ITEMS.names:
        expect(page.get_by_text(column, exact=True).first).to_be_visible()
    expect(page.get_by_text("Title of the item.")).to_be_visible()


@pytest.mark.parametrize(
    ("asset", "key", "shown"),
    [
        ("cleaned_interactions", "rows_per_window", 2),
        ("reward_model", "reliability", 4),
        ("reward_model", "learning_curves", 6),
        ("rl_policy", "learning_curves", 4),
        ("corrected_reasons", "actions_per_window", 3),
        ("ranker_evaluation", "evaluation", 4),
        ("bias_audit", "audit", 4),
    ],
)
def test_the_pictures_of_an_asset_open_and_can_be_seen(
    page: Page, served: Served, screenshots: Path, asset: str, key: str, shown: int
) -> None:
    open_asset(page, served.address, "small", asset)
    dialog = open_markdown(page, key)
    pictures = dialog.locator("img[src^='data:image/svg+xml']")
    expect(pictures.first).to_be_visible()
    assert pictures.count() >= shown
    for picture in pictures.all():
        assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 50
    if asset == ON_SHOW:
        page.screenshot(path=screenshots / "plots.png")


def test_the_catalogue_shows_every_asset_of_a_chain_with_the_number_of_its_windows(
    page: Page, served: Served, screenshots: Path
) -> None:
    select_chain(page, served.address, "small")
    for asset in LINEAGE:
        link = page.get_by_role("link", name=f"small / {asset}").first
        link.scroll_into_view_if_needed()
        expect(link).to_be_visible()
    page.get_by_role("link", name=f"small / {min(LINEAGE)}").first.scroll_into_view_if_needed()
    expect(page.get_by_text(f"{len(WINDOWS)} partitions").first).to_be_visible()
    expect(page.get_by_text("- partitions")).to_have_count(0)
    page.screenshot(path=screenshots / "catalogue.png")
