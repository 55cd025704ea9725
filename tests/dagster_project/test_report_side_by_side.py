"""Several chains in one report: each as it stands in its own part, beside the others, and nothing made of them all."""

import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from curec_assets.configuration.chain import load_chain
from curec_assets.lake.catalogue import query
from curec_assets.lineage import LINEAGE
from dagster_project.cli.report import judged_or_all, windows_by_chain, write_report
from dagster_project.report.answers import chosen_windows, held_windows
from dagster_project.report.blocks import NOTHING, Table, number
from dagster_project.report.queries import read_chain
from dagster_project.report.sections import report_blocks
from dagster_project.report.side_by_side import Column, side_by_side_blocks
from tests.chains import run_windows
from tests.conftest import FinishedChain
from tests.dagster_project.reports import HOSTILE, Cells, cells, part
from tests.small_world import CHAIN, WINDOWS, make_events, write_world

DATA = ("items", "raw_interactions", "cleaned_interactions", "evidence")
FEW = 300
LATER = "later"
"""The chain ``small`` again, judged by its last window alone."""
BEGUN = "begun"
"""Another chain: fewer events, items without categories, and nothing made of them but evidence."""


@dataclass(frozen=True)
class Written:
    """A report of three chains, and the lake that it was read from."""

    lake: Path
    markdown: str
    page: str

    def table(self, heading: str) -> Cells:
        return cells(part(part(self.markdown, "Side by side"), heading))[0]

    def facts(self, chain: str) -> dict[str, str]:
        return {row["what"]: row[chain] for row in self.table("Data, windows and profile")}


@pytest.fixture(scope="module")
def written(finished: FinishedChain, models_root: Path, tmp_path_factory: pytest.TempPathFactory) -> Written:
    root = tmp_path_factory.mktemp("side_by_side")
    shutil.copytree(finished.lake, root / "lake", ignore=shutil.ignore_patterns("weights", "curec.duckdb"))
    shutil.copytree(root / "lake" / "small", root / "lake" / LATER)
    configuration = write_world(root / "configuration", make_events()[:FEW])
    items = configuration / "items.csv"
    items.write_text(re.sub(r",(?!kinds$)\w+$", ",", items.read_text(), flags=re.MULTILINE))
    (configuration / "chains" / f"{BEGUN}.yaml").write_text(CHAIN)
    chain = load_chain(configuration / "chains" / f"{BEGUN}.yaml")
    run_windows(chain, root / "lake", models_root, WINDOWS[:2], DATA)
    markdown, page = _report(root, ["small", LATER, BEGUN], [f"{LATER}={WINDOWS[-1]}"])
    return Written(root / "lake", markdown, page)


def _report(root: Path, chains: Sequence[str], windows: Sequence[str] = ()) -> tuple[str, str]:
    markdown, page = write_report(chains, root / "lake", root / "configuration", root / "out", windows)
    return markdown.read_text(), page.read_text()


def around(value: float, width: float) -> str:
    """As pooling tells one window: its value, and half its interval's width to either side."""
    return f"{number(value)} [{number(value - width / 2)}, {number(value + width / 2)}]"


def test_each_answer_is_that_of_the_chains_own_part(written: Written) -> None:
    beside = written.table("Six answers side by side")
    for chain, last in (("small", WINDOWS[-1]), (LATER, WINDOWS[-1]), (BEGUN, WINDOWS[1])):
        first = WINDOWS[-1] if chain == LATER else WINDOWS[0]
        own = cells(part(part(written.markdown, chain), f"Six questions, pooled over {first} to {last}"))[0]
        answered = {
            (row["point"], row["compared"], row["measure"], row["slice"]): row for row in own if row["value"] != NOTHING
        }
        shown = {
            (row["point"], row["compared"], row["measure"], row["slice"]): row[chain]
            for row in beside
            if row[chain] != NOTHING
        }
        assert shown.keys() == answered.keys()
        assert bool(shown) == (chain != BEGUN)
        for key, row in answered.items():
            value = row["value"] if row["interval"] == NOTHING else f"{row['value']} {row['interval']}"
            assert shown[key] == f"{value}, {row['verdict']}"


def test_an_arm_stands_with_its_difference_to_ids_alone_in_the_windows_of_its_chain(written: Written) -> None:
    arms = {
        (row["backbone"], row["measure"], row["arm"]): row for row in written.table("The ranker's arms side by side")
    }
    held = query(
        written.lake,
        "FROM evaluations WHERE subject = 'ranker' AND slice = 'all' AND metric IN ('auc', 'ndcg@10') "
        f"AND \"window\" = '{WINDOWS[-1]}'",
        LATER,
    ).to_pylist()
    found = {(row["backbone"], row["metric"], row["arm"]): row for row in held}
    compared = {key: row for key, row in found.items() if (key[0] == "din") == (key[1] == "auc")}
    assert {key for key in compared if " − " not in key[2]} == set(arms)
    for (backbone, metric, arm), row in arms.items():
        own = compared[backbone, metric, arm]
        assert row[LATER] == around(own["value"], own["ci_high"] - own["ci_low"])
        assert row[BEGUN] == row[f"{BEGUN}: − id_only"] == NOTHING
        if arm == "id_only":
            assert row[f"{LATER}: − id_only"] == NOTHING
            continue
        told = row[f"{LATER}: − id_only"]
        difference = own["value"] - compared[backbone, metric, "id_only"]["value"]
        pairs = (f"{arm} − id_only", f"id_only − {arm}")
        paired = [compared[backbone, metric, pair] for pair in pairs if (backbone, metric, pair) in compared]
        if paired:
            assert told == around(difference, paired[0]["ci_high"] - paired[0]["ci_low"])
        else:
            assert told == number(difference), "an interval of arms that were not compared event by event"
    assert {arm for _, _, arm in arms} >= {"corrected_reasons", "shuffled_reasons", "popularity"}


