"""The intervals hold what they promise, where the truth is known."""

import numpy as np
from scipy.stats import binom

from curec_assets.ranker.bootstrap import draw, interval, over_seeds
from curec_assets.ranker.metrics import weighted_auc, weighted_mean

WORLDS = 200
USERS = 60
EFFECT = 0.3
ALLOWED = binom.interval(0.999, WORLDS, 0.95)
"""How many of the worlds a true 95 % interval covers, but for one test in a thousand."""


def paired_events(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Users of events, and what two arms are worth on each: events of a user are alike, arms share most of it."""
    user = np.repeat(np.arange(USERS), rng.integers(1, 9, USERS))
    shared = rng.normal(size=USERS)[user] + rng.normal(size=len(user))
    gain = EFFECT + 0.5 * rng.normal(size=USERS)[user] + 0.5 * rng.normal(size=len(user))
    return user, shared, shared + gain


def test_a_95_percent_interval_of_a_paired_difference_covers_the_known_effect_about_as_often() -> None:
    covered = 0
    for world in range(WORLDS):
        user, one, other = paired_events(np.random.default_rng(world))
        draws = draw(USERS, 1, 400, world)
        weights = draws.users[:, user]
        found = interval(weighted_mean(other, weights) - weighted_mean(one, weights), 0.95)
        covered += found.low <= EFFECT <= found.high
    assert ALLOWED[0] <= covered <= ALLOWED[1]


def test_resampling_events_instead_of_users_would_cover_too_seldom() -> None:
    covered = 0
    for world in range(WORLDS):
        user, one, other = paired_events(np.random.default_rng(world))
        weights = draw(len(user), 1, 400, world).users
        found = interval(weighted_mean(other - one, weights), 0.95)
        covered += found.low <= EFFECT <= found.high
    assert covered < ALLOWED[0]


def test_an_auc_difference_without_effect_is_told_apart_from_zero_in_about_one_world_of_twenty() -> None:
    told = 0
    for world in range(WORLDS):
        rng = np.random.default_rng(world)
        user = np.repeat(np.arange(USERS), 3)
        label = rng.integers(0, 2, len(user))
        signal = label + rng.normal(size=USERS)[user]
        one, other = (signal + rng.normal(size=len(user)) for _ in range(2))
        weights = draw(USERS, 1, 200, world).users[:, user]
        found = interval(weighted_auc(one, label, weights) - weighted_auc(other, label, weights), 0.95)
        told += not found.low <= 0.0 <= found.high
    low, high = binom.interval(0.999, WORLDS, 0.05)
    assert low <= told <= high


def test_pairing_narrows_an_interval() -> None:
    user, one, other = paired_events(np.random.default_rng(0))
    paired, apart = draw(USERS, 1, 400, 0).users[:, user], draw(USERS, 1, 400, 1).users[:, user]
    ours = interval(weighted_mean(other, paired) - weighted_mean(one, paired), 0.95)
    unpaired = interval(weighted_mean(other, paired) - weighted_mean(one, apart), 0.95)
    assert ours.high - ours.low < unpaired.high - unpaired.low


def test_a_value_of_all_seeds_is_their_mean() -> None:
    draws = draw(USERS, 3, 50, 0)
    by_seed = np.tile([0.1, 0.2, 0.6], (51, 1))
    assert np.isclose(over_seeds(by_seed, draws)[0], 0.3)


def test_resamples_of_a_few_seeds_vary_as_their_mean_does() -> None:
    variances = []
    for world in range(WORLDS):
        draws = draw(0, 3, 400, world)
        by_seed = np.tile(np.random.default_rng(world).normal(size=3), (401, 1))
        variances.append(over_seeds(by_seed, draws)[1:].var())
    assert 0.9 / 3 < np.mean(variances) < 1.1 / 3
