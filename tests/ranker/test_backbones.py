"""Both backbones keep the promises of the protocol."""

from dataclasses import replace
from typing import ClassVar

import numpy as np
import pytest
import torch
from torch import Tensor

from curec_assets.progress import Progress
from curec_assets.ranker.backbone import Examples, Knowledge, Queries, Shape, batches_of
from curec_assets.ranker.config import ArmName, BackboneName, RankerConfig
from curec_assets.ranker.din import DIN
from curec_assets.ranker.events import MICROSECONDS_A_DAY
from curec_assets.ranker.prepare import Prepared
from curec_assets.ranker.sasrec import Attention, SASRec, _Asked, _drawn
from curec_assets.ranker.trends import Trends
from tests.ranker.ranker_conformance import JUDGED, STARTS, RankerConformance, prepared
from tests.ranker.ranker_world import DIMENSION, TINY, make_world


class TestDIN(RankerConformance):
    backbone: ClassVar[BackboneName] = "din"


class ReadsTheWholeLog(DIN):
    """Scores an item by what everybody came to think of it, whenever that was."""

    def score(self, knowledge: Knowledge, queries: Queries, items: Tensor) -> Tensor:
        told = knowledge.log.item_events(items.numpy(), np.array(np.iinfo(np.int64).max))[1]
        return super().score(knowledge, queries, items) + torch.from_numpy(told).float()


class LearnsFromTheWholeLog(DIN):
    """Begins its training with the like rate of all events, those after its examples among them."""

    def fit(self, knowledge: Knowledge, examples: Examples, config: RankerConfig, progress: Progress) -> list[float]:
        with torch.no_grad():
            next(iter(self.parameters())).add_(float(knowledge.log.events.label.mean()))
        return super().fit(knowledge, examples, config, progress)


class LooksAtTheNextWindow(DIN):
    """Reads where items stand at the end of the window that an event lies in."""

    def score(self, knowledge: Knowledge, queries: Queries, items: Tensor) -> Tensor:
        after = torch.clamp(queries.window + 1, max=len(knowledge.co_liked) - 1)
        return super().score(knowledge, replace(queries, window=after), items)


@pytest.mark.parametrize("cheat", [ReadsTheWholeLog, LearnsFromTheWholeLog, LooksAtTheNextWindow])
def test_the_suite_catches_a_backbone_that_reads_what_comes_later(cheat: type[DIN]) -> None:
    class Suite(RankerConformance):
        backbone: ClassVar[BackboneName] = "din"

        def model(self, seed: int = 3) -> DIN:
            honest = super().model(seed)
            cheating = cheat(Shape(8, 5, DIMENSION), TINY)
            cheating.load_state_dict(honest.state_dict())
            return cheating

    world = prepared(make_world(users=10, items=16, events=300))
    with pytest.raises(AssertionError):
        Suite().test_nothing_that_lies_at_or_after_an_event_moves_what_is_made_of_those_before(world, JUDGED[1])


