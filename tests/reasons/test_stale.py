"""A reason that stops being true is counted: caught where a review met it, left where none did."""

from typing import Any

from curec_assets.reasons.config import CorrectionConfig
from curec_assets.reasons.correction import correct_reasons
from curec_assets.reasons.written import Written
from tests.reasons.reason_world import (
    GATE,
    GROUNDING,
    WINDOWS,
    ScriptedGenerator,
    TableScorer,
    arrival_table,
    draft_table,
    evidence_row,
    evidence_table,
    no_history,
)

HEAT, SPEED = "People who like Heat like this one.", "People who like Speed like this one."
UNGROUNDED = "People who like Blade Runner like this one."
OF_HEAT, OF_SPEED = [("co_liked", "Heat (1995)")], [("co_liked", "Speed (1994)")]


def correct(
    reviewed: list[dict[str, Any]],
    evidence: list[dict[str, Any]],
    window: int,
    says: dict[str, str],
    history: Written | None = None,
    arrivals: list[dict[str, Any]] | None = None,
) -> Written:
    """A window in which ``reviewed`` are the rows of evidence of the review set, and an answer is chosen by a title."""

    def write(prompt: Any, number: int, seed: int) -> str:
        return next(text for title, text in says.items() if title in str(prompt))

    return correct_reasons(
        drafts=draft_table(reviewed).drop_columns(["window"]),
        evidence=evidence_table(evidence),
        history=no_history() if history is None else history.table,
        arrivals=arrival_table(arrivals or []),
        generator=ScriptedGenerator(write),
        scorer=TableScorer(lambda request, number: 0.0),
        grounding=GROUNDING,
        window=WINDOWS[window],
        config=CorrectionConfig(candidates=1),
        gate=GATE,
        policy_id="policy",
        reward_model_id="reward",
        seed=7,
    )


def test_stale_reasons_are_counted_as_replaced_withdrawn_or_left() -> None:
    names = ("replaced", "withdrawn", "still_true", "not_reviewed", "not_touched")
    first = [evidence_row(name, WINDOWS[0], facts=OF_HEAT) for name in names]
    created = correct(first, first, 0, {"Alien": HEAT})
    assert created.metrics["item_created"] == 5
    assert created.metrics["item_carried"] == created.metrics["item_stale"] == created.metrics["item_stale_left"] == 0

    now = [
        evidence_row("replaced", WINDOWS[1], facts=OF_SPEED, title="Toy Story (1995)"),
        evidence_row("withdrawn", WINDOWS[1], facts=OF_SPEED),
        evidence_row("still_true", WINDOWS[1], facts=OF_HEAT),
    ]
    outside = evidence_row("not_reviewed", WINDOWS[1], facts=OF_SPEED)
    says = {"Toy Story": SPEED, "Alien": UNGROUNDED}
    written = correct(now, [*first, *now, outside], 1, says, created)
    assert {row["subject_id"]: row["action"] for row in written.table.to_pylist()} == {
        "replaced": "corrected",
        "withdrawn": "withdrawn",
        "still_true": "kept",
    }
    counted = {name: written.metrics[f"item_{name}"] for name in ("carried", "carried_reviewed", "stale", "stale_left")}
    assert counted == {"carried": 5, "carried_reviewed": 3, "stale": 2, "stale_left": 1}
    assert (written.metrics["item_stale_replaced"], written.metrics["item_stale_withdrawn"]) == (1, 1)
    assert written.metrics["user_carried"] == 0


def test_a_stale_reason_that_no_review_met_is_still_left_a_window_later() -> None:
    first = [evidence_row("a", WINDOWS[0], facts=OF_HEAT)]
    created = correct(first, first, 0, {"Alien": HEAT})
    changed = evidence_row("a", WINDOWS[1], facts=OF_SPEED)
    assert correct([], [*first, changed], 1, {}, created).metrics["item_stale_left"] == 1
    assert correct([], [*first, changed], 2, {}, created).metrics["item_stale_left"] == 1


def test_a_reason_that_arrived_in_the_window_was_not_carried_into_it() -> None:
    row = evidence_row("a", WINDOWS[0], facts=OF_HEAT)
    written = correct([row], [row], 0, {"Alien": HEAT}, arrivals=[{"subject_id": "a", "reason": SPEED}])
    assert (written.metrics["item_carried"], written.metrics["item_stale"]) == (0, 0)
