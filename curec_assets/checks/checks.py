"""Every check of every asset, in the order a person reads them."""

from collections.abc import Mapping

from curec_assets.checks.differences import (
    corrections_pay_no_less,
    policy_earns_no_less,
    ranker_beats_popularity,
    reward_holds,
    reward_reads,
    why_names_what_matters,
)
from curec_assets.checks.finding import Check
from curec_assets.checks.general import GENERAL
from curec_assets.checks.models import curves_are_finite, losses_do_not_rise, weights_lie_there
from curec_assets.checks.rules import sql_rule
from curec_assets.checks.shares import (
    candidates_pass_the_gates,
    few_rows_are_quarantined,
    reasons_are_grounded,
    reasons_parse,
    source_reaches_the_end,
)
from curec_assets.lineage import LINEAGE

_OF_ASSET: Mapping[str, tuple[Check, ...]] = {
    "raw_interactions": (sql_rule("rows_lie_in_the_window"), source_reaches_the_end),
    "cleaned_interactions": (
        sql_rule("counts_add_up"),
        sql_rule("one_event_per_id"),
        sql_rule("events_name_known_items"),
        few_rows_are_quarantined,
    ),
    "evidence": (sql_rule("evidence_is_of_known_subjects"),),
    "aligned_llm": (weights_lie_there, curves_are_finite, losses_do_not_rise),
    "draft_reasons": (sql_rule("drafts_have_their_evidence"), reasons_parse, reasons_are_grounded),
    "reward_model": (weights_lie_there, curves_are_finite, reward_reads),
    "rl_policy": (weights_lie_there, curves_are_finite, policy_earns_no_less),
    "arrival_reasons": (sql_rule("arrivals_are_first_seen_now"), reasons_parse, reasons_are_grounded),
    "corrected_reasons": (
        sql_rule("reviews_say_what_was_done"),
        sql_rule("reviews_have_their_evidence"),
        sql_rule("corrections_were_accepted"),
        candidates_pass_the_gates,
        reward_holds,
    ),
    "reason_embeddings": (sql_rule("embeddings_are_unit_vectors"), sql_rule("every_reason_is_embedded")),
    "ranker": (weights_lie_there, curves_are_finite),
    "ranker_evaluation": (sql_rule("measures_are_possible"), ranker_beats_popularity, corrections_pay_no_less),
    "recommendations": (
        sql_rule("recommended_items_are_unseen"),
        sql_rule("recommended_reasons_stand"),
        sql_rule("ranks_run_without_gaps"),
        sql_rule("grounds_are_of_the_users_own_history"),
        why_names_what_matters,
    ),
    "bias_audit": (sql_rule("shares_add_up"),),
}

CHECKS: Mapping[str, tuple[Check, ...]] = {asset: (*_OF_ASSET.get(asset, ()), *GENERAL) for asset in LINEAGE}
"""The checks of each asset by its name."""
