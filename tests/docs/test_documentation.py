"""The documentation says what is so, and the check that holds it to that finds what is not."""

import argparse
import subprocess
import sys
from pathlib import Path

import pytest

from curec_assets.configuration.chain import load_chains
from curec_assets.lineage import LINEAGE
from docs.tooling.check import problems, what_commands_may_name
from docs.tooling.commands_page import commands_page
from docs.tooling.configuration_page import configuration_page
from docs.tooling.documents import read_document
from docs.tooling.links import broken_links
from docs.tooling.shell import Known, broken_commands
from docs.tooling.write import REPOSITORY, generated_pages, out_of_date

PAGE = Path("docs/page.md")


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Known:
    return what_commands_may_name(REPOSITORY, tmp_path_factory.mktemp("lake"))


def said_of(known: Known, text: str) -> list[str]:
    return [problem.said for problem in broken_commands(known, [read_document(text, PAGE)])]


def shell(*lines: str) -> str:
    return "\n".join(["```bash", *lines, "```"])


def test_pages_links_images_and_commands_of_this_repository_hold() -> None:
    assert [str(problem) for problem in problems()] == []


def test_the_check_needs_neither_torch_nor_dagster() -> None:
    code = (
        "import sys, docs.tooling.check;"
        "assert not {'torch', 'transformers', 'sentence_transformers', 'dagster'} & set(sys.modules), 'heavy import'"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=REPOSITORY)


def test_generated_pages_name_their_command_and_no_place_on_this_machine() -> None:
    for path, text in generated_pages().items():
        assert "make docs" in text.splitlines()[0], path
        assert str(REPOSITORY) not in text, path
        assert str(Path.home()) not in text, path


def test_every_field_of_a_profile_stands_in_the_reference_with_its_docstring() -> None:
    page = configuration_page()
    chain = load_chains()["demo"]
    for name, section in chain.profile:
        assert f"`{name}`" in page
        for field, described in getattr(type(section), "model_fields", {}).items():
            assert f"| `{field}` |" in page
            assert described.description, f"{name}.{field} has no docstring"


def test_every_asset_stands_in_the_reference_with_its_edges() -> None:
    page = generated_pages()[Path("docs/reference/assets.md")]
    for name, artifact in LINEAGE.items():
        section = page.split(f"\n## {name}\n")[1].split("\n## ")[0]
        assert all(f"| [{edge.asset}](#{edge.asset}) |" in section for edge in artifact.edges), name


def test_commands_within_commands_stand_in_the_reference(tmp_path: Path) -> None:
    parser = argparse.ArgumentParser(prog="tool")
    outer = parser.add_subparsers(required=True).add_parser("lake", help="the lake")
    inner = outer.add_subparsers(required=True).add_parser("sweep", help="remove <old> files")
    inner.add_argument("--older-than", metavar="DAYS", type=int, default=30, help="age")
    (tmp_path / "Makefile").write_text("all: ## do *everything*\n")
    page = commands_page(parser, tmp_path / "Makefile")
    assert "tool lake sweep [--older-than DAYS]" in page
    assert "Remove \\<old> files" in page
    assert "| `--older-than DAYS` | age | `30` |" in page
    assert "| `make all` | do \\*everything\\* |" in page


def test_a_page_that_is_edited_missing_or_left_over_is_out_of_date(tmp_path: Path) -> None:
    for path, text in generated_pages().items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    assert out_of_date(tmp_path) == []
    folder = tmp_path / "docs" / "reference"
    (folder / "assets.md").write_text("by hand")
    (folder / "tables.md").unlink()
    (folder / "left.md").write_text("of an older page")
    assert [path.name for path in out_of_date(tmp_path)] == ["assets.md", "left.md", "tables.md"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[a](other.md)", None),
        ("[a](other.md#a-heading-with-code)", None),
        ("[a](other.md#a-heading-with-code-1)", None),
        ("[a](#here)\n\n# Here", None),
        ("[a](https://example.org/anything)", None),
        ("![a picture](picture.svg)", None),
        ("[a](gone.md)", "docs/gone.md, which does not exist"),
        ("[a](other.md#no-such)", "names a heading that docs/other.md does not have"),
        ("[a](#nowhere)", "names a heading that docs/page.md does not have"),
        ("[a](../../outside.md)", "leaves the repository"),
        ("[a](/root/file.md)", "starts at the root"),
        ("![a picture](gone.svg)", "docs/gone.svg, which does not exist"),
        ("![](picture.svg)", "has no alternative text"),
        ('<img src="gone.svg" alt="a picture">', "docs/gone.svg, which does not exist"),
        ('<p><img src="picture.svg"></p>', "has no alternative text"),
    ],
)
def test_links_and_images_must_lead_somewhere(tmp_path: Path, text: str, said: str | None) -> None:
    other = "# A heading, with `code`\n\n# A heading with code\n"
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "other.md").write_text(other)
    (tmp_path / "docs" / "picture.svg").write_text("<svg/>")
    (tmp_path / PAGE).write_text(text)
    documents = [read_document(text, PAGE), read_document(other, Path("docs/other.md"))]
    found = [problem.said for problem in broken_links(tmp_path, documents)]
    assert found == [] if said is None else len(found) == 1 and said in found[0]


