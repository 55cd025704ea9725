"""What docs/how-to/scheduling.md says is there under the names it gives, and can be typed as it stands."""

import re
import shlex
from pathlib import Path

import pytest
import yaml

from curec_assets.configuration.chain import SHIPPED, load_chain
from curec_assets.configuration.overrides import with_profile
from curec_assets.configuration.windows import select_windows
from dagster_project.automation import (
    LOOK_EVERY_SECONDS,
    READS_SOURCE,
    chain_automation,
    newest_window_schedule,
    source_sensor,
    up_to_date_in_order,
)
from dagster_project.cli.parser import command_parser
from dagster_project.launch import profile_key

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "how-to" / "scheduling.md").read_text()
DEMO = load_chain(SHIPPED / "chains" / "demo.yaml")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def test_the_values_to_launch_with_fit_the_demo() -> None:
    (block,) = blocks("yaml")
    given = yaml.safe_load(block)["resources"][profile_key(DEMO)]["config"]
    assert with_profile(DEMO, given).overrides == {"seed": 8, "ranker.epochs": 4}


def test_the_commands_name_windows_of_the_demo() -> None:
    commands = [line for block in blocks("sh") for line in block.splitlines()]
    options = [command_parser().parse_args(shlex.split(command)[1:]) for command in commands]
    assert [len(select_windows(DEMO.all_windows(), found.windows)) for found in options] == [4, 1]


def test_what_acts_by_itself_has_the_names_on_the_page(tmp_path: Path) -> None:
    names = [
        newest_window_schedule(DEMO, tmp_path).name,
        source_sensor(DEMO, tmp_path).name,
        chain_automation(DEMO).name,
    ]
    for name in (*names, profile_key(DEMO)):
        assert f"`{name.replace('demo', '<chain>')}`" in PAGE
    assert f"`{up_to_date_in_order(DEMO, 'evidence').get_label()}`" in PAGE
    assert LOOK_EVERY_SECONDS == 300
    assert "every five minutes" in PAGE
    assert READS_SOURCE == ("items", "raw_interactions", "users")


@pytest.mark.parametrize("setting", ["tag_concurrency_limits", "heavy"])
def test_the_settings_on_the_page_are_those_of_the_instance(setting: str) -> None:
    assert setting in PAGE
    assert setting in (SHIPPED / "dagster.yaml").read_text()
