"""Who is at work in a lake: stages side by side, or somebody who removes from it, alone."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

LOCK = ".lock"
"""A file without content in the lake's root; the system frees it when its holder ends, however it ends."""


class AtWorkError(RuntimeError):
    """Something is at work in the lake, so nothing may be removed from it."""


@contextmanager
def at_work(root: Path) -> Iterator[None]:
    """While a stage reads and publishes: others may as well, but nothing is removed meanwhile.

    Waits for whoever removes, which takes no longer than to delete some folders.
    """
    root.mkdir(parents=True, exist_ok=True)
    with (root / LOCK).open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        yield


@contextmanager
def alone(root: Path) -> Iterator[None]:
    """While things are removed: nobody is at work, and who begins waits.

    Raises:
        AtWorkError: somebody is at work.
    """
    with (root / LOCK).open("ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AtWorkError(
                f"something is at work in {root} and may be reading what would be removed; nothing was removed. Ask "
                "again when no run is under way"
            ) from None
        yield
