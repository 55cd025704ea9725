"""The commands of ``curec`` and their options."""

import argparse
from pathlib import Path

from dagster_project.cli.commands import (
    run_browse,
    run_catalog,
    run_check,
    run_export,
    run_models,
    run_report,
    run_sql,
    run_status,
    run_summary,
    run_tidy,
    run_windows,
)
from dagster_project.cli.doctor import add_doctor_options, run_doctor
from dagster_project.cli.init import add_init_options, run_init
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


def command_parser() -> argparse.ArgumentParser:
    """All commands and options of ``curec``."""
    parser = argparse.ArgumentParser(
        prog="curec", description=DESCRIPTION, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

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
    run.set_defaults(command=run_windows)

    status = commands.add_parser("status", help="what is fresh, stale (and why) or missing")
    _chain_option(status)
    status.set_defaults(command=run_status)

    check = commands.add_parser("check", help="judge what lies in the lake by every check, and show what fails")
    _chain_option(check)
    check.add_argument("--windows", default="..", metavar="FIRST..LAST", help="as for run; default: all that were made")
    check.set_defaults(command=run_check)

    summary = commands.add_parser("summary", help="what came out of a chain: rows and seconds, corrections, ablation")
    _chain_option(summary)
    summary.set_defaults(command=run_summary)

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
        "CHAIN=FIRST..LAST for the windows of one chain; default: those that the chain is judged on",
    )
    report.set_defaults(command=run_report)

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
    export.set_defaults(command=run_export)

    browse = commands.add_parser(
        "browse",
        help="reasons, evidence and recommendations as one HTML page to look around in, offline",
        description="Writes one page that needs no network and no server: look up an item or a user, see the evidence, "
        "the reason over time with causes and gains, what is near by reason, and who it was recommended to.",
    )
    _chain_option(browse)
    browse.add_argument("--output", type=Path, metavar="FILE", help="default: CHAIN.html")
    browse.set_defaults(command=run_browse)

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
    sql.set_defaults(command=run_sql)

    catalog = commands.add_parser("catalog", help="rebuild the catalogue's views and macros from the lake alone")
    catalog.set_defaults(command=run_catalog)

    tidy = commands.add_parser(
        "tidy",
        help="list weights that no partition names any more, and remove them if asked to",
        description="A model that is made again with another content leaves its former weights behind. Lists those "
        "that no partition of the lake names; --remove removes them, and refuses while a run is at work in the lake.",
    )
    tidy.add_argument("--chain", required=True, metavar="NAME", help="a chain in the lake")
    tidy.add_argument("--remove", action="store_true", help="remove what is listed; default: list only")
    tidy.set_defaults(command=run_tidy)

    models = commands.add_parser("models", help="lay out a chain's base model in plain safetensors, once")
    _chain_option(models)
    models.set_defaults(command=run_models)
    return parser


def _chain_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--chain", required=True, help="name of a chain file, e.g. demo or movielens_100k")
