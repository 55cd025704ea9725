"""Groups of users by what the data says of them: by value, or in bands of a number, as known by the window's end."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curec_assets.ranker.config import UserGroupConfig

NUMERIC_SHARE = 0.95
"""Share of an attribute's values that must be numbers for it to be cut into bands; the others are then in no group."""

Groups = Mapping[str, Mapping[str, str]]
"""By attribute, the group of each user of whom it is told."""


@dataclass(frozen=True)
class Compared:
    """The groups of one attribute among the users of a test window.

    ``told`` (rows of the events, int64) are the events of all users of whom it is told, ``groups`` those of each group
    that is large enough, as are the others taken together, by name, the largest first; ``left_out`` counts the other
    groups, ``users`` all users told of.
    """

    told: np.ndarray
    groups: Mapping[str, np.ndarray]
    left_out: int
    users: int


def user_groups(users: pa.Table, end: datetime, config: UserGroupConfig) -> Groups:
    """The groups of the users (USERS) first seen before ``end``; those of later ones, and their ages, play no part.

    A group is called by attribute and value, ``gender F``; a band by the lowest and highest value in it, ``age 25–34``.
    Bands are cut at quantiles, each user counting once, and equal values share one.
    """
    known = users.filter(pc.less(users["first_seen"], pa.scalar(end, users["first_seen"].type)))
    values: dict[str, dict[str, str]] = {}
    for row in known.to_pylist():
        for name, value in row["attributes"] or ():
            values.setdefault(name, {})[row["user_id"]] = value
    return {name: _groups_of(name, values[name], config) for name in sorted(values)}


def compared_groups(
    groups: Groups, user_ids: Sequence[str], user: np.ndarray, config: UserGroupConfig
) -> dict[str, Compared]:
    """What of ``groups`` can be compared on a test window, by attribute.

    Args:
        groups: of all users.
        user_ids: the test window's users, each once.
        user: of n events, positions among ``user_ids``.
    """
    return {name: _compared(of_users, user_ids, user, config) for name, of_users in groups.items()}


def _compared(
    of_users: Mapping[str, str], user_ids: Sequence[str], user: np.ndarray, config: UserGroupConfig
) -> Compared:
    sizes = Counter(of_users[name] for name in user_ids if name in of_users)
    ordered = sorted(sizes, key=lambda group: (-sizes[group], group))
    users = sum(sizes.values())
    large = [group for group in ordered if min(sizes[group], users - sizes[group]) >= config.fewest_users]
    chosen = large[: config.most_groups]
    place = {group: number for number, group in enumerate(ordered)}
    of_event = np.array([place[of_users[name]] if name in of_users else -1 for name in user_ids], dtype=np.int64)[user]
    return Compared(
        told=np.flatnonzero(of_event >= 0),
        groups={group: np.flatnonzero(of_event == place[group]) for group in chosen},
        left_out=len(ordered) - len(chosen),
        users=users,
    )


def _groups_of(attribute: str, values: Mapping[str, str], config: UserGroupConfig) -> Mapping[str, str]:
    numbers = {user: number for user, text in values.items() if (number := _number(text)) is not None}
    if len(numbers) < NUMERIC_SHARE * len(values) or len(set(numbers.values())) <= config.most_values:
        return {user: f"{attribute} {value}" for user, value in values.items()}
    found = np.array(list(numbers.values()))
    # A cut is itself a value, the lowest of its band.
    cuts = np.unique(np.quantile(found, np.arange(1, config.bands) / config.bands, method="higher"))
    band = np.searchsorted(cuts, found, side="right")
    names = {number: _band_name(attribute, found[band == number]) for number in set(band.tolist())}
    return {user: names[number] for user, number in zip(numbers, band.tolist(), strict=True)}


def _band_name(attribute: str, values: np.ndarray) -> str:
    low, high = (f"{value:.12g}" for value in (values.min(), values.max()))
    return f"{attribute} {low}" if low == high else f"{attribute} {low}–{high}"


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
