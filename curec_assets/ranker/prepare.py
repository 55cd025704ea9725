"""From tables to what rankers are handed: the universe, the event log and what each arm knows, as of a moment."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pyarrow as pa
import torch

from curec_assets.language_model.encoder import TextEncoder
from curec_assets.ranker.backbone import Knowledge
from curec_assets.ranker.config import ArmName
from curec_assets.ranker.events import EventLog, events_before
from curec_assets.ranker.timelines import NO_TEXT, ReasonBook
from curec_assets.ranker.universe import Universe, build_universe
from curec_assets.ranker.versions import join_versions


@dataclass(frozen=True)
class Prepared:
    """Everything that all arms of one call share; ``good`` holds the events before ``end`` in the log's order."""

    good: pa.Table
    universe: Universe
    log: EventLog
    book: ReasonBook

    def knowledge(self, arm: ArmName, starts: np.ndarray, seed: int) -> Knowledge:
        """What ``arm`` knows at each of the window ``starts``."""
        universe = self.universe
        text = arm not in NO_TEXT
        return Knowledge(
            items=join_versions(
                self.book.timeline(arm, "item", seed),
                self.book.vectors,
                universe.item_rows,
                universe.metadata if text else None,
                starts,
            ),
            # Data sets hold no metadata of users: their only text is the reason.
            users=join_versions(
                self.book.timeline(arm, "user", seed), self.book.vectors, universe.user_rows, None, starts
            ),
            log=self.log,
            first_seen=torch.from_numpy(universe.first_seen),
            co_liked=torch.from_numpy(self.log.co_liked(starts)),
        )


def prepare(
    cleaned: pa.Table,
    items: pa.Table,
    evidence: pa.Table,
    reason_embeddings: pa.Table,
    encoder: TextEncoder,
    end: datetime,
    item_vocabulary: Sequence[str],
    user_vocabulary: Sequence[str],
) -> Prepared:
    """Reads rows before ``end`` alone; whatever lies later in the tables changes nothing."""
    good = events_before(cleaned, end)
    universe = build_universe(good, items, end, encoder, item_vocabulary, user_vocabulary)
    log = EventLog(universe.events(good), len(universe.user_ids), len(universe.item_ids))
    return Prepared(good, universe, log, ReasonBook(universe, evidence, reason_embeddings, encoder, end))
