"""Is the documentation still true? ``python -m docs.tooling.check``, or ``make docs-check``; exit status 1 if not."""

import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from curec_assets.configuration.chain import load_chains
from dagster_project.cli.parser import command_parser
from docs.tooling.commands_page import make_targets
from docs.tooling.documents import Document, Problem, read_documents
from docs.tooling.links import broken_links
from docs.tooling.shell import Known, broken_commands
from docs.tooling.write import REPOSITORY, out_of_date


def what_commands_may_name(root: Path, lake: Path) -> Known:
    """The commands, chains and make targets of the project at ``root``; ``lake`` is an empty folder to work in."""
    targets = frozenset(name for name, _ in make_targets(root / "Makefile"))
    return Known(root, command_parser(), load_chains(), targets, lake)


def problems(root: Path = REPOSITORY) -> Iterator[Problem]:
    """All that is wrong with the documentation of the repository at ``root``."""
    documents: list[Document] = read_documents(root)
    yield from broken_links(root, documents)
    with TemporaryDirectory() as lake:
        yield from broken_commands(what_commands_may_name(root, Path(lake)), documents)
    yield from (
        Problem(path, 1, "is not what it is generated from says; run `make docs`") for path in out_of_date(root)
    )


def main() -> int:
    """Print each problem on a line of its own."""
    found = sorted(set(problems()), key=lambda problem: (problem.page, problem.line, problem.said))
    for problem in found:
        print(problem)
    print(f"{len(found)} problems" if found else "the documentation holds", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
