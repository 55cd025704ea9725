"""Is a candidate better than the incumbent? Partial pooling of thin panels across a window's reviews (DESIGN §3.5).

Model, of the paired per-event gains ``d_ij`` (nats) of review ``i``, the event ``j`` being of person ``k(j)``:

    d_ij = mean + gain_i + person_k(j) + noise_ij

with independent normal terms of standard deviations ``spread``, ``people`` and ``noise``; what is judged is
``mean + gain_i``. (Of a user's interest the "people" are the items of its events.) Reviews share people: without their
term a few who judge many reviews would count as many, and ``mean`` would seem known far better than it is. ``noise`` is
common to all reviews, since a panel of two to four events cannot tell its own.

In units of the noise, ``a = spread/noise`` and ``b = people/noise``, the events' covariance is ``noise² H``,
``H = 1 + a² Z Z' + b² U U'``, Z and U saying which event is of which review and person. Priors: flat on ``mean``, on
``a`` and on ``b``; on ``noise²`` that of one event (an inverse gamma of one degree of freedom about the mean square
s²).
``mean`` and ``noise`` are integrated out exactly, which turns the likelihood of the other two into the restricted one
(REML, up to the prior); they are then integrated over a grid rather than set to its maximum, because with a handful of
reviews the maximum is often ``spread = 0`` and intervals around it are too narrow. With N events, and H⁻¹ by Woodbury's
identity:

    mean_hat = 1'H⁻¹d / 1'H⁻¹1        rss = (d - mean_hat)' H⁻¹ (d - mean_hat)
    weight(a, b) ~ |H|^(-1/2) (1'H⁻¹1)^(-1/2) (rss + s²)^(-N/2)

so each gain's posterior is a mixture of Student's t with N degrees of freedom:

    centre = mean_hat + a² Z'H⁻¹(d - mean_hat)
    scale² = (rss + s²)/N · [ (1 - a² Z'H⁻¹1)² / 1'H⁻¹1 + a² - a⁴ diag(Z'H⁻¹Z) ]

The published method's rule is not at hand; all of this is our own decision.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr

SPREADS = 41
PEOPLE = 13
REACH = 4.0
"""The grids end at so many times the spread of the reviews' and the people's plain means."""
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
    """The judgement of each review, and the posterior means of the window's common mean, spread², people² and
    noise²."""

    judgements: list[Judgement]
    prior_mean: float
    prior_variance: float
    people_variance: float
    noise_variance: float


def judge_gains(gains: Sequence[np.ndarray], people: Sequence[Sequence[str]], quantile: float) -> PooledGains:
    """Judge every review of a window at once.

    Args:
        gains: per review, the gains (candidate minus incumbent, nats) on its acceptance events; float64, at least one
            event each (a review without events has only the prior to go by and is not to be judged).
        people: per review, whose event each is: what several reviews may have in common.
        quantile: the posterior quantile to report as lower bound. ``lower_bound > 0`` holds exactly when
            ``not_positive < quantile``.

    Raises:
        ValueError: a review without events, or with another number of people.
    """
    if any(len(of_review) == 0 for of_review in gains):
        raise ValueError("a review without acceptance events cannot be judged")
    if [len(of_review) for of_review in people] != [len(of_review) for of_review in gains]:
        raise ValueError("each event of a review is of one person")
    if not gains:
        return PooledGains([], 0.0, 0.0, 0.0, 0.0)
    events = _Events.of(gains, people)
    if not events.square:
        return PooledGains([Judgement(0.0, 0.0, 1.0)] * len(gains), 0.0, 0.0, 0.0, 0.0)

    points = [point for spread in events.spreads for point in _with_people(events, spread)]
    weights = np.array([point.log_weight for point in points])
    weights = np.exp(weights - weights.max())
    points = [point for point, weight in zip(points, weights, strict=True) if weight > NEGLIGIBLE_WEIGHT]
    weights = weights[weights > NEGLIGIBLE_WEIGHT]
    weights /= weights.sum()

    centre, scale = np.stack([p.centre for p in points]), np.stack([p.scale for p in points])
    not_positive = _mixture_cdf(np.zeros(len(gains)), weights, centre, scale, events.count)
    lower = _mixture_quantile(quantile, weights, centre, scale, events.count)
    noise = np.array([p.noise_variance for p in points])
    return PooledGains(
        [Judgement(*map(float, values)) for values in zip(weights @ centre, lower, not_positive, strict=True)],
        prior_mean=float(weights @ [p.mean for p in points]),
        prior_variance=float(weights @ [p.spread**2 * p.noise_variance for p in points]),
        people_variance=float(weights @ [p.people**2 * p.noise_variance for p in points]),
        noise_variance=float(weights @ noise),
    )


@dataclass(frozen=True, eq=False)
class _Events:
    """Sums over events: by review (r,), by person (p,), their table of counts (r, p), and over all."""

    count: int
    total: float
    square: float
    of_review: np.ndarray
    sum_of_review: np.ndarray
    of_person: np.ndarray
    sum_of_person: np.ndarray
    shared: np.ndarray
    spreads: np.ndarray
    """The grid of ``a``, as ``people`` is that of ``b``."""
    people: np.ndarray

    @classmethod
    def of(cls, gains: Sequence[np.ndarray], people: Sequence[Sequence[str]]) -> "_Events":
        values = np.concatenate(gains)
        review = np.repeat(np.arange(len(gains)), [len(of_review) for of_review in gains])
        _, person = np.unique([name for of_review in people for name in of_review], return_inverse=True)
        shared = np.zeros((len(gains), person.max() + 1))
        np.add.at(shared, (review, person), 1.0)
        of_review, of_person = shared.sum(axis=1), shared.sum(axis=0)
        sums = [np.bincount(group, weights=values) for group in (review, person)]
        means = [found / counts for found, counts in zip(sums, (of_review, of_person), strict=True)]
        within = float(((values - means[0][review]) ** 2).sum())
        freedom = len(values) - len(gains)
        # Without two events in any review, noise and spread cannot be told apart: a wide grid leaves both open.
        overall = float(np.mean(values**2))
        noise = np.sqrt(max(within / freedom, 1e-6 * overall) if freedom else overall)
        if len(of_person) == len(values):
            # Nobody judges twice: who it was is noise, and as many people as events are left out of the matrices.
            shared, of_person, sums[1], means[1] = shared[:, :0], of_person[:0], sums[1][:0], means[1][:0]
        spreads, crowd = (
            np.linspace(0.0, REACH * found.std() / noise, points) if len(found) > 1 and found.std() > 0 else np.zeros(1)
            for found, points in zip(means, (SPREADS, PEOPLE), strict=True)
        )
        return cls(
            len(values),
            values.sum(),
            float(values @ values),
            of_review,
            sums[0],
            of_person,
            sums[1],
            shared,
            spreads,
            crowd,
        )


@dataclass(frozen=True, eq=False)
class _Point:
    """A point of the grid: ``a``, ``b``, the logarithm of its weight, and the posterior there."""

    spread: float
    people: float
    log_weight: float
    mean: float
    noise_variance: float
    centre: np.ndarray
    scale: np.ndarray


def _with_people(events: _Events, a: float) -> list[_Point]:
    """The points of one ``a``, for every ``b``.

    The reviews' term is inverted by itself, which leaves a matrix of people; in its eigenvectors every ``b`` is
    diagonal.
    """
    kept = 1 / (1 + a**2 * events.of_review)
    shrunk = a**2 * kept
    crossed = np.diag(events.of_person) - events.shared.T @ (shrunk[:, None] * events.shared)
    values, vectors = np.linalg.eigh(crossed)
    values = np.maximum(values, 0.0)
    ones = vectors.T @ (events.of_person - events.shared.T @ (shrunk * events.of_review))
    sums = vectors.T @ (events.sum_of_person - events.shared.T @ (shrunk * events.sum_of_review))
    shared = kept[:, None] * (events.shared @ vectors)
    points = []
    for b in events.people:
        share = b**2 / (1 + b**2 * values)
        one_one = events.count - shrunk @ events.of_review**2 - share @ ones**2
        one_all = events.total - shrunk @ (events.of_review * events.sum_of_review) - share @ (ones * sums)
        all_all = events.square - shrunk @ events.sum_of_review**2 - share @ sums**2
        mean = one_all / one_one
        spare = max(all_all - mean * one_all, 0.0) + events.square / events.count
        of_one = kept * events.of_review - shared @ (share * ones)
        residual = kept * events.sum_of_review - shared @ (share * sums) - mean * of_one
        own = kept * events.of_review - shared**2 @ share
        variance = (1 - a**2 * of_one) ** 2 / one_one + a**2 - a**4 * own
        determinant = np.log1p(a**2 * events.of_review).sum() + np.log1p(b**2 * values).sum()
        points.append(
            _Point(
                spread=a,
                people=b,
                log_weight=-0.5 * (determinant + np.log(one_one) + events.count * np.log(spare)),
                mean=mean,
                noise_variance=spare / events.count,
                centre=mean + a**2 * residual,
                scale=np.sqrt(np.maximum(variance, 0.0) * spare / events.count),
            )
        )
    return points


def _mixture_cdf(
    at: np.ndarray, weights: np.ndarray, centre: np.ndarray, scale: np.ndarray, freedom: int
) -> np.ndarray:
    """P(gain_i <= at_i); ``at`` has shape ``(reviews,)``, ``centre`` and ``scale`` ``(points, reviews)``."""
    return weights @ stdtr(freedom, (at - centre) / np.maximum(scale, 1e-300))


def _mixture_quantile(
    quantile: float, weights: np.ndarray, centre: np.ndarray, scale: np.ndarray, freedom: int
) -> np.ndarray:
    # Student's t with one degree of freedom has its extreme quantiles far out.
    low = (centre - 1e3 * scale).min(axis=0)
    high = (centre + 1e3 * scale).max(axis=0)
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        below = _mixture_cdf(middle, weights, centre, scale, freedom) < quantile
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return (low + high) / 2
