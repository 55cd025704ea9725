"""The review set: the subjects a window drafts and corrects reasons for, fixed before anything is generated.

DESIGN §3.1: new subjects (never drafted) first, then drifted ones (their evidence moved away from what the last draft
was written from), then the rest by exposure, within a budget of tokens. One deviation: a share of the budget
(``revisit_share``) goes to drifted subjects before new ones, since a window full of new items would otherwise leave
nothing for corrections.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc

from curec_assets.configuration.windows import Window
from curec_assets.interactions.groups import SIDES
from curec_assets.reasons.config import ReviewConfig

REVIEW_SUBJECTS = pa.schema(
    [
        ("side", pa.string()),
        ("subject_id", pa.string()),
        ("review_cause", pa.string()),
        ("evidence_hash", pa.string()),
    ]
)

ReviewCause = Literal["new", "drifted", "exposed"]
Key = tuple[str, str]


@dataclass(frozen=True)
class ReviewSet:
    """The chosen subjects (REVIEW_SUBJECTS, ordered by side and id) and what was left over.

    ``left_over`` counts the touched subjects not chosen as ``<side>_<why>``: ``over_budget``, ``unchanged`` (same
    evidence as at the last draft), ``thin_evidence`` (fewer than ``min_facts`` facts).
    """

    subjects: pa.Table
    left_over: dict[str, int]


def choose_review_set(evidence: pa.Table, earlier_drafts: pa.Table, window: Window, config: ReviewConfig) -> ReviewSet:
    """Choose the subjects of ``window``'s review set.

    Args:
        evidence: EVIDENCE with its ``window`` column, all windows up to this one; its rows of this window are the
            subjects to choose from.
        earlier_drafts: DRAFT_REASONS with its ``window`` column, earlier windows alone.
        window: the window under review.
        config: budget, shares and thresholds.

    Inside each cause, subjects with more events in the window come first, then lower ids.
    """
    touched = evidence.filter(pc.equal(evidence["window"], window.key)).to_pylist()
    drafted_from = _facts_at_last_draft(evidence, earlier_drafts)
    queues: dict[tuple[str, ReviewCause], list[Mapping[str, Any]]] = {}
    left_over = Counter({f"{side}_{why}": 0 for side in SIDES for why in ("over_budget", "unchanged", "thin_evidence")})
    for row in sorted(touched, key=lambda row: (row["side"], -row["events_in_window"], row["subject_id"])):
        verdict = _verdict(row, drafted_from.get((row["side"], row["subject_id"])), config)
        if verdict == "unchanged" or verdict == "thin_evidence":
            left_over[f"{row['side']}_{verdict}"] += 1
        else:
            queues.setdefault((row["side"], verdict), []).append(row)

    chosen = []
    for side, budget in _budgets(queues, config).items():
        reserved = round(budget * config.revisit_share)
        new, drifted, exposed = (queues.get((side, cause), []) for cause in ("new", "drifted", "exposed"))
        in_order = [(row, "drifted") for row in drifted[:reserved]] + [(row, "new") for row in new]
        in_order += [(row, "drifted") for row in drifted[reserved:]] + [(row, "exposed") for row in exposed]
        chosen += in_order[:budget]
        left_over[f"{side}_over_budget"] += len(in_order[budget:])
    subjects = [
        {name: row[name] for name in ("side", "subject_id", "evidence_hash")} | {"review_cause": cause}
        for row, cause in sorted(chosen, key=lambda pair: (pair[0]["side"], pair[0]["subject_id"]))
    ]
    return ReviewSet(pa.Table.from_pylist(subjects, schema=REVIEW_SUBJECTS), dict(left_over))


def _facts_at_last_draft(evidence: pa.Table, earlier_drafts: pa.Table) -> dict[Key, tuple[str, frozenset[Key]]]:
    """Per drafted subject: hash and facts of the evidence its last draft was written from."""
    drafts = earlier_drafts.select(["side", "subject_id", "window", "evidence_hash"]).to_pylist()
    # Keys of windows sort as their times do: years, months and days with leading zeros.
    last = {
        (row["side"], row["subject_id"]): row["evidence_hash"] for row in sorted(drafts, key=lambda row: row["window"])
    }
    written_from = evidence.filter(
        pc.is_in(evidence["evidence_hash"], pa.array(sorted(set(last.values())), pa.string()))
    )
    return {
        key: (row["evidence_hash"], _facts(row))
        for row in written_from.select(["side", "subject_id", "evidence_hash", "facts"]).to_pylist()
        if last.get(key := (row["side"], row["subject_id"])) == row["evidence_hash"]
    }


def _verdict(
    row: Mapping[str, Any], drafted: tuple[str, frozenset[Key]] | None, config: ReviewConfig
) -> ReviewCause | Literal["unchanged", "thin_evidence"]:
    facts = _facts(row)
    if len(facts) < config.min_facts:
        return "thin_evidence"
    if drafted is None:
        return "new"
    drafted_hash, drafted_facts = drafted
    if row["evidence_hash"] == drafted_hash:
        return "unchanged"
    return "drifted" if drift(facts, drafted_facts) >= config.drift_threshold else "exposed"


def drift(facts: frozenset[Key], earlier: frozenset[Key]) -> float:
    """1 - Jaccard similarity of two sets of facts, in [0, 1]; 0 when both are empty."""
    union = facts | earlier
    return 1 - len(facts & earlier) / len(union) if union else 0.0


def _facts(row: Mapping[str, Any]) -> frozenset[Key]:
    # The kind counts too: a title that moves from liked to disliked is another fact. Weights move with every event.
    return frozenset((fact["kind"], fact["text"]) for fact in row["facts"])


def _budgets(queues: Mapping[tuple[str, ReviewCause], list[Mapping[str, Any]]], config: ReviewConfig) -> dict[str, int]:
    """Subjects each side may review; what one side cannot fill goes to the other."""
    total = config.subjects_per_window
    waiting = {side: sum(len(queue) for (of, _), queue in queues.items() if of == side) for side in SIDES}
    items = round(total * config.item_share)
    items = max(min(items, waiting["item"]), min(waiting["item"], total - waiting["user"]))
    return {"item": items, "user": min(total - items, waiting["user"])}
