"""A backfill by clicks: all windows of a chain, in order, up to a window that fails, and on from there once mended."""

import re
from itertools import pairwise
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from curec_assets.configuration.chain import Chain
from curec_assets.lake.as_of import windows_in
from curec_assets.lake.lake import Lake
from curec_assets.lineage import LINEAGE
from tests.browser.clicks import (
    BACKFILL_MILLISECONDS,
    Run,
    backfill_status,
    launch_backfill,
    open_window,
    runs_of,
    select_chain,
)
from tests.browser.conftest import Served
from tests.small_world import WINDOWS

pytestmark = pytest.mark.browser
BROKEN = "aligned_llm"
"""The asset whose second window fails."""
PART_WAY = re.compile("(33|66)% completed")
"""One or two of an asset's three windows are made, or given up."""


def test_a_backfill_runs_in_order_stops_at_a_failed_window_and_goes_on_once_it_is_mended(
    page: Page, served: Served, screenshots: Path
) -> None:
    second = WINDOWS[1]
    everything = {(asset, window) for asset in LINEAGE for window in WINDOWS}
    in_the_way = served.fresh.partition(BROKEN, second).parent
    in_the_way.parent.mkdir(parents=True, exist_ok=True)
    in_the_way.write_text("a file where the window's folder has to be")

    select_chain(page, served.address, "fresh")
    backfill = launch_backfill(page, "All")
    expect(backfill_status(page)).to_contain_text("In progress")
    expect(page.get_by_text(PART_WAY).first).to_be_visible(timeout=BACKFILL_MILLISECONDS)
    expect(backfill_status(page)).to_contain_text("Failed", timeout=BACKFILL_MILLISECONDS)
    page.screenshot(path=screenshots / "backfill.png")
    assert made(served.fresh) == everything - resting_on((BROKEN, second), served.small.chain)
    runs = runs_of(page, served.address, backfill)
    assert_in_order(runs)
    assert [(run.assets, run.window) for run in runs if not run.succeeded] == [((BROKEN,), second)]

    open_window(page, served.address, "fresh", BROKEN, second)
    page.get_by_text("View logs", exact=True).click()
    expect(page.get_by_text(f"File exists: '{in_the_way}'").first).to_be_visible()

    in_the_way.unlink()
    select_chain(page, served.address, "fresh")
    backfill = launch_backfill(page, "Failed and missing")
    expect(page.get_by_text(f"{second}...{WINDOWS[-1]}").first).to_be_visible()
    expect(backfill_status(page)).to_contain_text("Succeeded", timeout=BACKFILL_MILLISECONDS)
    assert made(served.fresh) == everything
    runs = runs_of(page, served.address, backfill)
    assert_in_order(runs)
    assert all(run.succeeded for run in runs)
    again = [(asset, run.window) for run in runs for asset in run.assets]
    assert sorted(again) == sorted(found for found in everything if found[1] >= second)


def made(lake: Lake) -> set[tuple[str, str]]:
    return {(asset, window) for asset in LINEAGE for window in WINDOWS if lake.partition(asset, window).is_file()}


def resting_on(partition: tuple[str, str], chain: Chain) -> set[tuple[str, str]]:
    """``partition`` and all that reads it, however far down."""
    found = {partition}
    for window in chain.all_windows():
        for asset, artifact in LINEAGE.items():
            read = {(edge.asset, w.key) for edge in artifact.edges for w in windows_in(edge.span, chain, window)}
            if read & found:
                found.add((asset, window.key))
    return found


def assert_in_order(runs: list[Run]) -> None:
    """One run at a time, and each asset's windows one after the other."""
    for earlier, later in pairwise(runs):
        assert earlier.end <= later.start, (earlier, later)
    for asset in LINEAGE:
        windows = [run.window for run in runs if asset in run.assets]
        assert windows == sorted(set(windows)), asset
