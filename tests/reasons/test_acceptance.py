import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curec_assets.reasons.acceptance import judge_gains


def simulate(seed: int, reviews: int, mean: float, spread: float, noise: float, most_events: int = 6):
    """True gains and thin panels drawn around them."""
    rng = np.random.default_rng(seed)
    truth = rng.normal(mean, spread, reviews)
    return truth, [rng.normal(gain, noise, rng.integers(1, most_events + 1)) for gain in truth]


@pytest.mark.parametrize(("mean", "spread"), [(0.0, 0.02), (0.01, 0.02), (-0.02, 0.03), (0.0, 0.1)])
@pytest.mark.parametrize("reviews", [5, 20, 200])
def test_true_gains_fall_below_the_lower_bound_as_often_as_its_quantile_says(
    mean: float, spread: float, reviews: int
) -> None:
    below = []
    for seed in range(400 // reviews + 10):
        truth, gains = simulate(seed, reviews, mean, spread, noise=0.08)
        pooled = judge_gains(gains, quantile=0.2)
        below += [t < j.lower_bound for t, j in zip(truth, pooled.judgements, strict=True)]
    assert 0.12 < np.mean(below) < 0.28


@pytest.mark.parametrize("mean", [0.0, 0.02])
def test_the_expected_number_of_false_acceptances_is_about_the_number_there_are(mean: float) -> None:
    expected = observed = accepted = 0.0
    for seed in range(30):
        truth, gains = simulate(seed, 120, mean, spread=0.05, noise=0.08)
        judged = [(t, j) for t, j in zip(truth, judge_gains(gains, 0.2).judgements, strict=True) if j.lower_bound > 0]
        expected += sum(j.not_positive for _, j in judged)
        observed += sum(t <= 0 for t, _ in judged)
        accepted += len(judged)
    assert accepted > 100
    assert observed == pytest.approx(expected, rel=0.25)
    assert expected / accepted < 0.2


def test_nothing_to_find_means_next_to_nothing_accepted() -> None:
    accepted = 0
    for seed in range(20):
        _, gains = simulate(seed, 100, mean=-0.02, spread=0.0, noise=0.08)
        accepted += sum(j.lower_bound > 0 for j in judge_gains(gains, 0.2).judgements)
    assert accepted <= 20


def test_a_thin_panel_is_drawn_further_towards_the_windows_mean_than_a_full_one() -> None:
    _, gains = simulate(3, 100, mean=0.0, spread=0.05, noise=0.08)
    thin, full = np.full(1, 0.2), np.full(40, 0.2)
    pooled = judge_gains([*gains, thin, full], 0.2).judgements
    assert 0 < pooled[-2].gain < pooled[-1].gain < 0.2
    assert pooled[-2].lower_bound < pooled[-1].lower_bound


def test_the_pool_recovers_the_mean_and_the_variances_it_was_drawn_from() -> None:
    _, gains = simulate(5, 1500, mean=0.03, spread=0.06, noise=0.1)
    pooled = judge_gains(gains, 0.2)
    assert pooled.prior_mean == pytest.approx(0.03, abs=0.01)
    assert np.sqrt(pooled.prior_variance) == pytest.approx(0.06, rel=0.2)
    assert np.sqrt(pooled.noise_variance) == pytest.approx(0.1, rel=0.1)


@settings(max_examples=60)
@given(
    st.lists(st.lists(st.floats(-2, 2).map(lambda x: round(x, 6)), min_size=1, max_size=5), min_size=1, max_size=8),
    st.floats(0.02, 0.98),
)
def test_the_bound_is_positive_exactly_when_the_chance_of_no_gain_is_below_the_quantile(
    panels: list[list[float]], quantile: float
) -> None:
    pooled = judge_gains([np.array(panel) for panel in panels], quantile)
    for judgement in pooled.judgements:
        assert np.isfinite([judgement.gain, judgement.lower_bound]).all()
        assert 0 <= judgement.not_positive <= 1 + 1e-9
        if abs(judgement.not_positive - quantile) > 1e-3:
            assert (judgement.lower_bound > 0) == (judgement.not_positive < quantile)


def test_one_review_alone_is_judged_by_its_own_events() -> None:
    sure = judge_gains([np.array([0.10, 0.11, 0.09, 0.12])], 0.2).judgements[0]
    unsure = judge_gains([np.array([0.5, -0.4])], 0.2).judgements[0]
    assert sure.gain == pytest.approx(0.105, abs=1e-6)
    assert sure.lower_bound > 0 > unsure.lower_bound


def test_a_scorer_that_sees_no_difference_accepts_nothing() -> None:
    pooled = judge_gains([np.zeros(3), np.zeros(1)], 0.2)
    assert all(j.lower_bound == 0 and j.not_positive == 1 for j in pooled.judgements)


def test_the_order_of_the_reviews_changes_no_judgement() -> None:
    _, gains = simulate(1, 30, 0.01, 0.05, 0.08)
    forth = judge_gains(gains, 0.2).judgements
    back = judge_gains(gains[::-1], 0.2).judgements[::-1]
    assert [j.lower_bound for j in forth] == pytest.approx([j.lower_bound for j in back], abs=1e-9)


def test_a_review_without_events_is_refused_and_no_review_is_fine() -> None:
    with pytest.raises(ValueError, match="without acceptance events"):
        judge_gains([np.array([])], 0.2)
    assert judge_gains([], 0.2).judgements == []
