"""What a reward means: the words' gain on a panel that no scoring model has seen."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from curec_assets.interactions.groups import Side, subject_fold, subject_group
from curec_assets.language_model.encoder import HashingEncoder
from curec_assets.reward_model import scoring
from curec_assets.reward_model.scoring import PanelGroup, PanelScore, RewardScorer, ScoreRequest
from curec_assets.reward_model.train import train_reward_model
from tests.reward_model.conftest import ENCODER, GOLD_ENCODER, Trained
from tests.reward_model.worlds import SMALL, START, TASTES, cleaned_table, drafts_table, shuffled, world_of_tastes

INFORMATIVE = {"item": "Fans of {} like it.", "user": "This person enjoys {}."}
DULL = "This one has qualities."


def requests(
    trained: Trained, side: Side, group: PanelGroup, reason: str | None = None, flip: bool = False
) -> list[ScoreRequest]:
    """One request per subject with its own taste's reason (or the other taste's, or ``reason``)."""
    tastes = trained.world.item_taste if side == "item" else trained.world.user_taste
    other = {"comedy": "horror", "horror": "comedy"}
    return [
        ScoreRequest(
            side,
            subject,
            INFORMATIVE[side].format(other[taste] if flip else taste) if reason is None else reason,
            group,
        )
        for subject, taste in tastes.items()
    ]


def mean_reward(panels: list[PanelScore]) -> float:
    return float(np.concatenate([panel.values for panel in panels]).mean())


@pytest.mark.parametrize(("group", "gold"), [("reward", False), ("reward", True), ("acceptance", False)])
@pytest.mark.parametrize("side", ["item", "user"])
def test_informative_reasons_are_worth_more_than_dull_and_wrong_ones(
    trained: Trained, side: Side, group: PanelGroup, gold: bool
):
    own, dull, wrong = (
        mean_reward(trained.scorer.score(asked, gold=gold))
        for asked in (
            requests(trained, side, group),
            requests(trained, side, group, reason=DULL),
            requests(trained, side, group, flip=True),
        )
    )
    assert own > 0.02
    assert own > dull
    assert dull > wrong


@pytest.fixture(scope="module")
def hollow(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """A world whose reasons name a taste that has nothing to do with the subject's own."""
    world = world_of_tastes()
    guesses = [
        (row["side"], row["subject_id"], 0, INFORMATIVE[row["side"]].format(guessed_taste(row["subject_id"])))
        for row in world.drafts.to_pylist()
        if row["sample"] == 0
    ]
    world = replace(world, drafts=drafts_table(guesses))
    folder = tmp_path_factory.mktemp("hollow")
    training = train_reward_model(
        world.cleaned, world.evidence, world.drafts, world.items, ENCODER, GOLD_ENCODER, SMALL, 0, folder
    )
    return Trained(world, folder, training, RewardScorer.load(folder, world.cleaned, ENCODER, GOLD_ENCODER))


