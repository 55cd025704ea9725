"""Do the commands that the documentation shows name things that exist? They are parsed, never run; the queries of
``curec sql`` are asked of an empty lake, which tells names from mistakes."""

import argparse
import io
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

import duckdb

from curec_assets.configuration.chain import Chain
from curec_assets.configuration.windows import select_windows
from curec_assets.lake.catalogue import connect, ensure_catalogue
from curec_assets.lineage import LINEAGE
from dagster_project.cli.report import windows_by_chain
from docs.tooling.documents import Block, Document, Problem

SHELLS = ("bash", "sh", "shell")
ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=.*", re.DOTALL)
HEREDOC = re.compile(r"<<-?\s*['\"]?(\w+)['\"]?")
OWN_CHAIN = re.compile(r"\bchains/([a-z]\w*)\.yaml|\bcurec init\b(?:[^\n]|\\\n)*?--name[ =]([a-z]\w*)")
"""A chain that a page shows the file of, or has written."""
IN_FRONT = ("time", "nohup", "exec", "env", "sudo")
OPERATORS = frozenset("();<>|&")


@dataclass(frozen=True)
class Known:
    """What commands may name."""

    root: Path
    """The repository."""
    parser: argparse.ArgumentParser
    chains: Mapping[str, Chain]
    make_targets: frozenset[str]
    lake: Path
    """An empty folder, for lakes without rows whose catalogues know all columns."""


@dataclass(frozen=True)
class Command:
    """One command of a block: its words without what stands in front of it, and what they are redirected to."""

    line: int
    words: tuple[str, ...]


def broken_commands(known: Known, documents: Sequence[Document]) -> Iterator[Problem]:
    """Commands in shell blocks, and names of commands and files in code spans, that do not exist."""
    for document in documents:
        own_chains = {
            name for block in document.blocks for names in OWN_CHAIN.findall(block.text) for name in names if name
        }
        for block in document.blocks:
            if block.language in SHELLS:
                for line, said in _in_block(known, block, own_chains):
                    yield Problem(document.path, line, said)
        for span in document.spans:
            for said in _in_span(known, span.text):
                yield Problem(document.path, span.line, said)


def _in_block(known: Known, block: Block, own_chains: set[str]) -> Iterator[tuple[int, str]]:
    try:
        commands = list(commands_of(block))
    except ValueError as error:
        yield block.line, f"the shell block cannot be read: {error}"
        return
    for command in commands:
        for said in what_is_wrong(known, command.words, own_chains):
            yield command.line, said


def commands_of(block: Block) -> Iterator[Command]:
    """The commands of a shell block in order: of pipes and lists each part by itself, without comments, heredocs and
    redirections.

    Raises:
        ValueError: a quotation that is never closed.
    """
    lines = iter(enumerate(block.text.splitlines(), start=block.line))
    for number, line in lines:
        text = line
        while (words := _split(text)) is None or text.endswith("\\"):
            following = next(lines, None)
            if following is None:
                raise ValueError(f"the command in line {number} never ends")
            text = (text[:-1] if text.endswith("\\") else text + "\n") + following[1]
        if heredoc := HEREDOC.search(text):
            for _, body in lines:
                if body.strip() == heredoc[1]:
                    break
        for part in _parts(words):
            if bare := _without_front(part):
                yield Command(number, bare)


def what_is_wrong(known: Known, words: Sequence[str], own_chains: set[str]) -> Iterator[str]:
    """What a command names that does not exist, a sentence each.

    Args:
        words: the program and its arguments.
        own_chains: names of chains that the page itself shows.
    """
    program, arguments = Path(words[0]).name, list(words[1:])
    if program == "curec":
        yield from _curec(known, arguments, own_chains)
    elif program == "make":
        targets = [word for word in arguments if not word.startswith("-") and "=" not in word]
        yield from (f"there is no `make {name}`" for name in targets if name not in known.make_targets)
    elif program.startswith("python") and "-m" in arguments:
        module = arguments[arguments.index("-m") + 1]
        if not _is_module(module):
            yield f"there is no Python module {module}"
    elif program.startswith("pip"):
        named = [value for option, value in pairwise(arguments) if option in ("-c", "-r")]
        yield from (f"there is no file {name}" for name in named if not (known.root / name).is_file())
    yield from (f"there is no {word}" for word in words if _is_missing(known.root, word.partition("::")[0]))