@pytest.mark.parametrize(
    "line",
    [
        ".venv/bin/curec run --chain demo --windows 1997-09..1997-11   # a comment with --no-such-option",
        "CUREC_LAKE=/tmp/x nohup .venv/bin/curec status --chain demo > out.txt 2>&1 &",
        "make setup && PYTHON=python3.12 make demo | tee report.txt",
        "python -m pytest tests/ranker -q",
        "python3 -m bench.reward --window 1998-01",
        ".venv/bin/pip install -c constraints.txt -e .",
        "cat sql/queries/ablation.sql lake/curec.duckdb out/there.txt",
        "curec sql \"select title from demo.item_reasons where title like '%(1995)%' limit 5\"",
        "curec sql --chain demo --file sql/queries/ablation.sql",
        "curec --help",
        "cd somewhere; ls *.py",
    ],
)
def test_commands_that_name_what_exists_pass(known: Known, line: str) -> None:
    assert said_of(known, shell(line)) == []


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("curec walk --chain demo", "invalid choice: 'walk'"),
        ("curec run --chain demo --window 1997-09 --fast", "unrecognized arguments: --fast"),
        ("curec run --windows 1997-09", "required: --chain"),
        ("curec run --chain demos", "no chain demos"),
        ("curec run --chain demo --windows 2020-01", "'2020-01' is no window"),
        ("curec report --chain demo --windows demo=2020-01", "'2020-01' is no window"),
        ("curec report --chain demo --windows shop=2024-01", "'shop' is none of the chains reported"),
        ("curec run --chain demo --assets ranker,rankers", "no asset rankers"),
        ('curec sql "select titel from demo.item_reasons"', "titel"),
        ("curec sql --chain demo --file sql/queries/gone.sql", "no sql/queries/gone.sql"),
        ("make coffee", "no `make coffee`"),
        ("python -m bench.nothing", "no Python module bench.nothing"),
        ("python -m no_such_package.module", "no Python module no_such_package.module"),
        ("ls && python tests/gone.py", "no tests/gone.py"),
        ("pip install -r gone.txt", "no file gone.txt"),
        ("cat docs/*.nothing", "no docs/*.nothing"),
        ("echo 'never closed", "cannot be read"),
    ],
)
def test_commands_that_name_what_does_not_exist_are_told(known: Known, line: str, said: str) -> None:
    found = said_of(known, shell(line))
    assert len(found) == 1
    assert said in found[0]


def test_a_command_over_several_lines_is_one_command_and_its_first_line_is_told(known: Known) -> None:
    text = "text\n\n" + shell("make lint", "curec run --chain \\", "  demos", "cat > x.yaml <<END", "curec walk", "END")
    problems_found = list(broken_commands(known, [read_document(text, PAGE)]))
    assert [(problem.line, problem.said) for problem in problems_found] == [(5, "there is no chain demos")]


def test_a_page_may_use_a_chain_whose_file_it_shows(known: Known) -> None:
    use = shell("curec run --chain shop --windows 2024-01", 'curec sql "select * from shop.item_reasons"')
    assert said_of(known, f"```yaml\n# chains/shop.yaml\ndata_set: shop\n```\n\n{use}") == []
    assert len(said_of(known, use)) == 2
    written = shell("curec init --interactions shop.csv \\", "  --name shop") + "\n\n" + use
    assert not any("no chain" in said for said in said_of(known, written))


@pytest.mark.parametrize(
    ("span", "said"),
    [
        ("`curec run`", None),
        ("`make docs`", None),
        ("`curec_assets/lineage.py`", None),
        ("`curec_assets/*/asset.py`", None),
        ("`reasons/config.py`", None),
        ("`lake/curec.duckdb`", None),
        ("`curec walk`", "no `curec walk`"),
        ("`make coffee`", "no `make coffee`"),
        ("`curec_assets/gone.py`", "no curec_assets/gone.py"),
    ],
)
def test_names_in_prose_are_held_to_account_too(known: Known, span: str, said: str | None) -> None:
    assert said_of(known, f"As {span} says.") == ([] if said is None else [f"there is {said}"])


def test_other_languages_are_left_alone(known: Known) -> None:
    assert said_of(known, "```text\ncurec walk\n```\n\n```python\nmake = 'coffee'\n```") == []
