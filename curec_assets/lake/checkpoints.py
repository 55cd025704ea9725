"""Parts of a stage's work, kept until the stage has published: a run that was killed goes on where it stopped."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree
from typing import TypeVar

from curec_assets.lake.lake import staged_path

Made = TypeVar("Made")


@dataclass(frozen=True)
class Checkpoints:
    """A folder of parts, each of them a folder that is there whole or not at all."""

    folder: Path | None = None
    """Where parts are kept; ``WindowRun.checkpoints`` names one by content. None keeps nothing: what a stage does when
    it is called as a library."""
    every_seconds: float = 30.0
    """Least time between two checkpoints of one training. Default 30: a kill costs no more, and writing costs nothing
    beside it, however long a step takes."""

    def part(
        self, name: str, make: Callable[[], Made], save: Callable[[Path, Made], None], load: Callable[[Path], Made]
    ) -> Made:
        """The part ``name``: loaded where it is kept, else made and kept.

        Args:
            make: makes it, from nothing but what the folder is named by.
            save: writes it into an empty folder.
            load: reads back exactly what was saved.
        """
        if kept := self.find(name):
            return load(kept)
        made = make()
        self.keep(name, lambda folder: save(folder, made))
        return made

    def find(self, name: str) -> Path | None:
        """The folder of the part ``name``, or None where it is not kept."""
        return self.folder / name if self.folder and (self.folder / name).is_dir() else None

    def names(self) -> list[str]:
        """The parts that are kept, sorted."""
        if self.folder is None or not self.folder.is_dir():
            return []
        return sorted(path.name for path in self.folder.iterdir() if not path.name.startswith("."))

    def keep(self, name: str, write: Callable[[Path], None]) -> None:
        """Have ``write`` fill an empty folder, and name it ``name`` once it is whole."""
        if self.folder is None:
            return
        staged = staged_path(self.folder / ".staging")
        staged.mkdir()
        write(staged)
        for path in staged.iterdir():
            _to_disk(path)
        try:
            staged.rename(self.folder / name)
        except OSError:
            # Another process kept the same part first; anything else is a real failure.
            if self.find(name) is None:
                raise
            rmtree(staged)

    def drop(self, name: str) -> None:
        """Forget the part ``name``."""
        if kept := self.find(name):
            # Renamed first, so that a kill leaves no half of it under its name.
            left = staged_path(kept.parent / ".staging")
            kept.rename(left)
            rmtree(left)


NOTHING_KEPT = Checkpoints()


def _to_disk(path: Path) -> None:
    """A machine that loses power must not find a finished part's name on an unfinished file."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
