"""Error gaps on the report's page and on the asset's: with intervals, and with what was left out."""

import pytest

from dagster_project.pictures import audit_plots
from dagster_project.report.audit import audit_blocks, group_plots
from dagster_project.report.html import render_html
from dagster_project.report.markdown import render_markdown
from dagster_project.report.queries import ChainRows, read_chain
from tests.dagster_project.known_lake import CHAIN, write_known_lake


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> ChainRows:
    return read_chain(write_known_lake(tmp_path_factory.mktemp("lake")), CHAIN)


def test_every_gap_stands_on_the_page_with_its_interval(known: ChainRows) -> None:
    page = render_html(audit_blocks(known), "audit")
    assert "[-0.3000, -0.1000]" in page
    assert "[-0.0200, 0.1200]" in page


def test_groups_that_were_left_out_are_counted_in_the_text(known: ChainRows) -> None:
    told = render_markdown(audit_blocks(known))
    assert "Groups too small to be compared: age 4 (din); gender 0 (din)." in told


def test_data_that_says_nothing_of_people_is_said_to(known: ChainRows) -> None:
    rows = [row for row in known.audit if row["measure"] != "user_groups_left_out"]
    bare = ChainRows(**{**vars(known), "audit": rows})
    assert "The data says nothing of people" in render_markdown(audit_blocks(bare))


def test_a_plot_a_measure_and_arm_holds_a_dot_a_group(known: ChainRows) -> None:
    (plot,) = group_plots(known.audit)
    assert "auc_gap of din/id_only: group − others" in plot
    assert "gender F" in plot
    assert "items_0" not in plot
    assert group_plots(known.audit, ("ndcg@",)) == []
    assert "auc_gap of din/id_only: group − others" in audit_plots(known.audit)


def test_an_older_audit_without_intervals_is_shown(known: ChainRows) -> None:
    older = [row | {"ci_low": None, "ci_high": None} for row in known.audit]
    page = render_html(audit_blocks(ChainRows(**{**vars(known), "audit": older})), "audit")
    assert "items_0 − items_21_plus" in page
