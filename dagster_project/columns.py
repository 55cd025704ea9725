"""Columns as the UI shows them: type, meaning, and which columns of which parents each is made from."""

from collections.abc import Mapping
from html import escape

import dagster as dg
import pyarrow as pa

from curec_assets.lake.descriptions import ALIASES, describe_column

_SUBJECT = {"side": "evidence.side", "subject_id": "evidence.subject_id"}
_EVIDENCE = "cleaned_interactions.user_id cleaned_interactions.item_id cleaned_interactions.label items.title"
_DRAFT = "aligned_llm.artifact_id evidence.evidence_text"
_ARRIVAL = "aligned_llm.artifact_id rl_policy.artifact_id items.title items.categories items.description"
_PANEL = "reward_model.artifact_id cleaned_interactions.label"

MADE_FROM: Mapping[str, Mapping[str, str]] = {
    "cleaned_interactions": {
        "event_id": "raw_interactions.user_id raw_interactions.item_id raw_interactions.ts",
        "user_id": "raw_interactions.user_id",
        "item_id": "raw_interactions.item_id",
        "ts": "raw_interactions.ts",
        "rating": "raw_interactions.rating",
        "label": "raw_interactions.rating",
        "quarantine_code": "raw_interactions.user_id raw_interactions.item_id raw_interactions.rating items.item_id",
        "quarantine_detail": "raw_interactions.item_id raw_interactions.rating",
        "merged_duplicates": "raw_interactions.user_id raw_interactions.item_id raw_interactions.ts",
        "source_row": "raw_interactions.source_row",
    },
    "evidence": {
        "subject_id": "cleaned_interactions.item_id cleaned_interactions.user_id",
        "title": "items.title",
        "categories": "items.categories",
        "description": "items.description",
        "n_events": "cleaned_interactions.event_id",
        "n_likes": "cleaned_interactions.label",
        "like_rate": "cleaned_interactions.label",
        "events_in_window": "cleaned_interactions.ts",
        "facts": f"{_EVIDENCE} items.categories",
        "evidence_text": f"{_EVIDENCE} items.categories",
        "evidence_hash": f"{_EVIDENCE} items.categories items.description",
    },
    "draft_reasons": {
        **_SUBJECT,
        "review_cause": "evidence.facts evidence.events_in_window",
        "reason": _DRAFT,
        "raw_text": _DRAFT,
        "grounded": f"{_DRAFT} evidence.facts",
        "ungrounded_claims": f"{_DRAFT} evidence.facts",
        "evidence_hash": "evidence.evidence_hash",
        "prompt_hash": "evidence.facts",
        "policy_id": "aligned_llm.artifact_id",
    },
    "arrival_reasons": {
        "subject_id": "items.item_id",
        "reason": _ARRIVAL,
        "raw_text": _ARRIVAL,
        "grounded": _ARRIVAL,
        "prompt_hash": "items.title items.categories items.description",
        "policy_id": "rl_policy.artifact_id",
        "valid_from": "items.first_seen",
    },
    "corrected_reasons": {
        "side": "draft_reasons.side arrival_reasons.side",
        "subject_id": "draft_reasons.subject_id arrival_reasons.subject_id",
        "cause": "draft_reasons.review_cause evidence.facts",
        "reason": "rl_policy.artifact_id evidence.evidence_text arrival_reasons.reason",
        "previous_reason": "arrival_reasons.reason",
        "reward": _PANEL,
        "previous_reward": _PANEL,
        "gain": _PANEL,
        "gain_lower_bound": _PANEL,
        "acceptance_events": "cleaned_interactions.event_id",
        "first_sample": "rl_policy.artifact_id evidence.evidence_text",
        "evidence_hash": "draft_reasons.evidence_hash",
        "prompt_hash": "evidence.facts arrival_reasons.prompt_hash",
        "policy_id": "rl_policy.artifact_id arrival_reasons.policy_id",
        "reward_model_id": "reward_model.artifact_id",
        "valid_from": "arrival_reasons.valid_from",
    },
    "reason_embeddings": {
        "side": "arrival_reasons.side draft_reasons.side corrected_reasons.side",
        "subject_id": "arrival_reasons.subject_id draft_reasons.subject_id corrected_reasons.subject_id",
        "reason_hash": "arrival_reasons.reason draft_reasons.reason corrected_reasons.reason "
        "corrected_reasons.first_sample",
        "embedding": "arrival_reasons.reason draft_reasons.reason corrected_reasons.reason "
        "corrected_reasons.first_sample",
        "valid_from": "arrival_reasons.valid_from",
    },
    "ranker_evaluation": {
        "slice": "cleaned_interactions.user_id cleaned_interactions.item_id users.attributes",
        "value": "ranker.artifact_id reward_model.artifact_id aligned_llm.artifact_id cleaned_interactions.label "
        "reason_embeddings.embedding corrected_reasons.reason",
    },
    "recommendations": {
        "user_id": "cleaned_interactions.user_id",
        "rank": "ranker.artifact_id",
        "item_id": "items.item_id",
        "score": "ranker.artifact_id reason_embeddings.embedding",
        "reason": "corrected_reasons.reason",
        "because": "ranker.artifact_id cleaned_interactions.item_id items.title",
        "why": "ranker.artifact_id cleaned_interactions.item_id items.title corrected_reasons.reason",
    },
    "bias_audit": {
        "bucket": "cleaned_interactions.item_id items.item_id ranker_evaluation.slice",
        "value": "cleaned_interactions.item_id recommendations.item_id recommendations.reason corrected_reasons.action "
        "corrected_reasons.reward corrected_reasons.gain corrected_reasons.reason ranker_evaluation.value "
        "evidence.facts",
        "ci_low": "ranker_evaluation.ci_low",
        "ci_high": "ranker_evaluation.ci_high",
    },
}
"""Of each table's columns, the parents' columns that its values come from: ``asset.column``, parted by spaces. A model
is named by its ``artifact_id``. Columns that a stage makes up by itself (a sample's number) are left out."""


def table_schema(asset: str, schema: pa.Schema) -> dg.TableSchema:
    """Names, types and meanings of a partition's columns.

    The UI reads a meaning as Markdown, in which ``<asset>`` would be a tag that nobody sees.
    """
    return dg.TableSchema(
        [dg.TableColumn(c.name, str(c.type), escape(describe_column(asset, c.name) or "", quote=False)) for c in schema]
    )


def column_lineage(chain: str, asset: str) -> dg.TableColumnLineage | None:
    """Which parents' columns each column of ``asset`` is made from; None for what is no table made from tables."""
    if asset not in MADE_FROM:
        return None
    named = {column: [dep.split(".") for dep in deps.split()] for column, deps in MADE_FROM[asset].items()}
    return dg.TableColumnLineage(
        {
            column: [dg.TableColumnDep(dg.AssetKey([chain, parent]), name) for parent, name in deps]
            for column, deps in named.items()
        }
    )


def relation(chain: str, asset: str) -> str:
    """The view of the catalogue that shows the asset's rows, e.g. ``demo.corrected_reasons``."""
    return f"{chain}.{ALIASES.get(asset, asset)}"
