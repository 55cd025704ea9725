"""What README and docs tell people to type is typed on a finished chain, command by command, and ends well.

``curec init`` comes before any chain: tests/docs/test_own_data.py runs it.
"""

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from dagster_project.cli.main import main
from docs.tooling.documents import read_documents
from docs.tooling.shell import SHELLS, commands_of
from tests.conftest import FinishedChain

REPOSITORY = Path(__file__).parents[2]
READ_A_CHAIN = {"status", "check", "summary", "report", "export", "browse", "sql", "catalog", "tidy"}
ON_A_CHAIN = READ_A_CHAIN | {"run", "doctor", "models"}
"""Of these, ``curec run`` has nothing to do on a finished chain, and says so."""
CHAINS = re.compile(
    r"\b(demo|movielens_100k|movielens_gpu|movielens_small|amazon_beauty|amazon_cds|my_data|larger|shop)\b"
)
SUBSTITUTES = ((r"1997-11-01", "2020-03-01"), (r"199[78]-\d\d|2024-01|2014-05|(?<==)201[58]", "2020-02"))
"""Days and windows of the docs' chains, and those of the small one that stand for them."""


def commands() -> Iterator[tuple[str, ...]]:
    for document in read_documents(REPOSITORY):
        for block in document.blocks:
            if block.language in SHELLS:
                for command in commands_of(block):
                    if command.words and Path(command.words[0]).name == "curec" and command.words[1] in ON_A_CHAIN:
                        yield command.words[1:]


def of_the_small_chain(words: tuple[str, ...]) -> list[str]:
    """``words`` as of the small chain; what is said of several chains is said of it once."""
    translated = []
    for word in words:
        for theirs, ours in SUBSTITUTES:
            word = re.sub(theirs, ours, word)
        translated.append(CHAINS.sub("small", word))
    kept = translated[:1]
    for before, word in pairwise(translated):
        repeated = (before, word) in pairwise(kept)
        if repeated and before.startswith("--"):
            kept.pop()
        else:
            kept.append(word)
    return kept


@pytest.fixture
def folder(finished: FinishedChain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory like the repository's root, with the small chain in force."""
    for name, value in finished.environment.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "sql").symlink_to(REPOSITORY / "sql")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_docs_show_each_thing_to_do_with_a_chain() -> None:
    assert {words[0] for words in commands()} >= ON_A_CHAIN - {"catalog", "tidy"}


@pytest.mark.parametrize("words", sorted(set(commands())), ids=" ".join)
def test_a_command_of_the_docs_runs_and_ends_well(
    folder: Path, words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    status = main(of_the_small_chain(words))
    told = capsys.readouterr()
    assert status == 0, told.err or told.out
    assert words[0] != "run" or ("nothing made" if "--assets" in words else "all fresh") in told.out
    assert told.out or list(folder.iterdir()) != [folder / "sql"]
