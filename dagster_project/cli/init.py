"""``curec init``: looks at two or three files, proposes a data set and a chain over them, and writes their YAML."""

import argparse
import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

import yaml
from rich.console import Console
from rich.prompt import Confirm, Prompt
from rich.text import Text

from curec_assets.configuration.chain import can_name_chain, find_configured, load_chain
from curec_assets.configuration.windows import KEY_FORMAT, Frequency
from curec_assets.interactions.config import (
    DataSetConfig,
    InteractionColumns,
    ItemColumns,
    UserColumns,
)
from curec_assets.interactions.formats import existing_file
from curec_assets.interactions.proposal import propose_label_rule, propose_windows
from curec_assets.interactions.recognise import SIBLINGS, Recognised, recognise, usual_items
from curec_assets.interactions.sources import open_source
from curec_assets.interactions.survey import item_texts, judge, survey, user_attributes
from dagster_project.cli.seen import Seen, show

DEFAULT_FOLDER = Path("configuration")


def add_init_options(parser: argparse.ArgumentParser) -> None:
    """The flags of ``curec init``; on a terminal it asks for what they do not say."""
    parser.add_argument("--interactions", type=Path, metavar="FILE", help="Parquet, CSV, TSV, JSON lines or .dat")
    parser.add_argument("--items", type=Path, metavar="FILE", help="default: the file that usually lies beside it")
    parser.add_argument(
        "--users", type=Path, metavar="FILE", help="what is known of people, for the audit; default: none"
    )
    parser.add_argument("--name", help="of data set and chain: lower-case letters, digits, _; default: the folder's")
    columns = ", ".join(InteractionColumns.model_fields)
    parser.add_argument("--columns", default="", metavar="KEY=NAME[,…]", help=f"columns of the interactions: {columns}")
    columns = ", ".join(ItemColumns.model_fields)
    parser.add_argument("--item-columns", default="", metavar="KEY=NAME[,…]", help=f"columns of the items: {columns}")
    columns = "user, attributes (parted by +)"
    parser.add_argument("--user-columns", default="", metavar="KEY=NAME[,…]", help=f"columns of the users: {columns}")
    rule = parser.add_mutually_exclusive_group()
    rule.add_argument("--like-at", type=float, metavar="RATING", help="a rating of at least this is a like")
    rule.add_argument("--implicit", action="store_true", help="an event itself is the like; ratings are not read")
    parser.add_argument("--frequency", choices=get_args(Frequency), help="length of a window")
    parser.add_argument("--profile", default="demo", help="default: demo")
    parser.add_argument("--licence", help="the data's licence or terms, shown with everything made from it")
    parser.add_argument(
        "--folder", type=Path, help=f"configuration folder; default: $CUREC_CONFIG, or {DEFAULT_FOLDER}/ here"
    )
    parser.add_argument("--force", action="store_true", help="overwrite a data set or chain of that name")
    parser.add_argument("--yes", action="store_true", help="take every proposal without asking")


def run_init(options: argparse.Namespace) -> int:
    """Looks, proposes, writes and says what it saw; 0 when both files were written."""
    can_ask = sys.stdin.isatty() and not options.yes
    ask = _asker(can_ask)
    interactions = existing_file(options.interactions or Path(ask("Interactions file", None, "--interactions")))
    beside = usual_items(interactions)
    items = options.items or Path(ask("Items file", str(beside) if beside else None, "--items"))
    name = options.name or ask("Name of the data set and chain", _usual_name(interactions), "--name")
    folder = options.folder or Path(os.environ.get("CUREC_CONFIG") or DEFAULT_FOLDER)
    targets = _targets(folder, name, options.force)
    find_configured(folder, "profiles", options.profile, targets[1])
    console = Console(soft_wrap=True, highlight=False)

    columns, item_columns = _pairs(options.columns, InteractionColumns), _pairs(options.item_columns, ItemColumns)
    user_columns = _pairs(options.user_columns, UserColumns)
    if user_columns and options.users is None:
        raise ValueError("--user-columns says what the columns of --users are called; name that file as well")
    ask_column = _ask_column if can_ask else None
    recognised = recognise(
        interactions, items, columns, item_columns, ask_column, options.implicit, options.users, user_columns
    )
    seen = _look(recognised, name, options, ask)
    show(console, seen, interactions, items)
    if can_ask and not Confirm.ask("Write this data set and chain?", default=True):
        return 1
    _write(targets, folder, name, seen, options.profile)
    console.print("\nWrote", style="bold")
    for target in targets:
        console.print(f"  {target}", markup=False)
    chosen = os.environ.get("CUREC_CONFIG")
    prefix = "" if chosen and Path(chosen).resolve() == folder.resolve() else f"CUREC_CONFIG={folder} "
    command = sys.argv[0] if sys.argv[0].endswith("curec") else "curec"
    console.print("\nNext", style="bold")
    for following in ("doctor", "run"):
        console.print(f"  {prefix}{command} {following} --chain {name}", markup=False)
    return 0


def _asker(can_ask: bool) -> Callable[[str, str | None, str], str]:
    def ask(question: str, default: str | None, flag: str) -> str:
        if can_ask:
            return Prompt.ask(question, default=default) if default else Prompt.ask(question)
        if default is None:
            raise ValueError(f"{flag} is needed where nobody is asked")
        return default

    return ask


