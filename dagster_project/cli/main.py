"""``curec``: run a chain, see what is fresh, ask the lake a question."""

import argparse
import os
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path

# Nothing is downloaded and nothing is reported unless a profile allows it; set before any library reads them.
os.environ.setdefault("DAGSTER_DISABLE_TELEMETRY", "yes")
os.environ.setdefault("HF_HUB_OFFLINE", "1")
# The bars and notices of the libraries underneath would tear our own display apart.
os.environ.setdefault("TQDM_DISABLE", "1")
warnings.simplefilter("ignore", FutureWarning)

from curec_assets.configuration.chain import Chain, ConfigError, configuration_folder, load_chains
from curec_assets.configuration.windows import select_windows
from curec_assets.lake.lake import lake_root, models_root
from curec_assets.lineage import LINEAGE
from dagster_project.cookbook import cookbook_help

DESCRIPTION = """\
Reasons why people like things, as data assets: made, rewarded, corrected over time and fed to a ranker.

  curec init --interactions ratings.csv               a data set and a chain over files of your own
  curec doctor                                        can it run here? machine, models, lake, data, home
  curec run --chain demo --windows 1997-09..1997-11   make what is missing or stale, window by window
  curec status --chain demo                           what is fresh, stale (and why) or missing
  curec summary --chain demo                          what came out, as tables
  curec report --chain demo                           the same at length, as Markdown and HTML with plots
  curec browse --chain demo                           reasons and recommendations as one page to look around in
  curec export --chain demo                           recommendations for a feature store or a cache
  curec sql "select * from demo.item_reasons"         ask the lake, read-only
"""

EPILOG = """\
environment:
  CUREC_LAKE     the lake's folder (default: lake/)
  CUREC_MODELS   base models in safetensors (default: models/)
  CUREC_CONFIG   folder with chains/, data_sets/, profiles/ (default: the shipped one)
  DAGSTER_HOME   the Dagster instance that the UI shows (default: .dagster/)
"""


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


