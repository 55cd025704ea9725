"""What stands beside a recommendation: its reason, the history that was looked at, and what moved its score."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from torch import Tensor

from curec_assets.ranker.backbone import Queries
from curec_assets.ranker.config import RankerConfig
from curec_assets.ranker.universe import Universe
from curec_assets.ranker.why import READS_WHAT_IS_SHOWN, SMALLEST_DROP, Drops, named_items

Texts = Mapping[tuple[str, str], str | None]
"""The reason in force of each (side, id)."""


def grounds_of(
    universe: Universe,
    queries: Queries,
    top: np.ndarray,
    attention: Tensor,
    drops: Drops,
    texts: Texts,
    config: RankerConfig,
) -> Iterator[dict[str, Any]]:
    """``reason``, ``because`` and ``why`` of each recommendation, by user and rank.

    Args:
        queries: the users at the moment of the call.
        top: what each is offered, int64 positions (users, N), -1 for nothing.
        attention, drops: of ``top``.
    """
    reads_texts = config.recommend_arm in READS_WHAT_IS_SHOWN
    for n, offered in enumerate(top):
        history = queries.history[n].tolist()
        # "Because you had X" reads as praise of X, so events the user disliked are not shown.
        liked = (queries.present[n] & (queries.history_label[n] > 0)).tolist()
        interest = texts.get(("user", universe.user_ids[int(queries.user[n])]))
        for rank in np.flatnonzero(offered >= 0).tolist():
            reason = texts.get(("item", universe.item_ids[offered[rank]]))
            weighed = named_items(history, liked, attention[n, rank].tolist(), 0.0, config.because_items)
            moved = named_items(history, liked, drops.history[n, rank].tolist(), SMALLEST_DROP, config.because_items)
            words = [("reason", reason, drops.reason[n, rank]), ("interest", interest, drops.interest[n, rank])]
            why = [_part("history", universe.titles[item], drop, universe.item_ids[item]) for item, drop in moved]
            why += [
                _part(part, text, float(drop))
                for part, text, drop in words
                if reads_texts and text and drop > SMALLEST_DROP
            ]
            yield {
                "reason": reason,
                "because": [
                    {"item_id": universe.item_ids[item], "title": universe.titles[item], "attention": share}
                    for item, share in weighed
                ],
                "why": sorted(why, key=lambda part: -part["score_drop"]),
            }


def _part(part: str, text: str | None, drop: float, item_id: str | None = None) -> dict[str, Any]:
    return {"part": part, "item_id": item_id, "text": text, "score_drop": drop}
