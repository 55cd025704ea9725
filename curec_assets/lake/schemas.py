"""The column names and types of every table the lake holds, one Arrow schema per asset.

The ``window`` column is not stored: it is the folder name (``window=<key>``) and every reader adds it.
"""

import pyarrow as pa

TIMESTAMP = pa.timestamp("us", tz="UTC")

ITEMS = pa.schema(
    [
        ("item_id", pa.string()),
        ("title", pa.string()),
        ("categories", pa.list_(pa.string())),
        ("description", pa.string()),
        ("first_seen", TIMESTAMP),
        ("title_code", pa.string()),
    ]
)
"""``title_code`` is null for a title taken as it stood, else what was done to it (``html_stripped``, ``html_junk``,
``missing``, ``article_moved``); a junk or missing title is replaced by ``Item <item_id>``: every item has one."""

USERS = pa.schema(
    [
        ("user_id", pa.string()),
        ("attributes", pa.map_(pa.string(), pa.string())),
        ("first_seen", TIMESTAMP),
    ]
)
"""``attributes`` has a key for each attribute that is told of the user; people not described have no row."""

RAW_INTERACTIONS = pa.schema(
    [
        ("source_row", pa.int64()),
        ("user_id", pa.string()),
        ("item_id", pa.string()),
        ("rating", pa.string()),
        ("timestamp", pa.string()),
        ("ts", TIMESTAMP),
    ]
)

REJECTS = pa.schema(
    [
        ("source_row", pa.int64()),
        ("reject_code", pa.string()),
        ("raw", pa.string()),
    ]
)

CLEANED_INTERACTIONS = pa.schema(
    [
        ("event_id", pa.string()),
        ("user_id", pa.string()),
        ("item_id", pa.string()),
        ("ts", TIMESTAMP),
        ("rating", pa.float64()),
        ("label", pa.int8()),
        ("quarantine_code", pa.string()),
        ("quarantine_detail", pa.string()),
        ("merged_duplicates", pa.int32()),
        ("source_row", pa.int64()),
    ]
)
"""Good rows have ``quarantine_code`` null. ``merged_duplicates`` counts the further raw rows folded into this one."""

FACT = pa.struct([("kind", pa.string()), ("text", pa.string()), ("weight", pa.float64())])

EVIDENCE = pa.schema(
    [
        ("side", pa.string()),
        ("subject_id", pa.string()),
        ("as_of", TIMESTAMP),
        ("title", pa.string()),
        ("categories", pa.list_(pa.string())),
        ("description", pa.string()),
        ("n_events", pa.int32()),
        ("n_likes", pa.int32()),
        ("like_rate", pa.float64()),
        ("events_in_window", pa.int32()),
        ("facts", pa.list_(FACT)),
        ("evidence_text", pa.string()),
        ("evidence_hash", pa.string()),
    ]
)

DRAFT_REASONS = pa.schema(
    [
        ("side", pa.string()),
        ("subject_id", pa.string()),
        ("review_cause", pa.string()),
        ("sample", pa.int32()),
        ("reason", pa.string()),
        ("raw_text", pa.string()),
        ("grounded", pa.bool_()),
        ("ungrounded_claims", pa.list_(pa.string())),
        ("evidence_hash", pa.string()),
        ("prompt_hash", pa.string()),
        ("policy_id", pa.string()),
        ("tokens", pa.int32()),
    ]
)
"""One row per subject of the review set and sample; ``reason`` is null where the text failed the format gate."""

ARRIVAL_REASONS = pa.schema(
    [
        ("side", pa.string()),
        ("subject_id", pa.string()),
        ("reason", pa.string()),
        ("raw_text", pa.string()),
        ("grounded", pa.bool_()),
        ("prompt_hash", pa.string()),
        ("policy_id", pa.string()),
        ("valid_from", TIMESTAMP),
        ("tokens", pa.int32()),
    ]
)

CORRECTED_REASONS = pa.schema(
    [
        ("side", pa.string()),
        ("subject_id", pa.string()),
        ("action", pa.string()),
        ("cause", pa.string()),
        ("reason", pa.string()),
        ("previous_reason", pa.string()),
        ("reward", pa.float64()),
        ("previous_reward", pa.float64()),
        ("gain", pa.float64()),
        ("gain_lower_bound", pa.float64()),
        ("acceptance_events", pa.int32()),
        ("candidates", pa.int32()),
        ("candidates_passing_gates", pa.int32()),
        ("first_sample", pa.string()),
        ("evidence_hash", pa.string()),
        ("prompt_hash", pa.string()),
        ("policy_id", pa.string()),
        ("reward_model_id", pa.string()),
        ("valid_from", TIMESTAMP),
    ]
)
"""``first_sample`` is the first candidate that passes the format gate, untested: the ``rl_refreshed`` arm reads it."""

