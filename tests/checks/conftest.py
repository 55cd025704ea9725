"""A lake to fill by hand."""

from pathlib import Path

import pytest

from curec_assets.configuration.chain import load_chain
from tests.checks.partitions import HandMadeLake
from tests.small_world import write_world


@pytest.fixture
def world(tmp_path: Path) -> HandMadeLake:
    chain = load_chain(write_world(tmp_path / "configuration") / "chains" / "small.yaml")
    return HandMadeLake(tmp_path / "lake", chain)
