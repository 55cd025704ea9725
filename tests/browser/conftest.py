"""A real Chromium before the real web server and daemon, over two chains, one finished and one not begun."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from curec_assets.lake.lake import Lake
from tests.browser.server import serving
from tests.conftest import FinishedChain, run_small_chain
from tests.small_world import write_world

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

if find_spec("playwright") is None:
    collect_ignore_glob = ["test_*.py"]

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
VIEWPORT = {"width": 1440, "height": 900}
MILLISECONDS = 120_000
"""How long a page may take before what a test waits for is called missing."""


@dataclass(frozen=True)
class Served:
    """Where the UI answers, and the chains behind it: ``small`` is finished, ``fresh`` has the same windows, unmade."""

    address: str
    small: FinishedChain

    @property
    def fresh(self) -> Lake:
        return Lake(self.small.lake, "fresh")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--screenshots", type=Path, help="folder to which the browser tests write what they saw")


@pytest.fixture(scope="session")
def screenshots(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder for pictures: the one that ``--screenshots`` names, or one that goes with the tests."""
    return request.config.getoption("--screenshots", default=None) or tmp_path_factory.mktemp("screenshots")


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory, models_root: Path) -> Iterator[Served]:
    root = tmp_path_factory.mktemp("served")
    small = run_small_chain(root, write_world(root / "configuration"), models_root)
    chains = small.configuration / "chains"
    shutil.copy(chains / "small.yaml", chains / "fresh.yaml")
    with serving(small.environment, root / "served.log") as address:
        yield Served(address, small)


@pytest.fixture(scope="session")
def browser() -> Iterator["Browser"]:
    """Chromium as the machine has it; the tests download none."""
    from playwright.sync_api import expect, sync_playwright

    named = os.environ.get("CUREC_CHROMIUM")
    found = named or next(filter(None, map(shutil.which, CHROMIUM)), None)
    assert found, (
        "no Chromium is installed: on Debian and Ubuntu `apt install chromium`, elsewhere name its executable in the "
        "environment variable CUREC_CHROMIUM"
    )
    with sync_playwright() as playwright:
        # Chromium has no sandbox for root, as whom a container often runs.
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        chromium = playwright.chromium.launch(executable_path=found, args=arguments)
        expect.set_options(timeout=MILLISECONDS)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: "Browser") -> Iterator["Page"]:
    """An empty page, online; a test fails if it ends with an error in the console."""
    yield from _watched(browser, offline=False)


@pytest.fixture
def offline_page(browser: "Browser") -> Iterator["Page"]:
    """The same without a network."""
    yield from _watched(browser, offline=True)


def _watched(browser: "Browser", offline: bool) -> Iterator["Page"]:
    context = browser.new_context(viewport=VIEWPORT, offline=offline)
    context.set_default_timeout(MILLISECONDS)
    page = context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    yield page
    context.close()
    assert errors == []
