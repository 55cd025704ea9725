"""``curec``: run a chain, see what is fresh, ask the lake a question."""

import os
import sys
import warnings
from collections.abc import Sequence

# Nothing is downloaded and nothing is reported unless a profile allows it; set before any library reads them.
os.environ.setdefault("DAGSTER_DISABLE_TELEMETRY", "yes")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
# The bars and notices of the libraries underneath would tear our own display apart.
os.environ.setdefault("TQDM_DISABLE", "1")
warnings.simplefilter("ignore", FutureWarning)

from curec_assets.configuration.chain import ConfigError
from dagster_project.cli.parser import command_parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit status is 0, 1 for a failed run, 2 for a request that cannot be met."""
    options = command_parser().parse_args(arguments)
    try:
        return options.command(options)
    except (ConfigError, ValueError, OSError) as error:
        told = f"{error.filename}: {error.strerror}" if isinstance(error, OSError) and error.filename else error
        print(f"curec: {told}", file=sys.stderr)
        return 2
    except RuntimeError as error:
        print(f"curec: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("curec: interrupted; what was published stays, run again to resume", file=sys.stderr)
        return 130


def entry() -> None:
    """The console script: ``main``, then out at once.

    The native libraries of a run report one another's objects as leaks, over two screens, while the interpreter is
    taken down. Everything is published and closed by then, so it is not taken down.
    """
    status = main()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


if __name__ == "__main__":
    entry()
