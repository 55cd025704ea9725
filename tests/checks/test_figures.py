"""Checks of shares, models, differences, and those of every partition."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from curec_assets.checks.checks import CHECKS
from curec_assets.configuration.overrides import with_profile
from curec_assets.configuration.windows import WindowsConfig
from curec_assets.interactions.sources import open_source
from curec_assets.lake.as_of import GapError
from curec_assets.lake.manifest import Parent
from curec_assets.lake.versions import config_hash
from curec_assets.lineage import LINEAGE
from tests.checks.partitions import HandMadeLake, event, measured, recommended, review
from tests.small_world import WINDOWS

FIRST, SECOND, _ = WINDOWS
END = datetime(2020, 2, 1, tzinfo=UTC)
NEXT_END = datetime(2020, 3, 1, tzinfo=UTC)
INSTANT, A_SECOND = timedelta(microseconds=1), timedelta(seconds=1)


def drafts(texts: Sequence[str | None]) -> list[dict[str, Any]]:
    subject = {"side": "item", "subject_id": "i1"}
    return [subject | {"sample": n, "reason": text, "grounded": text == "good"} for n, text in enumerate(texts)]


def test_every_asset_is_checked_for_the_future_for_its_keys_and_for_freshness() -> None:
    for asset in LINEAGE:
        names = [check.name for check in CHECKS[asset]]
        assert {"no_future_data", "unique_keys", "fresh"} <= set(names)
        assert len(set(names)) == len(names)
        assert all(check.description.endswith(".") for check in CHECKS[asset])


@pytest.mark.parametrize(
    ("asset", "column", "latest"),
    [
        ("cleaned_interactions", "ts", END - INSTANT),
        ("items", "first_seen", END - INSTANT),
        ("evidence", "as_of", END),
        ("corrected_reasons", "valid_from", END),
        ("ranker", "latest_ts_seen", END - INSTANT),
    ],
)
def test_a_moment_may_reach_the_windows_end_and_an_event_may_not(
    world: HandMadeLake, asset: str, column: str, latest: datetime
) -> None:
    world.publish(asset, FIRST, [{column: latest, "created_at": NEXT_END} if asset == "ranker" else {column: latest}])
    assert world.judge(asset, "no_future_data", FIRST).passed
    world.publish(asset, FIRST, [{column: latest + INSTANT}])
    found = world.judge(asset, "no_future_data", FIRST)
    assert not found.passed
    assert found.offending[0]["column"] == column


def test_what_a_partition_was_made_from_counts_as_seen(world: HandMadeLake) -> None:
    world.publish("draft_reasons", FIRST, latest_ts_seen=END.isoformat())
    assert not world.judge("draft_reasons", "no_future_data", FIRST).passed


def test_a_key_that_stands_twice_is_shown_with_its_count(world: HandMadeLake) -> None:
    rows = [recommended("u1", 1, "i1"), recommended("u1", 2, "i1"), recommended("u1", 1, "i1", served=False)]
    world.publish("recommendations", FIRST, rows)
    assert world.judge("recommendations", "unique_keys", FIRST).passed
    world.publish("recommendations", FIRST, [*rows, recommended("u1", 1, "i2")])
    (found,) = world.judge("recommendations", "unique_keys", FIRST).offending
    assert found == {"served": True, "arm": "corrected_reasons", "user_id": "u1", "rank": 1, "count_all": 2}


def test_a_partition_that_was_never_made_is_a_gap(world: HandMadeLake) -> None:
    with pytest.raises(GapError, match="small/evidence in 2020-01 was never materialized"):
        world.judge("evidence", "no_future_data", FIRST)


def test_a_partition_is_stale_when_a_parents_content_changed(world: HandMadeLake) -> None:
    parent = Parent("evidence", FIRST, "0", "evidence@2020-01:0")
    world.publish("evidence", FIRST)
    world.publish("draft_reasons", FIRST, parents=(parent,))
    assert world.judge("draft_reasons", "fresh", FIRST).passed
    world.publish("evidence", FIRST, content_hash="1")
    assert "evidence in 2020-01 has other content now" in world.judge("draft_reasons", "fresh", FIRST).summary


def test_a_window_made_with_values_given_at_launch_says_which(world: HandMadeLake) -> None:
    launched = with_profile(world.chain, {"correction": {"score_fall_margin": 0.5}})
    given = {"correction.score_fall_margin": 0.5}
    assert launched.overrides == given
    world.publish("corrected_reasons", FIRST, overrides=given, config_hash=config_hash(launched, "corrected_reasons"))
    found = world.judge("corrected_reasons", "fresh", FIRST)
    assert not found.passed
    assert "correction.score_fall_margin = 0.5 given at launch" in found.summary


def test_a_source_that_changed_makes_what_was_read_from_it_stale(world: HandMadeLake) -> None:
    world.publish("items", FIRST, source_fingerprint="that of another day")
    assert "source changed" in world.judge("items", "fresh", FIRST).summary


def test_what_was_read_of_a_window_before_its_end_is_stale_once_it_has_ended(world: HandMadeLake) -> None:
    source = open_source(world.chain.data_set, world.chain.folder).fingerprints()["items"]
    world.publish("items", FIRST, source_fingerprint=source, created_at=(END + 5 * A_SECOND).isoformat(), seconds=5.0)
    assert world.judge("items", "fresh", FIRST).passed
    world.publish("items", FIRST, source_fingerprint=source, created_at=(END + 4 * A_SECOND).isoformat(), seconds=5.0)
    assert "read before the window had ended" in world.judge("items", "fresh", FIRST).summary
    world.publish("evidence", FIRST, created_at=(END - A_SECOND).isoformat())
    assert world.judge("evidence", "fresh", FIRST).passed, "it read no source: it follows what did"

    to_come = WindowsConfig(frequency="yearly", first="9998", last="9998")
    ahead = HandMadeLake(world.root, world.chain.model_copy(update={"windows": to_come}))
    ahead.publish("items", "9998", source_fingerprint=source)
    assert ahead.judge("items", "fresh", "9998").passed, "it has not ended, so more cannot be known"


def test_a_source_that_stops_early_may_be_incomplete(world: HandMadeLake) -> None:
    day = timedelta(days=1)
    world.publish("raw_interactions", FIRST, [{"source_row": 1, "ts": END - 2 * day}])
    assert world.judge("raw_interactions", "source_reaches_the_end", FIRST).passed
    world.publish("raw_interactions", FIRST, [{"source_row": 1, "ts": END - 9 * day}])
    assert not world.judge("raw_interactions", "source_reaches_the_end", FIRST).passed
    world.publish("raw_interactions", FIRST)
    assert "no rows" in world.judge("raw_interactions", "source_reaches_the_end", FIRST).summary


def test_a_first_window_with_all_history_is_no_longer_in_this_than_by_the_calendar(world: HandMadeLake) -> None:
    windows = world.chain.windows.model_copy(update={"all_earlier": True})
    reaching = HandMadeLake(world.root, world.chain.model_copy(update={"windows": windows}))
    reaching.publish("raw_interactions", FIRST, [{"source_row": 1, "ts": END - timedelta(days=9)}])
    assert not reaching.judge("raw_interactions", "source_reaches_the_end", FIRST).passed


@pytest.mark.parametrize(("bad", "passed"), [(1, True), (2, False)])
def test_many_quarantined_rows_call_a_person(world: HandMadeLake, bad: int, passed: bool) -> None:
    codes = ["unparseable_rating"] * bad + [None] * (20 - bad)
    rows = [event(n, "u1", "i1", END - INSTANT, quarantine_code=code) for n, code in enumerate(codes)]
    world.publish("cleaned_interactions", FIRST, rows)
    found = world.judge("cleaned_interactions", "few_rows_are_quarantined", FIRST)
    assert found.passed is passed
    assert found.measures["unparseable_rating"] == bad


def test_shares_of_generated_texts_are_counted_over_all_of_them(world: HandMadeLake) -> None:
    world.publish("draft_reasons", FIRST, drafts(["good", "claims too much", None, None]))
    parsed = world.judge("draft_reasons", "reasons_parse", FIRST)
    grounded = world.judge("draft_reasons", "reasons_are_grounded", FIRST)
    assert (parsed.passed, parsed.measures["share"]) == (True, 0.5)
    assert (grounded.passed, grounded.measures["share"]) == (False, 0.25)
    world.publish("draft_reasons", FIRST)
    assert world.judge("draft_reasons", "reasons_parse", FIRST).passed


def test_a_reward_that_falls_by_more_than_noise_is_shown(world: HandMadeLake) -> None:
    def rewards(window: str, end: datetime, values: Sequence[float | None]) -> None:
        rows = [review(f"i{n}", end, reward=value) for n, value in enumerate(values)]
        world.publish("corrected_reasons", window, rows)

    rewards(FIRST, END, [0.10, 0.11, 0.12, None])
    assert world.judge("corrected_reasons", "reward_holds", FIRST).passed, "no window before the first"
    rewards(SECOND, NEXT_END, [0.09, 0.11, 0.12])
    assert world.judge("corrected_reasons", "reward_holds", SECOND).passed
    rewards(SECOND, NEXT_END, [0.01, 0.02, 0.03])
    found = world.judge("corrected_reasons", "reward_holds", SECOND)
    assert not found.passed
    assert found.measures["mean_reward_before"] == pytest.approx(0.11)


@pytest.mark.parametrize(("low", "high", "passed"), [(-0.2, -0.1, False), (-0.2, 0.1, True), (0.1, 0.2, True)])
def test_a_difference_fails_only_where_its_whole_interval_is_on_the_wrong_side(
    world: HandMadeLake, low: float, high: float, passed: bool
) -> None:
    rows = [measured("ranker", "id_only − popularity", "auc", low, high, backbone="din")]
    world.publish("ranker_evaluation", FIRST, rows)
    found = world.judge("ranker_evaluation", "ranker_beats_popularity", FIRST)
    assert found.passed is passed
    assert len(found.offending) == (0 if passed else 1)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("field", ["value", "ci_low", "ci_high"])
def test_a_measure_that_is_no_number_fails_and_one_that_is_undefined_does_not(
    world: HandMadeLake, field: str, value: float
) -> None:
    good = measured("ranker", "id_only − popularity", "auc", 0.1, 0.2, backbone="din")
    checks = ("ranker_beats_popularity", "measures_are_possible")
    for changes, passed in (({field: value}, False), ({field: None}, True), ({field: value, "n": 0}, True)):
        world.publish("ranker_evaluation", FIRST, [good | {"metric": "log_loss"} | changes])
        found = [world.judge("ranker_evaluation", check, FIRST) for check in checks]
        assert [one.passed for one in found] == [passed, passed], changes
        assert [len(one.offending) for one in found] == ([0, 0] if passed else [1, 1])


def test_a_reward_model_whose_log_loss_rises_by_reading_does_not_read(world: HandMadeLake) -> None:
    worse = measured("reward_model", "own_reason − no_reason", "log_loss", 0.01, 0.02, slice="item")
    world.publish("reward_model", FIRST, [{"evaluations": [worse]}])
    assert not world.judge("reward_model", "reward_reads", FIRST).passed
    world.publish("reward_model", FIRST, [{"evaluations": [{**worse, "ci_low": -0.02, "ci_high": -0.01}]}])
    assert world.judge("reward_model", "reward_reads", FIRST).passed


def test_grounds_that_matter_less_than_chance_call_a_person(world: HandMadeLake) -> None:
    row = measured("recommendations", "why − random", "score_drop", -0.2, -0.1, backbone="din")
    world.publish("recommendations", FIRST, metrics={"evaluations": [row]})
    assert not world.judge("recommendations", "why_names_what_matters", FIRST).passed
    world.publish("recommendations", FIRST)
    assert world.judge("recommendations", "why_names_what_matters", FIRST).passed


def test_a_point_of_a_curve_that_is_no_number_is_shown(world: HandMadeLake) -> None:
    points = [{"step": 1, "name": "kl", "value": 2.0}, {"step": 2, "name": "kl", "value": float("nan")}]
    world.publish("rl_policy", FIRST, [{"curves": points}])
    assert len(world.judge("rl_policy", "curves_are_finite", FIRST).offending) == 1


@pytest.mark.parametrize(
    ("losses", "passed"),
    [([3.0, 3.1, 2.0, 2.1], True), ([0.3, 0.9, 0.4, 1.0], True), ([1.0, 1.1, 2.0, 2.1], False), ([1.0, 9.0], True)],
)
def test_a_loss_that_rises_by_more_than_its_steps_differ_calls_a_person(
    world: HandMadeLake, losses: Sequence[float], passed: bool
) -> None:
    points = [{"step": step, "name": "loss_judge", "value": value} for step, value in enumerate(losses)]
    # Another task's losses are of another size, and its steps lie among these.
    points += [{"step": 10 + step, "name": "loss_explain", "value": 5.0 - step} for step in range(4)]
    world.publish("aligned_llm", FIRST, [{"curves": points}])
    found = world.judge("aligned_llm", "losses_do_not_rise", FIRST)
    assert found.passed is passed
    assert [row["task"] for row in found.offending] == ([] if passed else ["judge"])


def test_weights_must_lie_where_the_manifest_says_and_be_plain(world: HandMadeLake) -> None:
    world.publish("ranker", FIRST, [{"path": "small/ranker/weights/abc"}])
    assert "No weights lie at" in world.judge("ranker", "weights_lie_there", FIRST).summary
    folder = world.lake.folder / "ranker" / "weights" / "abc"
    folder.mkdir(parents=True)
    (folder / "model.safetensors").write_bytes(b"0")
    assert world.judge("ranker", "weights_lie_there", FIRST).passed
    (folder / "model.pkl").write_bytes(b"0")
    assert world.judge("ranker", "weights_lie_there", FIRST).offending == [{"file": "model.pkl"}]
