"""Every profile that is shipped can be used."""

import pytest
import yaml

from curec_assets.configuration.chain import SHIPPED
from curec_assets.configuration.profile import Profile

PROFILES = sorted(path.stem for path in (SHIPPED / "profiles").glob("*.yaml"))


def test_the_documented_profiles_are_there() -> None:
    assert PROFILES == ["cpu", "demo", "gpu", "test", "topk", "topk_brief"]


@pytest.mark.parametrize("name", PROFILES)
def test_a_shipped_profile_is_valid_and_says_what_it_is_for(name: str) -> None:
    profile = Profile.model_validate(yaml.safe_load((SHIPPED / "profiles" / f"{name}.yaml").read_text()))
    assert profile.description
