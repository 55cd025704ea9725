"""What a person is told while they wait."""

import pytest

from curec_assets import progress
from curec_assets.progress import Pace, PacedProgress


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time in seconds, for a test to set."""
    now = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def test_nothing_is_promised_at_the_first_report_of_a_step(clock: list[float]) -> None:
    assert Pace().seconds_left("align", 1, 26) is None


def test_time_left_counts_what_was_done_since_the_first_report(clock: list[float]) -> None:
    pace = Pace()
    pace.seconds_left("align", 16, 26)
    clock[0] += 20
    assert pace.seconds_left("align", 18, 26) == pytest.approx(80), "fifteen steps came from a checkpoint"


def test_each_step_has_a_clock_of_its_own(clock: list[float]) -> None:
    pace = Pace()
    pace.seconds_left("generate", 1, 3)
    clock[0] += 50
    assert pace.seconds_left("align", 1, 26) is None


def test_a_step_that_ended_has_no_time_left(clock: list[float]) -> None:
    pace = Pace()
    pace.seconds_left("align", 1, 2)
    clock[0] += 5
    assert pace.seconds_left("align", 2, 2) is None


def test_lines_are_paced_and_the_last_is_always_told(clock: list[float]) -> None:
    lines: list[str] = []
    listener = PacedProgress("1997-09 aligned_llm", lines.append)
    for done in range(1, 7):
        clock[0] += 4
        listener("align", done, 6)
    assert lines == [
        "1997-09 aligned_llm: align 3/6, about 12 s left",
        "1997-09 aligned_llm: align 6/6",
    ]
