"""Sentence embeddings of every new reason of a window, one row per subject and role (DESIGN §2)."""

from datetime import datetime
from typing import Any

import pyarrow as pa

from curec_assets.configuration.windows import Window
from curec_assets.lake.hashing import hash_text
from curec_assets.lake.schemas import reason_embeddings
from curec_assets.language_model.encoder import TextEncoder
from curec_assets.reasons.written import Written

ROLES = ("arrival", "corrected", "draft", "rl_sample")


def embed_reasons(
    arrivals: pa.Table, drafts: pa.Table, corrected: pa.Table, encoder: TextEncoder, window: Window
) -> Written:
    """Embed the reasons that the window's three reason tables set; each distinct text is encoded once.

    Args:
        arrivals: ARRIVAL_REASONS of the window; rows that passed both gates are embedded.
        drafts: DRAFT_REASONS of the window; each subject's first sample with a reason is embedded.
        corrected: CORRECTED_REASONS of the window. ``created`` and ``corrected`` rows give a ``corrected`` vector,
            ``withdrawn`` ones a ``corrected`` row with null hash and vector; ``kept`` rows set nothing, and ``arrived``
            ones are the arrivals. Every row's ``first_sample`` gives an ``rl_sample``.
        encoder: gives unit vectors.
        window: its end is the ``valid_from`` of all but arrivals.

    Returns:
        ``reason_embeddings(encoder.dimension)`` ordered by role, side and subject; metrics count rows by role and
        distinct texts.
    """
    rows = [_row("arrival", row, row["reason"], row["valid_from"]) for row in arrivals.to_pylist() if row["grounded"]]
    rows += [_row("draft", row, row["reason"], window.end) for row in _first_with_reason(drafts)]
    for row in corrected.to_pylist():
        if row["action"] in ("created", "corrected", "withdrawn"):
            rows.append(_row("corrected", row, row["reason"], window.end))
        if row["first_sample"] is not None:
            rows.append(_row("rl_sample", row, row["first_sample"], window.end))
    rows.sort(key=lambda row: (row["role"], row["side"], row["subject_id"]))

    texts = sorted({row["text"] for row in rows if row["text"] is not None})
    vectors = dict(zip(texts, encoder.encode(texts), strict=True))
    written = [
        {**row, "reason_hash": hash_text(text), "embedding": vectors[text]}
        if (text := row["text"]) is not None
        else {**row, "reason_hash": None, "embedding": None}
        for row in rows
    ]
    metrics = {f"{role}_rows": float(sum(row["role"] == role for row in rows)) for role in ROLES}
    metrics["distinct_texts"] = float(len(texts))
    return Written(pa.Table.from_pylist(written, schema=reason_embeddings(encoder.dimension)), metrics)


def _row(role: str, subject: dict[str, Any], text: str | None, valid_from: datetime) -> dict[str, Any]:
    return {
        "side": subject["side"],
        "subject_id": subject["subject_id"],
        "role": role,
        "text": text,
        "valid_from": valid_from,
    }


def _first_with_reason(drafts: pa.Table) -> list[dict[str, Any]]:
    first: dict[tuple[str, str], dict[str, Any]] = {}
    for row in sorted(drafts.to_pylist(), key=lambda row: row["sample"]):
        if row["reason"] is not None:
            first.setdefault((row["side"], row["subject_id"]), row)
    return list(first.values())
