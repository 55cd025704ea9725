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


class PacedProgress:
    """Progress as lines of text with an estimate of the time left, at most one every ten seconds and one at the end.

    Args:
        stage: what every line begins with.
        write: takes one line.
    """

    def __init__(self, stage: str, write: Callable[[str], object]) -> None:
        self._stage = stage
        self._write = write
        self._step = ""
        self._started = self._last = time.monotonic()

    def __call__(self, step: str, done: int, total: int) -> None:
        now = time.monotonic()
        if step != self._step:
            self._step, self._started = step, now
        if now - self._last < LINE_EVERY_SECONDS and done < total:
            return
        self._last = now
        elapsed = now - self._started
        left = f", about {elapsed / done * (total - done):.0f} s left" if 0 < done < total else ""
        self._write(f"{self._stage}: {step} {done}/{total}{left}")
