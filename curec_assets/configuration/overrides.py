"""A chain whose profile is changed for one launch: the same checks as at load, and a record of what was changed."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from curec_assets.configuration.chain import Chain, ConfigError, explain
from curec_assets.configuration.profile import Profile


def with_profile(chain: Chain, values: Mapping[str, Any]) -> Chain:
    """``chain`` with some values of its profile replaced, and ``overrides`` saying which.

    Args:
        chain: the chain as its files describe it.
        values: nested as in a profile's YAML; what is left out keeps the chain's value. Values equal to the chain's
            are no overrides, so giving the whole profile back changes nothing.

    Raises:
        ConfigError: an unknown key, a wrong type or an impossible value, said in one sentence each.
    """
    standing = chain.profile.model_dump(mode="json")
    try:
        profile = Profile.model_validate(_merged(standing, values))
    except ValidationError as error:
        raise ConfigError(explain(f"configuration given at launch for chain {chain.name}", error)) from None
    before, after = _flat(standing), _flat(profile.model_dump(mode="json"))
    changed = {key: value for key, value in after.items() if value != before[key]}
    return chain.model_copy(update={"profile": profile, "overrides": changed})


def describe(overrides: Mapping[str, Any]) -> str:
    """Overrides as text, e.g. ``correction.candidates = 6, seed = 8``."""
    return ", ".join(f"{key} = {value}" for key, value in sorted(overrides.items()))


def _merged(standing: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(standing)
    for key, value in values.items():
        inside = standing.get(key)
        found[key] = _merged(inside, value) if isinstance(inside, dict) and isinstance(value, Mapping) else value
    return found


def _flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested values by dotted key; lists are values."""
    found: dict[str, Any] = {}
    for key, value in values.items():
        found |= _flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": value}
    return found
