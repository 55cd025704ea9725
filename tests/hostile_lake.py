"""A lake written by hand, whose titles, reasons, ids and facts would all be markup if anything took them for it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from curec_assets.lake import schemas
from curec_assets.lake.lake import Lake
from tests.lake.manifests import manifest_of

HOSTILE = '</script><script>alert(1)</script><img src=x onerror=alert(2)><!-- \u2028 & "it\'s" %%DATA%% 🎬'
START = datetime(2020, 1, 31, tzinfo=UTC)


def write_hostile_lake(root: Path) -> Path:
    """Write the chain ``hand`` to a lake at ``root``, and return the lake."""
    lake = Lake(root, "hand")

    def publish(asset: str, rows: list[dict[str, Any]], schema: pa.Schema) -> None:
        lake.publish(pa.Table.from_pylist(rows, schema=schema), manifest_of(asset, "2020-01", rows=len(rows)))

    items = [f"{HOSTILE} {n}" for n in range(4)]
    publish(
        "items",
        [{"item_id": name, "title": f"title {name}", "categories": [HOSTILE], "first_seen": START} for name in items],
        schemas.ITEMS,
    )
    events = [(f"u{n}", item) for n in range(5) for item in items[: n + 1]]
    publish(
        "cleaned_interactions",
        [{"event_id": f"{n}", "user_id": u, "item_id": i, "ts": START, "label": 1} for n, (u, i) in enumerate(events)],
        schemas.CLEANED_INTERACTIONS,
    )
    facts = [{"kind": HOSTILE, "text": HOSTILE, "weight": 1.0}]
    publish(
        "evidence",
        [{"side": "item", "subject_id": items[0], "as_of": START, "evidence_text": HOSTILE, "facts": facts}],
        schemas.EVIDENCE,
    )
    review = {"side": "item", "action": "created", "cause": "new", "valid_from": START, "reason": f"why {HOSTILE}"}
    publish(
        "corrected_reasons",
        [{**review, "subject_id": name} for name in items[:3]]
        + [{**review, "side": "user", "subject_id": "u1", "reason": HOSTILE}]
        + [{**review, "subject_id": items[0], "action": "kept", "cause": "drifted", "gain": -0.25,
            "valid_from": START + timedelta(days=n)} for n in range(1, 4)],
        schemas.CORRECTED_REASONS,
    )  # fmt: skip
    near = {items[0]: [1.0, 0.0], items[1]: [0.6, 0.8], items[2]: [0.0, 1.0]}
    publish(
        "reason_embeddings",
        [
            {"side": "item", "subject_id": name, "role": "corrected", "valid_from": START, "embedding": vector}
            for name, vector in near.items()
        ],
        schemas.reason_embeddings(2),
    )
    why = [{"part": "history", "item_id": items[0], "text": f"title {items[0]}", "score_drop": 0.5}]
    publish(
        "recommendations",
        [
            {"user_id": f"u{n}", "rank": 1, "item_id": items[3], "score": 0.5, "why": why, "arm": "x", "served": True}
            for n in range(4)
        ],
        schemas.RECOMMENDATIONS,
    )
    return lake.root
