"""One line of ``curec doctor``."""

from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "warn", "fail"]


@dataclass(frozen=True)
class Finding:
    """What a check found."""

    level: Level
    """``fail`` where a run cannot work, ``warn`` where it can but somebody should look."""
    about: str
    """``machine``, ``packages``, ``models``, ``lake``, ``data``, ``instance`` or ``configuration``."""
    what: str
    """What was found, in a sentence or less."""
    to_do: str = ""
    """What to do about it; empty where there is nothing to do."""


def counted(number: int, noun: str) -> str:
    """``1 core``, ``2 cores``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
