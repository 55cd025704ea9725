"""Items stand near one another where the same people like them."""

import numpy as np

from curec_assets.interactions.co_likes import DIMENSION, co_like_vectors


def test_items_of_one_crowd_stand_nearer_than_items_of_two() -> None:
    rng = np.random.default_rng(0)
    crowd = np.repeat([0, 1], 20)
    likes = [(user, 5 * crowd[user] + item) for user in range(40) for item in range(5) if rng.random() < 0.7]
    user, item = np.array(likes).T
    vectors = co_like_vectors(user, item, 11)
    assert vectors.shape == (11, DIMENSION)
    cosines = vectors[:10] @ vectors[:10].T
    assert cosines[:5, :5].mean() > cosines[:5, 5:].mean() + 0.3
    assert not vectors[10].any()


def test_the_order_of_likes_and_repeated_likes_change_nothing() -> None:
    rng = np.random.default_rng(1)
    user, item = rng.integers(0, 12, 60), rng.integers(0, 8, 60)
    order = rng.permutation(60)
    twice = np.concatenate([order, order[:10]])
    assert np.array_equal(co_like_vectors(user, item, 8), co_like_vectors(user[twice], item[twice], 8))


def test_too_few_likes_say_nothing() -> None:
    assert not co_like_vectors(np.array([0, 0]), np.array([0, 1]), 3).any()
    assert not co_like_vectors(np.zeros(0, dtype=int), np.zeros(0, dtype=int), 3).any()
