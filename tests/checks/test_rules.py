"""Every rule in ``sql/checks`` finds the row that breaks it and no other, and sees nothing of later windows."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest

from curec_assets.checks.checks import CHECKS
from curec_assets.lake.schemas import RECOMMENDATIONS
from curec_assets.lake.sql import SQL_ROOT
from tests.checks.partitions import HandMadeLake, Rows, embedded, event, measured, recommended, review
from tests.lake.manifests import manifest_of
from tests.small_world import WINDOWS

FIRST, SECOND, THIRD = WINDOWS
DAY = datetime(2020, 1, 10, tzinfo=UTC)
END = datetime(2020, 2, 1, tzinfo=UTC)
LATE = datetime(2020, 2, 3, tzinfo=UTC)
ITEM = {"item_id": "i1", "title": "One", "categories": ["Drama"], "first_seen": DAY}
OTHER = {**ITEM, "item_id": "i2"}
RAW = {"user_id": "u1", "item_id": "i1", "rating": "5", "timestamp": "t", "ts": DAY}
EVIDENCE = {"side": "item", "subject_id": "i1", "as_of": END, "evidence_hash": "h", "facts": []}
DRAFT = {"side": "item", "subject_id": "i1", "sample": 0, "reason": "Why?", "grounded": True, "evidence_hash": "h"}
ARRIVAL = {"side": "item", "subject_id": "i1", "reason": "New.", "grounded": True, "valid_from": DAY}
SHARE = {"measure": "item_share", "arm": "catalogue", "value": 0.1, "n": 1}


@dataclass(frozen=True)
class Case:
    """A world in which a rule holds, and the rows that break it when they stand beside the good ones."""

    asset: str
    rule: str
    good: Rows
    bad: Rows
    offending: Mapping[str, Any]
    others: Mapping[str, Rows]


CASES = [
    Case(
        "raw_interactions",
        "rows_lie_in_the_window",
        [{**RAW, "source_row": 1}],
        [{**RAW, "source_row": 2, "ts": LATE}],
        {"source_row": 2},
        {},
    ),
    Case(
        "cleaned_interactions",
        "counts_add_up",
        [event(1, "u1", "i1", DAY, merged_duplicates=1), event(2, "", "i1", DAY, quarantine_code="missing_user")],
        [event(3, "u2", "i1", DAY)],
        {"raw": 3, "good": 2, "quarantined": 1, "merged": 1},
        {"raw_interactions": [{**RAW, "source_row": n} for n in (1, 2, 3)]},
    ),
    Case(
        "cleaned_interactions",
        "one_event_per_id",
        [event(1, "u1", "i1", DAY), event(2, "u1", "i1", DAY, event_id="e1", quarantine_code="conflicting_rating")],
        [event(3, "u1", "i1", DAY, event_id="e1")],
        {"event_id": "e1", "events": 2},
        {},
    ),
    Case(
        "cleaned_interactions",
        "events_name_known_items",
        [event(1, "u1", "i1", DAY), event(2, "u1", "nowhere", DAY, quarantine_code="unknown_item")],
        [event(3, "u1", "nowhere", DAY)],
        {"event_id": "e3", "catalogue_entries": 0},
        {"items": [ITEM]},
    ),
    Case(
        "evidence",
        "evidence_is_of_known_subjects",
        [EVIDENCE, {**EVIDENCE, "side": "user", "subject_id": "u1"}],
        [{**EVIDENCE, "side": "user", "subject_id": "i1"}],
        {"side": "user", "subject_id": "i1"},
        {"items": [ITEM], "cleaned_interactions": [event(1, "u1", "i1", DAY)]},
    ),
    Case(
        "draft_reasons",
        "drafts_have_their_evidence",
        [DRAFT],
        [{**DRAFT, "sample": 1, "evidence_hash": "another"}],
        {"subject_id": "i1", "evidence_hash": "another"},
        {"evidence": [EVIDENCE]},
    ),
    Case(
        "arrival_reasons",
        "arrivals_are_first_seen_now",
        [ARRIVAL],
        [{**ARRIVAL, "subject_id": "i9"}],
        {"subject_id": "i9"},
        {"items": [ITEM]},
    ),
    Case(
        "corrected_reasons",
        "reviews_have_their_evidence",
        [review("i1", END), review("i1", DAY, action="arrived", reason="New.")],
        [review("i2", DAY, action="arrived", reason="New.")],
        {"subject_id": "i2", "action": "arrived"},
        {"evidence": [EVIDENCE], "arrival_reasons": [ARRIVAL]},
    ),
    Case(
        "corrected_reasons",
        "reviews_say_what_was_done",
        [review("i1", END), review("i2", END, action="withdrawn", reason=None)],
        [review("i3", END, action="withdrawn")],
        {"subject_id": "i3"},
        {},
    ),
    Case(
        "corrected_reasons",
        "corrections_were_accepted",
        [
            review("i1", END, action="corrected", cause="drifted", gain_lower_bound=0.1),
            review("i2", END, action="corrected", cause="ungrounded"),
            review("i3", END, action="kept", gain_lower_bound=-0.1),
        ],
        [review("i4", END, action="corrected", cause="drifted", gain_lower_bound=-0.1)],
        {"subject_id": "i4"},
        {},
    ),
    Case(
        "reason_embeddings",
        "embeddings_are_unit_vectors",
        [embedded("draft", "i1", "Why?", END, [0.6, 0.8]), embedded("corrected", "i1", None, END, None)],
        [embedded("rl_sample", "i1", "Why?", END, [0.6, 0.7])],
        {"role": "rl_sample"},
        {},
    ),
    Case(
        "reason_embeddings",
        "every_reason_is_embedded",
        [
            embedded("draft", "i1", "Why?", END, [0.6, 0.8]),
            embedded("corrected", "i1", "Why i1.", END, [1.0, 0.0]),
            embedded("arrival", "i1", "New.", DAY, [1.0, 0.0]),
        ],
        [embedded("rl_sample", "i1", "Never written.", END, [1.0, 0.0])],
        {"role": "rl_sample", "expected_hash": None},
        {"draft_reasons": [DRAFT], "corrected_reasons": [review("i1", END)], "arrival_reasons": [ARRIVAL]},
    ),
    Case(
        "ranker_evaluation",
        "measures_are_possible",
        [measured("ranker", "id_only", "auc", 0.6, 0.7), measured("ranker", "a − b", "auc", -0.1, 0.1)],
        [measured("ranker", "popularity", "auc", 1.1, 1.2)],
        {"arm": "popularity"},
        {},
    ),
    Case(
        "recommendations",
        "recommended_items_are_unseen",
        [recommended("u1", 1, "i2")],
        [recommended("u1", 2, "i1")],
        {"item_id": "i1", "in_catalogue": True},
        {"items": [ITEM, OTHER], "cleaned_interactions": [event(1, "u1", "i1", DAY)]},
    ),
    Case(
        "recommendations",
        "recommended_reasons_stand",
        [recommended("u1", 1, "i1"), recommended("u1", 2, "i2", reason=None)],
        [recommended("u2", 1, "i2")],
        {"user_id": "u2", "standing_reason": None},
        {
            "corrected_reasons": [
                review("i1", DAY),
                review("i2", DAY),
                review("i2", END, action="withdrawn", reason=None),
            ]
        },
    ),
    Case(
        "recommendations",
        "ranks_run_without_gaps",
        [recommended("u1", 1, "i1"), recommended("u1", 2, "i2")],
        [recommended("u2", 2, "i1")],
        {"user_id": "u2", "rank": 2, "place": 1},
        {},
    ),
    Case(
        "recommendations",
        "grounds_are_of_the_users_own_history",
        [recommended("u1", 1, "i2", because=[{"item_id": "i1", "title": "One", "attention": 1.0}])],
        [recommended("u2", 1, "i2", because=[{"item_id": "i1", "title": "One", "attention": 1.0}])],
        {"user_id": "u2", "named_item": "i1"},
        {"cleaned_interactions": [event(1, "u1", "i1", DAY)]},
    ),
    Case(
        "recommendations",
        "grounds_are_of_the_users_own_history",
        [recommended("u1", 1, "i2", why=[{"part": "history", "item_id": "i1"}, {"part": "reason"}])],
        [recommended("u2", 1, "i2", why=[{"part": "history", "item_id": "i1"}])],
        {"user_id": "u2", "named_item": "i1"},
        {"cleaned_interactions": [event(1, "u1", "i1", DAY)]},
    ),
    Case(
        "bias_audit",
        "shares_add_up",
        [{**SHARE, "bucket": f"d{n:02d}"} for n in range(1, 11)],
        [{**SHARE, "bucket": "d11"}],
        {"measure": "item_share"},
        {},
    ),
]


def fill(world: HandMadeLake, case: Case, rows: Rows) -> None:
    for asset, others in case.others.items():
        world.publish(asset, FIRST, others)
    world.publish(case.asset, FIRST, rows)


def test_every_rule_has_a_case() -> None:
    shipped = {path.stem for path in (SQL_ROOT / "checks").glob("*.sql")}
    assert {case.rule for case in CASES} == shipped
    assert shipped <= {check.name for checks in CHECKS.values() for check in checks}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.rule)
def test_a_rule_holds_for_good_rows_and_says_itself(world: HandMadeLake, case: Case) -> None:
    fill(world, case, case.good)
    found = world.judge(case.asset, case.rule, FIRST)
    assert found.passed, found.offending
    assert found.summary.startswith("Holds for every row: ")
    assert found.summary.endswith(".")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.rule)
def test_a_rule_finds_the_row_that_breaks_it(world: HandMadeLake, case: Case) -> None:
    fill(world, case, [*case.good, *case.bad])
    found = world.judge(case.asset, case.rule, FIRST)
    assert not found.passed
    (row,) = found.offending
    assert row.items() >= case.offending.items()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.rule)
def test_a_rule_sees_nothing_of_later_windows(world: HandMadeLake, case: Case) -> None:
    fill(world, case, [*case.good, *case.bad])
    before = world.judge(case.asset, case.rule, FIRST)
    for window in (SECOND, THIRD):
        for asset, others in case.others.items():
            world.publish(asset, window, others)
        world.publish(case.asset, window, [*case.good, *case.bad, *case.bad])
    assert world.judge(case.asset, case.rule, FIRST) == before


def test_what_earlier_windows_hold_counts(world: HandMadeLake) -> None:
    """Who was met in January may be recommended by that in February."""
    because = [{"item_id": "i1", "title": "One", "attention": 1.0}]
    world.publish("cleaned_interactions", FIRST, [event(1, "u1", "i1", DAY)])
    world.publish("cleaned_interactions", SECOND, [event(2, "u1", "i2", LATE)])
    world.publish("recommendations", SECOND, [recommended("u1", 1, "i3", because=because)])
    assert world.judge("recommendations", "grounds_are_of_the_users_own_history", SECOND).passed


def test_a_lake_of_older_code_is_judged_by_the_columns_it_has(world: HandMadeLake) -> None:
    older = ["user_id", "rank", "item_id", "score", "reason", "because"]
    rows = pa.Table.from_pylist([recommended("u1", 1, "i1")], schema=RECOMMENDATIONS).select(older)
    world.lake.publish(rows, replace(manifest_of("recommendations", FIRST, rows=1), chain=world.chain.name))
    world.publish("corrected_reasons", FIRST, [review("i1", DAY)])
    for check in ("recommended_reasons_stand", "ranks_run_without_gaps", "unique_keys"):
        assert world.judge("recommendations", check, FIRST).passed
