"""What ``curec init`` asks a person at a terminal, and what it says where nobody is asked."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from curec_assets.configuration.chain import load_chain
from tests.command_line.init_command import init, write_csv
from tests.public_formats import FORMATS

pytestmark = pytest.mark.usefixtures("in_a_folder_of_its_own")


def init_on_a_terminal(answers: str, *arguments: str) -> str:
    """What ``curec init`` printed to a person who types ``answers``."""
    leader, follower = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "dagster_project.cli.main", "init", *arguments],
        stdin=follower,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parents[2])},
    )
    os.write(leader, answers.encode())
    told, complaint = process.communicate()
    os.close(leader)
    os.close(follower)
    assert process.returncode == 0, complaint
    return told


def test_an_answer_that_is_no_number_is_told_with_its_question() -> None:
    FORMATS["movielens_1m"](Path("data"))
    with pytest.raises(AssertionError, match="Lowest rating that is a like, or implicit: 'four' is no number"):
        init_on_a_terminal("\nfilms\n\nfour\n", "--interactions", "data/ratings.dat")


def test_on_a_terminal_it_asks_for_what_flags_do_not_say() -> None:
    FORMATS["movielens_1m"](Path("data"))
    # Items: as proposed; name; windows: as proposed; likes from 5 on; write.
    told = init_on_a_terminal("\nfilms\n\n5\ny\n", "--interactions", "data/ratings.dat")
    assert "Lowest rating that is a like, or implicit (4)" in told
    assert load_chain(Path("configuration/chains/films.yaml")).data_set.like_at == 5


def test_on_a_terminal_it_asks_for_a_column_that_it_cannot_tell_until_one_is_named() -> None:
    write_csv("data/met.csv", [("wer", "item", "date"), *((f"u{n}", "i", f"2020-01-{n:02d}") for n in range(1, 29))])
    write_csv("data/things.csv", [("item", "[bold]"), ("i", "One")])
    # Who: no column of that name, then one; what the title is; windows: as proposed; write.
    told = init_on_a_terminal(
        "who\nwer\n[bold]\n\ny\n", "--interactions", "data/met.csv", "--items", "data/things.csv", "--name", "met"
    )
    assert "Which column of data/met.csv holds the user? [wer/item/date]" in told
    source = load_chain(Path("configuration/chains/met.yaml")).data_set.source
    assert source.interaction_columns.user == "wer"
    assert source.item_columns.title == "[bold]"


def write_rated_under_an_odd_name() -> tuple[str, ...]:
    rows = [(f"u{n}", "i", 1 + n % 5, "web", f"2020-01-{n:02d}") for n in range(1, 29)]
    write_csv("data/met.csv", [("user", "item", "thumbs", "shop", "date"), *rows])
    write_csv("data/things.csv", [("item", "name"), ("i", "One")])
    return ("--interactions", "data/met.csv", "--items", "data/things.csv", "--name", "met")


@pytest.mark.parametrize(("answers", "rating"), [("thumbs\n\n4\ny\n", "thumbs"), ("stars\n-\n\ny\n", None)])
def test_on_a_terminal_it_asks_which_column_holds_the_rating_and_takes_none_for_an_answer(
    answers: str, rating: str | None
) -> None:
    told = init_on_a_terminal(answers, *write_rated_under_an_odd_name())
    assert "Which column of data/met.csv holds the rating (- for none)? [thumbs/shop/-]" in told
    assert "note: no rating column" not in told
    data_set = load_chain(Path("configuration/chains/met.yaml")).data_set
    assert data_set.source.interaction_columns.rating == rating
    assert data_set.implicit == (rating is None)


def test_where_nobody_is_asked_it_says_that_no_rating_column_was_recognised(capsys: pytest.CaptureFixture[str]) -> None:
    files = write_rated_under_an_odd_name()
    assert init(*files).data_set.implicit
    told = capsys.readouterr().out
    assert "note: no rating column recognised among thumbs, shop; taken as implicit; pass --columns rating=NAME" in told
    for said in (("--implicit",), ("--columns", "rating=thumbs")):
        init(*files, *said, "--force")
        assert "no rating column" not in capsys.readouterr().out
