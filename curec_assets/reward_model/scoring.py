"""Score reasons: what their words add to the likelihood of a subject's panel events (DESIGN §3.3).

``reward(r | i) = mean over panel events of log p(y | u, r) - log p(y | u, none)`` in nats, both terms under the same
masks (``inputs.SIDE_VIEW``), the other side's reason "none" in both.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import torch
from torch import Tensor

from curec_assets.configuration.windows import microseconds
from curec_assets.interactions.groups import SIDES, Side
from curec_assets.language_model.encoder import TextEncoder
from curec_assets.reward_model.features import EventFeatures, event_features, readable_events
from curec_assets.reward_model.inputs import SIDE_VIEW, SeenRule, event_inputs, log_likelihood, logits
from curec_assets.reward_model.model_folder import RewardModel, encoder_role, load_reward_model
from curec_assets.reward_model.named import TitleFinder
from curec_assets.reward_model.splits import GOLD, GROUPS, REWARD, Membership, membership

PanelGroup = Literal["reward", "acceptance"]


@dataclass(frozen=True)
class ScoreRequest:
    """Score ``reason`` on the panel of ``subject_id``: the latest events (at or after ``since``, an aware datetime) by
    users (item side) or on items (user side) of ``group``. A reason that is None or empty scores zero."""

    side: Side
    subject_id: str
    reason: str | None
    group: PanelGroup
    since: datetime | None = None


@dataclass(frozen=True, eq=False)
class PanelScore:
    """Gain in log likelihood (nats, float64) per panel event, latest event first, and whose event each is: the users of
    an item's events, the items of a user's."""

    event_ids: tuple[str, ...]
    others: tuple[str, ...]
    values: np.ndarray

    @property
    def mean(self) -> float:
        """The reward: the mean gain, 0.0 on an empty panel."""
        return float(self.values.mean()) if len(self.values) else 0.0

    def pooled(self, prior_events: float) -> float:
        """The mean with ``prior_events`` (> 0) further events of zero gain: thin panels are drawn to zero."""
        return float(self.values.sum() / (len(self.values) + prior_events))


class RewardScorer:
    """Scores reasons with the networks of one reward model; features of the events it was opened on are kept.

    A call's distinct events are read once for all its reasons. Nothing computed is kept between calls, so that a score
    never depends, not even in its last bit, on what was scored before.
    """

    def __init__(self, model: RewardModel, cleaned: pa.Table, encoder: TextEncoder, gold_encoder: TextEncoder) -> None:
        self._model = model
        self._encoders = {"main": encoder, GOLD: gold_encoder}
        for role, given in self._encoders.items():
            if given.name != model.encoders[role]:
                raise ValueError(
                    f"the reward model's {role} encoder is {model.encoders[role]}, but {given.name} was given"
                )
        self._item_index = {item: index for index, item in enumerate(model.item_ids)}
        with torch.no_grad():
            self._tables = {name: network.item_tables(model.space_of(name)) for name, network in model.networks.items()}
        self._titles = TitleFinder(model.titles)
        self._cleaned = readable_events(cleaned)
        self._events = _ScoredEvents(model, self._cleaned)

    @classmethod
    def load(cls, folder: Path, cleaned: pa.Table, encoder: TextEncoder, gold_encoder: TextEncoder) -> "RewardScorer":
        """Open a folder of ``train_reward_model`` on the events of ``cleaned`` (CLEANED_INTERACTIONS).

        Raises:
            ValueError: an encoder is not the one that the model was trained with.
        """
        return cls(load_reward_model(folder), cleaned, encoder, gold_encoder)

    def score(self, requests: Sequence[ScoreRequest], gold: bool = False) -> list[PanelScore]:
        """Panel scores in the order of ``requests``, by models that hold the panel's people out.

        Reward panels: the model of the event's fold, or the gold model. Acceptance panels: the mean over all main
        models.

        Raises:
            ValueError: an acceptance panel was asked of the gold model, which is trained on that group.
        """
        if gold and any(request.group == "acceptance" for request in requests):
            raise ValueError("the gold model is trained on the acceptance group; score later events with score_events")
        panels = [self._panel(self._events, request) for request in requests]
        jobs = [(request.side, request.reason, panel) for request, panel in zip(requests, panels, strict=True)]
        return self._scores(self._events, jobs, gold=gold, later=False)

    def score_events(self, side: Side, pairs: Sequence[tuple[str, str | None]], events: pa.Table) -> list[PanelScore]:
        """Score (subject_id, reason) ``pairs`` on their subjects' ``events``, all later than the model's own data.

        Such events can have been seen by no reason and no model of this window, so people of every group count. Their
        histories are the scorer's events and the earlier ones among ``events``. Scores come from the gold model.

        Raises:
            ValueError: an event is not later than the data that the model was trained on.
        """
        later = readable_events(events)
        own = later["event_id"]
        before = self._cleaned.filter(pc.invert(pc.is_in(self._cleaned["event_id"], value_set=own.combine_chunks())))
        scored = _ScoredEvents(self._model, pa.concat_tables([before, later]))
        given = set(own.to_pylist())
        wanted = np.array([event_id in given for event_id in scored.features.event_ids], dtype=bool)
        if self._model.latest_ts is not None and (scored.features.ts[wanted] <= self._model.latest_ts).any():
            raise ValueError("score_events is for events later than the reward model's data; use score for its panels")
        jobs = []
        for subject, reason in pairs:
            rows = scored.rows_of(side, subject, self._item_index)
            jobs.append((side, reason, rows[wanted[rows]]))
        return self._scores(scored, jobs, gold=True, later=True)

    def _panel(self, scored: "_ScoredEvents", request: ScoreRequest) -> np.ndarray:
        rows = scored.rows_of(request.side, request.subject_id, self._item_index)
        rows = rows[scored.group(request.side)[rows] == GROUPS.index(request.group)]
        if request.since is not None:
            rows = rows[scored.features.ts[rows] >= microseconds(request.since)]
        return rows[: self._model.config.max_panel_events]

    def _scores(
        self, scored: "_ScoredEvents", jobs: Sequence[tuple[Side, str | None, np.ndarray]], gold: bool, later: bool
    ) -> list[PanelScore]:
        lengths = [len(rows) for _, _, rows in jobs]
        ends = np.cumsum([0, *lengths])
        values = np.zeros(ends[-1])
        for side in SIDES:
            mine = [k for k, (job_side, reason, rows) in enumerate(jobs) if job_side == side and reason and len(rows)]
            if not mine:
                continue
            texts = sorted({str(jobs[k][1]) for k in mine})
            place_of = {text: place for place, text in enumerate(texts)}
            rows = np.concatenate([jobs[k][2] for k in mine])
            text = np.concatenate([np.full(lengths[k], place_of[str(jobs[k][1])]) for k in mine])
            slots = np.concatenate([np.arange(ends[k], ends[k + 1]) for k in mine])
            values[slots] = self._gains(scored, side, rows, text, texts, gold, later)
        ids = scored.features.event_ids
        return [
            PanelScore(tuple(ids[row] for row in rows), scored.others(side, rows), values[ends[k] : ends[k + 1]])
            for k, (side, _, rows) in enumerate(jobs)
        ]

    def _gains(
        self,
        scored: "_ScoredEvents",
        side: Side,
        rows: np.ndarray,
        text: np.ndarray,
        texts: list[str],
        gold: bool,
        later: bool,
    ) -> np.ndarray:
        """Gain of each pair (event ``rows[p]``, reason ``texts[text[p]]``): the mean over models that may score it."""
        names = [GOLD] if gold else [name for name in self._model.networks if name != GOLD]
        vectors = torch.from_numpy(self._encoders[encoder_role(names[0])].encode(texts))
        named = self._titles.rows(texts)
        total, models = np.zeros(len(rows)), np.zeros(len(rows))
        for name in names:
            mine = np.flatnonzero(later | scored.may_score(name, side)[rows])
            if len(mine) == 0:
                continue
            distinct, places = np.unique(rows[mine], return_inverse=True)
            written = torch.from_numpy(text[mine])
            total[mine] += self._gains_of(scored, name, side, distinct, places, (vectors[written], named[written]))
            models[mine] += 1
        return total / models

    @torch.no_grad()
    def _gains_of(
        self,
        scored: "_ScoredEvents",
        name: str,
        side: Side,
        rows: np.ndarray,
        places: np.ndarray,
        texts: tuple[Tensor, Tensor],
    ) -> np.ndarray:
        """One network's gains: reason p (``texts`` holds vectors and named titles) on the event ``rows[places[p]]``,
        ``rows`` being distinct."""
        network, tables = self._model.networks[name], self._tables[name]
        inputs = event_inputs(scored.features, rows, SIDE_VIEW[side], scored.rule, len(self._model.item_ids))
        tower = network.tower(tables, inputs)
        label = scored.features.label[rows]

        def log_likelihoods(places: np.ndarray, present: bool, vectors: Tensor, named: Tensor) -> np.ndarray:
            shown, hidden = torch.full((len(places),), present), torch.zeros(len(places), dtype=torch.bool)
            reasons = network.read_reasons(vectors, named, shown if side == "item" else hidden)
            interests = network.read_interests(vectors, named, shown if side == "user" else hidden)
            return log_likelihood(logits(network, tables, tower, places, reasons, interests), label[places])

        nothing = [torch.zeros(len(rows), part.shape[1], dtype=part.dtype) for part in texts]
        none = log_likelihoods(np.arange(len(rows)), False, *nothing)
        return log_likelihoods(places, True, *texts) - none[places]


class _ScoredEvents:
    """Events with features, groups and an index by subject."""

    def __init__(self, model: RewardModel, cleaned: pa.Table) -> None:
        config = model.config
        self.features: EventFeatures = event_features(cleaned, model.item_ids, config.history_length, config.rate_prior)
        self.rule = SeenRule.of(self.features.user_ids, model.item_ids)
        self._members: Membership = membership(self.features, model.item_ids, config.folds)
        self._item_ids = model.item_ids
        self._user_index = {user: index for index, user in enumerate(self.features.user_ids)}
        keys: dict[Side, np.ndarray] = {"item": self.features.item, "user": self.features.user}
        # Latest first; events of one instant by event id, so that a capped panel is the same whatever the row order.
        self._latest_first = {side: np.argsort(key, kind="stable") for side, key in keys.items()}
        self._sorted_keys = {side: key[self._latest_first[side]] for side, key in keys.items()}

    def rows_of(self, side: Side, subject: str, item_index: dict[str, int]) -> np.ndarray:
        """Rows of a subject's events, latest first; empty for a subject unknown to the model or without events."""
        index = (item_index if side == "item" else self._user_index).get(subject)
        if index is None:
            return np.zeros(0, dtype=np.int64)
        start, end = np.searchsorted(self._sorted_keys[side], [index, index + 1])
        return self._latest_first[side][start:end][::-1]

    def others(self, side: Side, rows: np.ndarray) -> tuple[str, ...]:
        """Ids of who meets the subject of this side in the events ``rows``."""
        if side == "item":
            return tuple(self.features.user_ids[user] for user in self.features.user[rows])
        return tuple(self._item_ids[item] for item in self.features.item[rows])

    def group(self, side: Side) -> np.ndarray:
        """The group (index into GROUPS) that decides an event's panel on this side."""
        return self._members.user_group if side == "item" else self._members.item_group

    def may_score(self, model: str, side: Side) -> np.ndarray:
        """Which events ``model`` may score: those whose user (or item) it was not trained on."""
        if model == GOLD:
            return self.group(side) == REWARD
        fold = self._members.user_fold if side == "item" else self._members.item_fold
        return (self.group(side) != REWARD) | (fold == int(model.removeprefix("fold")))
