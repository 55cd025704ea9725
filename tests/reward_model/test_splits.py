"""No model scores anyone it was trained on."""

import numpy as np
import pytest

from curec_assets.interactions.groups import subject_fold, subject_group
from curec_assets.reward_model.features import event_features
from curec_assets.reward_model.splits import GOLD, membership, model_names, training_rows
from tests.reward_model.worlds import world_of_tastes

FOLDS = 3


@pytest.fixture(scope="module")
def events():
    world = world_of_tastes()
    catalogue = sorted(world.item_taste)
    features = event_features(world.cleaned, catalogue, 4, 2.0)
    members = membership(features, catalogue, FOLDS)
    people = [(features.user_ids[u], catalogue[i]) for u, i in zip(features.user, features.item, strict=True)]
    trained = {name: training_rows(members, name) for name in model_names(FOLDS)}
    return people, trained


def test_a_fold_model_never_meets_reward_group_subjects_of_its_fold(events):
    people, trained = events
    for fold in range(FOLDS):
        for row in trained[f"fold{fold}"]:
            for subject in people[row]:
                assert not (subject_group(subject) == "reward" and subject_fold(subject, FOLDS) == fold)


def test_no_main_model_meets_the_acceptance_group(events):
    people, trained = events
    for fold in range(FOLDS):
        assert all("acceptance" not in map(subject_group, people[row]) for row in trained[f"fold{fold}"])


def test_the_gold_model_shares_no_event_and_no_reward_group_subject_with_the_main_models(events):
    people, trained = events
    assert len(trained[GOLD]) > 0
    assert all("reward" not in map(subject_group, people[row]) for row in trained[GOLD])
    for fold in range(FOLDS):
        assert len(np.intersect1d(trained[GOLD], trained[f"fold{fold}"])) == 0
