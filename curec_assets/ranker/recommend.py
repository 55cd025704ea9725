"""Top-N recommendations for the users active in a window, each with its reason and the history that drove it."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import torch

from curec_assets.configuration.windows import Window
from curec_assets.lake.schemas import RECOMMENDATIONS
from curec_assets.language_model.encoder import TextEncoder
from curec_assets.ranker.backbone import Queries, make_queries
from curec_assets.ranker.config import RankerConfig
from curec_assets.ranker.events import MICROSECONDS_A_DAY, microseconds
from curec_assets.ranker.folder import load_model, open_folder
from curec_assets.ranker.prepare import Prepared, prepare
from curec_assets.ranker.versions import window_starts

PAIRS = 50_000
"""(User, item) pairs scored at once: bounds memory, whatever the catalogue."""


def recommend(
    folder: Path,
    cleaned: pa.Table,
    items: pa.Table,
    evidence: pa.Table,
    reason_embeddings: pa.Table,
    current_reasons: pa.Table,
    encoder: TextEncoder,
    window: Window,
    config: RankerConfig,
) -> pa.Table:
    """What each user active in ``window`` is offered at its end, by the configured backbone and arm (first seed).

    Candidates are items first seen before ``window.end`` that the user has not had. Histories, facts and reasons are
    those known at that moment, so reasons that ``window`` corrected already count. Equal scores are ordered by item id.

    Args:
        folder: ``train_ranker``'s output for ``window``.
        current_reasons: columns ``side``, ``subject_id``, ``reason``; the text shown, null where there is none.

    Returns:
        RECOMMENDATIONS, sorted by user and rank (from 1). ``score`` is the model's raw score; ``because`` holds the
        user's own liked history items with most attention, largest first, ``attention`` in (0, 1] of all attention.
    """
    shared = open_folder(folder, encoder.name)
    world = prepare(cleaned, items, evidence, reason_embeddings, encoder, window.end, shared.items, shared.users)
    now = microseconds(window.end)
    starts = window_starts([now])
    knowledge = world.knowledge(config.recommend_arm, starts, shared.seed)
    model = load_model(folder, shared, config.recommend_backbone, config.recommend_arm, config.seeds[0])

    events = world.log.events
    users = np.unique(events.user[events.ts >= microseconds(window.start)])
    queries = make_queries(world.log, users, np.full(len(users), now), starts, shared.config.history_events)
    candidates = _candidates(world, now, config)
    shown_reasons = {row["subject_id"]: row["reason"] for row in current_reasons.to_pylist() if row["side"] == "item"}
    rows: list[dict[str, Any]] = []
    size = max(1, PAIRS // max(1, len(candidates)))
    for first in range(0, len(users), size):
        part = queries.rows(slice(first, first + size))
        scores = model.score(knowledge, part, torch.from_numpy(candidates).expand(len(part), -1)).numpy()
        top, top_scores = _best(world, users[first : first + size], now, candidates, scores, config.recommend_items)
        attention = model.attention(knowledge, part, torch.from_numpy(np.maximum(top, 0))).numpy()
        for n in range(len(part)):
            for rank, item in enumerate(top[n]):
                if item < 0:
                    break
                item_id = world.universe.item_ids[item]
                rows.append(
                    {
                        "user_id": world.universe.user_ids[users[first + n]],
                        "rank": rank + 1,
                        "item_id": item_id,
                        "score": float(top_scores[n, rank]),
                        "reason": shown_reasons.get(item_id),
                        "because": _because(world, part, n, attention[n, rank], config.because_items),
                    }
                )
    return pa.Table.from_pylist(rows, schema=RECOMMENDATIONS)


def _candidates(world: Prepared, now: int, config: RankerConfig) -> np.ndarray:
    count = len(world.universe.item_ids)
    if count <= config.recommend_candidates:
        return np.arange(count)
    events = world.log.events
    recent = events.item[events.ts >= now - config.recent_days * MICROSECONDS_A_DAY]
    busiest = np.lexsort((-world.universe.first_seen, -np.bincount(recent, minlength=count)))
    return np.sort(busiest[: config.recommend_candidates])


def _best(
    world: Prepared, users: np.ndarray, now: int, candidates: np.ndarray, scores: np.ndarray, count: int
) -> tuple[np.ndarray, np.ndarray]:
    """The ``count`` best new items of each user, -1 where there are no more, and their scores."""
    row, item = world.log.seen(users, np.full(len(users), now))
    column = np.full(len(world.universe.item_ids), -1)
    column[candidates] = np.arange(len(candidates))
    offered = column[item] >= 0
    scores[row[offered], column[item[offered]]] = -np.inf
    # Candidates ascend by item id, so a stable sort orders equal scores by id.
    order = np.argsort(-scores, axis=1, kind="stable")[:, :count]
    found = np.take_along_axis(scores, order, axis=1)
    return np.where(np.isfinite(found), candidates[order], -1), found


def _because(world: Prepared, queries: Queries, row: int, attention: np.ndarray, count: int) -> list[dict[str, Any]]:
    weight: dict[int, float] = {}
    for item, liked, share in zip(
        queries.history[row].tolist(), queries.history_label[row].tolist(), attention.tolist(), strict=True
    ):
        # "Because you had X" reads as praise of X, so events the user disliked are not shown.
        if liked and share > 0:
            weight[item] = weight.get(item, 0.0) + share
    best = sorted(weight.items(), key=lambda pair: (-pair[1], pair[0]))[:count]
    return [
        {"item_id": world.universe.item_ids[item], "title": world.universe.titles[item], "attention": share}
        for item, share in best
    ]
