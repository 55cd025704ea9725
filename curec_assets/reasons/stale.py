"""Reasons that were true when they were written and no longer are: how many a window's reviews met and caught."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from curec_assets.interactions.groups import SIDES
from curec_assets.reasons.contest import Review
from curec_assets.reasons.gates import Grounding
from curec_assets.reasons.incumbents import Incumbent

Key = tuple[str, str]


def stale_metrics(
    reviews: Sequence[Review], carried: Mapping[Key, Incumbent], evidence: pa.Table, grounding: Grounding
) -> dict[str, float]:
    """Counts of the reasons carried into a window, by whether its evidence still says what they claim.

    Args:
        reviews: the window's reviews with their challengers.
        carried: incumbents by (side, subject_id) as the window before left them; reasons that arrived in this window
            are not among them.
        evidence: EVIDENCE of windows up to this one; a subject's latest row is its evidence as of the window.
        grounding: the catalogue as of the window's end.

    Returns:
        Per side: ``<side>_carried`` reasons, ``<side>_carried_reviewed`` of them, ``<side>_stale`` of those reviewed
        that claim what the evidence no longer says, each of which is ``<side>_stale_replaced`` (a candidate passed the
        gates) or ``<side>_stale_withdrawn``; and ``<side>_stale_left``, those that no review met and that stay. A
        reason without evidence, written from metadata alone, is none of these.
    """
    counts: Counter[str] = Counter()
    reviewed = set()
    for review in reviews:
        key = (review.side, review.subject_id)
        if key not in carried:
            continue
        reviewed.add(key)
        if not review.incumbent_grounded:
            counts[f"{review.side}_stale"] += 1
            counts[f"{review.side}_stale_{'replaced' if review.challenger else 'withdrawn'}"] += 1
    left = {key: incumbent for key, incumbent in carried.items() if key not in reviewed}
    latest = _latest_evidence(evidence, left)
    for subject, row in latest.items():
        if subject in left and grounding.ungrounded_claims(left[subject].reason, row):
            counts[f"{subject[0]}_stale_left"] += 1
    counts.update(f"{side}_carried" for side, _ in carried)
    counts.update(f"{side}_carried_reviewed" for side, _ in reviewed)
    names = ("carried", "carried_reviewed", "stale", "stale_replaced", "stale_withdrawn", "stale_left")
    return {f"{side}_{name}": float(counts[f"{side}_{name}"]) for side in SIDES for name in names}


def _latest_evidence(evidence: pa.Table, wanted: Iterable[Key]) -> dict[Key, dict[str, Any]]:
    subjects = pa.array(sorted({subject for _, subject in wanted}), pa.string())
    rows = evidence.filter(pc.is_in(evidence["subject_id"], subjects)).to_pylist()
    return {(row["side"], row["subject_id"]): row for row in sorted(rows, key=lambda row: row["as_of"])}
