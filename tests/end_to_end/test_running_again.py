"""What a run does with what is there: resumes, refuses gaps, refuses another configuration, shows what is stale."""

import shutil
import signal
from collections.abc import Mapping

from curec_assets.configuration.chain import SHIPPED, load_chain
from curec_assets.interactions.sources import open_source
from curec_assets.lake.lake import Lake
from curec_assets.lake.versions import status
from curec_assets.lineage import LINEAGE
from tests.chains import content_hashes
from tests.conftest import FinishedChain
from tests.small_world import WINDOWS, Event, make_events, write_world


def fingerprints(chain: FinishedChain) -> Mapping[str, str]:
    copied = load_chain(chain.configuration / "chains" / "small.yaml")
    return open_source(copied.data_set, copied.folder).fingerprints()


def test_a_gap_in_the_chain_is_refused_and_nothing_is_written(copy: FinishedChain) -> None:
    copy.forget(WINDOWS[1], *LINEAGE)
    copy.forget(WINDOWS[2], *LINEAGE)
    refused = copy.curec("run", "--chain", "small", "--windows", WINDOWS[2], check=False)
    assert refused.returncode == 1
    assert f"curec run --chain small --windows {WINDOWS[1]}..{WINDOWS[2]}" in refused.stderr
    assert Lake(copy.lake, "small").manifest("items", WINDOWS[2]) is None


def test_a_window_made_with_another_configuration_is_not_built_upon(copy: FinishedChain) -> None:
    shutil.copytree(SHIPPED / "profiles", copy.configuration / "profiles", dirs_exist_ok=True)
    profile = copy.configuration / "profiles" / "test.yaml"
    profile.write_text(profile.read_text().replace("min_support: 2", "min_support: 3"))
    copy.forget(WINDOWS[2], *LINEAGE)
    refused = copy.curec("run", "--chain", "small", "--windows", WINDOWS[2], check=False)
    assert refused.returncode == 1
    assert "evidence in 2020-01 was made with another configuration" in refused.stderr
    assert Lake(copy.lake, "small").manifest("aligned_llm", WINDOWS[2]) is None


def test_a_run_resumes_where_it_stopped_and_ends_with_the_same_content(
    finished: FinishedChain, copy: FinishedChain
) -> None:
    """Killed in the last window after the drafts were published; the next run makes the rest, and only the rest."""
    last = WINDOWS[2]
    copy.forget(last, *list(LINEAGE)[list(LINEAGE).index("aligned_llm") :])
    copy.stopped(f"{last} reward_model …", lambda run: run.send_signal(signal.SIGKILL))
    kept = Lake(copy.lake, "small").manifest("draft_reasons", last)
    assert kept is not None
    assert Lake(copy.lake, "small").manifest("ranker", last) is None
    copy.curec("run", "--chain", "small")
    assert Lake(copy.lake, "small").manifest("draft_reasons", last) == kept
    assert content_hashes(copy.chain, copy.lake, WINDOWS) == content_hashes(finished.chain, finished.lake, WINDOWS)


def test_status_shows_what_a_changed_old_window_makes_stale(copy: FinishedChain) -> None:
    """The source's first window changes; once it is made again, all that rests on it is stale, through every window."""
    early = int(copy.chain.all_windows()[0].start.timestamp()) + 86_400
    source = write_world(copy.configuration.parent / "changed", [*make_events(), Event("u3", "i4", early, "5")])
    shutil.copy(source / "interactions.csv", copy.configuration / "interactions.csv")
    before = copy.curec("status", "--chain", "small", check=False)
    assert before.returncode == 1
    assert "raw_interactions in 2020-01: source changed" in " ".join(before.stdout.split())

    copy.curec("run", "--chain", "small", "--windows", WINDOWS[0])
    partitions = status(Lake(copy.lake, "small"), copy.chain, fingerprints(copy))
    for window in WINDOWS[1:]:
        assert partitions[("evidence", window)].state == "stale"
        assert partitions[("reason_embeddings", window)].through_parents
        assert Lake(copy.lake, "small").read("ranker", window).num_rows == 1, "what is stale stays readable"
    after = " ".join(copy.curec("status", "--chain", "small", check=False).stdout.split())
    assert "cleaned_interactions in 2020-01 has other content now" in after
    assert "more are stale only because of these" in after


def test_a_source_that_only_grows_later_rows_makes_nothing_of_the_past_again(copy: FinishedChain) -> None:
    late = int(copy.chain.all_windows()[2].end.timestamp()) + 86_400
    source = write_world(copy.configuration.parent / "grown", [*make_events(), Event("u3", "i4", late, "5")])
    shutil.copy(source / "interactions.csv", copy.configuration / "interactions.csv")
    before = {w: Lake(copy.lake, "small").manifest("aligned_llm", w) for w in WINDOWS}
    made = copy.curec("run", "--chain", "small").stdout
    # Three assets a window read the source; their content is the same, so nothing after them runs.
    assert "9 partitions made" in made
    assert {w: Lake(copy.lake, "small").manifest("aligned_llm", w) for w in WINDOWS} == before
    assert copy.curec("status", "--chain", "small").returncode == 0


def test_a_failed_stage_is_told_in_one_line_and_leaves_what_was_made(copy: FinishedChain) -> None:
    copy.forget(WINDOWS[2], *LINEAGE)
    (copy.configuration / "items.csv").write_text("item,label\n1,One\n")
    failed = copy.curec("run", "--chain", "small", check=False)
    assert failed.returncode in (1, 2)
    assert "items.csv" in failed.stderr
    assert "name" in failed.stderr
    assert "Traceback" not in failed.stderr
    assert Lake(copy.lake, "small").manifest("bias_audit", WINDOWS[1]) is not None