class TestSASRec(RankerConformance):
    backbone: ClassVar[BackboneName] = "sasrec"

    def model(self, seed: int = 3) -> SASRec:
        model = super().model(seed)
        assert isinstance(model, SASRec)
        return model

    def test_the_sampled_softmax_trains_on_large_catalogues(self, knowledge: Knowledge, examples: Examples) -> None:
        model = self.model()
        large = TINY.model_copy(update={"sasrec_epochs": 8, "softmax_items": 4, "softmax_negatives": 6})
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(4)
            losses = model.fit(knowledge, examples, large, lambda *_: None)
        assert losses[-1] < losses[0]

    @pytest.mark.parametrize("arm", ["id_only", "evidence_text", "corrected_reasons"])
    def test_both_losses_are_the_cross_entropy_of_the_plain_scores(
        self, world: Prepared, examples: Examples, arm: ArmName
    ) -> None:
        knowledge = world.knowledge(arm, STARTS, 0)
        model = self.model().eval()
        torch.nn.init.normal_(model.follow.weight)
        everything, target = torch.arange(len(knowledge.first_seen)), examples.item
        others = everything.flip(0)[::2]
        told = Trends(knowledge.log, TINY.recent_days).of_all(everything, examples.queries.ts)
        row = torch.arange(len(examples))
        scores = model.score(knowledge, examples.queries, everything.expand(len(target), -1))
        seen = knowledge.first_seen <= examples.queries.ts[:, None]
        among = torch.isin(everything, others) | (everything == target[:, None])
        for loss, known in (
            (model._full_loss(knowledge, examples.queries, told, row, target), seen),
            (model._sampled_loss(knowledge, examples.queries, others, row, target), seen & among),
        ):
            plain = torch.log_softmax(scores.masked_fill(~known, -torch.inf), dim=1)[row, target]
            assert torch.allclose(loss, -plain.mean(), atol=1e-5)

    def test_events_that_ask_the_same_share_a_query_and_each_is_a_target_once(self, examples: Examples) -> None:
        month = 30 * MICROSECONDS_A_DAY
        tied = replace(examples.queries, ts=examples.queries.ts // month * month)
        examples = replace(examples, queries=tied)
        rows = torch.nonzero(examples.label > 0)[:, 0].flip(0)
        asked = _Asked.of(examples, rows)
        moments = list(zip(asked.queries.user.tolist(), asked.queries.ts.tolist(), strict=True))
        assert len(set(moments)) == len(moments) < len(rows)
        some = torch.arange(len(moments)).flip(0)[1:]
        row, target = asked.targets(some)
        found = [(*moments[some[query]], item) for query, item in zip(row.tolist(), target.tolist(), strict=True)]
        events = zip(
            examples.queries.user[rows].tolist(),
            examples.queries.ts[rows].tolist(),
            examples.item[rows].tolist(),
            strict=True,
        )
        assert sorted(found) == sorted(event for event in events if event[:2] != moments[-1])

    def test_the_weights_that_are_shown_are_those_a_block_reads_with(self) -> None:
        torch.manual_seed(3)
        block = Attention(8, 1, 0.0).eval()
        # Nothing but what is read is added.
        torch.nn.init.zeros_(block.feed[-1].weight)
        torch.nn.init.zeros_(block.feed[-1].bias)
        torch.nn.init.eye_(block.out.weight)
        torch.nn.init.zeros_(block.out.bias)
        tokens, asking = torch.randn(3, 5, 8), torch.randn(3, 2, 8)
        allowed = torch.rand(3, 2, 5) < 0.6
        allowed[..., 0] = True
        values = block.key_value(block.norm(tokens)).chunk(2, dim=-1)[1]
        weights = block.weights(asking, tokens, allowed)
        assert (weights[~allowed] == 0).all()
        assert torch.allclose(weights @ values, block(asking, tokens, allowed) - asking, atol=1e-6)

    def test_an_item_that_nobody_has_seen_yet_is_no_negative(self) -> None:
        first_seen = torch.tensor([30, 10, 20, 40])
        order = torch.argsort(first_seen)
        drawn = _drawn(first_seen[order], order, torch.tensor(20), 8)
        assert sorted(drawn.tolist()) == [1, 2]
        assert len(_drawn(first_seen[order], order, torch.tensor(40), 3).unique()) == 3

    def test_room_before_a_history_changes_no_score(self, knowledge: Knowledge, examples: Examples) -> None:
        model, _ = self.fitted(knowledge, examples)
        short = torch.nonzero(examples.queries.present.sum(dim=1) == 2)[:3, 0]
        together = torch.cat([short, torch.nonzero(examples.queries.present.all(dim=1))[:1, 0]])
        whole, alone = (
            model.score_catalogue(knowledge, examples.queries.rows(rows))[: len(short)] for rows in (together, short)
        )
        assert torch.allclose(whole, alone, atol=1e-5)

    def test_batches_of_like_length_hold_every_row_once(self) -> None:
        lengths = torch.arange(1000) % 7
        batches = batches_of(1000, 64, lengths)
        assert sorted(torch.cat(batches).tolist()) == list(range(1000))
        assert max(len(batch) for batch in batches) == 64
        assert sum(len(lengths[batch].unique()) for batch in batches) < 3 * len(batches)
