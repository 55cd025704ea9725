"""Both backbones keep the promises of the protocol."""

from typing import ClassVar

import torch

from curec_assets.ranker.backbone import Examples, Knowledge
from curec_assets.ranker.config import BackboneName
from tests.ranker.ranker_conformance import RankerConformance
from tests.ranker.ranker_world import TINY


class TestDIN(RankerConformance):
    backbone: ClassVar[BackboneName] = "din"


class TestSASRec(RankerConformance):
    backbone: ClassVar[BackboneName] = "sasrec"

    def test_the_sampled_softmax_trains_on_large_catalogues(self, knowledge: Knowledge, examples: Examples) -> None:
        model = self.model()
        large = TINY.model_copy(update={"sasrec_epochs": 8, "softmax_items": 4, "softmax_negatives": 6})
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(4)
            losses = model.fit(knowledge, examples, large, lambda *_: None)
        assert losses[-1] < losses[0]
