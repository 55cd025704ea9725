"""Prequential evaluation: models trained before a window are judged on its events (DESIGN §3.6)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import torch

from curec_assets.configuration.windows import Window, microseconds
from curec_assets.interactions.negatives import with_sampled_negatives
from curec_assets.lake.schemas import EVALUATIONS
from curec_assets.language_model.encoder import TextEncoder
from curec_assets.progress import Progress, silent
from curec_assets.ranker.backbone import Knowledge, Queries, Ranker, Task, make_queries
from curec_assets.ranker.bootstrap import draw
from curec_assets.ranker.config import ArmName, BackboneName, RankerConfig, UserGroupConfig
from curec_assets.ranker.events import Events, events_before
from curec_assets.ranker.folder import BACKBONES, RankerFolder, load_model, open_folder
from curec_assets.ranker.groups import Groups, compared_groups, user_groups
from curec_assets.ranker.judge import Judge, Replicates
from curec_assets.ranker.metrics import target_ranks
from curec_assets.ranker.popularity import BASELINES, Baseline, popularity_of_catalogue, popularity_of_items
from curec_assets.ranker.prepare import Prepared, prepare
from curec_assets.ranker.slices import GAPS, slice_rows
from curec_assets.ranker.versions import window_starts

BATCH = 2048
TEXTLESS_ARM: ArmName = "id_only"
"""The arm that reads no text. Beside the arm that is served it tells whether a gap is the reasons' doing."""
TOP_K_BATCH = 512
"""Queries scored at once; top-K scores the whole catalogue for each."""


def evaluate_ranker(
    folder: Path,
    cleaned: pa.Table,
    items: pa.Table,
    evidence: pa.Table,
    reason_embeddings: pa.Table,
    users: pa.Table,
    encoder: TextEncoder,
    window: Window,
    config: RankerConfig,
    grouping: UserGroupConfig,
    seed: int,
    progress: Progress = silent,
    *,
    implicit: bool = False,
) -> pa.Table:
    """Judges the rankers in ``folder``, trained before ``window``, on the window's events.

    Rows (schema EVALUATIONS, ``subject`` is ``ranker`` or, of those after the next list, ``ranker_groups``):

    - ``din``: ``auc``, ``group_auc`` and ``log_loss`` (nats) over all events of the window;
    - ``sasrec``: ``hr@k``, ``ndcg@k`` and ``mrr`` over liked events on items the user had not had, ranked among all
      items first seen by the event that the user has not had;
    - ``item_reason_share`` and ``user_reason_share``: share of those events whose item or user has a reason;
    - arms ``popularity`` and ``recent_popularity`` beside each backbone (no ``log_loss``: counts are no probabilities);
    - contrasts, arm ``a − b``: the paired difference of ``auc`` or of ``ndcg`` at the first cut-off, with an interval
      corrected for the number of primary contrasts. Slice ``all`` is primary, the other slices are exploratory;
      ``id_only`` less either baseline stands beside them, its interval not corrected.

    Of groups (DESIGN §3.7), for ``auc``, ``log_loss`` and ``ndcg@k``, with intervals of their own, not corrected:

    - ``<measure>_gap``, slice ``a − b``: the difference of an arm's measure between new and returning users, and
      between items that few and that many know;
    - of each group of users that ``users`` tell of, the measure, and ``<measure>_gap`` in slice ``<group> − others``:
      the difference to all other users of whom the attribute is told. Both for the arm that is served and for
      ``id_only``, which shows what the gap is without any text; nine arms would multiply comparisons and cost;
    - ``user_groups_left_out``, slice an attribute: how many of its groups were too small to be compared.

    Values are means over seeds; intervals come from a joint bootstrap of users and seeds, paired over arms. A measure
    that a slice cannot have (no events, one class) has null values; ``n`` counts the slice's events.

    Args:
        folder: ``train_ranker``'s output for the window before.
        cleaned, items, reason_embeddings: all windows up to and with ``window``; an event's history may hold earlier
            events of the window, its reasons were valid before the window.
        evidence: windows before ``window`` suffice.
        users: USERS; rows first seen at or after the window's end play no part.
        grouping: what makes a group of users.
        config: how to judge and which arms; architecture is read from the folder.
        seed: of the bootstrap, and of the negatives of ``implicit`` data.

    Raises:
        ValueError: ``encoder`` is not the one the folder was trained with, or of another dimension than the reasons.
    """
    shared = open_folder(folder, encoder.name)
    world = prepare(cleaned, items, evidence, reason_embeddings, encoder, window.end, shared.items, shared.users)
    groups = user_groups(users, window.end, grouping)
    trial = Trial(folder, shared, world, window, config, seed, implicit, groups, grouping)
    rows: list[dict[str, Any]] = []
    for done, backbone in enumerate(config.backbones):
        progress("judge", done, len(config.backbones))
        rows += trial.judge(backbone)
    progress("judge", len(config.backbones), len(config.backbones))
    return pa.Table.from_pylist(rows, schema=EVALUATIONS)


