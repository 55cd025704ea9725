"""What the commands of ``curec`` do with their options; the exit status of each.

Each imports what it needs when it is called: ``curec --help`` needs none of it.
"""

import argparse
from pathlib import Path

from curec_assets.configuration.chain import Chain, ConfigError, configuration_folder, load_chains
from curec_assets.configuration.windows import select_windows
from curec_assets.lake.lake import lake_root, models_root
from curec_assets.lineage import LINEAGE


def run_windows(options: argparse.Namespace) -> int:
    """``curec run``: make what is not fresh, and say how many partitions were made."""
    from dagster_project.cli.run import run_chain

    chain = _chain(options)
    windows = select_windows(chain.all_windows(), options.windows)
    assets = tuple(options.assets.split(",")) if options.assets else tuple(LINEAGE)
    if unknown := [name for name in assets if name not in LINEAGE]:
        raise ValueError(f"{', '.join(unknown)}: no asset of that name; there are: {', '.join(LINEAGE)}")
    made = run_chain(configuration_folder(), chain, windows, lake_root(), models_root(), assets)
    # What waits for an asset outside ``--assets`` is not made and not fresh either.
    waits = "nothing made: what was asked for is fresh, or waits for other assets (`curec status` tells which)"
    none = waits if options.assets else "all fresh"
    print(f"{chain.name} {windows[0].key}..{windows[-1].key}: " + (f"{made} partitions made" if made else none))
    return 0


def run_status(options: argparse.Namespace) -> int:
    """``curec status``; 1 where something is stale."""
    from dagster_project.cli.status import print_status

    return print_status(_chain(options), lake_root())


def run_check(options: argparse.Namespace) -> int:
    """``curec check``; 1 where a rule is broken."""
    from dagster_project.cli.check import print_checks

    chain = _chain(options)
    return print_checks(chain, select_windows(chain.all_windows(), options.windows), lake_root())


def run_summary(options: argparse.Namespace) -> int:
    """``curec summary``."""
    from dagster_project.cli.summary import print_summary

    print_summary(_chain(options), lake_root(), configuration_folder())
    return 0


def run_report(options: argparse.Namespace) -> int:
    """``curec report``, and the paths of what was written."""
    from dagster_project.cli.report import write_report

    for path in write_report(options.chain, lake_root(), configuration_folder(), options.output, options.windows):
        print(path)
    return 0


def run_export(options: argparse.Namespace) -> int:
    """``curec export``, and the paths of what was written."""
    from dagster_project.cli.export import export_recommendations

    written = export_recommendations(options.chain, lake_root(), configuration_folder(), options.output, options.window)
    for path in written:
        print(path)
    return 0


def run_browse(options: argparse.Namespace) -> int:
    """``curec browse``, and the path of the page."""
    from dagster_project.browse.page import write_page

    output = options.output or Path(f"{options.chain}.html")
    print(write_page(options.chain, lake_root(), configuration_folder(), output))
    return 0


def run_sql(options: argparse.Namespace) -> int:
    """``curec sql``."""
    from dagster_project.cli.query import print_query, statement_of

    statement = statement_of(options.query, options.file)
    print_query(lake_root(), options.chain, statement, options.set, options.format, options.output)
    return 0


def run_catalog(options: argparse.Namespace) -> int:
    """``curec catalog``, and the path of the catalogue."""
    from curec_assets.lake.catalogue import ensure_catalogue

    print(ensure_catalogue(lake_root(), []))
    return 0


def run_tidy(options: argparse.Namespace) -> int:
    """``curec tidy``."""
    from dagster_project.cli.tidy import print_tidy

    return print_tidy(lake_root(), options.chain, options.remove)


def run_models(options: argparse.Namespace) -> int:
    """``curec models``: the base model's id and where it lies."""
    from curec_assets.language_model.loading import base_model_folder, base_model_id

    folder = base_model_folder(_chain(options).profile.language_model, models_root())
    print(f"{base_model_id(folder)} in {folder}")
    return 0


def _chain(options: argparse.Namespace) -> Chain:
    chains = load_chains(configuration_folder())
    if options.chain not in chains:
        raise ConfigError(
            f"no chain {options.chain!r} in {configuration_folder() / 'chains'}; there are: {', '.join(chains)}"
        )
    return chains[options.chain]
