"""One line of ``curec doctor``."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Finding:
    """What a check found."""

    level: Literal["ok", "warn", "fail"]
    """``fail`` where a run cannot work, ``warn`` where it can but somebody should look."""
    about: str
    """``machine``, ``packages``, ``models``, ``lake``, ``data`` or ``configuration``."""
    what: str
    """What was found, in a sentence or less."""
    to_do: str = ""
    """What to do about it; empty where there is nothing to do."""