def guessed_taste(subject: str) -> str:
    """Each taste for half of the subjects of either taste."""
    return TASTES[int(subject[1:]) // 2 % 2]


@pytest.mark.parametrize("side", ["item", "user"])
def test_where_reasons_tell_nothing_their_mean_reward_is_about_zero(trained: Trained, hollow: Trained, side: Side):
    informative = mean_reward(trained.scorer.score(requests(trained, side, "reward")))
    guesses = [
        replace(request, reason=INFORMATIVE[side].format(guessed_taste(request.subject_id)))
        for request in requests(hollow, side, "reward")
    ]
    assert abs(mean_reward(hollow.scorer.score(guesses))) < informative / 3


@pytest.mark.parametrize("side", ["item", "user"])
def test_a_dull_wording_never_met_in_training_moves_less_than_an_informative_reason(trained: Trained, side: Side):
    own = mean_reward(trained.scorer.score(requests(trained, side, "reward")))
    assert abs(mean_reward(trained.scorer.score(requests(trained, side, "reward", reason=DULL)))) < own


@pytest.mark.parametrize("reason", [None, ""])
def test_no_reason_is_worth_exactly_zero_on_the_whole_panel(trained: Trained, reason):
    asked = [ScoreRequest(side, f"{side[0]}1", reason, "reward") for side in ("item", "user")]
    for panel in trained.scorer.score(asked):
        assert len(panel.event_ids) > 0
        assert panel.values.tolist() == [0.0] * len(panel.event_ids)


@pytest.mark.parametrize("side", ["item", "user"])
def test_a_panel_tells_whose_event_each_is(trained: Trained, side: Side):
    other = {"item": "user_id", "user": "item_id"}[side]
    met = {row["event_id"]: row[other] for row in trained.world.cleaned.to_pylist()}
    for panel in trained.scorer.score(requests(trained, side, "acceptance")):
        assert panel.others == tuple(met[event] for event in panel.event_ids)


@pytest.mark.parametrize("side", ["item", "user"])
def test_a_batch_scores_as_its_requests_do_one_by_one_on_a_fresh_scorer(trained: Trained, side: Side):
    asked = requests(trained, side, "reward")[:6] + requests(trained, side, "acceptance", flip=True)[:6]
    fresh = RewardScorer.load(trained.folder, trained.world.cleaned, ENCODER, GOLD_ENCODER)
    for one, together in zip(asked, fresh.score(asked), strict=True):
        alone = trained.scorer.score([one])[0]
        assert alone.event_ids == together.event_ids
        np.testing.assert_allclose(alone.values, together.values, atol=1e-5)


def test_scores_do_not_depend_on_the_order_of_the_events(trained: Trained):
    asked = requests(trained, "item", "reward")[:10]
    other = RewardScorer.load(trained.folder, shuffled(trained.world.cleaned, 2), ENCODER, GOLD_ENCODER)
    for one, two in zip(trained.scorer.score(asked), other.score(asked), strict=True):
        assert one.event_ids == two.event_ids
        assert one.values.tolist() == two.values.tolist()


@pytest.mark.parametrize("side", ["item", "user"])
@pytest.mark.parametrize("group", ["reward", "acceptance"])
def test_a_panel_holds_the_subjects_events_with_people_of_the_asked_group(
    trained: Trained, side: Side, group: PanelGroup
):
    for request, panel in zip(asked := requests(trained, side, group), trained.scorer.score(asked), strict=True):
        for event in panel.event_ids:
            user, item, _ = event.split("-")
            assert request.subject_id == (item if side == "item" else user)
            assert subject_group(user if side == "item" else item) == group


@pytest.mark.parametrize("side", ["item", "user"])
def test_a_panel_event_is_never_scored_by_a_model_trained_on_its_subject(
    trained: Trained, side: Side, monkeypatch: pytest.MonkeyPatch
):
    used: list[tuple[str, str]] = []
    original = RewardScorer._gains_of

    def recording(self, scored, name, side, rows, places, vectors):
        used.extend((name, scored.features.event_ids[row]) for row in rows)
        return original(self, scored, name, side, rows, places, vectors)

    monkeypatch.setattr(scoring.RewardScorer, "_gains_of", recording)
    for group in ("reward", "acceptance"):
        trained.scorer.score(requests(trained, side, group))
    assert {name for name, _ in used} == {"fold0", "fold1"}
    for name, event in used:
        held_out = event.split("-")[0 if side == "item" else 1]
        group = subject_group(held_out)
        assert group != "evidence"
        assert group == "acceptance" or name == f"fold{subject_fold(held_out, SMALL.folds)}"


def test_the_gold_model_refuses_the_group_it_was_trained_on(trained: Trained):
    with pytest.raises(ValueError, match="trained on the acceptance group"):
        trained.scorer.score([ScoreRequest("item", "i0", "A reason.", "acceptance")], gold=True)


def test_since_and_the_cap_keep_the_latest_events(trained: Trained):
    everything = trained.scorer.score([ScoreRequest("item", "i1", "A reason.", "reward")])[0].event_ids
    minutes = [int(event.split("-")[2]) for event in everything]
    assert minutes == sorted(minutes, reverse=True)
    since = START + timedelta(minutes=minutes[len(minutes) // 2])
    late = trained.scorer.score([ScoreRequest("item", "i1", "A reason.", "reward", since)])[0].event_ids
    assert late == tuple(
        event for event, minute in zip(everything, minutes, strict=True) if minute >= minutes[len(minutes) // 2]
    )


def test_unknown_subjects_have_empty_panels_worth_zero(trained: Trained):
    for panel in trained.scorer.score(
        [ScoreRequest(side, "nobody", "A reason.", "reward") for side in ("item", "user")]
    ):
        assert panel.event_ids == ()
        assert panel.mean == 0.0
        assert panel.pooled(3.0) == 0.0
    assert trained.scorer.score([]) == []


def test_pooling_draws_thin_panels_to_zero():
    assert PanelScore(("a", "b"), ("c", "d"), np.array([0.2, 0.4])).pooled(1.0) == pytest.approx(0.2)


def later_events(trained: Trained, shift: int = 200_000) -> pa.Table:
    rows = [
        (user, item, shift + place, int(taste == trained.world.item_taste[item]))
        for place, (user, taste) in enumerate(trained.world.user_taste.items())
        for item in ("i40", "i41", "i2", "i3")
    ]
    return cleaned_table(rows)


def test_later_events_score_reasons_with_everyone_and_informative_ones_win(trained: Trained):
    events = later_events(trained)
    pairs = [("i40", "Fans of comedy like it."), ("i40", "Fans of horror like it."), ("i40", None), ("nobody", "x")]
    own, wrong, none, unknown = trained.scorer.score_events("item", pairs, events)
    assert len(own.event_ids) == len(trained.world.user_taste)
    assert own.mean > max(0.0, wrong.mean)
    assert none.mean == 0
    assert unknown.event_ids == ()


def test_later_events_may_stand_among_the_scorers_own(trained: Trained):
    events = later_events(trained)
    wider = RewardScorer.load(trained.folder, pa.concat_tables([trained.world.cleaned, events]), ENCODER, GOLD_ENCODER)
    pairs = [("u3", "This person enjoys horror.")]
    one, two = (scorer.score_events("user", pairs, events)[0] for scorer in (wider, trained.scorer))
    assert one.event_ids == two.event_ids
    assert one.values.tolist() == two.values.tolist()


def test_events_that_the_model_may_have_seen_are_refused_as_later_ones(trained: Trained):
    with pytest.raises(ValueError, match="later than the reward model's data"):
        trained.scorer.score_events("item", [("i1", "x")], trained.world.cleaned)


def test_scores_of_a_panel_do_not_read_events_at_or_after_its_own_instants(trained: Trained):
    asked = [request for request in requests(trained, "item", "reward") if request.subject_id in ("i0", "i1", "i2")]
    before = trained.scorer.score(asked)
    last = max(int(event.split("-")[2]) for panel in before for event in panel.event_ids)
    instant = START + timedelta(minutes=last)
    kept = trained.world.cleaned.filter(pc.less_equal(trained.world.cleaned["ts"], pa.scalar(instant)))
    poison = cleaned_table([(user, "i5", last, 1) for user in trained.world.user_taste])
    after = RewardScorer.load(trained.folder, pa.concat_tables([kept, poison]), ENCODER, GOLD_ENCODER).score(asked)
    for one, two in zip(before, after, strict=True):
        assert one.event_ids == two.event_ids
        np.testing.assert_allclose(one.values, two.values, atol=1e-6)


def test_another_encoder_than_the_models_is_refused(trained: Trained):
    with pytest.raises(ValueError, match="main encoder is hashing:128"):
        RewardScorer.load(trained.folder, trained.world.cleaned, HashingEncoder(64), GOLD_ENCODER)
