"""The peers rank what people with like histories liked, where they are installed."""

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from bench.peer_models import TOP_K_PEERS


@pytest.mark.parametrize("name", TOP_K_PEERS)
def test_a_peer_prefers_what_the_same_crowd_liked(name: str) -> None:
    pytest.importorskip("implicit")
    pytest.importorskip("cornac")
    rng = np.random.default_rng(0)
    crowd = np.arange(200) % 2
    item_crowd = np.arange(40) % 2
    likes = csr_matrix((rng.random((200, 40)) < np.where(crowd[:, None] == item_crowd, 0.4, 0.03)).astype(np.float32))
    history = np.zeros((1, 40), dtype=np.float32)
    history[0, [0, 2, 4]] = 1
    peer, grid = TOP_K_PEERS[name]
    scores = peer(likes, csr_matrix(history), grid[0])[0]
    unseen = np.arange(40) > 5
    assert scores[unseen & (item_crowd == 0)].mean() > scores[unseen & (item_crowd == 1)].mean()
