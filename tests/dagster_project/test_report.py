"""The report of a lake written by hand: text from data stays text, and what is not there is said."""

from pathlib import Path
from typing import Any

import pytest

from curec_assets.configuration.chain import ConfigError
from curec_assets.lake.catalogue import ensure_catalogue
from curec_assets.lake.lake import Lake
from curec_assets.lake.schemas import BIAS_AUDIT
from dagster_project.cli.report import write_report
from dagster_project.report import queries
from dagster_project.report.blocks import Figure
from dagster_project.report.markdown import render_markdown
from dagster_project.report.queries import ChainRows, read_chain
from dagster_project.report.sections import report_blocks
from tests.dagster_project.reports import HOSTILE, cells, part, without_folds
from tests.lake.manifests import manifest_of
from tests.small_world import write_world


def read_ready(lake_root: Path) -> ChainRows:
    """The rows of chain ``hand``, its catalogue built first."""
    ensure_catalogue(lake_root, [])
    return read_chain(lake_root, "hand")


def test_text_from_data_is_shown_and_never_obeyed(small_lake: Path, tmp_path: Path) -> None:
    markdown, page = (p.read_text() for p in write_report(["hand"], small_lake, tmp_path, tmp_path / "out"))
    assert "<script" not in page
    assert "&lt;script&gt;alert('x')&lt;/script&gt; &amp;" in page
    assert "<" not in without_folds(markdown)
    assert "&lt;script>alert('x')&lt;/script> &amp; \"more\" \\| \\`code\\` ]&#40;https:/&#47;example.org)" in markdown
    assert "| new over two lines |" in markdown


def test_only_an_interval_that_leaves_0_out_tells_apart(small_lake: Path) -> None:
    found = {row["arm"].split()[0]: row for row in read_ready(small_lake).headline if row["subject"] == "ranker"}
    assert {name: row["verdict"] for name, row in found.items()} == {
        "up": "above 0",
        "down": "below 0",
        "open": "not told apart from 0",
        "single": "not told apart from 0",
        "nan": "not told apart from 0",
    }
    assert found["nan"]["value"] is None


def test_a_stage_without_rows_says_so(small_lake: Path) -> None:
    markdown = render_markdown(report_blocks([read_ready(small_lake)]))
    stages, headline = part(markdown, "Stages"), part(markdown, "Headline: what differs from 0")
    assert part(stages, "bias_audit").strip() == "no rows"
    for subject in ("aligned_llm", "reward_model", "correction", "recommendations"):
        assert without_folds(part(headline, subject)).strip() == "no rows"
        assert "no rows" in part(stages, subject)
    assert without_folds(part(headline, "rl_policy")).strip() == "no rows"
    for subject in ("rl_policy", "ranker"):
        assert "no rows" not in part(stages, subject)


def test_a_judged_policy_is_shown_by_arm_and_curves_leave_out_what_is_no_number(small_lake: Path) -> None:
    blocks = report_blocks([read_ready(small_lake)])
    judged, curves = cells(part(part(render_markdown(blocks), "Stages"), "rl_policy"))
    shown = "0.5000 [0.1000, 0.9000]"
    assert judged == [{"measure": "gold_reward", "aligned_llm": shown, "rl_policy": shown, "n": "4"}]
    assert curves == [
        {"curve": "reward", "2020-01": "0.2500 → 0.2500"},
        {"curve": "steps", "2020-01": "2"},
    ]
    assert any("gold_reward, item" in svg for block in blocks if isinstance(block, Figure) for svg in block.svgs)


def test_a_report_shows_one_state_of_a_lake_that_changes_while_it_is_read(
    small_lake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, read = read_ready(small_lake), queries._read
    changes = iter([manifest_of("bias_audit", "2020-02", content_hash="1")])

    def read_while_it_changes(*arguments: Any) -> ChainRows:
        found = read(*arguments)
        for manifest in changes:
            Lake(small_lake, "hand").publish(BIAS_AUDIT.empty_table(), manifest)
        return found

    monkeypatch.setattr(queries, "_read", read_while_it_changes)
    second = read_chain(small_lake, "hand")
    assert second.overview["partitions"] == first.overview["partitions"] + 1
    assert "bias_audit" in {row["asset"] for row in second.costs}


def test_a_chain_that_cannot_be_reported_is_told_with_what_to_run(tmp_path: Path, small_lake: Path) -> None:
    configuration = write_world(tmp_path / "configuration")
    with pytest.raises(ValueError, match=r"chain 'small' has no partitions.*curec run --chain small"):
        write_report(["small"], small_lake, configuration, tmp_path / "out")
    with pytest.raises(ConfigError, match=r"no chain 'nowhere' in the lake .* there are: small"):
        write_report(["hand", "nowhere"], small_lake, configuration, tmp_path / "out")
    with pytest.raises(ValueError, match="cannot name a folder of the lake"):
        write_report(["../small"], small_lake, configuration, tmp_path / "out")
    (small_lake / "begun" / "items").mkdir(parents=True)
    with pytest.raises(ValueError, match="curec run --chain begun"):
        write_report(["begun"], small_lake, configuration, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_what_was_written_before_and_after_alignment_stands_side_by_side(small_lake: Path) -> None:
    found = read_ready(small_lake).alignment_pairs
    assert found == [
        {"window": "2020-02", "side": "user", "subject": "user 7", "base": f"one {HOSTILE}", "aligned": "other words"}
    ]
    markdown = render_markdown(report_blocks([read_ready(small_lake)]))
    assert "other words" in part(markdown, "Before and after alignment, drawn at random")
    assert "<script" not in markdown
