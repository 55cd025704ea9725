"""Which items the same people like, as vectors: near one another where they share likers."""

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.decomposition import TruncatedSVD

DIMENSION = 16
USER_PRIOR, ITEM_PRIOR = 1.0, 5.0


def co_like_vectors(user: np.ndarray, item: np.ndarray, n_items: int) -> np.ndarray:
    """Unit vectors of items, float32 (n_items, DIMENSION), zero for items that nobody liked.

    Truncated SVD of the likes (people x items), each divided by the roots of its person's and its item's number of
    likes, without the first component, which is popularity. All zero where there are too few likes for two components.

    Args:
        user: who liked, int64 (likes,); a pair that repeats counts once.
        item: what was liked, int64 (likes,), below ``n_items``.
    """
    vectors = np.zeros((n_items, DIMENSION), dtype=np.float32)
    pairs = np.unique(np.stack([user, item], axis=1), axis=0)
    if len(pairs) == 0:
        return vectors
    people, person = np.unique(pairs[:, 0], return_inverse=True)
    items, place = np.unique(pairs[:, 1], return_inverse=True)
    components = min(DIMENSION + 1, len(people) - 1, len(items) - 1)
    if components < 2:
        return vectors
    weight = 1 / np.sqrt((np.bincount(person)[person] + USER_PRIOR) * (np.bincount(place)[place] + ITEM_PRIOR))
    likes = csr_matrix((weight, (person, place)), shape=(len(people), len(items)))
    svd = TruncatedSVD(components, algorithm="arpack", random_state=0).fit(likes)
    order = np.argsort(-svd.singular_values_, kind="stable")[1:]
    found = (svd.components_[order] * svd.singular_values_[order, None]).T
    vectors[items, : found.shape[1]] = found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-9)
    return vectors
