"""One reward model trained once for the tests that only read it."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from curec_assets.language_model.encoder import HashingEncoder
from curec_assets.reward_model.scoring import RewardScorer
from curec_assets.reward_model.train import RewardTraining, train_reward_model
from tests.reward_model.worlds import SMALL, World, world_of_tastes

ENCODER = HashingEncoder(128)
GOLD_ENCODER = HashingEncoder(96)


@dataclass(frozen=True)
class Trained:
    """A world, the model trained on it, and a scorer opened on it."""

    world: World
    folder: Path
    training: RewardTraining
    scorer: RewardScorer


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    world = world_of_tastes()
    folder = tmp_path_factory.mktemp("reward_model")
    training = train_reward_model(
        world.cleaned, world.evidence, world.drafts, world.items, ENCODER, GOLD_ENCODER, SMALL, 0, folder
    )
    return Trained(world, folder, training, RewardScorer.load(folder, world.cleaned, ENCODER, GOLD_ENCODER))
