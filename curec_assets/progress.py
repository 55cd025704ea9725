"""How a long stage tells a person where it stands, without knowing who listens."""

import time
from collections.abc import Callable
from typing import Protocol

LINE_EVERY_SECONDS = 10.0


class Progress(Protocol):
    """Receives ``(step, done, total)``: the step's name, units finished and units in all (total >= 1)."""

    def __call__(self, step: str, done: int, total: int) -> None: ...


def silent(step: str, done: int, total: int) -> None:
    """The listener of tests and library calls: hears nothing."""


class Pace:
    """How long the rest of a step will take, from its reports so far.

    The clock starts at a step's first report, so what was done by then (the first unit, or what a checkpoint held) is
    taken for work of before.
    """

    def __init__(self) -> None:
        self._step = ""
        self._first = (0, 0.0)

    def seconds_left(self, step: str, done: int, total: int) -> float | None:
        """Take note of a report; None while nothing can be said: at a step's first report, and where it ends."""
        now = time.monotonic()
        if step != self._step:
            self._step, self._first = step, (done, now)
        already, since = self._first
        if not already < done < total:
            return None
        return (now - since) / (done - already) * (total - done)


class PacedProgress:
    """Progress as lines of text with an estimate of the time left, at most one every ten seconds and one at the end.

    Args:
        stage: what every line begins with.
        write: takes one line.
    """

    def __init__(self, stage: str, write: Callable[[str], object]) -> None:
        self._stage = stage
        self._write = write
        self._pace = Pace()
        self._last = time.monotonic()

    def __call__(self, step: str, done: int, total: int) -> None:
        now = time.monotonic()
        seconds = self._pace.seconds_left(step, done, total)
        if now - self._last < LINE_EVERY_SECONDS and done < total:
            return
        self._last = now
        left = "" if seconds is None else f", about {seconds:.0f} s left"
        self._write(f"{self._stage}: {step} {done}/{total}{left}")
