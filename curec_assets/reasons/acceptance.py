"""Is a candidate better than the incumbent? Partial pooling of thin panels across a window's reviews (DESIGN §3.5).

Model, of the paired per-event gains ``d_ij`` (nats) of review ``i``:

    d_ij ~ N(gain_i, noise²)        gain_i ~ N(mean, spread²)

``noise`` is common to all reviews, since a panel of two to four events cannot tell its own. Priors: flat on ``mean``
and ``spread``, ``1/noise`` on ``noise``. ``mean`` is integrated out exactly, which turns the likelihood of the other
two into the restricted one (REML); they are then integrated over a grid of it rather than set to its maximum, because
with a handful of reviews the maximum is often ``spread = 0`` and intervals around it are too narrow. So each gain has
a posterior that is a mixture of normals:

    mean_hat = Σ w_i d̄_i / Σ w_i,   w_i = 1 / (spread² + noise²/n_i),   s_i = noise²/n_i
    E[gain_i]   = mean_hat + (d̄_i - mean_hat) · spread² w_i
    Var[gain_i] = spread² s_i w_i + (s_i w_i)² / Σ w_i

Gains are taken as independent between reviews, though items share acceptance users. A gain of exactly zero is a null
event of a continuous prior: where no candidate differs at all from its incumbent, false acceptances exceed what
``not_positive`` expects (simulated: 5 % of 200 such reviews accepted at quantile 0.2). The published method's rule is
not at hand; all of this is our own decision.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

SPREADS = 61
NOISES = 25
NEGLIGIBLE_WEIGHT = 1e-6
"""Grid points with less than this share of the best one's weight are dropped."""
BISECTIONS = 50


@dataclass(frozen=True)
class Judgement:
    """The posterior of one gain, in nats per event: mean, lower quantile, and the chance that it is not positive."""

    gain: float
    lower_bound: float
    not_positive: float


@dataclass(frozen=True)
class PooledGains:
    """The judgement of each review, and the posterior means of the window's common mean, spread² and noise²."""

    judgements: list[Judgement]
    prior_mean: float
    prior_variance: float
    noise_variance: float


def judge_gains(gains: Sequence[np.ndarray], quantile: float) -> PooledGains:
    """Judge every review of a window at once.

    Args:
        gains: per review, the gains (candidate minus incumbent, nats) on its acceptance events; float64, at least one
            event each (a review without events has only the prior to go by and is not to be judged).
        quantile: the posterior quantile to report as lower bound. ``lower_bound > 0`` holds exactly when
            ``not_positive < quantile``.

    Raises:
        ValueError: a review without events.
    """
    if any(len(of_review) == 0 for of_review in gains):
        raise ValueError("a review without acceptance events cannot be judged")
    if not gains:
        return PooledGains([], 0.0, 0.0, 0.0)
    if not np.any(np.concatenate(gains)):
        return PooledGains([Judgement(0.0, 0.0, 1.0)] * len(gains), 0.0, 0.0, 0.0)
    counts = np.array([len(of_review) for of_review in gains], dtype=np.float64)
    means = np.array([of_review.mean() for of_review in gains])
    weights, spread, noise = _grid(gains, means, counts)

    spread2, sampling = spread[:, None] ** 2, noise[:, None] ** 2 / counts
    precision = 1 / (spread2 + sampling)
    total = precision.sum(axis=1, keepdims=True)
    common = (precision * means).sum(axis=1, keepdims=True) / total
    centre = common + (means - common) * spread2 * precision
    deviation = np.sqrt(spread2 * sampling * precision + (sampling * precision) ** 2 / total)

    not_positive = _mixture_cdf(np.zeros(len(means)), weights, centre, deviation)
    lower = _mixture_quantile(quantile, weights, centre, deviation)
    posterior_mean = weights @ centre
    return PooledGains(
        [Judgement(*map(float, values)) for values in zip(posterior_mean, lower, not_positive, strict=True)],
        prior_mean=float(weights @ common[:, 0]),
        prior_variance=float(weights @ spread**2),
        noise_variance=float(weights @ noise**2),
    )


def _grid(
    gains: Sequence[np.ndarray], means: np.ndarray, counts: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weights (summing to 1), spreads and noises of the grid points that matter; each of shape ``(points,)``."""
    overall = float(np.sqrt(np.mean(np.concatenate(gains) ** 2)))
    freedom = counts.sum() - len(counts)
    within = float(sum(((of_review - of_review.mean()) ** 2).sum() for of_review in gains))
    # Without two events in any review, noise and spread cannot be told apart: a wide grid leaves both open.
    middle = max(np.sqrt(within / freedom), 1e-3 * overall) if freedom else overall
    reach = min(np.log(10), 4 / np.sqrt(2 * max(freedom, 1)))
    noises = middle * np.exp(np.linspace(-reach, reach, NOISES))
    # One review cannot show a spread, and needs none: its posterior is the same for every spread.
    spreads = np.linspace(0, 4 * means.std(), SPREADS) if len(means) > 1 and means.std() > 0 else np.zeros(1)
    spread, noise = (axis.ravel() for axis in np.meshgrid(spreads, noises, indexing="ij"))

    variance = spread[:, None] ** 2 + noise[:, None] ** 2 / counts
    total = (1 / variance).sum(axis=1)
    common = (means / variance).sum(axis=1) / total
    likelihood = -0.5 * (
        np.log(variance).sum(axis=1) + np.log(total) + ((means - common[:, None]) ** 2 / variance).sum(axis=1)
    )
    # The noises are equally spaced in their logarithm, which is the prior 1/noise.
    likelihood -= freedom * np.log(noise) + within / (2 * noise**2)
    weights = np.exp(likelihood - likelihood.max())
    kept = weights > NEGLIGIBLE_WEIGHT
    return weights[kept] / weights[kept].sum(), spread[kept], noise[kept]


def _mixture_cdf(at: np.ndarray, weights: np.ndarray, centre: np.ndarray, deviation: np.ndarray) -> np.ndarray:
    """P(gain_i <= at_i); ``at`` has shape ``(reviews,)``, ``centre`` and ``deviation`` ``(points, reviews)``."""
    standardised = (at - centre) / np.maximum(deviation, 1e-300)
    return weights @ torch.special.ndtr(torch.from_numpy(standardised)).numpy()


def _mixture_quantile(quantile: float, weights: np.ndarray, centre: np.ndarray, deviation: np.ndarray) -> np.ndarray:
    low = (centre - 40 * deviation).min(axis=0)
    high = (centre + 40 * deviation).max(axis=0)
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        below = _mixture_cdf(middle, weights, centre, deviation) < quantile
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return (low + high) / 2
