"""What training promises: reasons that tell who likes an item count, others do not, and every run is the same."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import torch
from sklearn.metrics import roc_auc_score

from curec_assets.interactions.groups import Side, subject_group
from curec_assets.lake.checkpoints import Checkpoints
from curec_assets.lake.hashing import hash_folder
from curec_assets.lake.schemas import EVALUATIONS
from curec_assets.reward_model.calibration import BINS, expected_calibration_error, reliability_bins
from curec_assets.reward_model.evaluation import ARMS, resampled_auc
from curec_assets.reward_model.features import event_features
from curec_assets.reward_model.fitting import SideReasons, TrainingData, draw_events
from curec_assets.reward_model.inputs import SIDE_VIEW, WHOLE_VIEW, SeenRule, event_inputs
from curec_assets.reward_model.model_folder import load_reward_model
from curec_assets.reward_model.named import NAMED
from curec_assets.reward_model.reason_bank import reason_bank
from curec_assets.reward_model.scoring import RewardScorer, ScoreRequest
from curec_assets.reward_model.towers import TextSpace
from curec_assets.reward_model.train import RewardTraining, train_reward_model
from tests.reward_model.conftest import ENCODER, GOLD_ENCODER, Trained
from tests.reward_model.worlds import (
    SMALL,
    cleaned_table,
    drafts_table,
    evidence_table,
    items_table,
    shuffled,
    world_of_tastes,
)

QUICK = SMALL.model_copy(update={"epochs": 1, "bootstrap_samples": 2})


def value(training: RewardTraining, slice_: str, arm: str, metric: str) -> float:
    found = [
        row["value"]
        for row in training.evaluations.to_pylist()
        if (row["slice"], row["arm"], row["metric"]) == (slice_, arm, metric)
    ]
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize("slice_", ["item", "user", "all", "ids_masked"])
def test_own_reasons_that_tell_who_likes_an_item_beat_shuffled_and_no_reasons_out_of_fold(trained: Trained, slice_):
    own, none, other = (
        value(trained.training, slice_, arm, "auc") for arm in ("own_reason", "no_reason", "shuffled_reason")
    )
    assert own > none + 0.03
    assert own > other + 0.03
    assert value(trained.training, slice_, "own_reason", "log_loss") < value(
        trained.training, slice_, "no_reason", "log_loss"
    )


def test_evaluations_follow_the_schema_with_intervals_around_the_value(trained: Trained):
    table = trained.training.evaluations
    assert table.schema == EVALUATIONS
    assert set(table["subject"].to_pylist()) == {"reward_model"}
    for row in table.to_pylist():
        assert row["ci_low"] <= row["ci_high"]
        assert row["n"] > 0


@pytest.mark.parametrize("slice_", ["item", "user", "all", "ids_masked"])
def test_a_reward_that_reads_shows_paired_gains_whose_intervals_exclude_zero(trained: Trained, slice_):
    rows = {
        (row["arm"], row["metric"]): row for row in trained.training.evaluations.to_pylist() if row["slice"] == slice_
    }
    for other in ("no_reason", "shuffled_reason"):
        gain = rows[f"own_reason − {other}", "auc"]
        assert gain["value"] == rows["own_reason", "auc"]["value"] - rows[other, "auc"]["value"]
        assert 0 < gain["ci_low"] < gain["value"] < gain["ci_high"]
        # Paired: both arms draw the same users, so their common noise cancels.
        widths = [rows[arm, "auc"]["ci_high"] - rows[arm, "auc"]["ci_low"] for arm in ("own_reason", other)]
        assert gain["ci_high"] - gain["ci_low"] < sum(widths)


def test_reasons_that_are_all_the_same_show_no_gain_over_anothers(tmp_path: Path):
    world = world_of_tastes(users=24)
    reasons = pa.array(["People like it."] * len(world.drafts), pa.string())
    drafts = world.drafts.set_column(world.drafts.column_names.index("reason"), "reason", reasons)
    plain = QUICK.model_copy(update={"evidence_reasons": 0, "bootstrap_samples": 50})
    training = train_reward_model(
        world.cleaned, world.evidence, drafts, world.items, ENCODER, GOLD_ENCODER, plain, 5, tmp_path
    )
    # Every subject has the same words, so another's reason is its own.
    assert value(training, "item", "own_reason − shuffled_reason", "auc") == 0.0


def test_curves_tell_every_models_losses_and_metrics_are_finite(trained: Trained):
    names = {point["name"] for point in trained.training.curves}
    assert {
        f"{model}_{loss}" for model in ("fold0", "fold1", "gold") for loss in ("cross_entropy", "contrast")
    } == names
    assert all(np.isfinite(list(trained.training.metrics.values())))
    assert 0 < trained.training.metrics["share_with_reasons"] < 1


def test_the_folder_holds_tensors_and_json_alone(trained: Trained):
    assert {path.suffix for path in trained.folder.iterdir()} == {".safetensors", ".json"}


def test_training_gives_the_same_bytes_whatever_the_order_of_the_rows(tmp_path: Path):
    world = world_of_tastes(users=24)
    tables = (world.cleaned, world.evidence, world.drafts, world.items)
    torch.manual_seed(3)
    first = train_reward_model(*tables, ENCODER, GOLD_ENCODER, QUICK, 5, tmp_path / "a")
    torch.manual_seed(4)
    cleaned, evidence, drafts, items = (shuffled(table, 1) for table in tables)
    second = train_reward_model(cleaned, evidence, drafts, items, ENCODER, GOLD_ENCODER, QUICK, 5, tmp_path / "b")
    assert hash_folder(tmp_path / "a") == hash_folder(tmp_path / "b")
    assert first.evaluations.equals(second.evaluations)
    assert first.curves == second.curves


def test_a_training_that_was_killed_goes_on_with_the_next_network_and_ends_with_the_same_bytes(tmp_path: Path):
    world = world_of_tastes(users=24)
    inputs = (world.cleaned, world.evidence, world.drafts, world.items, ENCODER, GOLD_ENCODER, QUICK, 5)
    unbroken = train_reward_model(*inputs, tmp_path / "unbroken")
    checkpoints = Checkpoints(tmp_path / "checkpoints")
    trained: list[str] = []

    def killed(step: str, done: int, total: int) -> None:
        if step.endswith("fold1"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_reward_model(*inputs, tmp_path / "killed", killed, checkpoints)
    assert checkpoints.names() == ["fold0"]
    resumed = train_reward_model(
        *inputs, tmp_path / "resumed", lambda step, done, total: trained.append(step), checkpoints
    )
    assert set(trained) == {"reward model fold1", "reward model gold"}
    assert hash_folder(tmp_path / "resumed") == hash_folder(tmp_path / "unbroken")
    assert resumed.curves == unbroken.curves
    assert resumed.evaluations.equals(unbroken.evaluations)


def test_another_seed_gives_another_model(tmp_path: Path):
    world = world_of_tastes(users=24)
    for seed in (0, 1):
        train_reward_model(
            world.cleaned, world.evidence, world.drafts, world.items, ENCODER, GOLD_ENCODER, QUICK, seed,
            tmp_path / str(seed),
        )  # fmt: skip
    assert hash_folder(tmp_path / "0") != hash_folder(tmp_path / "1")


@pytest.mark.parametrize(
    "events",
    [
        [],
        [("u0", "i0", 0, 1)],
        [(f"u{k % 7}", f"i{k % 3}", k, k % 2) for k in range(20)],
        [(f"u{k % 7}", f"i{k % 3}", k, 1) for k in range(20)],
        [(f"u{k}", f"i{k % 3}", 0, k % 2) for k in range(20)],
    ],
    ids=["no events", "one event", "twenty events", "one class", "one instant"],
)
@pytest.mark.parametrize("drafted", [False, True])
def test_thin_data_trains_and_scores_without_failing(tmp_path: Path, events, drafted):
    cleaned = cleaned_table(events)
    drafts = drafts_table([("item", "i0", 0, "Fans like it."), ("user", "u0", 0, "Likes things.")] if drafted else [])
    items = items_table({"i0": ["a"], "i1": []})
    training = train_reward_model(cleaned, evidence_table([]), drafts, items, ENCODER, GOLD_ENCODER, QUICK, 0, tmp_path)
    assert all(np.isfinite(list(training.metrics.values())))
    scorer = RewardScorer.load(tmp_path, cleaned, ENCODER, GOLD_ENCODER)
    requests = [
        ScoreRequest(side, f"{side[0]}{k}", "A reason.", "reward") for side in ("item", "user") for k in range(7)
    ]
    assert np.isfinite([panel.mean for panel in scorer.score(requests)]).all()


def test_quarantined_events_are_neither_trained_on_nor_read(tmp_path: Path):
    world = world_of_tastes(users=12)
    bad = world.cleaned.slice(0, 50)
    column = bad.schema.get_field_index("quarantine_code")
    bad = bad.set_column(column, bad.schema.field(column), pa.array(["suspect"] * len(bad), pa.string()))
    for name, cleaned in (("good", world.cleaned.slice(50)), ("all", pa.concat_tables([bad, world.cleaned.slice(50)]))):
        train_reward_model(
            cleaned, world.evidence, world.drafts, world.items, ENCODER, GOLD_ENCODER, QUICK, 0, tmp_path / name
        )
    assert hash_folder(tmp_path / "good") == hash_folder(tmp_path / "all")


def training_data() -> TrainingData:
    world = world_of_tastes(users=24)
    catalogue = sorted(world.item_taste)
    features = event_features(world.cleaned, catalogue, 4, 2.0)
    rule = SeenRule.of(features.user_ids, catalogue)

    def side_reasons(side: Side, subjects: list[str], subject: np.ndarray, allowed: np.ndarray) -> SideReasons:
        bank = reason_bank(side, subjects, np.zeros(len(subjects)), world.drafts, world.evidence, 0)
        matched = np.full((len(subjects), 1), -1)
        named = torch.full((len(bank.texts), NAMED), len(world.item_taste))
        return SideReasons(bank, subject, allowed, matched, torch.from_numpy(ENCODER.encode(bank.texts)), named)

    item = side_reasons("item", catalogue, features.item, rule.users[features.user])
    user = side_reasons("user", features.user_ids, features.user, rule.items[features.item])
    blank = torch.zeros(len(catalogue) + 1, ENCODER.dimension)
    space = TextSpace(blank, blank, torch.zeros(len(catalogue) + 1, dtype=torch.bool), blank)
    return TrainingData(features, space, rule, item, user)


def test_reasons_are_attached_only_to_events_that_their_evidence_has_not_seen():
    data = training_data()
    catalogue = sorted(world_of_tastes(users=24).item_taste)
    assert data.item.attachable.any()
    assert data.user.attachable.any()
    for row in np.flatnonzero(data.item.attachable):
        assert subject_group(data.features.user_ids[data.features.user[row]]) != "evidence"
    for row in np.flatnonzero(data.user.attachable):
        assert subject_group(catalogue[data.features.item[row]]) != "evidence"


def test_histories_carry_item_reasons_only_for_users_outside_the_evidence_group():
    data = training_data()
    rows = np.arange(len(data.features))
    inputs = event_inputs(data.features, rows, WHOLE_VIEW, data.rule, len(data.space.item_text) - 1)
    for row, shown in zip(rows, inputs.history_reasons.tolist(), strict=True):
        assert shown == (subject_group(data.features.user_ids[data.features.user[row]]) != "evidence")


def test_the_user_side_shows_no_history_and_neither_side_shows_the_id():
    data = training_data()
    rows = np.arange(len(data.features))
    for side, view in SIDE_VIEW.items():
        inputs = event_inputs(data.features, rows, view, data.rule, len(data.space.item_text) - 1)
        assert not inputs.show_id.any()
        assert bool(inputs.history_mask.any()) == (side == "item")


def test_events_with_reasons_are_drawn_first_where_the_budget_binds():
    data = training_data()
    config = QUICK.model_copy(update={"max_events": 100, "reason_share": 0.6})
    drawn = draw_events(data, np.arange(len(data.features)), config, np.random.default_rng(0))
    with_reason = data.item.attachable | data.user.attachable
    assert len(drawn) == len(set(drawn.tolist())) == 100
    assert with_reason[drawn].sum() >= 60


def test_a_loaded_network_gives_the_weights_that_were_saved(trained: Trained):
    one, other = load_reward_model(trained.folder), load_reward_model(trained.folder)
    assert list(one.networks) == ["fold0", "fold1", "gold"]
    for name, network in one.networks.items():
        assert not network.training
        for key, tensor in network.state_dict().items():
            assert torch.equal(tensor, other.networks[name].state_dict()[key])


def test_the_resampled_auc_is_that_of_sklearn_with_sample_weights():
    rng = np.random.default_rng(0)
    label, score = rng.integers(0, 2, 60), rng.integers(0, 9, 60) / 9
    weights = rng.integers(0, 4, (5, 60)).astype(float)
    expected = [roc_auc_score(label, score, sample_weight=weight) for weight in weights]
    np.testing.assert_allclose(resampled_auc(label, score, weights), expected)


def test_probabilities_equal_to_the_share_of_likes_are_calibrated():
    label = np.array([0, 1, 1, 1])
    assert expected_calibration_error(label, np.full(4, 0.75), np.ones(4)) == pytest.approx(0)
    assert expected_calibration_error(label, np.full(4, 0.25), np.ones(4)) == pytest.approx(0.5)


def test_reliability_bins_hold_every_event_once_and_their_gaps_are_the_calibration_error():
    rng = np.random.default_rng(0)
    probability = np.append(rng.random(200), [0.0, 1.0])
    label = rng.integers(0, 2, 202)
    bins = reliability_bins("all", "own_reason", label, probability)
    assert sum(found.n for found in bins) == 202
    assert sum(found.n * found.observed for found in bins) == pytest.approx(label.sum())
    assert all(found.low <= found.predicted <= found.low + 1 / BINS for found in bins)
    gap = sum(found.n * abs(found.predicted - found.observed) for found in bins) / 202
    assert gap == pytest.approx(expected_calibration_error(label, probability, np.ones(202)))


def test_a_trained_model_tells_its_reliability_in_every_slice_and_arm(trained: Trained):
    counts = {(row["slice"], row["arm"]): row["n"] for row in trained.training.evaluations.to_pylist()}
    binned: dict[tuple[str, str], int] = {}
    for found in trained.training.reliability:
        key = (found.slice, found.arm)
        binned[key] = binned.get(key, 0) + found.n
    assert binned == {key: n for key, n in counts.items() if key[1] in ARMS}
