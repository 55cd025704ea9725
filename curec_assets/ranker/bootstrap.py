"""Paired intervals: users and seeds are drawn together, and every arm is judged on the same draws."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Draws:
    """Row 0 is the sample as it is; the others are resamples.

    ``users`` float32 (1 + samples, users) says how often each user was drawn, ``seeds`` float64 (1 + samples, seeds)
    with what share each seed was.
    """

    users: np.ndarray
    seeds: np.ndarray


@dataclass(frozen=True)
class Interval:
    """A value with its percentile interval; None where undefined."""

    value: float | None
    low: float | None
    high: float | None


def draw(users: int, seeds: int, samples: int, seed: int) -> Draws:
    """``samples`` joint resamples, with replacement, of ``users`` users and ``seeds`` seeds.

    One seed fewer is drawn than there are (Rao and Wu 1988): drawing all of n shows (n - 1) / n of the variance of
    their mean, two thirds with three seeds. Of users there are enough.
    """
    rng = np.random.default_rng(seed)
    drawn_users = np.ones((samples + 1, users), dtype=np.float32)
    drawn_seeds = np.full((samples + 1, seeds), 1.0 / seeds)
    if users:
        drawn_users[1:] = rng.multinomial(users, np.full(users, 1.0 / users), size=samples)
    drawn = max(seeds - 1, 1)
    drawn_seeds[1:] = rng.multinomial(drawn, np.full(seeds, 1.0 / seeds), size=samples) / drawn
    return Draws(drawn_users, drawn_seeds)


def over_seeds(by_seed: np.ndarray, draws: Draws) -> np.ndarray:
    """Replicates (1 + samples,) of the mean over drawn seeds of ``by_seed`` (1 + samples, seeds or 1)."""
    if by_seed.shape[1] == 1:
        return by_seed[:, 0]
    return (by_seed * draws.seeds).sum(axis=1)


def interval(replicates: np.ndarray, confidence: float) -> Interval:
    """Row 0 as the value and the percentile interval of the rest, at ``confidence``.

    Replicates in which the measure is undefined are left out; no interval stands on fewer than half of them.
    """
    value, resampled = replicates[0], replicates[1:]
    defined = resampled[~np.isnan(resampled)]
    if np.isnan(value) or 2 * len(defined) < len(resampled):
        return Interval(None if np.isnan(value) else float(value), None, None)
    tail = (1.0 - confidence) / 2.0
    low, high = np.quantile(defined, [tail, 1.0 - tail])
    return Interval(float(value), float(low), float(high))