def command_parser() -> argparse.ArgumentParser:
    """All commands and options of ``curec``."""
    parser = argparse.ArgumentParser(
        prog="curec", description=DESCRIPTION, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    from dagster_project.cli.doctor import add_doctor_options, run_doctor
    from dagster_project.cli.init import add_init_options, run_init

    init = commands.add_parser("init", help="look at your own files and write a data set and a chain over them")
    add_init_options(init)
    init.set_defaults(command=run_init)

    doctor = commands.add_parser(
        "doctor", help="check machine, packages, models, lake, data and Dagster home; 1 if something fails"
    )
    add_doctor_options(doctor)
    doctor.set_defaults(command=run_doctor)

    run = commands.add_parser("run", help="materialize what is missing or stale, window by window")
    _chain_option(run)
    run.add_argument(
        "--windows",
        default="..",
        metavar="FIRST..LAST",
        help="one window (1997-10) or a range, either end optional (1997-09..1997-11, ..1997-11); default: all",
    )
    run.add_argument(
        "--assets",
        metavar="NAME[,NAME…]",
        help="only these, e.g. ranker,ranker_evaluation; what they are made from must be there. Default: all",
    )
    run.set_defaults(command=_run)

    status = commands.add_parser("status", help="what is fresh, stale (and why) or missing")
    _chain_option(status)
    status.set_defaults(command=_status)

    check = commands.add_parser("check", help="judge what lies in the lake by every check, and show what fails")
    _chain_option(check)
    check.add_argument("--windows", default="..", metavar="FIRST..LAST", help="as for run; default: all that were made")
    check.set_defaults(command=_check)

    summary = commands.add_parser("summary", help="what came out of a chain: rows and seconds, corrections, ablation")
    _chain_option(summary)
    summary.set_defaults(command=_summary)

    report = commands.add_parser("report", help="what came out of chains, as report.md and report.html")
    report.add_argument(
        "--chain",
        required=True,
        action="append",
        metavar="NAME",
        help="a chain in the lake; give it again for more, and the report opens with them side by side",
    )
    report.add_argument("--output", type=Path, default=Path("report"), metavar="FOLDER", help="default: report/")
    report.add_argument(
        "--windows",
        default=[],
        action="append",
        metavar="[CHAIN=]FIRST..LAST",
        help="windows whose measures the opening table pools, e.g. those that were kept for the test; give it again as "
        "CHAIN=FIRST..LAST for the windows of one chain; default: all",
    )
    report.set_defaults(command=_report)

    export = commands.add_parser(
        "export",
        help="a window's recommendations as Parquet and JSON lines, one record a user",
        description="Writes CHAIN-WINDOW.parquet and CHAIN-WINDOW.jsonl: one record a user with as_of (the moment from "
        "which it holds), the artifact's id, and the items in order of rank, each with title, score, reason, because "
        "(own history by attention) and why (what lowers the score when it is taken away). Each file is replaced in "
        "one rename. docs/how-to/recommendations.md describes every field.",
    )
    _chain_option(export)
    export.add_argument("--window", metavar="KEY", help="e.g. 1997-11; default: the last that has recommendations")
    export.add_argument("--output", type=Path, default=Path("export"), metavar="FOLDER", help="default: export/")
    export.set_defaults(command=_export)

    browse = commands.add_parser(
        "browse",
        help="reasons, evidence and recommendations as one HTML page to look around in, offline",
        description="Writes one page that needs no network and no server: look up an item or a user, see the evidence, "
        "the reason over time with causes and gains, what is near by reason, and who it was recommended to.",
    )
    _chain_option(browse)
    browse.add_argument("--output", type=Path, metavar="FILE", help="default: CHAIN.html")
    browse.set_defaults(command=_browse)

    sql = commands.add_parser(
        "sql",
        help="ask the lake's catalogue, read-only",
        epilog=cookbook_help(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    sql.add_argument("query", nargs="?", help='e.g. "select * from demo.item_reasons limit 5"')
    sql.add_argument("--file", type=Path, help="read the query from a file instead, e.g. sql/queries/<name>.sql")
    sql.add_argument("--chain", help="chain that names without a schema belong to, as in sql/queries/")
    sql.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="what getvariable('NAME') is in the query, e.g. item=50; give it again for more",
    )
    sql.add_argument("--format", choices=("table", "csv", "json", "parquet"), default="table")
    sql.add_argument("--output", type=Path, help="write here instead of standard output (required for parquet)")
    sql.set_defaults(command=_sql)

    catalog = commands.add_parser("catalog", help="rebuild the catalogue's views and macros from the lake alone")
    catalog.set_defaults(command=_catalog)

    tidy = commands.add_parser(
        "tidy",
        help="list weights that no partition names any more, and remove them if asked to",
        description="A model that is made again with another content leaves its former weights behind. Lists those "
        "that no partition of the lake names; --remove removes them, and refuses while a run is at work in the lake.",
    )
    tidy.add_argument("--chain", required=True, metavar="NAME", help="a chain in the lake")
    tidy.add_argument("--remove", action="store_true", help="remove what is listed; default: list only")
    tidy.set_defaults(command=_tidy)

    models = commands.add_parser("models", help="lay out a chain's base model in plain safetensors, once")
    _chain_option(models)
    models.set_defaults(command=_models)
    return parser


def _chain_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--chain", required=True, help="name of a chain file, e.g. demo or movielens_100k")


def _chain(options: argparse.Namespace) -> Chain:
    chains = load_chains(configuration_folder())
    if options.chain not in chains:
        raise ConfigError(
            f"no chain {options.chain!r} in {configuration_folder() / 'chains'}; there are: {', '.join(chains)}"
        )
    return chains[options.chain]


def _run(options: argparse.Namespace) -> int:
    from dagster_project.cli.run import run_chain

    chain = _chain(options)
    windows = select_windows(chain.all_windows(), options.windows)
    assets = tuple(options.assets.split(",")) if options.assets else tuple(LINEAGE)
    if unknown := [name for name in assets if name not in LINEAGE]:
        raise ValueError(f"{', '.join(unknown)}: no asset of that name; there are: {', '.join(LINEAGE)}")
    made = run_chain(configuration_folder(), chain, windows, lake_root(), models_root(), assets)
    print(f"{chain.name} {windows[0].key}..{windows[-1].key}: " + (f"{made} partitions made" if made else "all fresh"))
    return 0


def _status(options: argparse.Namespace) -> int:
    from dagster_project.cli.status import print_status

    return print_status(_chain(options), lake_root())


def _check(options: argparse.Namespace) -> int:
    from dagster_project.cli.check import print_checks

    chain = _chain(options)
    return print_checks(chain, select_windows(chain.all_windows(), options.windows), lake_root())


def _summary(options: argparse.Namespace) -> int:
    from dagster_project.cli.summary import print_summary

    print_summary(_chain(options), lake_root())
    return 0


def _report(options: argparse.Namespace) -> int:
    from dagster_project.cli.report import write_report

    for path in write_report(options.chain, lake_root(), configuration_folder(), options.output, options.windows):
        print(path)
    return 0


def _export(options: argparse.Namespace) -> int:
    from dagster_project.cli.export import export_recommendations

    written = export_recommendations(options.chain, lake_root(), configuration_folder(), options.output, options.window)
    for path in written:
        print(path)
    return 0


def _browse(options: argparse.Namespace) -> int:
    from dagster_project.browse.page import write_page

    output = options.output or Path(f"{options.chain}.html")
    print(write_page(options.chain, lake_root(), configuration_folder(), output))
    return 0


def _sql(options: argparse.Namespace) -> int:
    from dagster_project.cli.query import print_query, statement_of

    statement = statement_of(options.query, options.file)
    print_query(lake_root(), options.chain, statement, options.set, options.format, options.output)
    return 0


def _catalog(options: argparse.Namespace) -> int:
    from curec_assets.lake.catalogue import ensure_catalogue

    print(ensure_catalogue(lake_root(), []))
    return 0


def _tidy(options: argparse.Namespace) -> int:
    from dagster_project.cli.tidy import print_tidy

    return print_tidy(lake_root(), options.chain, options.remove)


def _models(options: argparse.Namespace) -> int:
    from curec_assets.language_model.loading import base_model_folder, base_model_id

    folder = base_model_folder(_chain(options).profile.language_model, models_root())
    print(f"{base_model_id(folder)} in {folder}")
    return 0


if __name__ == "__main__":
    entry()