def test_windows_sizes_profile_and_cost_are_those_of_each_chain(written: Written) -> None:
    small, later, begun = (written.facts(chain) for chain in ("small", LATER, BEGUN))
    assert small["windows"] == later["windows"] == f"3: {WINDOWS[0]} to {WINDOWS[2]}"
    assert (small["judged by"], later["judged by"]) == (
        f"{WINDOWS[0]} to {WINDOWS[2]}",
        f"{WINDOWS[2]} to {WINDOWS[2]}",
    )
    evaluated = "of these, with an evaluated ranker"
    assert [facts[evaluated] for facts in (small, later, begun)] == ["2 of 3", "1 of 1", "0 of 2"]
    assert (small["language model"], begun["language model"]) == ("random:tiny", NOTHING)
    for chain, facts in (("small", small), (BEGUN, begun)):
        (held,) = query(
            written.lake, "SELECT count(*) AS n, count(DISTINCT user_id) AS users FROM cleaned_interactions", chain
        ).to_pylist()
        assert (facts["events"], facts["users"]) == (f"{held['n']:,}", f"{held['users']:,}")
    assert [facts["items with categories"] for facts in (small, begun)] == ["100.0%", "0.0%"]
    assert {facts["items with a title"] for facts in (small, begun)} == {"100.0%"}
    cost = {row["stage"]: row for row in written.table("Cost side by side")}
    assert {stage for stage, row in cost.items() if row[BEGUN] != NOTHING} == {*DATA, "all", "all, a window"}
    assert {*LINEAGE} <= cost.keys()
    assert cost["all"][LATER] == cost["all, a window"][LATER]


def test_a_chain_without_an_evaluation_says_so_and_with_which_command_it_comes(written: Written) -> None:
    told = part(written.markdown, "Side by side")
    assert f"{BEGUN}: no ranker was evaluated in {WINDOWS[0]} to {WINDOWS[1]}" in told
    assert f"curec run --chain {BEGUN}" in told
    assert f"{LATER}: no ranker" not in told


def test_a_chain_reads_in_company_as_it_does_alone(written: Written) -> None:
    root = written.lake.parent
    alone, _ = _report(root, ["small"])
    assert "Side by side" not in alone
    assert part(alone, "small").rstrip() == part(written.markdown, "small").rstrip()


def test_the_page_draws_the_arms_of_each_evaluated_chain_on_one_axis(written: Written) -> None:
    plots = re.findall(r'<svg.*?aria-label="((?:small|later|begun), [^"]*)".*?</svg>', written.page, flags=re.DOTALL)
    assert sorted(plots) == [
        f"{chain}, {measured}: − id_only" for chain in (LATER, "small") for measured in ("din auc", "sasrec ndcg@10")
    ]
    for plot in re.findall(r"<svg.*?</svg>", written.page, flags=re.DOTALL):
        ElementTree.fromstring(plot)


def test_only_values_that_differ_are_listed_and_their_text_stays_text(written: Written) -> None:
    rows = read_chain(written.lake, "small")
    other = replace(
        rows,
        chain="other",
        configuration=[
            {"setting": "language_model.source", "value": HOSTILE},
            *(row for row in rows.configuration if row["setting"] not in ("language_model.source", "policy.beta")),
        ],
    )
    columns = [Column(found, chosen_windows(found, "..")) for found in (rows, other)]
    (fold,) = [block for block in side_by_side_blocks(columns) if hasattr(block, "summary")]
    (table,) = fold.blocks
    assert isinstance(table, Table)
    beta = next(row["value"] for row in rows.configuration if row["setting"] == "policy.beta")
    assert table.rows == (("language_model.source", "random:tiny", HOSTILE), ("policy.beta", beta, NOTHING))


def test_a_report_pools_the_windows_that_are_judged_once_the_lake_holds_them(written: Written, tmp_path: Path) -> None:
    rows = read_chain(written.lake, "small")
    first, *_, last = held_windows(rows)
    (tmp_path / "chains").mkdir()

    def pooled(windows: str) -> str:
        text = f"data_set: gone\nprofile: gone\nwindows: {{frequency: monthly, first: {first}, {windows}}}\n"
        (tmp_path / "chains" / "small.yaml").write_text(text)
        return judged_or_all(tmp_path, rows)

    assert pooled(f"last: {last}, judged: {last}") == f"{last}..{last}"
    assert pooled(f"last: {last}") == ".."
    assert pooled('last: "2031-01", judged: "2030-12..2031-01"') == ".."
    assert judged_or_all(tmp_path / "elsewhere", rows) == ".."


def test_windows_are_given_for_every_chain_or_for_one(written: Written) -> None:
    assert windows_by_chain(["a", "b"], []) == {}
    assert windows_by_chain(["a", "b"], ["b=2020-02.."]) == {"b": "2020-02.."}
    assert windows_by_chain(["a", "b"], ["b=2020-02..", "..2020-01"]) == {"a": "..2020-01", "b": "2020-02.."}
    with pytest.raises(ValueError, match="'c' is none of the chains reported: a, b"):
        windows_by_chain(["a", "b"], ["c=2020-01"])
    with pytest.raises(ValueError, match="every chain has 2020-01 already"):
        windows_by_chain(["a"], ["2020-01", "2020-02"])
    chains = [read_chain(written.lake, chain) for chain in ("small", BEGUN)]
    with pytest.raises(ValueError, match=rf"{BEGUN}: '2020-03' is no window .* --windows {BEGUN}=FIRST\.\.LAST"):
        report_blocks(chains, windows_by_chain(["small", BEGUN], ["2020-03"]))
