"""Peers of ``id_only``: well-kept implementations behind two small signatures, each with the settings it may choose."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

SEED = 0
DENSE = 10
"""Features that are no ids: log count and like rate of item and user as of the event, how well the item's categories
fit the user's likes and dislikes so far, the user's number of events in that, and what DIN is told of the company
that the item keeps."""

TopKPeer = Callable[[csr_matrix, csr_matrix, float], np.ndarray]
"""Scores (queries, items) from training likes (users, items), the likes of each query's user before the query (queries,
items), and one setting."""
CtrPeer = Callable[[csr_matrix, np.ndarray, csr_matrix, float], np.ndarray]
"""Scores (n,) of test features, from training features and labels, and one setting."""


def ease(train: csr_matrix, queries: csr_matrix, penalty: float) -> np.ndarray:
    """EASE (Steck 2019) by Cornac."""
    from cornac.data import Dataset
    from cornac.models import EASE

    rows = train.tocoo()
    data = Dataset.from_uir([(str(u), int(i), 1.0) for u, i in zip(rows.row, rows.col, strict=True)], seed=SEED)
    model = EASE(lamb=penalty, posB=False, verbose=False).fit(data)
    items = np.array(list(data.iid_map))
    scores = np.zeros(queries.shape)
    scores[:, items] = queries[:, items] @ np.asarray(model.B)
    return scores


def item_knn(train: csr_matrix, queries: csr_matrix, neighbours: float) -> np.ndarray:
    """Cosine item-kNN by implicit."""
    from implicit.nearest_neighbours import CosineRecommender

    model = CosineRecommender(K=int(neighbours))
    model.fit(train, show_progress=False)
    return np.asarray((queries @ csr_matrix(model.similarity)).todense())


def implicit_als(train: csr_matrix, queries: csr_matrix, factors: float) -> np.ndarray:
    """iALS (Hu et al. 2008) by implicit; users are folded in with their likes so far."""
    from implicit.als import AlternatingLeastSquares

    model = AlternatingLeastSquares(int(factors), regularization=0.1, alpha=10.0, iterations=15, random_state=SEED)
    model.fit(train, show_progress=False)
    known = model.recalculate_user(np.arange(queries.shape[0]), queries)
    return np.asarray(known @ model.item_factors.T)


def bpr(train: csr_matrix, queries: csr_matrix, factors: float) -> np.ndarray:
    """BPR (Rendle et al. 2009) by implicit. It folds nobody in, so a user is the mean of the items liked so far."""
    from implicit.bpr import BayesianPersonalizedRanking

    model = BayesianPersonalizedRanking(int(factors), iterations=100, random_state=SEED)
    model.fit(train, show_progress=False)
    items = np.asarray(model.item_factors)
    liked = np.maximum(np.asarray(queries.sum(axis=1)), 1)
    return np.asarray((queries @ items[:, :-1]) / liked @ items[:, :-1].T + items[:, -1])


def logistic_regression(train: csr_matrix, labels: np.ndarray, test: csr_matrix, strength: float) -> np.ndarray:
    """Logistic regression over ids and features."""
    return LogisticRegression(C=strength, max_iter=1000).fit(train, labels).decision_function(test)


def boosted_trees(train: csr_matrix, labels: np.ndarray, test: csr_matrix, leaves: float) -> np.ndarray:
    """Gradient-boosted trees over features; ids are too many for splits."""
    model = HistGradientBoostingClassifier(max_leaf_nodes=int(leaves), learning_rate=0.05, random_state=SEED)
    dense = model.fit(train[:, :DENSE].toarray(), labels)
    return dense.decision_function(test[:, :DENSE].toarray())


TOP_K_PEERS: Mapping[str, tuple[TopKPeer, Sequence[float]]] = {
    "ease": (ease, (100.0, 400.0, 1600.0)),
    "item_knn": (item_knn, (100, 400, 1600)),
    "implicit_als": (implicit_als, (16, 32, 64)),
    "bpr": (bpr, (8, 16, 32)),
}
# No factorization machine: of the packages on PyPI that are still released, myfm (0.4.0) imports pkg_resources, which
# setuptools no longer brings, and Vowpal Wabbit takes lines of text instead of a matrix.
CTR_PEERS: Mapping[str, tuple[CtrPeer, Sequence[float]]] = {
    "logistic_regression": (logistic_regression, (0.01, 0.03, 0.1)),
    "boosted_trees": (boosted_trees, (4, 8, 16)),
}
