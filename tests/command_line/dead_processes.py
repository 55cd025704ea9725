"""Processes that are gone, as a kill leaves them."""

import subprocess
import sys


def dead_process() -> int:
    """The id of a process that was there, and is not any more."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid
