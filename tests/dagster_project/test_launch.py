"""What a launch can change: typed and documented, refused when impossible, and known of the window it made."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from curec_assets.configuration.chain import Chain, load_chain, load_chains
from curec_assets.configuration.profile import Profile
from curec_assets.configuration.section import Section
from curec_assets.lake.lake import Lake
from curec_assets.lake.versions import config_hash
from dagster_project.definitions import build_definitions
from dagster_project.launch import profile_resource
from tests.small_world import WINDOWS, write_world

DATA = ("items", "raw_interactions", "cleaned_interactions", "evidence")
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@pytest.fixture
def configuration(tmp_path: Path) -> Path:
    return write_world(tmp_path / "configuration")


@pytest.fixture
def chain(configuration: Path) -> Chain:
    return load_chain(configuration / "chains" / "small.yaml")


def launch(
    configuration: Path, window: str, profile: Mapping[str, Any] | None = None, assets: tuple[str, ...] = DATA
) -> dg.ExecuteInProcessResult:
    """One run of some assets of a window, as the launchpad starts it."""
    definitions = build_definitions(configuration, configuration.parent / "lake", configuration.parent / "models")
    given = {"resources": {"small_profile": {"config": profile}}} if profile else {}
    return definitions.resolve_implicit_global_asset_job_def().execute_in_process(
        run_config={**QUIET, **given},
        partition_key=window,
        asset_selection=[dg.AssetKey(["small", asset]) for asset in assets],
        raise_on_error=False,
    )


def failure(result: dg.ExecuteInProcessResult) -> str:
    """The innermost error of a run that failed."""
    errors = [e.step_failure_data.error for e in result.all_events if e.is_step_failure]
    error = errors[0] if errors else next(e for e in result.all_events if e.is_failure).event_specific_data.error
    while error.cause is not None:
        error = error.cause
    return error.message


def fields(shape: dg.Shape, prefix: str = "") -> dict[str, dg.Field]:
    found: dict[str, dg.Field] = {}
    for name, field in shape.fields.items():
        found[f"{prefix}{name}"] = field
        if isinstance(field.config_type, dg.Shape):
            found |= fields(field.config_type, f"{prefix}{name}.")
    return found


def leaves(section: Section, prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in type(section).model_fields:
        value = getattr(section, name)
        inside = isinstance(value, Section)
        found |= leaves(value, f"{prefix}{name}.") if inside else {f"{prefix}{name}": value}
    return found


def test_the_launchpad_shows_every_value_of_the_profile_with_its_meaning(chain: Chain) -> None:
    shown = fields(profile_resource(chain).config_schema.as_field().config_type)
    known = leaves(chain.profile)
    known.pop("description")
    assert set(known) <= set(shown)
    for key, value in known.items():
        assert shown[key].default_value == (list(value) if isinstance(value, tuple) else value), key
        assert not shown[key].is_required
        assert shown[key].description, f"{key} has no docstring to show"
    assert shown["seed"].description.endswith("At least 0.")


def test_every_shipped_chain_can_be_set_at_launch(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CUREC_SHARED_DATA", str(tmp_path))
    for chain in load_chains().values():
        shown = fields(profile_resource(chain).config_schema.as_field().config_type)
        assert {key.partition(".")[0] for key in shown} == set(Profile.model_fields) - {"description"}


def test_a_launch_without_values_makes_what_the_files_say(configuration: Path, chain: Chain) -> None:
    assert launch(configuration, WINDOWS[0]).success
    manifest = Lake(configuration.parent / "lake", "small").manifest("evidence", WINDOWS[0])
    assert manifest is not None
    assert manifest.config_hash == config_hash(chain, "evidence")
    assert manifest.overrides == {}


def test_a_window_made_with_other_values_says_so_and_nothing_is_built_on_it(
    configuration: Path, chain: Chain, capsys: pytest.CaptureFixture[str]
) -> None:
    from dagster_project.cli.status import print_status

    given = {"evidence": {"min_support": 3}, "audit": {"deciles": 5}}
    assert launch(configuration, WINDOWS[0], given).success
    lake = Lake(configuration.parent / "lake", "small")
    manifest = lake.manifest("evidence", WINDOWS[0])
    assert manifest is not None
    assert manifest.overrides == {"evidence.min_support": 3}, "what changes other assets alone is not said of this one"
    assert manifest.config_hash != config_hash(chain, "evidence")
    items = lake.manifest("items", WINDOWS[0])
    assert items is not None
    assert items.overrides == {}

    assert print_status(chain, configuration.parent / "lake") == 1
    told = " ".join(capsys.readouterr().out.split())
    assert "evidence in 2020-01: configuration changed: made with evidence.min_support = 3 given at launch" in told

    refused = launch(configuration, WINDOWS[1])
    assert not refused.success
    assert "small/evidence in 2020-01 was made with another configuration" in failure(refused)
    assert "evidence.min_support = 3" in failure(refused)
    assert lake.manifest("evidence", WINDOWS[1]) is None
    assert launch(configuration, WINDOWS[1], given).success, "with the same values the chain goes on"


def test_a_later_window_with_values_of_its_own_is_refused(configuration: Path) -> None:
    assert launch(configuration, WINDOWS[0]).success
    refused = launch(configuration, WINDOWS[1], {"evidence": {"min_lift": 2.0}})
    assert "evidence.min_lift = 2.0" in failure(refused)
    assert Lake(configuration.parent / "lake", "small").manifest("evidence", WINDOWS[1]) is None


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"seed": -1}, "chain small: key 'seed': Input should be greater than or equal to 0, found -1"),
        ({"correction": {"candidates": 6}}, "review.samples_per_subject is 6, but drafts.samples and"),
    ],
)
def test_an_impossible_value_fails_the_run_with_the_key_and_what_was_expected(
    configuration: Path, given: Mapping[str, Any], told: str
) -> None:
    refused = launch(configuration, WINDOWS[0], given, ("items",))
    assert not refused.success
    assert told in failure(refused)
    assert Lake(configuration.parent / "lake", "small").manifest("items", WINDOWS[0]) is None


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"sed": 8}, 'unexpected config entry "sed"'),
        ({"seed": "eight"}, 'Value "eight"'),
        ({"ranker": {"backbones": ["gru"]}}, "not in enum type"),
    ],
)
def test_a_wrong_key_or_type_is_refused_before_anything_starts(
    configuration: Path, given: Mapping[str, Any], told: str
) -> None:
    with pytest.raises(dg.DagsterInvalidConfigError, match=told):
        launch(configuration, WINDOWS[0], given, ("items",))
