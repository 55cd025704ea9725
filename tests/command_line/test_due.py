"""What a run makes next: what is missing or stale, in order, and only what was asked for."""

from curec_assets.configuration.windows import Window, WindowsConfig
from curec_assets.lake.versions import Freshness, State
from curec_assets.lineage import LINEAGE
from dagster_project.cli.in_order import due

WINDOW: Window = WindowsConfig(frequency="monthly", first="2020-01", last="2020-01").windows()[0]


def partitions(**states: Freshness) -> dict[tuple[str, str], Freshness]:
    return {(asset, WINDOW.key): states.get(asset, found("fresh")) for asset in LINEAGE}


def found(state: State, through_parents: bool = False) -> Freshness:
    return Freshness("any", WINDOW.key, state, "", through_parents, None)


MISSING = found("missing")


def test_nothing_is_due_where_all_is_fresh() -> None:
    assert due(partitions(), WINDOW) == []


def test_what_is_missing_is_due_in_the_order_of_lineage() -> None:
    assert due(partitions(ranker=MISSING, evidence=MISSING), WINDOW) == ["evidence", "ranker"]


def test_only_what_was_asked_for_is_due() -> None:
    assert due(partitions(ranker=MISSING, evidence=MISSING), WINDOW, ["ranker"]) == ["ranker"]
    assert due(partitions(evidence=MISSING), WINDOW, ["ranker"]) == []


def test_what_waits_for_an_asset_that_was_not_asked_for_is_left() -> None:
    waiting = found("stale", through_parents=True)
    assert due(partitions(evidence=MISSING, ranker=waiting), WINDOW, ["ranker"]) == []
