"""``curec doctor``: can chains run here, and if not, what to do."""

import argparse
from collections.abc import Iterator

from rich.console import Console
from rich.text import Text

from curec_assets.configuration.chain import Chain, ConfigError, configuration_folder, load_chains
from curec_assets.lake.lake import lake_root, models_root
from dagster_project.doctor.finding import Finding, counted

STYLES = {"ok": "green", "warn": "yellow", "fail": "bold red"}


def add_doctor_options(parser: argparse.ArgumentParser) -> None:
    """The flags of ``curec doctor``."""
    parser.add_argument(
        "--chain", action="append", metavar="NAME", help="a chain to check; again for more; default: all"
    )


def run_doctor(options: argparse.Namespace) -> int:
    """Print a line for each check; 1 where one failed."""
    console = Console(soft_wrap=True, highlight=False)
    failed = looked_at = 0
    for finding in _findings(options.chain or []):
        failed += finding.level == "fail"
        looked_at += finding.level == "warn"
        line = Text.assemble((f"{finding.level:<5}", STYLES[finding.level]), f" {finding.about:<13} {finding.what}")
        console.print(line)
        if finding.to_do:
            console.print(Text(f"{'':<20}→ {finding.to_do}"))
    console.print(f"\n{failed} failed, {looked_at} to look at" if failed or looked_at else "\nall is well")
    return 1 if failed else 0


def _findings(names: list[str]) -> Iterator[Finding]:
    # Imported here: `curec --help` needs none of it.
    from dagster_project.doctor.data import check_data
    from dagster_project.doctor.installation import check_models, check_packages
    from dagster_project.doctor.lake import check_lake
    from dagster_project.doctor.machine import check_machine, check_precision

    packages = list(check_packages())
    yield from packages
    try:
        chains = _chains(names)
    except ConfigError as error:
        to_do = "correct what it names; CUREC_CONFIG says which folder is read"
        yield Finding("fail", "configuration", str(error), to_do)
        return
    names_found = ", ".join(chain.name for chain in chains)
    yield Finding("ok", "configuration", f"{counted(len(chains), 'chain')} in {configuration_folder()}: {names_found}")
    yield from check_machine(chains, lake_root())
    if any(finding.level == "fail" for finding in packages):
        yield Finding("warn", "models", "not checked, nor is the Dagster instance: they need the packages above")
    else:
        yield from check_precision(chains)
        yield from check_models(chains, models_root())
        yield from _instance()
    yield from check_data(chains, asked_for=bool(names))
    yield from check_lake(chains, lake_root(), models_root())


def _instance() -> Iterator[Finding]:
    # Imports dagster, which may be what is missing.
    from dagster_project.doctor.instance import check_instance
    from dagster_project.instance import home_folder

    yield from check_instance(home_folder())


def _chains(names: list[str]) -> list[Chain]:
    chains = load_chains(configuration_folder())
    for name in names:
        if name not in chains:
            raise ConfigError(f"{configuration_folder() / 'chains'}: no chain {name!r}; there are: {', '.join(chains)}")
    return [chain for chain in chains.values() if not names or chain.name in names]