@dataclass(frozen=True)
class Trial:
    """The rankers of ``folder`` before the events of ``window``; ``world`` reaches to the window's end."""

    folder: Path
    shared: RankerFolder
    world: Prepared
    window: Window
    config: RankerConfig
    seed: int
    implicit: bool
    groups: Groups = field(default_factory=dict)
    grouping: UserGroupConfig = field(default_factory=UserGroupConfig)

    @property
    def start(self) -> int:
        """Start of the window in microseconds."""
        return microseconds(self.window.start)

    def judge(self, backbone: BackboneName) -> list[dict[str, Any]]:
        """Rows of EVALUATIONS of all arms, baselines and contrasts of one backbone."""
        task = BACKBONES[backbone].task
        events = self.test_events(task)
        judge = self.judge_of(backbone, events)
        queries = self._queries(events)
        compared = compared_groups(self.groups, self._names(events), judge.user, self.grouping)
        rows: list[dict[str, Any]] = judge.left_out(compared)
        replicates: dict[str, Replicates] = {}
        for arm in self.config.arms:
            knowledge = self._knowledge(arm)
            outcomes = self.outcomes(backbone, arm, events)
            replicates[arm] = judge.replicates(outcomes)
            rows += judge.rows(arm, replicates[arm]) + judge.gaps(arm, replicates[arm], GAPS)
            if arm in (self.config.recommend_arm, TEXTLESS_ARM):
                rows += judge.group_gaps(arm, outcomes, compared.values())
            rows += judge.rows(arm, judge.shares(_covered(knowledge, queries, events)))
        for name, outcome in self._baselines(task, events).items():
            replicates[name] = judge.replicates([outcome])
            # Counts of likes are no probabilities.
            known = {key: value for key, value in replicates[name].items() if key[0] != "log_loss"}
            rows += judge.rows(name, known) + judge.gaps(name, known, GAPS)
        return rows + judge.contrasts(replicates)

    def judge_of(self, backbone: BackboneName, events: Events) -> Judge:
        """What measures any outcome on ``events``; all outcomes it is given share its draws."""
        users, user = np.unique(events.user, return_inverse=True)
        return Judge(
            backbone=backbone,
            task=BACKBONES[backbone].task,
            label=events.label,
            user=user,
            slices=slice_rows(self.world.log, events, self.start),
            draws=draw(len(users), len(self.config.seeds), self.config.bootstrap_samples, self.seed),
            config=self.config,
        )

    def _names(self, events: Events) -> list[str]:
        """The users of ``events`` by id, each once, in the order of their positions."""
        return [self.world.universe.user_ids[user] for user in np.unique(events.user).tolist()]

    def outcomes(self, backbone: BackboneName, arm: ArmName, events: Events) -> list[np.ndarray]:
        """One (n,) a seed: logits (``ctr``) or ranks of the target among what it may be ranked with (``next_item``)."""
        knowledge, queries = self._knowledge(arm), self._queries(events)
        measure = _logits if BACKBONES[backbone].task == "ctr" else self._ranks
        models = [load_model(self.folder, self.shared, backbone, arm, number) for number in self.config.seeds]
        return [measure(model, knowledge, queries, events) for model in models]

    def test_events(self, task: Task) -> Events:
        """The window's events (``ctr``), or its likes of items that the user had not had (``next_item``)."""
        universe, log = self.world.universe, self.world.log
        if task == "ctr" and self.implicit:
            shown = with_sampled_negatives(self.world.good, self.config.negatives_per_positive, self.seed)
            events = universe.events(events_before(shown, self.window.end))
        else:
            events = log.events
        events = events.at(events.ts >= self.start)
        if task == "ctr":
            return events
        had = np.zeros(len(events), dtype=bool)
        query, seen = log.seen(events.user, events.ts)
        had[query[seen == events.item[query]]] = True
        return events.at((events.label > 0) & ~had)

    def _queries(self, events: Events) -> Queries:
        length = self.shared.config.history_events
        return make_queries(self.world.log, events.user, events.ts, window_starts([self.start]), length)

    def _knowledge(self, arm: ArmName) -> Knowledge:
        return self.world.knowledge(arm, window_starts([self.start]), self.shared.seed)

    def _ranks(self, model: Ranker, knowledge: Knowledge, queries: Queries, events: Events) -> np.ndarray:
        found = [np.zeros(0)]
        for rows in _batches(len(events), TOP_K_BATCH):
            scores = model.score_catalogue(knowledge, queries.rows(rows)).numpy()
            found.append(target_ranks(scores, events.item[rows], self.allowed(events.at(rows))))
        return np.concatenate(found)

    def allowed(self, events: Events) -> np.ndarray:
        """What each event's item is ranked among, bool (n, items): first seen by then, and not had by the user."""
        allowed = self.world.universe.first_seen[None] <= events.ts[:, None]
        allowed[self.world.log.seen(events.user, events.ts)] = False
        return allowed

    def _baselines(self, task: Task, events: Events) -> Mapping[Baseline, np.ndarray]:
        log, days = self.world.log, self.config.recent_days
        if task == "ctr":
            return popularity_of_items(log, events.item, events.ts, days)
        found: dict[Baseline, list[np.ndarray]] = {name: [np.zeros(0)] for name in BASELINES}
        for rows in _batches(len(events), TOP_K_BATCH):
            part = events.at(rows)
            allowed = self.allowed(part)
            for name, counts in popularity_of_catalogue(log, part.ts, days).items():
                found[name].append(target_ranks(counts, part.item, allowed))
        return {name: np.concatenate(ranks) for name, ranks in found.items()}


def _logits(model: Ranker, knowledge: Knowledge, queries: Queries, events: Events) -> np.ndarray:
    item = torch.from_numpy(events.item)[:, None]
    parts = [
        model.score(knowledge, queries.rows(rows), item[rows])[:, 0].numpy() for rows in _batches(len(events), BATCH)
    ]
    return np.concatenate([np.zeros(0), *parts])


def _covered(knowledge: Knowledge, queries: Queries, events: Events) -> dict[str, np.ndarray]:
    item = knowledge.items.met(torch.from_numpy(events.item), queries.window, queries.ts)
    user = knowledge.users.met(queries.user, queries.window, queries.ts)
    return {
        "item_reason_share": (knowledge.items.reason_row[item] > 0).double().numpy(),
        "user_reason_share": (knowledge.users.reason_row[user] > 0).double().numpy(),
    }


def _batches(count: int, size: int) -> list[slice]:
    return [slice(start, start + size) for start in range(0, count, size)]
