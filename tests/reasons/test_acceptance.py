import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curec_assets.reasons.acceptance import PooledGains, _Events, _with_people
from curec_assets.reasons.acceptance import judge_gains as judge_gains_of


def judge_gains(gains: list[np.ndarray], quantile: float) -> PooledGains:
    """Judged with nobody in two panels."""
    return judge_gains_of(gains, apart(gains), quantile)


def apart(gains: list[np.ndarray]) -> list[list[str]]:
    return [[f"{review}/{event}" for event in range(len(values))] for review, values in enumerate(gains)]


def simulate_people(seed: int, reviews: int, people: float) -> tuple[np.ndarray, list[np.ndarray], list[list[str]]]:
    """As ``simulate``, with any common mean, and a dozen people who judge all reviews, each with a leaning."""
    rng = np.random.default_rng(seed)
    truth, leaning = rng.normal(rng.normal(0.0, 0.05), 0.02, reviews), rng.normal(0.0, people, 12)
    who = [rng.choice(12, rng.integers(1, 7), replace=False) for _ in range(reviews)]
    gains = [gain + leaning[of] + rng.normal(0.0, 0.08, len(of)) for gain, of in zip(truth, who, strict=True)]
    return truth, gains, [[str(person) for person in of] for of in who]


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


def test_people_who_judge_many_reviews_count_as_the_few_they_are() -> None:
    below: dict[str, list[bool]] = {"people": [], "apart": []}
    false: dict[str, list[float]] = {"people": [0.0, 0.0], "apart": [0.0, 0.0]}
    for seed in range(60):
        truth, gains, people = simulate_people(seed, 60, people=0.08)
        for name, who in (("people", people), ("apart", apart(gains))):
            judged = judge_gains_of(gains, who, 0.2).judgements
            below[name] += [t < j.lower_bound for t, j in zip(truth, judged, strict=True)]
            false[name][0] += sum(j.not_positive for j in judged if j.lower_bound > 0)
            false[name][1] += sum(t <= 0 for t, j in zip(truth, judged, strict=True) if j.lower_bound > 0)
    assert np.mean(below["people"]) < 0.2 < np.mean(below["apart"])
    expected, observed = false["people"]
    assert observed < 1.5 * expected
    expected, observed = false["apart"]
    assert observed > 1.5 * expected, "who counts them as many expects too few false acceptances"


def test_the_algebra_of_reviews_and_people_is_that_of_the_whole_covariance() -> None:
    _, gains, people = simulate_people(4, 9, people=0.05)
    events = _Events.of(gains, people)
    values = np.concatenate(gains)
    of_review = np.eye(len(gains))[np.repeat(np.arange(len(gains)), [len(panel) for panel in gains])]
    names, person = np.unique(np.concatenate(people), return_inverse=True)
    of_person, ones = np.eye(len(names))[person], np.ones(len(values))
    for a in (0.0, 0.3, 1.5):
        for point in _with_people(events, a):
            whole = np.eye(len(values)) + a**2 * of_review @ of_review.T + point.people**2 * of_person @ of_person.T
            inverse = np.linalg.inv(whole)
            known = ones @ inverse @ ones
            residual = values - ones @ inverse @ values / known
            spare = residual @ inverse @ residual + np.mean(values**2)
            own = np.diag(of_review.T @ inverse @ of_review)
            variance = (1 - a**2 * of_review.T @ inverse @ ones) ** 2 / known + a**2 - a**4 * own
            log_weight = -0.5 * (np.linalg.slogdet(whole)[1] + np.log(known) + len(values) * np.log(spare))
            assert point.log_weight == pytest.approx(log_weight)
            assert point.centre == pytest.approx(point.mean + a**2 * of_review.T @ inverse @ residual)
            assert point.scale == pytest.approx(np.sqrt(variance * spare / len(values)))


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
    with pytest.raises(ValueError, match="each event of a review is of one person"):
        judge_gains_of([np.array([0.1, 0.2])], [["one"]], 0.2)
    assert judge_gains([], 0.2).judgements == []
