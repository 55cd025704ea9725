"""A profile changed for one launch: checked like a file, and a record of what differs."""

from pathlib import Path

import pytest

from curec_assets.configuration.chain import Chain, ConfigError, load_chain
from curec_assets.configuration.overrides import describe, with_profile
from curec_assets.lake.versions import config_hash, overrides_of
from curec_assets.lineage import LINEAGE
from tests.small_world import write_world


@pytest.fixture
def chain(tmp_path: Path) -> Chain:
    return load_chain(write_world(tmp_path / "configuration") / "chains" / "small.yaml")


def test_the_whole_profile_given_back_changes_nothing(chain: Chain) -> None:
    same = with_profile(chain, chain.profile.model_dump(mode="json"))
    assert same == chain
    assert with_profile(chain, {}) == chain


def test_only_the_assets_whose_sections_change_are_made_otherwise(chain: Chain) -> None:
    changed = with_profile(chain, {"audit": {"deciles": 5}, "ranker": {"seeds": [1, 2]}})
    assert changed.overrides == {"audit.deciles": 5, "ranker.seeds": [1, 2]}
    differ = {asset for asset in LINEAGE if config_hash(changed, asset) != config_hash(chain, asset)}
    assert differ == {"ranker", "ranker_evaluation", "recommendations", "bias_audit"}
    assert differ == {asset for asset in LINEAGE if overrides_of(changed, asset)}
    assert overrides_of(changed, "bias_audit") == {"audit.deciles": 5}
    assert changed.profile.ranker.dimension == chain.profile.ranker.dimension


def test_overrides_read_as_text_in_an_order_of_their_own() -> None:
    assert describe({"seed": 8, "ranker.seeds": [1, 2]}) == "ranker.seeds = [1, 2], seed = 8"


def test_every_thing_that_is_wrong_is_said_with_its_key(chain: Chain) -> None:
    with pytest.raises(ConfigError) as refused:
        with_profile(chain, {"sed": 8, "ranker": {"epochs": 0}})
    assert str(refused.value) == (
        "configuration given at launch for chain small: key 'ranker.epochs': Input should be greater than or equal to "
        "1, found 0; unknown key 'sed'"
    )
