"""Both backbones keep the promises of the protocol."""

from typing import ClassVar

import pytest
import torch

from curec_assets.ranker.backbone import Examples, Knowledge, batches_of
from curec_assets.ranker.config import ArmName, BackboneName
from curec_assets.ranker.prepare import Prepared
from curec_assets.ranker.sasrec import SASRec, _drawn
from tests.ranker.ranker_conformance import STARTS, RankerConformance
from tests.ranker.ranker_world import TINY


class TestDIN(RankerConformance):
    backbone: ClassVar[BackboneName] = "din"


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
    def test_the_loss_is_the_cross_entropy_of_the_plain_scores(
        self, world: Prepared, examples: Examples, arm: ArmName
    ) -> None:
        knowledge = world.knowledge(arm, STARTS, 0)
        model = self.model().eval()
        target = examples.item[:, None]
        others = torch.arange(len(knowledge.first_seen)).expand(len(examples), -1)
        known = (others != target) & (knowledge.first_seen[others] <= examples.queries.ts[:, None])
        loss = model._loss(knowledge, examples.queries, target, others, known)
        scores = model.score(knowledge, examples.queries, torch.cat([target, others], dim=1))
        scores = scores.masked_fill(torch.nn.functional.pad(~known, (1, 0)), -1e9)
        assert torch.allclose(loss, -torch.log_softmax(scores, dim=1)[:, 0].mean(), atol=1e-5)

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
