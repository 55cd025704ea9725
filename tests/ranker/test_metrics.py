"""The measures agree with scikit-learn and with their definitions."""

import ir_measures
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ir_measures import RR, Success, nDCG
from sklearn.metrics import log_loss, ndcg_score, roc_auc_score

from curec_assets.ranker import metrics
from curec_assets.ranker.bootstrap import draw, interval, over_seeds
from curec_assets.ranker.metrics import (
    CHUNK,
    clustered_auc,
    group_auc,
    log_losses,
    target_ranks,
    top_k_values,
    user_aucs,
    weighted_auc,
    weighted_mean,
)

EVENTS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 1), st.integers(0, 3)), min_size=2, max_size=40)


@given(events=EVENTS)
def test_weighted_auc_is_scikit_learns_with_sample_weights(events: list[tuple[int, int, int]]) -> None:
    scores, labels, weights = np.array(events, dtype=np.float64).T
    found = weighted_auc(scores, labels, np.stack([np.ones(len(events)), weights]))
    for value, weight in zip(found, (np.ones(len(events)), weights), strict=True):
        if (weight * labels).sum() == 0 or (weight * (1 - labels)).sum() == 0:
            assert np.isnan(value)
        else:
            assert np.isclose(value, roc_auc_score(labels, scores, sample_weight=weight))


@given(
    events=EVENTS, seed=st.integers(0, 5), chunk=st.sampled_from([1, 50, CHUNK]), per_event=st.sampled_from([0, 100])
)
def test_an_auc_weighted_by_user_is_that_of_events_weighted_so(
    events: list[tuple[int, int, int]], seed: int, chunk: int, per_event: int
) -> None:
    scores, labels, user = np.array(events).T
    weights = np.random.default_rng(seed).integers(0, 3, (6, 4))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(metrics, "CHUNK", chunk)
        patch.setattr(metrics, "PAIRS_PER_EVENT", per_event)
        found = clustered_auc(scores.astype(float), labels, user, weights)
    np.testing.assert_allclose(found, weighted_auc(scores.astype(float), labels, weights[:, user]))


@given(events=EVENTS)
def test_group_auc_is_the_mean_of_users_aucs_by_their_events(events: list[tuple[int, int, int]]) -> None:
    scores, labels, user = np.array(events).T
    own, counts = user_aucs(scores.astype(float), labels, user, 4)
    expected, total = 0.0, 0
    for n in range(4):
        mine = user == n
        assert counts[n] == mine.sum()
        if 0 < labels[mine].sum() < mine.sum():
            assert np.isclose(own[n], roc_auc_score(labels[mine], scores[mine]))
            expected, total = expected + mine.sum() * own[n], total + mine.sum()
        else:
            assert np.isnan(own[n])
    found = group_auc(scores.astype(float), labels, user, np.ones((1, 4)))[0]
    assert np.isnan(found) if not total else np.isclose(found, expected / total)


@given(events=EVENTS)
def test_weighted_log_losses_are_scikit_learns_with_sample_weights(events: list[tuple[int, int, int]]) -> None:
    scores, labels, weights = np.array(events, dtype=np.float64).T
    logits, weights = scores - 2.5, weights + 1
    expected = log_loss(labels, 1 / (1 + np.exp(-logits)), sample_weight=weights, labels=[0, 1])
    assert np.isclose(weighted_mean(log_losses(logits, labels), weights[None])[0], expected)


def test_a_log_loss_is_finite_for_sure_mistakes() -> None:
    assert np.isfinite(log_losses(np.array([1e4]), np.array([0]))).all()


def test_top_k_values_are_scikit_learns_ndcg() -> None:
    rng = np.random.default_rng(3)
    scores = rng.permuted(np.tile(np.arange(40.0), (50, 1)), axis=1)
    target = rng.integers(0, 40, 50)
    ranks = target_ranks(scores, target, np.ones(scores.shape, dtype=bool))
    values = top_k_values(ranks, (10,))
    relevant = np.eye(40)[target]
    assert np.isclose(values["ndcg@10"].mean(), ndcg_score(relevant, scores, k=10))
    assert np.isclose(values["hr@10"].mean(), (ranks <= 10).mean())
    assert np.isclose(values["mrr"].mean(), (1 / ranks).mean())


def test_a_constant_score_ranks_in_the_middle_of_what_was_allowed() -> None:
    allowed = np.array([[True, True, True, False, False]])
    assert target_ranks(np.zeros((1, 5)), np.array([0]), allowed)[0] == 2.0
    assert target_ranks(np.zeros((1, 5)), np.array([3]), allowed)[0] == 2.5


def test_a_mean_over_no_weight_is_undefined() -> None:
    assert np.isnan(weighted_mean(np.array([1.0]), np.zeros((1, 1)))[0])


def test_draws_keep_their_totals_and_start_with_the_sample_itself() -> None:
    draws = draw(users=7, seeds=3, samples=50, seed=1)
    assert (draws.users[0] == 1).all()
    assert (draws.users.sum(axis=1) == 7).all()
    assert np.allclose(draws.seeds.sum(axis=1), 1.0)
    same = draw(users=7, seeds=3, samples=50, seed=1)
    assert (same.users == draws.users).all()
    assert (same.seeds == draws.seeds).all()


def test_an_interval_covers_users_and_seeds_and_widens_with_confidence() -> None:
    draws = draw(users=40, seeds=4, samples=500, seed=2)
    by_user = np.random.default_rng(0).normal(size=40)
    from_users = weighted_mean(by_user, draws.users)[:, None] + np.zeros((1, 4))
    with_seeds = from_users + np.array([0.0, 1.0, 2.0, 3.0])
    narrow, wide = interval(over_seeds(from_users, draws), 0.9), interval(over_seeds(with_seeds, draws), 0.9)
    corrected = interval(over_seeds(from_users, draws), 0.99)
    assert narrow.value is not None
    assert np.isclose(narrow.value, by_user.mean())
    assert narrow.low < narrow.value < narrow.high
    assert wide.high - wide.low > narrow.high - narrow.low
    assert corrected.high - corrected.low > narrow.high - narrow.low


def test_an_undefined_measure_has_neither_value_nor_interval() -> None:
    undefined = interval(np.full(10, np.nan), 0.95)
    assert (undefined.value, undefined.low, undefined.high) == (None, None, None)
    fragile = interval(np.array([0.5, 0.5, np.nan, np.nan, np.nan]), 0.95)
    assert (fragile.value, fragile.low) == (0.5, None)


@given(queries=st.lists(st.permutations(range(12)), min_size=1, max_size=5), target=st.integers(0, 11))
def test_top_k_measures_are_those_of_ir_measures(queries: list[list[int]], target: int) -> None:
    scores = np.array(queries, dtype=np.float64)
    every = np.ones(scores.shape, dtype=bool)
    values = top_k_values(target_ranks(scores, np.full(len(scores), target), every), (5, 10))
    qrels = [ir_measures.Qrel(str(query), str(target), 1) for query in range(len(scores))]
    run = [
        ir_measures.ScoredDoc(str(query), str(item), float(score))
        for query, row in enumerate(scores)
        for item, score in enumerate(row)
    ]
    theirs = {"ndcg@5": nDCG @ 5, "ndcg@10": nDCG @ 10, "hr@5": Success @ 5, "hr@10": Success @ 10, "mrr": RR}
    for name, measure in theirs.items():
        assert np.isclose(values[name].mean(), ir_measures.calc_aggregate([measure], qrels, run)[measure])