def _number(question: str, answer: str) -> float:
    try:
        return float(answer)
    except ValueError:
        raise ValueError(f"{question}: {answer!r} is no number; expected one such as 4 or 3.5") from None


def _ask_column(question: str, names: Sequence[str]) -> str:
    # As text: a file's name is no markup.
    return Prompt.ask(Text(question), choices=list(names))


def _look(
    recognised: Recognised, name: str, options: argparse.Namespace, ask: Callable[[str, str | None, str], str]
) -> Seen:
    licence = options.licence or recognised.licence or "not stated"
    given = {"name": name, "source": recognised.source, "licence": licence}
    source = open_source(DataSetConfig.model_validate({**given, "implicit": True}), Path())
    found = survey(source)
    if not found.days:
        first = source.relation("interactions/rejects.sql").limit(1).fetchall()
        shown = f"; the first is {first[0][-1][:200]}" if first else ""
        raise ValueError(f"no row of {recognised.source.interactions} has a time that can be read{shown}")
    texts = item_texts(source)
    windows = propose_windows(found.days, options.frequency)
    if not options.frequency:
        chosen = ask(f"Length of a window ({', '.join(get_args(Frequency))})", windows.frequency, "--frequency")
        if chosen not in KEY_FORMAT:
            raise ValueError(f"{chosen!r} is no length of a window; expected one of {', '.join(KEY_FORMAT)}")
        windows = propose_windows(found.days, chosen)
    rule: Mapping[str, Any] = {"implicit": True}
    if not options.implicit:
        rule = propose_label_rule(found.ratings, options.like_at)
        if options.like_at is None and found.ratings.counts:
            proposed = "implicit" if "implicit" in rule else f"{rule['like_at']:g}"
            question = "Lowest rating that is a like, or implicit"
            answer = ask(question, proposed, "--like-at")
            if answer == "implicit":
                rule = {"implicit": True}
            elif answer != proposed:
                rule = propose_label_rule(found.ratings, _number(question, answer))
    data_set = DataSetConfig.model_validate({**given, **rule})
    described, attributes = user_attributes(source)
    return Seen(recognised, found, texts, judge(source, data_set), described, attributes, data_set, windows)


def _write(targets: tuple[Path, Path], folder: Path, name: str, seen: Seen, profile: str) -> None:
    data_set, chain = targets
    source = seen.data_set.source.model_dump(mode="json", exclude_defaults=True)
    for key in {"interactions", "items", "users"} & set(source):
        source[key] = _written_path(Path(source[key]), folder)
    described = seen.data_set.model_dump(mode="json", exclude_defaults=True, exclude={"source"})
    described = {key: _plain_number(value) for key, value in described.items()}
    described["source"] = {"kind": seen.data_set.source.kind, **source}
    windows = seen.windows.model_dump(exclude_defaults=True)
    for target, comment, values in (
        (data_set, f"{seen.recognised.format}, as curec init found it.", described),
        (chain, "As curec init proposed it.", {"data_set": name, "profile": profile, "windows": windows}),
    ):
        target.parent.mkdir(parents=True, exist_ok=True)
        text = yaml.safe_dump(values, sort_keys=False, allow_unicode=True, default_flow_style=None, width=120)
        target.write_text(f"# {comment}\n{text}", encoding="utf-8")
    load_chain(chain)


def _plain_number(value: Any) -> Any:
    """``4`` for 4.0, as people write it."""
    if isinstance(value, list):
        return [_plain_number(one) for one in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _written_path(path: Path, folder: Path) -> str:
    """Relative to the configuration where the data lies in it or beside it, so that both can move; else absolute."""
    path, folder = path.resolve(), folder.resolve()
    return os.path.relpath(path, folder) if path.is_relative_to(folder.parent) else str(path)


def _targets(folder: Path, name: str, force: bool) -> tuple[Path, Path]:
    if not can_name_chain(name):
        raise ValueError(f"{name!r} cannot name a chain: a lower-case letter, then letters, digits and _ can")
    targets = (folder / "data_sets" / f"{name}.yaml", folder / "chains" / f"{name}.yaml")
    if (there := [str(target) for target in targets if target.exists()]) and not force:
        raise ValueError(f"{' and '.join(there)} would be overwritten; choose another --name, or --force")
    return targets


def _usual_name(interactions: Path) -> str | None:
    """The file's name, or that of its folder where files of the kind are all called alike."""
    plain = interactions.name.partition(".")[0]
    called = interactions.resolve().parent.name if interactions.name in SIBLINGS else plain
    name = re.sub(r"[^a-z0-9]+", "_", called.lower()).strip("_")
    return name if can_name_chain(name) else None


def _pairs(text: str, section: type[InteractionColumns] | type[ItemColumns] | type[UserColumns]) -> dict[str, str]:
    pairs = dict(part.partition("=")[::2] for part in text.split(",") if part)
    for key, value in pairs.items():
        if key not in section.model_fields or not value:
            raise ValueError(f"{key!r}: expected KEY=NAME with a key of {', '.join(section.model_fields)}")
    return pairs
