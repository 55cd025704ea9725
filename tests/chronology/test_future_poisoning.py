"""The contract everything rests on: an artifact of window w is a function of data before the window's end alone."""

import random
from dataclasses import replace
from pathlib import Path

import pytest

from curec_assets.configuration.chain import load_chain
from curec_assets.lineage import LINEAGE
from tests.chains import content_hashes, run_windows
from tests.conftest import FinishedChain
from tests.small_world import WINDOWS, Event, make_events, write_world

PAST = WINDOWS[:2]


def poisoned_events(end: int) -> list[Event]:
    """The small world with every event at or after ``end`` replaced by garbage, or gone."""
    chance = random.Random(3)
    events = []
    for event in make_events():
        if event.time < end:
            events.append(event)
        elif chance.random() < 0.6:
            garbage = {"item": f"i{chance.randrange(48)}", "user": f"u{chance.randrange(90)}"}
            stars = chance.choice(["1", "5", "0", "x", ""])
            events.append(replace(event, **garbage, stars=stars, time=event.time + chance.randrange(10_000)))
    return events


@pytest.fixture(scope="module")
def end_of_past(finished: FinishedChain) -> int:
    return int(finished.chain.all_windows()[len(PAST) - 1].end.timestamp())


def test_the_future_changes_no_artifact_of_the_past(finished: FinishedChain, tmp_path: Path, end_of_past: int) -> None:
    poisoned = poisoned_events(end_of_past)
    assert sorted(map(str, poisoned)) != sorted(map(str, make_events()))
    chain = load_chain(write_world(tmp_path / "configuration", poisoned) / "chains" / "small.yaml")
    run_windows(chain, tmp_path / "lake", finished.models, PAST)
    honest = content_hashes(finished.chain, finished.lake, PAST)
    assert {asset for asset, _ in honest} == set(LINEAGE)
    assert content_hashes(chain, tmp_path / "lake", PAST) == honest


def test_the_same_inputs_profile_and_seed_give_the_same_content(finished: FinishedChain, tmp_path: Path) -> None:
    """Another process, another lake, no orchestrator: every hash of all three windows, weights included."""
    chain = load_chain(write_world(tmp_path / "configuration") / "chains" / "small.yaml")
    run_windows(chain, tmp_path / "lake", finished.models, WINDOWS)
    assert content_hashes(chain, tmp_path / "lake", WINDOWS) == content_hashes(finished.chain, finished.lake, WINDOWS)


def test_the_past_does_matter(finished: FinishedChain, tmp_path: Path) -> None:
    """The tests above could pass on hashes that never change; one event of the first window must change them."""
    events = make_events()
    position = next(n for n, event in enumerate(events) if event.stars == "5")
    events[position] = replace(events[position], stars="1")
    chain = load_chain(write_world(tmp_path / "configuration", events) / "chains" / "small.yaml")
    early = ("items", "raw_interactions", "cleaned_interactions", "evidence", "aligned_llm", "draft_reasons")
    run_windows(chain, tmp_path / "lake", finished.models, PAST[:1], (*early, "reward_model"))
    changed = content_hashes(chain, tmp_path / "lake", PAST[:1])
    honest = content_hashes(finished.chain, finished.lake, PAST[:1])
    for asset in ("raw_interactions", "cleaned_interactions", "reward_model"):
        assert changed[(asset, PAST[0])] != honest[(asset, PAST[0])], asset
    assert changed[("items", PAST[0])] == honest[("items", PAST[0])]
