"""The page that ``curec browse`` writes, opened from the disk by a browser that has no network."""

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from curec_assets.lake.catalogue import query
from dagster_project.browse.page import write_page
from tests.browser.conftest import Served
from tests.hostile_lake import HOSTILE, write_hostile_lake
from tests.small_world import WINDOWS

pytestmark = pytest.mark.browser
LAST = WINDOWS[-1]
REVIEWED = """
    FROM corrected_reasons
    SELECT
        subject_id,
        list({'window': "window", 'action': action, 'cause': cause, 'gain': gain} ORDER BY "window") AS reviews
    WHERE side = 'item'
    GROUP BY subject_id
    HAVING count(*) > 1 AND count(gain) > 0
    ORDER BY count(*) DESC, subject_id
    LIMIT 1
"""
"""An item that was reviewed more than once and whose reason was tested, with its reviews in order."""
OFFERED = "SELECT count(*) AS users FROM recommendations WHERE item_id = '{}' AND \"window\" = '{}'"


def section(page: Page, title: str) -> Locator:
    return page.locator("section", has=page.get_by_role("heading", name=title))


def only(served: Served, sql: str) -> dict[str, Any]:
    (row,) = query(served.small.lake, sql, "small").to_pylist()
    return row


def test_an_item_is_found_by_its_title_and_tells_why_since_when_beside_what_and_for_whom(
    offline_page: Page, served: Served, tmp_path: Path, screenshots: Path
) -> None:
    page = offline_page
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    path = tmp_path / "small.html"
    served.small.curec("browse", "--chain", "small", "--output", str(path))
    reviewed = only(served, REVIEWED)
    name = reviewed["subject_id"]
    item = only(served, f"FROM item_reasons WHERE item_id = '{name}'")

    page.goto(path.as_uri())
    page.get_by_label("Search").fill(item["title"].lower())
    page.get_by_role("link", name=item["title"]).first.click()

    expect(page.get_by_role("heading", name=item["title"])).to_be_visible()
    expect(section(page, "Why people who like it do")).to_contain_text(item["reason"])
    expect(section(page, "Evidence")).to_contain_text("As of window 2020-")
    reviews = section(page, "Over time").locator("li")
    assert reviews.count() == len(reviewed["reviews"])
    for shown, review in zip(reviews.all(), reviewed["reviews"], strict=True):
        cause = review["cause"].replace("_", " ")
        for told in (review["window"], review["action"], cause):
            expect(shown).to_contain_text(told)
        if review["gain"] is not None:
            expect(shown).to_contain_text(f"{abs(review['gain']):.4f} nats per event")
    page.evaluate("scrollTo(0, 0)")
    page.screenshot(path=screenshots / "reason_browser.png")

    near = section(page, "Nearest by reason").get_by_role("link").first
    neighbour = near.inner_text()
    to_whom = section(page, "Recommended to")
    users = only(served, OFFERED.format(name, LAST))["users"]
    expect(to_whom).to_contain_text(f"{users} users in window {LAST}" if users else "Nobody in the last window.")
    near.click()
    expect(page.get_by_role("heading", name=neighbour)).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name=item["title"])).to_be_visible()
    assert asked == [path.as_uri()], "the page asks nobody for anything"


def test_markup_in_the_data_is_shown_as_text_and_runs_nothing(offline_page: Page, tmp_path: Path) -> None:
    page = offline_page
    opened: list[str] = []

    def dismiss(dialog: Any) -> None:
        opened.append(dialog.message)
        dialog.dismiss()

    page.on("dialog", dismiss)
    path = write_page("hand", write_hostile_lake(tmp_path / "lake"), tmp_path, tmp_path / "page.html")
    page.goto(path.as_uri())
    page.get_by_label("Search").fill("onerror=alert(2)")
    page.get_by_role("link", name=f"title {HOSTILE} 0").click()
    shown = " ".join(HOSTILE.split())
    expect(page.get_by_role("heading", level=2)).to_have_text(f"title {shown} 0")
    expect(section(page, "Why people who like it do")).to_contain_text(f"why {shown}")
    expect(section(page, "Evidence")).to_contain_text(shown)
    page.get_by_role("radio", name="Users").check()
    page.get_by_role("link", name="User u1").first.click()
    expect(section(page, "What this person likes, and why")).to_contain_text(shown)
    assert page.locator("img").count() == 0
    assert page.locator("script").count() == 2, "the page's own: its data and what shows them"
    assert opened == []
