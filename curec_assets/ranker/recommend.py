"""Top-N recommendations for the users active in a window, each with its reason and with what moved its score."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import torch

from curec_assets.configuration.windows import Window, microseconds
from curec_assets.lake.schemas import RECOMMENDATIONS
from curec_assets.language_model.encoder import TextEncoder
from curec_assets.progress import Progress, silent
from curec_assets.ranker.config import RankerConfig
from curec_assets.ranker.faithfulness import measure_faithfulness
from curec_assets.ranker.folder import open_folder
from curec_assets.ranker.grounds import grounds_of
from curec_assets.ranker.offers import Lists, Offers
from curec_assets.ranker.prepare import prepare
from curec_assets.ranker.universe import Universe
from curec_assets.ranker.why import attention_in_parts, measure_drops

SAMPLE_USERS = 200
"""Users, drawn with a seed, on whom the reasons are tested and for whom every arm makes its lists: enough for an
interval, cheap beside the lists of everyone."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Recommended:
    """A window's recommendations (RECOMMENDATIONS), and how faithful their reasons are (rows of EVALUATIONS)."""

    table: pa.Table
    evaluations: list[Row]


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
    seed: int,
    progress: Progress = silent,
) -> Recommended:
    """What each user active in ``window`` is offered at its end, by the configured backbone and arm (first seed).

    Candidates are items first seen before ``window.end`` that the user has not had. Histories, facts and reasons are
    those known at that moment, so reasons that ``window`` corrected already count. Equal scores are ordered by item id.

    Args:
        folder: ``train_ranker``'s output for ``window``.
        current_reasons: columns ``side``, ``subject_id``, ``reason``; the text shown, null where there is none.
        seed: draws the users of the sample, and what their reasons are tested against.

    Returns:
        Rows that are ``served``, by user and rank (from 1). ``score`` is the model's raw score. ``because`` holds the
        liked items of the user's history with most attention, ``attention`` in (0, 1] of all attention. ``why`` holds
        the parts whose loss lowers the score, each with its ``score_drop``: liked items of the history (as many as
        ``because`` may hold; ``part`` is ``history``), the item's ``reason``, the user's ``interest``. Both run from
        the largest down, and are empty where there is nothing to name. Behind them, not served: the lists that every
        arm and popularity would make for a sample of the users.
    """
    shared = open_folder(folder, encoder.name)
    world = prepare(cleaned, items, evidence, reason_embeddings, encoder, window.end, shared.items, shared.users)
    offers = Offers(folder, shared, world, microseconds(window.end), config)
    events = world.log.events
    users = np.unique(events.user[events.ts >= microseconds(window.start)])
    sample = np.sort(np.random.default_rng(seed).permutation(users)[:SAMPLE_USERS])
    texts = {(row["side"], row["subject_id"]): row["reason"] for row in current_reasons.to_pylist()}

    progress("lists", 0, 3)
    model, knowledge = offers.ranker(config.recommend_arm)
    lists = offers.best(model, knowledge, users)
    progress("why", 1, 3)
    queries, top = offers.queries(users), torch.from_numpy(lists[0])
    attention = attention_in_parts(model, knowledge, queries, top.clamp(min=0))
    drops = measure_drops(model, knowledge, queries, top)
    grounds = grounds_of(world.universe, queries, lists[0], attention, drops, texts, config)
    offered = _rows(world.universe, config.recommend_arm, users, lists)
    rows = [{**row, **ground, "served": True} for row, ground in zip(offered, grounds, strict=True)]
    chosen = torch.from_numpy(np.isin(users, sample))
    evaluations = measure_faithfulness(model, knowledge, queries.rows(chosen), top[chosen], config, seed)
    progress("arms", 2, 3)
    by_arm: dict[str, Lists] = {arm: offers.best(*offers.ranker(arm), sample) for arm in config.arms}
    for name, found in (by_arm | offers.most_popular(sample)).items():
        rows += [{**row, "served": False} for row in _rows(world.universe, name, sample, found)]
    progress("arms", 3, 3)
    return Recommended(pa.Table.from_pylist(rows, schema=RECOMMENDATIONS), evaluations)


def _rows(universe: Universe, arm: str, users: np.ndarray, lists: Lists) -> list[Row]:
    top, scores = lists
    return [
        {
            "user_id": universe.user_ids[users[n]],
            "rank": rank + 1,
            "item_id": universe.item_ids[top[n, rank]],
            "score": float(scores[n, rank]),
            "arm": arm,
        }
        for n, rank in np.argwhere(top >= 0).tolist()
    ]
