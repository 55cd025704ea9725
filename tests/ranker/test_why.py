"""What a recommendation names is what moved its score, and the measure of that is right where the truth is known."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from curec_assets.configuration.windows import microseconds
from curec_assets.lake.schemas import EVALUATIONS
from curec_assets.progress import Progress
from curec_assets.ranker.backbone import Examples, Knowledge, Queries, Task, make_queries
from curec_assets.ranker.config import RankerConfig
from curec_assets.ranker.faithfulness import measure_faithfulness
from curec_assets.ranker.prepare import prepare
from curec_assets.ranker.versions import window_starts
from curec_assets.ranker.why import interest_rows, measure_drops, named_items, reason_rows
from tests.ranker.ranker_world import ENCODER, TINY, WINDOWS, make_world

WORLD = make_world()
NOW = microseconds(WINDOWS[2].end)
STARTS = window_starts([NOW])
PREPARED = prepare(WORLD.cleaned, WORLD.items, WORLD.evidence, WORLD.reasons, ENCODER, WINDOWS[2].end, [], [])
KNOWN = PREPARED.knowledge("corrected_reasons", STARTS, 0)
ITEMS, USERS = len(PREPARED.universe.item_ids), np.arange(len(PREPARED.universe.user_ids))
QUERIES = make_queries(PREPARED.log, USERS, np.full(len(USERS), NOW), STARTS, 8)
CONFIG = TINY.model_copy(update={"because_items": 2, "bootstrap_samples": 200})
Rows = Mapping[str, Mapping[str, Any]]


def offered(count: int = 3) -> Tensor:
    """The first items each user has not had, -1 where there are fewer."""
    row, item = PREPARED.log.seen(USERS, np.full(len(USERS), NOW))
    had = np.zeros((len(USERS), ITEMS), dtype=bool)
    had[row, item] = True
    lists = [[*np.flatnonzero(~mine)[:count], *[-1] * count][:count] for mine in had]
    return torch.tensor(np.array(lists))


OFFERED = offered()
LIKED = QUERIES.present & (QUERIES.history_label > 0)


class Additive:
    """A ranker whose truth is known: each liked event of the history adds what it is worth to the candidate, a text
    adds what it is worth to whom it speaks of. It looks at events by ``looks``, whatever they are worth."""

    task: Task = "ctr"

    def __init__(
        self,
        event: Callable[[Tensor, Tensor], Tensor] = lambda candidate, item: torch.zeros(()),
        reason: Callable[[Tensor, Tensor], Tensor] = lambda candidate, row: torch.zeros(()),
        interest: Callable[[Tensor, Tensor], Tensor] = lambda user, row: torch.zeros(()),
        looks: Callable[[Tensor, Tensor], Tensor] = lambda candidate, item: torch.ones(()),
    ) -> None:
        self.event, self.reason, self.interest, self.looks = event, reason, interest, looks

    def fit(self, knowledge: Knowledge, examples: Examples, config: RankerConfig, progress: Progress) -> list[float]:
        raise NotImplementedError

    def score(self, knowledge: Knowledge, queries: Queries, items: Tensor) -> Tensor:
        liked = queries.present & (queries.history_label > 0)
        of_events = self.event(items[:, :, None], queries.history[:, None]) * liked[:, None]
        of_reason = self.reason(items, reason_rows(knowledge, queries, items))
        of_interest = self.interest(queries.user, interest_rows(knowledge, queries))
        return of_events.sum(dim=2) + of_reason + of_interest.expand(len(queries))[:, None]

    def score_catalogue(self, knowledge: Knowledge, queries: Queries) -> Tensor:
        return self.score(knowledge, queries, torch.arange(ITEMS).expand(len(queries), -1))

    def attention(self, knowledge: Knowledge, queries: Queries, items: Tensor) -> Tensor:
        looks = self.looks(items[:, :, None], queries.history[:, None]) * queries.present[:, None]
        return looks / looks.sum(dim=2, keepdim=True).clamp_min(1e-9)

    def state_dict(self) -> dict[str, Tensor]:
        return {}

    def load_state_dict(self, state_dict: dict[str, Tensor]) -> object:
        return None


WORTH = torch.from_numpy(np.random.default_rng(2).exponential(1.0, (ITEMS, ITEMS)).astype(np.float32))
OWN_REASON = reason_rows(KNOWN, QUERIES, torch.arange(ITEMS).expand(len(USERS), -1))[0]
OWN_INTEREST = interest_rows(KNOWN, QUERIES)


def worth(candidate: Tensor, item: Tensor) -> Tensor:
    return WORTH[candidate, item]


def faithfulness(model: Additive, items: Tensor = OFFERED, config: RankerConfig = CONFIG) -> Rows:
    rows = measure_faithfulness(model, KNOWN, QUERIES, items, config, seed=5)
    assert all(set(row) == set(EVALUATIONS.names) for row in rows)
    assert {(row["subject"], row["metric"], row["slice"]) for row in rows} == {("recommendations", "score_drop", "all")}
    return {row["arm"]: row for row in rows}


def test_a_drop_is_what_the_part_was_worth() -> None:
    def text(subject: Tensor, row: Tensor) -> Tensor:
        return 0.5 * (row > 0) + 0.01 * subject * (row > 0)

    drops = measure_drops(Additive(worth, text, text), KNOWN, QUERIES, OFFERED)
    given = OFFERED >= 0
    assert given.any()
    assert (OWN_REASON > 0).all()
    # Each item of this world stands once in a history.
    expected = WORTH[OFFERED.clamp(min=0)[:, :, None], QUERIES.history[:, None]] * LIKED[:, None] * given[:, :, None]
    assert torch.allclose(drops.history, expected, atol=1e-4)
    assert torch.allclose(drops.reason, (0.5 + 0.01 * OFFERED) * given, atol=1e-4)
    assert torch.allclose(drops.interest, (0.5 + 0.01 * QUERIES.user)[:, None] * given, atol=1e-4)


def test_an_item_that_was_liked_twice_is_taken_away_whole_and_told_once() -> None:
    row = int(torch.nonzero(LIKED[:, -2:].all(dim=1))[0, 0])
    twice = QUERIES.rows(torch.tensor([row]))
    twice.history[0, -2] = twice.history[0, -1]
    drops = measure_drops(Additive(worth), KNOWN, twice, OFFERED[row : row + 1]).history[0]
    item = int(twice.history[0, -1])
    assert torch.allclose(drops[:, -1], 2 * WORTH[OFFERED[row], item], atol=1e-4)
    assert not drops[:, -2].any()
    (best, total), *_ = named_items([item, item, 1], [True, True, False], drops[0, [-2, -1, 0]].tolist(), 0.0, 3)
    assert (best, total) == (item, pytest.approx(float(2 * WORTH[OFFERED[row, 0], item]), abs=1e-4))


def test_what_is_named_is_worth_more_than_what_is_drawn() -> None:
    found = faithfulness(Additive(worth, looks=worth))
    by_user = []
    for row in range(len(USERS)):
        mine = QUERIES.history[row][LIKED[row]]
        if len(mine) > 1:
            # One liked item is left over.
            taken = min(2, len(mine) - 1)
            values = [WORTH[item, mine].topk(taken).values.sum() for item in OFFERED[row] if item >= 0]
            by_user.append(float(torch.stack(values).mean()) if values else None)
    expected = [value for value in by_user if value is not None]
    assert len(expected) > 10
    for arm in ("why", "attention"):
        assert found[arm]["value"] == pytest.approx(np.mean(expected), abs=1e-3)
        assert found[arm]["n"] == len(expected)
        assert found[f"{arm} − random"]["ci_low"] > 0
    # Worth is exponential with mean 1, two items are drawn of a handful.
    assert found["why"]["value"] - found["why − random"]["value"] == pytest.approx(2.0, abs=0.4)


def test_attention_that_looks_elsewhere_is_found_out() -> None:
    found = faithfulness(Additive(worth, looks=lambda candidate, item: torch.exp(-WORTH[candidate, item])))
    assert found["attention − random"]["ci_high"] < 0
    assert found["why − random"]["ci_low"] > 0


def test_a_ranker_that_ignores_history_shows_no_drop() -> None:
    found = faithfulness(Additive(looks=worth))
    assert found["attention"]["n"] > 10
    for arm in ("attention", "attention − random"):
        assert (found[arm]["value"], found[arm]["ci_low"], found[arm]["ci_high"]) == (0.0, 0.0, 0.0)
    assert (found["why"]["value"], found["why"]["n"]) == (None, 0)


def test_where_all_history_is_worth_the_same_naming_is_no_better_than_drawing() -> None:
    found = faithfulness(Additive(lambda candidate, item: torch.ones(())))
    assert 1.0 <= found["why"]["value"] <= 2.0
    assert found["why − random"]["value"] == pytest.approx(0.0, abs=1e-6)


def test_the_own_words_count_only_beyond_what_any_words_would_do() -> None:
    def own(subject: Tensor, row: Tensor) -> Tensor:
        return (row == OWN_REASON[subject]).float()

    def own_interest(subject: Tensor, row: Tensor) -> Tensor:
        return (row == OWN_INTEREST[subject]).float()

    def any_words(subject: Tensor, row: Tensor) -> Tensor:
        return (row > 0).float()

    read, vague = faithfulness(Additive(reason=own, interest=own_interest)), faithfulness(Additive(reason=any_words))
    for arm, control in (("reason", "shuffled_reason"), ("interest", "shuffled_interest")):
        assert read[arm]["value"] == pytest.approx(1.0)
        assert read[f"{arm} − {control}"]["value"] == pytest.approx(1.0)
        assert read[arm]["n"] == len(USERS)
    assert vague["reason"]["value"] == pytest.approx(1.0)
    assert vague["reason − shuffled_reason"]["value"] == pytest.approx(0.0)
    assert vague["interest"]["value"] == pytest.approx(0.0)


def test_without_recommendations_every_arm_is_null_and_counts_nobody() -> None:
    found = faithfulness(Additive(worth, looks=worth), torch.full_like(OFFERED, -1))
    assert {(row["value"], row["n"]) for row in found.values()} == {(None, 0)}