REASON_EMBEDDINGS_FIELDS = [
    ("side", pa.string()),
    ("subject_id", pa.string()),
    ("role", pa.string()),
    ("reason_hash", pa.string()),
    ("valid_from", TIMESTAMP),
]


def reason_embeddings(dimension: int) -> pa.Schema:
    """Schema of ``reason_embeddings`` with vectors of ``dimension`` float32 values.

    ``role`` is ``draft``, ``arrival``, ``rl_sample`` or ``corrected``; a ``corrected`` row with a null embedding
    says that the subject's reason was withdrawn from ``valid_from`` on.
    """
    return pa.schema([*REASON_EMBEDDINGS_FIELDS, ("embedding", pa.list_(pa.float32(), dimension))])


EVALUATION = [
    ("subject", pa.string()),
    ("backbone", pa.string()),
    ("arm", pa.string()),
    ("metric", pa.string()),
    ("slice", pa.string()),
    ("value", pa.float64()),
    ("ci_low", pa.float64()),
    ("ci_high", pa.float64()),
    ("n", pa.int64()),
]

EVALUATIONS = pa.schema(EVALUATION)

RECOMMENDATIONS = pa.schema(
    [
        ("user_id", pa.string()),
        ("rank", pa.int32()),
        ("item_id", pa.string()),
        ("score", pa.float64()),
        ("reason", pa.string()),
        (
            "because",
            pa.list_(pa.struct([("item_id", pa.string()), ("title", pa.string()), ("attention", pa.float64())])),
        ),
        (
            "why",
            pa.list_(
                pa.struct(
                    [
                        ("part", pa.string()),
                        ("item_id", pa.string()),
                        ("text", pa.string()),
                        ("score_drop", pa.float64()),
                    ]
                )
            ),
        ),
        ("arm", pa.string()),
        ("served", pa.bool_()),
    ]
)
"""Rows that are not ``served`` are the lists that each ``arm`` of the ranker, and popularity, would make for a sample
of the users: rank and score alone. A ``part`` of ``why`` is ``history`` (with its item), ``reason`` or ``interest``."""

BIAS_AUDIT = pa.schema(
    [
        ("measure", pa.string()),
        ("arm", pa.string()),
        ("bucket", pa.string()),
        ("value", pa.float64()),
        ("ci_low", pa.float64()),
        ("ci_high", pa.float64()),
        ("n", pa.int64()),
    ]
)

CURVE_POINT = pa.struct([("step", pa.int32()), ("name", pa.string()), ("value", pa.float64())])

MODEL = pa.schema(
    [
        ("artifact_id", pa.string()),
        ("path", pa.string()),
        ("sha256", pa.string()),
        ("base_model", pa.string()),
        ("parents", pa.list_(pa.string())),
        ("rows_seen", pa.int64()),
        ("latest_ts_seen", TIMESTAMP),
        ("config", pa.string()),
        ("config_hash", pa.string()),
        ("created_at", TIMESTAMP),
        ("metrics", pa.string()),
        ("curves", pa.list_(CURVE_POINT)),
        ("evaluations", pa.list_(pa.struct(EVALUATION))),
    ]
)
"""The manifest row of a trained model. ``path`` is relative to the lake's root; ``metrics`` and ``config`` are JSON."""


ASSET_SCHEMAS: dict[str, pa.Schema] = {
    "items": ITEMS,
    "raw_interactions": RAW_INTERACTIONS,
    "users": USERS,
    "cleaned_interactions": CLEANED_INTERACTIONS,
    "evidence": EVIDENCE,
    "aligned_llm": MODEL,
    "draft_reasons": DRAFT_REASONS,
    "reward_model": MODEL,
    "rl_policy": MODEL,
    "arrival_reasons": ARRIVAL_REASONS,
    "corrected_reasons": CORRECTED_REASONS,
    "reason_embeddings": reason_embeddings(1),
    "ranker": MODEL,
    "ranker_evaluation": EVALUATIONS,
    "recommendations": RECOMMENDATIONS,
    "bias_audit": BIAS_AUDIT,
}
"""The schema of each asset's partitions; the length of published embeddings is the encoder's."""
