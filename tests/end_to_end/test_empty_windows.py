"""A window without a single event is a window like any other: every stage passes through it."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from curec_assets.configuration.chain import load_chain
from tests.chains import content_hashes, run_windows
from tests.small_world import WINDOWS, make_events, write_world


@pytest.mark.parametrize("empty", WINDOWS[:2])
def test_a_chain_runs_through_an_empty_window(tmp_path: Path, models_root: Path, empty: str) -> None:
    def window_of(time: int) -> str:
        return datetime.fromtimestamp(time, UTC).strftime("%Y-%m")

    events = [event for event in make_events() if window_of(event.time) != empty]
    chain = load_chain(write_world(tmp_path / "configuration", events) / "chains" / "small.yaml")
    run_windows(chain, tmp_path / "lake", models_root, WINDOWS[:2])
    assert all(content_hashes(chain, tmp_path / "lake", WINDOWS[:2]).values())
