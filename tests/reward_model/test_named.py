"""Reading a reason by the titles it names."""

import numpy as np
import pytest

from curec_assets.interactions.co_likes import DIMENSION
from curec_assets.interactions.groups import subject_group
from curec_assets.reward_model.features import event_features
from curec_assets.reward_model.inputs import SeenRule
from curec_assets.reward_model.named import NAMED, TitleFinder, likers_of_catalogue
from curec_assets.reward_model.train import train_reward_model
from tests.reward_model.conftest import ENCODER, GOLD_ENCODER
from tests.reward_model.worlds import (
    SMALL,
    TASTES,
    cleaned_table,
    drafts_table,
    evidence_table,
    items_table,
    shuffled,
    world_of_tastes,
)

TITLES = ("Heat (1995)", "Toy Story (1995)", "", "Hamlet (1990)", "Hamlet (1996)", "Toy Story (1995)")
UNKNOWN = len(TITLES)


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("People who like Toy Story also like Heat.", [1, 0]),
        ("They like Heat (1995), Heat and heat.", [0]),
        ("Fans of Hamlet (1996) return to it.", [4]),
        ("Fans of Hamlet return to it.", [3]),
        ("Fans of drama return to it.", []),
    ],
)
def test_titles_are_found_once_each_in_the_order_of_the_text(text, rows):
    found = TitleFinder(TITLES).rows([text])
    assert found.tolist() == [rows + [UNKNOWN] * (NAMED - len(rows))]


def test_no_more_titles_are_read_than_there_is_room_for():
    titles = [f"Number{k} Film" for k in range(NAMED + 2)]
    found = TitleFinder(titles).rows([f"They like {', '.join(titles)}."])
    assert found.tolist() == [list(range(NAMED))]


def world_vectors(cleaned, catalogue, among=lambda user: True):
    features = event_features(cleaned, catalogue, 4, 2.0)
    likers = np.array([among(user) for user in features.user_ids], dtype=bool)
    return likers_of_catalogue(features, likers, len(catalogue))


def test_items_that_the_same_people_like_stand_nearer_than_others():
    world = world_of_tastes()
    catalogue = sorted(world.item_taste)
    vectors = world_vectors(world.cleaned, catalogue)
    assert vectors.shape == (len(catalogue) + 1, DIMENSION)
    assert not vectors[-1].any()
    comedy = np.array([world.item_taste[item] == TASTES[0] for item in catalogue])
    cosine = vectors[:-1] @ vectors[:-1].T
    same = cosine[np.ix_(comedy, comedy)][~np.eye(comedy.sum(), dtype=bool)]
    assert same.mean() > cosine[np.ix_(comedy, ~comedy)].mean() + 0.2


def test_vectors_read_nobody_but_the_likers_and_no_order_of_rows():
    world = world_of_tastes()
    catalogue = sorted(world.item_taste)
    read = {user for user in world.user_taste if subject_group(user) == "evidence"}
    only = [user in read for user in world.cleaned["user_id"].to_pylist()]
    expected = world_vectors(world.cleaned.filter(only), catalogue)
    np.testing.assert_allclose(world_vectors(shuffled(world.cleaned, 3), catalogue, read.__contains__), expected)


@pytest.mark.parametrize("events", [[], [("u1", "i1", 1, 1)], [("u1", "i1", 1, 0), ("u2", "i2", 2, 0)]])
def test_thin_likes_give_vectors_of_zeros(events):
    assert not world_vectors(cleaned_table(events), ["i1", "i2"]).any()


def test_reasons_whose_names_alone_tell_who_likes_an_item_are_read(tmp_path):
    """No metadata, and titles that an encoder cannot tell apart by taste: only who likes the named titles says it."""
    world = world_of_tastes(users=240)
    rng = np.random.default_rng(1)
    named = {taste: [item for item, of in world.item_taste.items() if of == taste] for taste in TASTES}
    drafts = [
        ("item", item, 0, f"People who like it also like Number {' and Number '.join(rng.choice(named[taste], 2))}.")
        for item, taste in world.item_taste.items()
    ]
    training = train_reward_model(
        world.cleaned,
        evidence_table([]),
        drafts_table(drafts),
        items_table({item: [] for item in world.item_taste}),
        ENCODER,
        GOLD_ENCODER,
        SMALL.model_copy(update={"bootstrap_samples": 100}),
        0,
        tmp_path,
    )
    rows = {(r["slice"], r["arm"], r["metric"]): r for r in training.evaluations.to_pylist()}
    for arm in ("own_reason − no_reason", "own_reason − shuffled_reason"):
        assert rows["item", arm, "auc"]["ci_low"] > 0


def test_item_reasons_are_shown_to_nobody_whose_likes_made_the_vectors():
    users = [f"u{k}" for k in range(50)]
    rule = SeenRule.of(users, ["i1"])
    assert [not shown for shown in rule.users] == [subject_group(user) == "evidence" for user in users]