def _curec(known: Known, arguments: list[str], own_chains: set[str]) -> Iterator[str]:
    said = io.StringIO()
    try:
        with redirect_stderr(said), redirect_stdout(io.StringIO()):
            options = known.parser.parse_args(arguments)
    except SystemExit as stop:
        if stop.code:
            yield f"`curec {shlex.join(arguments)}` is refused: {said.getvalue().strip().splitlines()[-1]}"
        return
    asked, windows = getattr(options, "chain", None), getattr(options, "windows", None)
    names = asked if isinstance(asked, list) else [asked] if asked else []
    try:
        by_chain = windows_by_chain(names, windows) if isinstance(windows, list) else dict.fromkeys(names, windows)
    except ValueError as error:
        yield str(error)
        return
    for name in names:
        if name not in known.chains and name not in own_chains:
            yield f"there is no chain {name}"
        if (own := by_chain[name]) and name in known.chains:
            try:
                select_windows(known.chains[name].all_windows(), own)
            except ValueError as error:
                yield f"--windows of the chain {name}: {error}"
    named = (getattr(options, "assets", None) or "").split(",")
    yield from (f"there is no asset {name}" for name in named if name and name not in LINEAGE)
    if query := getattr(options, "query", None):
        # One lake for each set of chains: a catalogue keeps those that it once had.
        lake = known.lake / ("-".join(sorted(own_chains)) or "shipped")
        ensure_catalogue(lake, sorted({*known.chains, *own_chains}))
        yield from _refused_query(lake, asked, query)


def _refused_query(lake: Path, chain: str | None, query: str) -> Iterator[str]:
    try:
        with closing(connect(lake, chain)) as catalogue:
            for statement in catalogue.extract_statements(query):
                # Only a SELECT is sure to leave no file behind.
                explain = "" if statement.type == duckdb.StatementType.SELECT else "EXPLAIN "
                catalogue.execute(explain + statement.query)
    except (duckdb.Error, ValueError) as error:
        yield f"the query is refused: {' '.join(str(error).split())}"


def _in_span(known: Known, text: str) -> Iterator[str]:
    """Of prose only what cannot be meant otherwise is held to account: names, not whole commands."""
    if found := re.match(r"(?:\.venv/bin/)?curec ([a-z]\S*)", text):
        commands = {
            name for action in known.parser._actions for name in action.choices or () if not action.option_strings
        }
        if found[1] not in commands:
            yield f"there is no `curec {found[1]}`"
    if (found := re.match(r"make ([a-z-]+)$", text)) and found[1] not in known.make_targets:
        yield f"there is no `make {found[1]}`"
    if " " not in text and _is_missing(known.root, text):
        yield f"there is no {text}"


def _is_missing(root: Path, word: str) -> bool:
    """Whether ``word`` names a place in a folder of the repository where there is nothing."""
    top, slash, _ = word.partition("/")
    if not slash or not re.fullmatch(r"[\w./*-]+", word) or not (root / top).is_dir() or _is_ignored(root, top):
        return False
    return not any(root.glob(word.rstrip("/"))) if "*" in word else not (root / word).exists()


def _is_ignored(root: Path, folder: str) -> bool:
    ignored = (root / ".gitignore").read_text(encoding="utf-8").split() if (root / ".gitignore").is_file() else []
    return folder in (".", "..") or f"/{folder}/" in ignored


def _is_module(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:
        return False


def _split(text: str) -> list[str] | None:
    """The words of a line, operators by themselves; None where a quotation is still open."""
    lexer = shlex.shlex(text.removesuffix("\\"), posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    lexer.commenters = "#"
    try:
        return list(lexer)
    except ValueError:
        return None


def _parts(words: Sequence[str]) -> Iterator[list[str]]:
    part: list[str] = []
    redirected = False
    for word in words:
        if set(word) <= OPERATORS:
            redirected = bool(set(word) & {"<", ">"})
            if not redirected:
                yield part
                part = []
            elif part and part[-1].isdigit():
                part.pop()  # the 2 of 2>&1
        elif redirected:
            redirected = False
        else:
            part.append(word)
    yield part


def _without_front(words: Sequence[str]) -> tuple[str, ...]:
    """``words`` from the program on, without variables set for it and programs that run it."""
    for place, word in enumerate(words):
        if not ASSIGNMENT.fullmatch(word) and word not in IN_FRONT:
            return tuple(words[place:])
    return ()
