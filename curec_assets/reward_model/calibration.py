"""Do probabilities mean what they say? Mean prediction beside the share of likes, over bins of the prediction."""

from dataclasses import asdict, dataclass

import numpy as np

BINS = 10
"""Bins of equal width over [0, 1]."""


@dataclass(frozen=True)
class ReliabilityBin:
    """``n`` events whose probability lies in the bin: their mean probability, and the share of likes among them."""

    slice: str
    arm: str
    low: float
    """Lower edge of the bin; its width is 1 / BINS."""
    n: int
    predicted: float
    observed: float

    def as_metric(self) -> dict[str, str | float | int]:
        """The bin as a JSON value of a manifest's metrics."""
        return asdict(self)


def reliability_bins(name: str, arm: str, label: np.ndarray, probability: np.ndarray) -> list[ReliabilityBin]:
    """The bins of one slice and arm that hold events, in order; their ``n`` add up to that of the events.

    Args:
        name: the slice.
        arm: what the model was shown.
        label: (n,) 0 or 1.
        probability: (n,) in [0, 1].
    """
    place = bin_of(probability)
    counts = np.bincount(place, minlength=BINS)
    predicted = np.bincount(place, probability, minlength=BINS)
    likes = np.bincount(place, label, minlength=BINS)
    return [
        ReliabilityBin(
            slice=name,
            arm=arm,
            low=number / BINS,
            n=int(counts[number]),
            predicted=float(predicted[number] / counts[number]),
            observed=float(likes[number] / counts[number]),
        )
        for number in np.flatnonzero(counts)
    ]


def bin_of(probability: np.ndarray) -> np.ndarray:
    """The bin (n,) of each probability; 1 belongs to the last."""
    return np.minimum((probability * BINS).astype(int), BINS - 1)


def expected_calibration_error(label: np.ndarray, probability: np.ndarray, weight: np.ndarray) -> float:
    """Weighted mean distance between mean probability and share of likes over the bins."""
    gap = np.bincount(bin_of(probability), weight * (probability - label), minlength=BINS)
    return float(np.abs(gap).sum() / weight.sum())
