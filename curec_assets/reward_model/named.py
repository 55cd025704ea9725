"""The titles that a reason names, as rows of the catalogue, and which titles the same people like.

A sentence encoder blurs the names in a text: measured on MovieLens-100K, a linear model that knows which titles an
item's evidence names gains .005 AUC from it, a network that read the encoded text nothing (docs/experiments.md). So a
reason is also read by its names: each is compared with the titles of the user's history by vectors of who likes what.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from curec_assets.interactions.co_likes import co_like_vectors
from curec_assets.reasons.grounding import Grounding
from curec_assets.reward_model.features import EventFeatures

NAMED = 6
"""Titles read of one reason; a reason of two sentences seldom names more."""


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


def likers_of_catalogue(features: EventFeatures, likers: np.ndarray, n_items: int) -> np.ndarray:
    """``co_like_vectors`` of the catalogue and, last, the unknown item: float32 (n_items + 1, DIMENSION).

    Args:
        features: all events.
        likers: bool over ``features.user_ids``: whose likes are read. For item reasons these must be people on whose
            events no item reason is ever shown, or a model would be trained on what it is handed.
        n_items: length of the catalogue.
    """
    liked = (features.label == 1) & likers[features.user] & (features.item < n_items)
    return co_like_vectors(features.user[liked], features.item[liked], n_items + 1)
