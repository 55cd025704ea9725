"""What there is to offer at a moment, and what each ranker would choose from it for a user."""

from pathlib import Path

import numpy as np
import torch

from curec_assets.ranker.backbone import Knowledge, Queries, Ranker, make_queries
from curec_assets.ranker.config import ArmName, RankerConfig
from curec_assets.ranker.events import MICROSECONDS_A_DAY
from curec_assets.ranker.folder import RankerFolder, load_model
from curec_assets.ranker.popularity import Baseline, popularity_of_catalogue
from curec_assets.ranker.prepare import Prepared
from curec_assets.ranker.removal import without_room
from curec_assets.ranker.versions import window_starts
from curec_assets.ranker.why import parts_of

Lists = tuple[np.ndarray, np.ndarray]
"""The best new items of each user, best first, int64 positions (users, N), -1 where there are no more; their scores."""


class Offers:
    """The catalogue as of ``now`` (microseconds), cut to ``config.recommend_candidates`` items."""

    def __init__(self, folder: Path, shared: RankerFolder, world: Prepared, now: int, config: RankerConfig) -> None:
        self.folder, self.shared, self.world, self.now, self.config = folder, shared, world, now, config
        self.starts = window_starts([now])
        self.candidates = _candidates(world, now, config)
        """Positions, ascending, int64."""

    def ranker(self, arm: ArmName) -> tuple[Ranker, Knowledge]:
        """The trained ranker of ``arm`` (first seed) with what it knows at this moment."""
        model = load_model(self.folder, self.shared, self.config.recommend_backbone, arm, self.config.seeds[0])
        return model, self.world.knowledge(arm, self.starts, self.shared.seed)

    def queries(self, users: np.ndarray) -> Queries:
        """What the log says of ``users`` (positions) before this moment."""
        moments = np.full(len(users), self.now)
        return make_queries(self.world.log, users, moments, self.starts, self.shared.config.history_events)

    def best(self, model: Ranker, knowledge: Knowledge, users: np.ndarray) -> Lists:
        """What a ranker would offer to ``users``."""
        shape = (len(users), min(self.config.recommend_items, len(self.candidates)))
        top, scores = np.full(shape, -1, dtype=np.int64), np.zeros(shape, dtype=np.float32)
        queries, candidates = self.queries(users), torch.from_numpy(self.candidates)
        for rows in parts_of(queries, len(candidates), model.task):
            part = without_room(queries.rows(rows))
            found = model.score(knowledge, part, candidates.expand(len(rows), -1)).numpy()
            top[rows], scores[rows] = self._chosen(users[rows.numpy()], found)
        return top, scores

    def most_popular(self, users: np.ndarray) -> dict[Baseline, Lists]:
        """What popularity and recent popularity would offer to ``users``."""
        counts = popularity_of_catalogue(self.world.log, np.array([self.now]), self.config.recent_days)
        return {
            name: self._chosen(users, np.tile(likes[:, self.candidates], (len(users), 1)))
            for name, likes in counts.items()
        }

    def _chosen(self, users: np.ndarray, scores: np.ndarray) -> Lists:
        """The best of ``scores`` (users, candidates), in which what a user has had is marked."""
        row, item = self.world.log.seen(users, np.full(len(users), self.now))
        column = np.full(len(self.world.universe.item_ids), -1)
        column[self.candidates] = np.arange(len(self.candidates))
        offered = column[item] >= 0
        scores[row[offered], column[item[offered]]] = -np.inf
        # Candidates ascend by item id, so a stable sort orders equal scores by id.
        order = np.argsort(-scores, axis=1, kind="stable")[:, : self.config.recommend_items]
        found = np.take_along_axis(scores, order, axis=1)
        return np.where(np.isfinite(found), self.candidates[order], -1), found


def _candidates(world: Prepared, now: int, config: RankerConfig) -> np.ndarray:
    count = len(world.universe.item_ids)
    if count <= config.recommend_candidates:
        return np.arange(count)
    events = world.log.events
    recent = events.item[events.ts >= now - config.recent_days * MICROSECONDS_A_DAY]
    busiest = np.lexsort((-world.universe.first_seen, -np.bincount(recent, minlength=count)))
    return np.sort(busiest[: config.recommend_candidates])
