"""The titles that a reason names, as rows of the catalogue, and which titles the same people like.

A sentence encoder blurs the names in a text: measured on MovieLens-100K, a linear model that knows which titles an
item's evidence names gains .005 AUC from it, a network that read the encoded text nothing (docs/experiments.md). So a
reason is also read by its names: each is compared with the titles of the user's history by vectors of who likes what.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from scipy.sparse import csr_matrix
from sklearn.decomposition import TruncatedSVD
from torch import Tensor

from curec_assets.reasons.grounding import Grounding
from curec_assets.reward_model.features import EventFeatures

NAMED = 6
"""Titles read of one reason; a reason of two sentences seldom names more."""
DIMENSION = 16
USER_PRIOR, ITEM_PRIOR = 1.0, 5.0


class TitleFinder:
    """Finds the titles of a catalogue in texts, as grounding recognises them (without case, years, possessives)."""

    def __init__(self, titles: Sequence[str]) -> None:
        """``titles`` by catalogue row, "" where an item has none; of items of one title, the first stands for all."""
        self._unknown = len(titles)
        self._rows: Mapping[str, int] = {title: row for row, title in reversed(list(enumerate(titles))) if title}
        self._grounding = Grounding(self._rows, ())

    def rows(self, texts: Sequence[str]) -> Tensor:
        """Catalogue rows of the first NAMED titles in each text, int64 (n, NAMED), then ``len(titles)``."""
        found = np.full((len(texts), NAMED), self._unknown, dtype=np.int64)
        for place, text in enumerate(texts):
            rows = list(dict.fromkeys(self._rows[title] for title in self._grounding.titles_named(text)))[:NAMED]
            found[place, : len(rows)] = rows
        return torch.from_numpy(found)


def co_like_vectors(features: EventFeatures, likers: np.ndarray, n_items: int) -> np.ndarray:
    """Unit vectors of items that stand near where the same people like them, float32 (n_items + 1, DIMENSION).

    Truncated SVD of the likes (people x items), each divided by the roots of its person's and its item's number of
    likes, without the first component, which is popularity. Zero for items nobody liked and for the unknown item.

    Args:
        features: all events.
        likers: bool over ``features.user_ids``: whose likes are read. For item reasons these must be people on whose
            events no item reason is ever shown, or a model would be trained on what it is handed.
        n_items: length of the catalogue.
    """
    vectors = np.zeros((n_items + 1, DIMENSION), dtype=np.float32)
    liked = (features.label == 1) & likers[features.user] & (features.item < n_items)
    pairs = np.unique(np.stack([features.user[liked], features.item[liked]], axis=1), axis=0)
    if len(pairs) == 0:
        return vectors
    people, person = np.unique(pairs[:, 0], return_inverse=True)
    items, item = np.unique(pairs[:, 1], return_inverse=True)
    components = min(DIMENSION + 1, len(people) - 1, len(items) - 1)
    if components < 2:
        return vectors
    weight = 1 / np.sqrt((np.bincount(person)[person] + USER_PRIOR) * (np.bincount(item)[item] + ITEM_PRIOR))
    likes = csr_matrix((weight, (person, item)), shape=(len(people), len(items)))
    svd = TruncatedSVD(components, algorithm="arpack", random_state=0).fit(likes)
    order = np.argsort(-svd.singular_values_, kind="stable")[1:]
    found = (svd.components_[order] * svd.singular_values_[order, None]).T
    vectors[items, : found.shape[1]] = found / np.maximum(np.linalg.norm(found, axis=1, keepdims=True), 1e-9)
    return vectors
