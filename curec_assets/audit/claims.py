"""Do the reasons in force still stand on something? Their claims against what is known of their subjects now."""

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from curec_assets.audit.config import AuditConfig
from curec_assets.audit.measures import Row, means
from curec_assets.reasons.grounding import Grounding


def claim_rows(
    arm: str,
    reasons: Mapping[str, str],
    known: Mapping[str, Mapping[str, Any]],
    grounding: Grounding,
    decile: Mapping[str, str],
    config: AuditConfig,
) -> list[Row]:
    """``ungrounded_claims`` and ``ungrounded_reasons`` of one side, see ``audit_bias``.

    Args:
        reasons: in force, by subject.
        known: what is known of each subject: a row of EVIDENCE or ITEMS; of one without any, every claim is ungrounded.
        grounding: the catalogue as of the window's end.
    """
    claims: list[tuple[str, float]] = []
    by_reason: list[tuple[str, float]] = []
    for subject, reason in reasons.items():
        ungrounded = len(grounding.ungrounded_claims(reason, known.get(subject, {})))
        # Beside nothing at all, whatever a reason claims is ungrounded.
        all_of_them = max(ungrounded, len(grounding.ungrounded_claims(reason, {})))
        claims += [(subject, float(n < ungrounded)) for n in range(all_of_them)]
        by_reason.append((subject, float(ungrounded > 0)))
    return [
        *means("ungrounded_claims", arm, claims, decile, config),
        *means("ungrounded_reasons", arm, by_reason, decile, config),
    ]


def known_of(side: str, evidence: pa.Table, items: pa.Table) -> dict[str, Mapping[str, Any]]:
    """The latest row of EVIDENCE of each subject of a side; an item without one has its row of ITEMS."""
    found: dict[str, Mapping[str, Any]] = {}
    if side == "item":
        found = {row["item_id"]: row for row in items.to_pylist()}
    columns = ["side", "subject_id", "as_of", "title", "categories", "description", "facts"]
    for row in sorted(evidence.select(columns).to_pylist(), key=lambda row: row["as_of"]):
        if row["side"] == side:
            found[row["subject_id"]] = row
    return found
