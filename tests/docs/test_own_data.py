"""What docs/how-to/own-data.md says can be typed as it stands: commands are run, YAML is loaded and opened.

A command that needs trained models (``curec run``, ``curec sql``) is checked as far as its arguments go.
"""

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from curec_assets.configuration.chain import load_chain, load_chains
from curec_assets.configuration.windows import select_windows
from curec_assets.interactions.sources import open_source
from dagster_project.cli.main import main
from dagster_project.cli.parser import command_parser
from tests.public_formats import EVENTS, FORMATS

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "how-to" / "own-data.md").read_text()
FOLDERS = {
    "shop": "csv_files",
    "ml-100k": "movielens_100k",
    "ml-1m": "movielens_1m",
    "ml-25m": "movielens_25m",
    "amazon-2014": "amazon_2014",
    "amazon-2018": "amazon_2018",
    "amazon-2023": "amazon_2023",
    "lines": "json_files",
    "parquet": "parquet_files",
    "database": "query_pair",
}
"""The folders that the page speaks of, and the format of what lies in each."""


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def commands() -> list[str]:
    return [line for block in blocks("sh") for line in block.splitlines() if "curec " in line]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for folder, name in FOLDERS.items():
        (tmp_path / folder).mkdir()
        FORMATS[name](tmp_path / folder)
    monkeypatch.chdir(tmp_path)
    for name in ("CUREC_CONFIG", "CUREC_LAKE", "CUREC_MODELS"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def test_every_command_works_in_the_order_of_the_page(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seen = []
    for line in commands():
        words = shlex.split(line)
        place = words.index("curec")
        with monkeypatch.context() as environment:
            for setting in words[:place]:
                environment.setenv(*setting.split("=", 1))
            command, arguments = words[place + 1], words[place + 1 :]
            options = command_parser().parse_args(arguments)
            if command == "init":
                assert main(arguments) == 0, capsys.readouterr().err
                chain = load_chain(here / "configuration" / "chains" / f"{options.name}.yaml")
                _as_the_page_has_it(here, options.name)
                rows = open_source(chain.data_set, chain.folder)
                assert sum(len(rows.interactions(w.start, w.end)) for w in chain.all_windows()) == len(EVENTS)
            elif command == "doctor":
                main(arguments)
                assert "shop: first event: user" in capsys.readouterr().out
            else:
                chain = load_chains(here / "configuration")[options.chain]
                assert select_windows(chain.all_windows(), getattr(options, "windows", ".."))
            seen.append(command)
    assert seen.count("init") == 12
    assert {"run", "doctor", "sql"} < set(seen)


def test_the_line_of_the_readme_works_too(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    readme = (Path(__file__).resolve().parents[2] / "README.md").read_text()
    (line,) = re.findall(r"^\S*curec (init .*)$", readme, re.MULTILINE)
    FORMATS["movielens_25m"](here)
    assert main([*shlex.split(line), "--yes"]) == 0, capsys.readouterr().err
    assert load_chain(here / "configuration" / "chains" / "my_data.yaml").data_set.licence.startswith("GroupLens")


def _as_the_page_has_it(here: Path, name: str) -> None:
    for folder in ("data_sets", "chains"):
        for block in blocks("yaml"):
            if block.startswith(f"# {folder}/{name}.yaml\n"):
                written = here / "configuration" / folder / f"{name}.yaml"
                assert yaml.safe_load(written.read_text()) == yaml.safe_load(block)


def test_every_configuration_loads_and_its_source_holds_the_events(here: Path) -> None:
    found = {}
    for block in blocks("yaml"):
        name = re.match(r"# (\S+)\n", block)
        assert name is not None
        path = here / "configuration" / name[1]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block)
        found[name[1]] = path
    windows = "windows: {frequency: monthly, first: '2001-01', last: '2001-04'}\n"
    for name, path in list(found.items()):
        chain = path.parents[1] / "chains" / path.name
        if name.startswith("data_sets/") and f"chains/{path.name}" not in found:
            chain.write_text(f"data_set: {path.stem}\nprofile: demo\n{windows}")
    chains = load_chains(here / "configuration")
    assert len(chains) == 4
    for chain in chains.values():
        source = open_source(chain.data_set, chain.folder)
        rows = [source.interactions(window.start, window.end) for window in chain.all_windows()]
        assert sum(map(len, rows)) == len(EVENTS), chain.name


def test_the_line_that_rewrites_python_literals_gives_json(tmp_path: Path) -> None:
    [line] = [line for block in blocks("sh") for line in block.splitlines() if "ast.literal_eval" in line]
    (tmp_path / "old.json").write_text("{'title': 'Wings \\U0001f600', 'price': None}\n")
    command = line.replace("python -c", f"{shlex.quote(sys.executable)} -c", 1)
    subprocess.run(["bash", "-c", command], cwd=tmp_path, check=True)
    assert json.loads((tmp_path / "new.jsonl").read_text()) == {"title": "Wings \U0001f600", "price": None}


def test_the_page_names_every_code_that_a_row_can_be_set_aside_with() -> None:
    from curec_assets.interactions.cleaning import QUARANTINE_CODES

    for code in (*QUARANTINE_CODES, "invalid_row", "unreadable_time", "negative_time", "future_time"):
        assert f"`{code}`" in PAGE
