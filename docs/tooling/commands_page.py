"""``docs/reference/commands.md``: every ``curec`` command as its parser describes it, and every make target."""

import argparse
import re
from collections.abc import Iterator
from pathlib import Path

from docs.tooling.markdown import code, plain, table

INTRODUCTION = """\
# Commands

What `curec --help` and `make help` say. After `make setup` the command is `.venv/bin/curec`."""


def commands_page(parser: argparse.ArgumentParser, makefile: Path) -> str:
    """The page as Markdown, without its header.

    Args:
        parser: that of ``curec``.
        makefile: its targets are those with a ``##`` behind them.
    """
    said = "\n\n".join(f"```text\n{text.strip()}\n```" for text in (parser.description, parser.epilog) if text)
    targets = table(
        ["target", "what it does"], [[code(f"make {name}"), plain(told)] for name, told in make_targets(makefile)]
    )
    return "\n\n".join([INTRODUCTION, said, *_commands(parser), f"## make\n\n{targets}"])


def make_targets(makefile: Path) -> list[tuple[str, str]]:
    """Name and description of each described target, in order."""
    return re.findall(r"^([a-z][a-z-]*):.*?## (.*)$", makefile.read_text(encoding="utf-8"), re.MULTILINE)


def _commands(parser: argparse.ArgumentParser) -> Iterator[str]:
    for action in parser._actions:
        if not isinstance(action, argparse._SubParsersAction):
            continue
        helps = {choice.dest: choice.help for choice in action._choices_actions}
        for name, command in action.choices.items():
            yield _command(command, command.description or helps.get(name) or "")
            yield from _commands(command)


def _command(parser: argparse.ArgumentParser, said: str) -> str:
    options = [action for action in parser._actions if not isinstance(action, argparse._HelpAction)]
    given = [action for action in options if not isinstance(action, argparse._SubParsersAction)]
    usage = f"```text\n{' '.join([parser.prog, *map(_usage, options)])}\n```"
    rows = [[code(_spelt(action)), plain(action.help or ""), _default(action)] for action in given]
    described = table(["argument", "meaning", "default"], rows) if rows else ""
    shown = (f"## {parser.prog}", plain(said[:1].upper() + said[1:]), usage, described, plain(parser.epilog or ""))
    return "\n\n".join(part for part in shown if part)


def _usage(action: argparse.Action) -> str:
    spelt = _spelt(action)
    if isinstance(action, argparse._AppendAction):
        spelt += " …"
    return spelt if action.required and action.nargs != "?" else f"[{spelt}]"


def _spelt(action: argparse.Action) -> str:
    """An option with the name of its value, or the name of an argument."""
    value = action.metavar or (
        "{" + ",".join(map(str, action.choices)) + "}" if action.choices else action.dest.upper()
    )
    if not action.option_strings:
        return str(action.metavar or action.dest)
    return action.option_strings[-1] if action.nargs == 0 else f"{action.option_strings[-1]} {value}"


def _default(action: argparse.Action) -> str:
    if action.required and action.option_strings:
        return "required"
    return "" if action.default in (None, False, argparse.SUPPRESS) else code(action.default)
