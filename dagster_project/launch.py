"""What can be changed when a run is launched: a chain's whole profile, typed and documented field by field.

Every asset of a chain uses the resource ``<chain>_profile``. Its configuration has the profile's shape and the
profile's values as defaults, so a launch that gives none runs what the chain's files say, and the launchpad shows every
budget, seed and threshold with its meaning. The resource hands the assets the chain that is in force for the run.
"""

from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import dagster as dg
from annotated_types import Ge, Gt, Le, Lt, MaxLen, MinLen
from pydantic.fields import FieldInfo

from curec_assets.configuration.chain import Chain
from curec_assets.configuration.overrides import with_profile
from curec_assets.configuration.section import Section

SCALARS: dict[Any, Any] = {int: dg.Int, float: dg.Float, bool: dg.Bool, str: dg.String}
BOUNDS = {
    Ge: ("at least {}", "ge"),
    Gt: ("above {}", "gt"),
    Le: ("at most {}", "le"),
    Lt: ("below {}", "lt"),
    MinLen: ("{} or more entries", "min_length"),
    MaxLen: ("{} or fewer entries", "max_length"),
}


def profile_key(chain: Chain) -> str:
    """Key of the chain's resource, and of its configuration in the launchpad."""
    return f"{chain.name}_profile"


def profile_resource(chain: Chain) -> dg.ResourceDefinition:
    """The resource whose value is the chain in force: as its files say, but for what the launch gives.

    Types and unknown keys are refused before the launch, impossible values when the run starts (ConfigError, which
    names the key and what was expected).
    """
    return dg.ResourceDefinition(
        resource_fn=lambda context: with_profile(chain, context.resource_config),
        config_schema=_fields(chain.profile),
        description=(
            f"Budgets, models, seeds and thresholds of chain {chain.name}: for this run alone, instead of what its "
            "profile says. A window made so is shown as stale, and no later window is built on it with other values."
        ),
    )


def _fields(section: Section) -> dict[str, dg.Field]:
    return {
        name: _field(type(section), name, info, getattr(section, name))
        for name, info in type(section).model_fields.items()
        if name != "description"
    }


def _field(owner: type[Section], name: str, info: FieldInfo, value: Any) -> dg.Field:
    if isinstance(value, Section):
        return dg.Field(dg.Shape(_fields(value)), is_required=False, description=type(value).__doc__)
    meaning = " ".join((info.description or "").split())
    default = list(value) if isinstance(value, tuple) else value
    return dg.Field(
        _config_type(info.annotation, f"{owner.__name__}_{name}"),
        default_value=default,
        is_required=False,
        description=f"{meaning} {_bounds(info)}".strip(),
    )


def _config_type(annotation: Any, name: str) -> Any:
    """The Dagster type of a pydantic annotation.

    Raises:
        TypeError: an annotation that no profile has used so far.
    """
    origin, inside = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _config_type(inside[0], name)
    if origin in (Union, UnionType) and len(inside) == 2 and inside[1] is NoneType:
        return dg.Noneable(_config_type(inside[0], name))
    if origin is Literal:
        return _one_of(name, inside)
    if origin is tuple and len(inside) == 2 and inside[1] is Ellipsis:
        return dg.Array(_config_type(inside[0], name))
    if annotation in SCALARS:
        return SCALARS[annotation]
    raise TypeError(f"{name}: {annotation} has no counterpart in the launchpad yet; add it here")


@cache
def _one_of(name: str, values: tuple[str, ...]) -> dg.Enum:
    return dg.Enum(name, [dg.EnumValue(value) for value in values])


def _bounds(info: FieldInfo) -> str:
    """What a value must be, e.g. ``At least 1, at most 50.``"""
    told = [
        BOUNDS[type(bound)][0].format(getattr(bound, BOUNDS[type(bound)][1]))
        for bound in info.metadata
        if type(bound) in BOUNDS
    ]
    return f"{', '.join(told).capitalize()}." if told else ""
