"""The web server and the daemon as ``make ui`` starts them, on a free port, for as long as a test needs them."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread
from typing import IO

REPOSITORY = Path(__file__).parents[2]
SECONDS_TO_START = 300
SECONDS_TO_STOP = 30


@contextmanager
def serving(environment: Mapping[str, str], log: Path) -> Iterator[str]:
    """Serve the UI of ``environment`` and yield its address; what both processes say goes to ``log``.

    Raises:
        AssertionError: the server does not come up; the message holds the end of the log.
    """
    port = _free_port()
    command = [sys.executable, "-m", "dagster", "dev", "--workspace", "workspace.yaml"]
    # A session of its own: the server starts further processes, and all of them have to go in the end.
    with subprocess.Popen(
        [*command, "--host", "127.0.0.1", "--port", str(port)],
        cwd=REPOSITORY,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        assert process.stdout is not None
        answered = Event()
        reader = Thread(target=_copy, args=(process.stdout, log, answered), daemon=True)
        reader.start()
        try:
            came_up = answered.wait(SECONDS_TO_START) and process.poll() is None
            assert came_up, f"the UI does not start:\n{log.read_text()[-4000:]}"
            yield f"http://127.0.0.1:{port}"
        finally:
            _stop(process)


def _copy(output: IO[str], log: Path, answered: Event) -> None:
    """Every line to ``log``; ``answered`` is set by the one that says that the server serves, or by the end."""
    with log.open("w") as file:
        for line in output:
            file.write(line)
            file.flush()
            if "Serving dagster-webserver" in line:
                answered.set()
    answered.set()


def _stop(process: subprocess.Popen[str]) -> None:
    """Ask the server, its daemon and their runs to end, and end what does not."""
    os.killpg(process.pid, signal.SIGINT)
    with suppress(subprocess.TimeoutExpired):
        process.wait(SECONDS_TO_STOP)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
