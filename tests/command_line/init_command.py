"""``curec init`` as the tests call it: in a folder of its own, with nobody to ask."""

import csv
from pathlib import Path

from curec_assets.configuration.chain import Chain, load_chain
from dagster_project.cli.main import main


def init(*arguments: str) -> Chain:
    """The chain that it wrote under the name given by ``--name``."""
    name = arguments[arguments.index("--name") + 1]
    assert main(["init", "--yes", *arguments]) == 0
    return load_chain(Path("configuration", "chains", f"{name}.yaml"))


def write_csv(path: str, rows: list) -> None:
    """``rows`` as lines, the header among them."""
    with Path(path).open("w", newline="") as file:
        csv.writer(file).writerows(rows)
