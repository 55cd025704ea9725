"""What any backbone must do to stand in for another: subclass ``RankerConformance`` and name it."""

from dataclasses import replace
from typing import ClassVar

import numpy as np
import pytest
import torch

from curec_assets.configuration.windows import microseconds
from curec_assets.ranker.backbone import Examples, Knowledge, Ranker, Shape, make_examples, make_queries
from curec_assets.ranker.config import ArmName, BackboneName
from curec_assets.ranker.folder import new_ranker
from curec_assets.ranker.prepare import Prepared, prepare
from curec_assets.ranker.removal import with_reason
from curec_assets.ranker.versions import window_starts
from tests.ranker.ranker_world import DIMENSION, ENCODER, TINY, WINDOWS, RankerWorld, make_world

STARTS = window_starts([microseconds(window.start) for window in WINDOWS])


JUDGED = (45, 65, 95)
"""Places of events in their order, one a window from February on: what lies at or after each is poisoned."""


def prepared(world: RankerWorld) -> Prepared:
    """What rankers are handed of ``world``; half of the ids are outside the vocabulary."""
    items, users = [f"i{n:02d}" for n in range(0, 16, 2)], [f"u{n:02d}" for n in range(0, 10, 2)]
    return prepare(world.cleaned, world.items, world.evidence, world.reasons, ENCODER, WINDOWS[-1].end, items, users)


