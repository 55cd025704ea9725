"""The memory on an asset's page is what that asset took, or says that it may be another's."""

import sys
from pathlib import Path

import pytest

from dagster_project import peak_memory
from dagster_project.peak_memory import PeakMemory

MIB = 2**20
MUCH, LITTLE = 256, 32


def take(mib: int) -> None:
    """Hold that much memory, every page of it, and let it go."""
    assert len(bytearray(b"x") * (mib * MIB)) == mib * MIB


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux begins a peak anew")
def test_a_peak_is_of_the_asset_that_took_it_and_of_none_after() -> None:
    before = PeakMemory()
    held = before.mib()["peak_memory_mib"]
    take(MUCH)
    assert before.mib()["peak_memory_mib"] > held + 0.9 * MUCH
    after = PeakMemory()
    take(LITTLE)
    assert after.mib()["peak_memory_mib"] < held + 0.5 * MUCH


def test_where_no_peak_can_be_begun_anew_its_name_says_that_it_is_the_processs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peak_memory, "CLEAR_REFS", tmp_path / "no" / "proc")
    ((name, mib),) = PeakMemory().mib().items()
    assert name == "peak_memory_of_the_process_so_far_mib"
    take(MUCH)
    ((_, later),) = PeakMemory().mib().items()
    assert later >= max(mib, MUCH)
