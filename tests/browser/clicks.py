"""What a person clicks in the Dagster UI, and what its API says of the runs that came of it."""

import re
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Locator, Page, expect

from curec_assets.lineage import LINEAGE

RUN_MILLISECONDS = 300_000
"""How long one run may take, start of its process included."""
BACKFILL_MILLISECONDS = 3_600_000
"""How long a backfill of a chain may take on a machine that has other things to do."""
RUNS_OF = """
query RunsOf($backfill: String!) {
  runsOrError(filter: {tags: [{key: "dagster/backfill", value: $backfill}]}) {
    ... on Runs { results { startTime endTime status tags { key value } assetSelection { path } } }
  }
}
"""


@dataclass(frozen=True)
class Run:
    """One run of a backfill; times in seconds since 1970."""

    start: float
    end: float
    window: str
    assets: tuple[str, ...]
    succeeded: bool


def ask(page: Page, address: str, query: str, **variables: str) -> dict[str, Any]:
    """What Dagster's GraphQL API answers."""
    answer = page.request.post(f"{address}/graphql", data={"query": query, "variables": variables})
    return dict(answer.json()["data"])


def runs_of(page: Page, address: str, backfill: str) -> list[Run]:
    """The backfill's runs by the time of their start."""
    found = ask(page, address, RUNS_OF, backfill=backfill)["runsOrError"]["results"]
    return sorted((_run(row) for row in found), key=lambda run: run.start)


def _run(row: dict[str, Any]) -> Run:
    tags = {tag["key"]: tag["value"] for tag in row["tags"]}
    assets = tuple(asset["path"][-1] for asset in row["assetSelection"])
    return Run(row["startTime"], row["endTime"], tags["dagster/partition"], assets, row["status"] == "SUCCESS")


def open_asset(page: Page, address: str, chain: str, asset: str) -> None:
    page.goto(f"{address}/assets/{chain}/{asset}")
    expect(page.get_by_role("tab", name="Overview")).to_be_visible()


def open_window(page: Page, address: str, chain: str, asset: str, window: str) -> None:
    """Open what an asset's page shows of one window."""
    open_asset(page, address, chain, asset)
    page.get_by_role("tab", name="Partitions").click()
    page.get_by_text(window, exact=True).first.click()
    expect(page).to_have_url(re.compile(f"partition={window}"))


def select_chain(page: Page, address: str, chain: str) -> None:
    """Mark all assets of a chain in the catalogue."""
    page.goto(f"{address}/assets")
    expect(page.get_by_role("link", name=re.compile(r"^\w+ . \w")).first).to_be_visible()
    page.locator(".CodeMirror").first.click()
    page.keyboard.type(f'key:"{chain}/*"')
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name=re.compile(rf"^(?!{chain} )\w+ . \w"))).to_have_count(0)
    page.locator("label:has(input[type=checkbox])").first.click()
    expect(page.get_by_role("button", name=f"Materialize selected ({len(LINEAGE)})")).to_be_visible()


def launch_backfill(page: Page, windows: str) -> str:
    """Launch a backfill of what is marked over ``windows`` (a button of the dialog, e.g. "All"), open its page and
    return its id."""
    page.get_by_role("button", name="Materialize selected").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text(windows, exact=True).click()
    dialog.get_by_role("button", name="Launch backfill").click()
    page.get_by_role("link", name="View", exact=True).click()
    expect(page).to_have_url(re.compile(r"/runs/b/\w+"))
    return page.url.rpartition("/")[2].partition("?")[0]


def launch_run(page: Page, window: str) -> None:
    """Make one window of the asset whose page is open, and open the page of that run."""
    page.get_by_role("button", name="Materialize").first.click()
    dialog = page.get_by_role("dialog")
    chosen = dialog.get_by_placeholder("ex: ")
    chosen.fill(window)
    chosen.press("Enter")
    dialog.get_by_role("button", name="Launch 1 run").click()
    page.get_by_role("link", name="View", exact=True).click()
    expect(page).to_have_url(re.compile(r"/runs/[0-9a-f-]{36}"))


def backfill_status(page: Page) -> Locator:
    """What the open page of a backfill says of it."""
    return page.get_by_text("Status", exact=True).locator("..")


def metadata(page: Page, key: str) -> Locator:
    """The row of an asset's metadata with that key."""
    return page.locator("tr").filter(has=page.get_by_text(key, exact=True)).last


def open_markdown(page: Page, key: str) -> Locator:
    """Open what an asset's page keeps behind *Show Markdown*, and return the dialog."""
    metadata(page, key).get_by_text("[Show Markdown]").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    return dialog