class RankerConformance:
    """Promises of the protocol ``Ranker``."""

    backbone: ClassVar[BackboneName]

    @pytest.fixture(scope="class")
    def world(self) -> Prepared:
        return prepared(make_world(users=10, items=16, events=300))

    @pytest.fixture(scope="class")
    def knowledge(self, world: Prepared) -> Knowledge:
        return world.knowledge("corrected_reasons", STARTS, 0)

    @pytest.fixture(scope="class")
    def examples(self, world: Prepared) -> Examples:
        return make_examples(world.log, world.log.events, STARTS, TINY.history_events)

    def model(self, seed: int = 3) -> Ranker:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return new_ranker(self.backbone, Shape(8, 5, DIMENSION), TINY)

    def fitted(self, knowledge: Knowledge, examples: Examples, epochs: int = 2) -> tuple[Ranker, list[float]]:
        model = self.model()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(4)
            config = TINY.model_copy(update={"epochs": epochs, "sasrec_epochs": epochs})
            losses = model.fit(knowledge, examples, config, lambda *_: None)
        return model, losses

    def everything(self, knowledge: Knowledge, rows: int) -> torch.Tensor:
        return torch.arange(len(knowledge.first_seen)).expand(rows, -1)

    def test_scores_are_finite_for_known_and_unknown_ids(self, knowledge: Knowledge, examples: Examples) -> None:
        model, losses = self.fitted(knowledge, examples)
        scores = model.score(knowledge, examples.queries, self.everything(knowledge, len(examples)))
        assert scores.shape == (len(examples), len(knowledge.first_seen))
        assert scores.dtype == torch.float32
        assert torch.isfinite(scores).all()
        assert len(losses) == 2
        assert np.isfinite(losses).all()

    def test_training_lowers_the_loss(self, knowledge: Knowledge, examples: Examples) -> None:
        _, losses = self.fitted(knowledge, examples, epochs=8)
        assert losses[-1] < losses[0]

    def test_same_seed_gives_the_same_weights_bit_by_bit(self, knowledge: Knowledge, examples: Examples) -> None:
        first, second = (self.fitted(knowledge, examples)[0].state_dict() for _ in range(2))
        assert all(torch.equal(first[name], second[name]) for name in first)

    def test_a_score_depends_on_neither_other_queries_nor_other_candidates(
        self, knowledge: Knowledge, examples: Examples
    ) -> None:
        model, _ = self.fitted(knowledge, examples)
        every = self.everything(knowledge, len(examples))
        together = model.score(knowledge, examples.queries, every)
        rows = torch.tensor([5, 40])
        alone = model.score(knowledge, examples.queries.rows(rows), every[rows][:, 3:5])
        assert torch.allclose(alone, together[rows][:, 3:5], atol=1e-5)

    @pytest.mark.parametrize("arm", ["id_only", "evidence_text", "corrected_reasons"])
    def test_the_whole_catalogue_scores_as_its_items_do_one_by_one(
        self, world: Prepared, examples: Examples, arm: ArmName
    ) -> None:
        knowledge = world.knowledge(arm, STARTS, 0)
        model, _ = self.fitted(knowledge, examples)
        whole = model.score_catalogue(knowledge, examples.queries)
        plain = [
            model.score(knowledge, examples.queries, torch.full((len(examples), 1), item))
            for item in range(len(knowledge.first_seen))
        ]
        assert torch.allclose(whole, torch.cat(plain, dim=1), atol=1e-5)

    def test_scoring_draws_no_random_numbers(self, knowledge: Knowledge, examples: Examples) -> None:
        model, _ = self.fitted(knowledge, examples)
        every = self.everything(knowledge, len(examples))
        first, second = (model.score(knowledge, examples.queries, every) for _ in range(2))
        assert torch.equal(first, second)

    def test_attention_is_a_distribution_over_the_events_present(
        self, knowledge: Knowledge, examples: Examples
    ) -> None:
        model, _ = self.fitted(knowledge, examples)
        weights = model.attention(knowledge, examples.queries, examples.item[:, None])
        present = examples.queries.present
        assert weights.shape == (len(examples), 1, present.shape[1])
        assert (weights >= 0).all()
        assert not weights[:, 0][~present].any()
        assert torch.allclose(weights.sum(dim=2)[:, 0], present.any(dim=1).float(), atol=1e-5)

    @pytest.mark.parametrize("number", JUDGED)
    def test_nothing_that_lies_at_or_after_an_event_moves_what_is_made_of_those_before(
        self, world: Prepared, number: int
    ) -> None:
        moment = int(world.log.events.ts[number])
        poisoned = prepared(make_world(users=10, items=16, events=300).poisoned_from(moment))
        assert poisoned.universe.item_ids == world.universe.item_ids
        assert poisoned.universe.user_ids == world.universe.user_ids
        before = world.log.events.at(world.log.events.ts < moment)
        assert 0 < len(before) < len(world.log.events)
        # The events of the moment itself are judged too: they may be known by what lies strictly before it alone.
        judged = world.log.events.at(world.log.events.ts <= moment)
        made = []
        for one in (world, poisoned):
            knowledge = one.knowledge("corrected_reasons", STARTS, 0)
            model, losses = self.fitted(knowledge, make_examples(one.log, before, STARTS, TINY.history_events))
            queries = make_queries(one.log, judged.user, judged.ts, STARTS, TINY.history_events)
            every = self.everything(knowledge, len(judged))
            shown = {
                "score": model.score(knowledge, queries, every),
                "whole catalogue": model.score_catalogue(knowledge, queries),
                "attention": model.attention(knowledge, queries, every),
                **model.state_dict(),
            }
            made.append((shown, losses))
        (clean, losses), (other, other_losses) = made
        assert losses == pytest.approx(other_losses, abs=1e-5)
        for name, value in clean.items():
            assert torch.allclose(value, other[name], atol=1e-5), name

    def test_the_order_of_tied_events_does_not_matter(self, knowledge: Knowledge, examples: Examples) -> None:
        model, _ = self.fitted(knowledge, examples)
        queries = examples.queries.rows(torch.nonzero(examples.queries.present.all(dim=1))[:4, 0])
        tied = {"history_age": torch.zeros_like(queries.history_age)}
        flipped = {name: getattr(queries, name).flip(1) for name in ("history", "history_label", "present")}
        every = self.everything(knowledge, len(queries))
        straight = type(queries)(**(vars(queries) | tied))
        turned = type(queries)(**(vars(queries) | tied | flipped))
        assert torch.allclose(model.score(knowledge, straight, every), model.score(knowledge, turned, every), atol=1e-5)

    def test_an_item_nobody_has_touched_is_ranked_by_its_reason(
        self, knowledge: Knowledge, examples: Examples, world: Prepared
    ) -> None:
        model, _ = self.fitted(knowledge, examples)
        # Both are outside the vocabulary; from February on their reasons name different crowds.
        strangers = torch.from_numpy(world.universe.positions("item", ["i01", "i03"]))
        met = (examples.queries.history[:, :, None] == strangers).any(dim=2) & examples.queries.present
        late = torch.nonzero((examples.queries.window == 4) & ~met.any(dim=1))[:, 0]
        assert len(late)
        # Nothing else changes: in the histories of these queries neither stands.
        bare = knowledge.items
        for stranger in strangers.tolist():
            bare = with_reason(bare, stranger)
        asked = examples.queries.rows(late), strangers.expand(len(late), -1)
        informed, blind = (model.score(known, *asked) for known in (knowledge, replace(knowledge, items=bare)))
        assert ((informed - blind).abs().amax(dim=0) > 1e-4).all()

    def test_no_examples_leave_the_model_as_it_was(self, knowledge: Knowledge, examples: Examples) -> None:
        none = torch.zeros(0, dtype=torch.int64)
        empty = Examples(examples.queries.rows(none), examples.item[none], examples.label[none])
        model, losses = self.fitted(knowledge, empty)
        fresh = self.model().state_dict()
        assert losses == []
        assert all(torch.equal(value, fresh[name]) for name, value in model.state_dict().items())
