"""Which stages may be at work at once: those that read nothing which this run has still to make."""

from collections.abc import Collection, Mapping
from pathlib import Path

import pytest

from curec_assets.configuration.chain import Chain, load_chain
from curec_assets.lake.versions import Freshness, State
from curec_assets.lineage import LINEAGE
from dagster_project.cli.side_by_side import Partition, ready, time_left
from tests.small_world import WINDOWS, write_world

FIRST, SECOND, THIRD = WINDOWS
DATA = ("items", "raw_interactions", "users", "cleaned_interactions", "evidence")


@pytest.fixture
def chain(tmp_path: Path) -> Chain:
    return load_chain(write_world(tmp_path) / "chains" / "small.yaml")


def found(state: State, through_parents: bool = False) -> Freshness:
    return Freshness("any", "any", state, "", through_parents, None)


def fresh_but(states: Mapping[Partition, Freshness]) -> dict[Partition, Freshness]:
    return {(asset, window): found("fresh") for window in WINDOWS for asset in LINEAGE} | dict(states)


def begins(
    chain: Chain,
    partitions: dict[Partition, Freshness],
    begun: Collection[Partition] = (),
    finished: Collection[Partition] = (),
    keys: Collection[str] = WINDOWS,
    assets: Collection[str] = LINEAGE,
) -> list[Partition]:
    windows = [window for window in chain.all_windows() if window.key in keys]
    return [(asset, window.key) for asset, window in ready(partitions, chain, windows, assets, begun, finished)]


def test_nothing_is_begun_where_all_is_fresh(chain: Chain) -> None:
    assert begins(chain, fresh_but({})) == []


def test_a_run_of_everything_begins_with_what_reads_the_source(chain: Chain) -> None:
    nothing = {(asset, window): found("missing") for window in WINDOWS for asset in LINEAGE}
    assert begins(chain, nothing) == [(asset, FIRST) for asset in ("items", "raw_interactions", "users")]


def test_the_next_windows_alignment_is_begun_beside_this_windows_drafts(chain: Chain) -> None:
    missing = {(a, w): found("missing") for w in WINDOWS for a in LINEAGE if a not in (*DATA, "arrival_reasons")}
    aligned = ("aligned_llm", FIRST)
    assert begins(chain, fresh_but(missing)) == [aligned]
    assert begins(chain, fresh_but(missing), begun=[aligned]) == []
    both = [("draft_reasons", FIRST), ("aligned_llm", SECOND)]
    assert begins(chain, fresh_but(missing), [aligned], [aligned]) == both
    assert begins(chain, fresh_but(missing), [aligned, both[0]], [aligned]) == both[1:]


def test_no_stage_is_begun_beside_the_same_stage_of_the_window_before(chain: Chain) -> None:
    """Drafts are read by later drafts; users only by evaluations. Both keep to the order of windows."""
    for asset in ("draft_reasons", "users"):
        missing = {(asset, window): found("missing") for window in WINDOWS}
        assert begins(chain, fresh_but(missing)) == [(asset, FIRST)]


def test_what_is_stale_through_its_parents_waits_for_one_of_this_run_even_where_it_was_not_asked_for(
    chain: Chain,
) -> None:
    waiting = {("ranker", SECOND): found("stale", through_parents=True), ("evidence", SECOND): found("missing")}
    assert begins(chain, fresh_but(waiting), assets=["ranker"]) == []
    assert begins(chain, fresh_but(waiting)) == [("evidence", SECOND)]
    missing = waiting | {("ranker", SECOND): found("missing")}
    assert begins(chain, fresh_but(missing), assets=["ranker"]) == [("ranker", SECOND)], "it says itself what it lacks"


def test_what_is_missing_waits_for_evidence_that_nobody_asked_for_and_that_may_turn_out_equal(chain: Chain) -> None:
    """As one stage after the other does: evidence is stale through interactions that this run does not make."""
    states = {
        ("cleaned_interactions", SECOND): found("stale"),
        ("evidence", SECOND): found("stale", through_parents=True),
        ("ranker", SECOND): found("missing"),
    }
    assert begins(chain, fresh_but(states), assets=["ranker"]) == []


def test_what_nobody_asked_for_and_is_stale_through_earlier_windows_keeps_nobody_waiting(chain: Chain) -> None:
    states = {
        ("evidence", FIRST): found("stale"),
        ("ranker", THIRD): found("stale", through_parents=True),
        ("recommendations", THIRD): found("stale", through_parents=True),
    }
    made = begins(chain, fresh_but(states), keys=[THIRD], assets=["recommendations"])
    assert made == [("recommendations", THIRD)]


def test_what_is_stale_before_the_windows_of_this_run_keeps_nobody_waiting(chain: Chain) -> None:
    stale = {("evidence", FIRST): found("stale"), ("ranker", THIRD): found("stale", through_parents=True)}
    assert begins(chain, fresh_but(stale), keys=[THIRD]) == [("ranker", THIRD)]


def test_the_time_left_is_what_the_rest_took_last_shared_by_those_at_work() -> None:
    took = {"ranker": 600.0, "items": 2.0, "rl_policy": 300.0}
    assert time_left(["ranker", "ranker", "rl_policy"], took, 2) == ", about 12 min left"
    assert time_left(["items"], took, 1) == ", about 2 s left"


def test_no_time_left_is_told_while_an_asset_has_not_been_made_or_none_is_left() -> None:
    assert time_left(["ranker", "recommendations"], {"ranker": 600.0}, 2) == ""
    assert time_left([], {"ranker": 600.0}, 2) == ""
