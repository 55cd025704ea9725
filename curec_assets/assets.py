"""Every window asset by name, in lineage order."""

from collections.abc import Mapping

from curec_assets.aligned_llm.asset import aligned_llm
from curec_assets.audit.asset import bias_audit
from curec_assets.embeddings.asset import reason_embeddings
from curec_assets.evidence.asset import evidence
from curec_assets.interactions.asset import cleaned_interactions, items, raw_interactions, users
from curec_assets.lineage import LINEAGE
from curec_assets.ranker.asset import ranker, ranker_evaluation, recommendations
from curec_assets.reasons.asset import arrival_reasons, corrected_reasons, draft_reasons
from curec_assets.reward_model.asset import reward_model
from curec_assets.rl_policy.asset import rl_policy
from curec_assets.window_asset import WindowAsset

_DECLARED = {
    asset.name: asset
    for asset in (
        items,
        raw_interactions,
        users,
        cleaned_interactions,
        evidence,
        aligned_llm,
        draft_reasons,
        reward_model,
        rl_policy,
        arrival_reasons,
        corrected_reasons,
        reason_embeddings,
        ranker,
        ranker_evaluation,
        recommendations,
        bias_audit,
    )
}

ASSETS: Mapping[str, WindowAsset] = {name: _DECLARED[name] for name in LINEAGE}
"""What Dagster and the tests run; the lineage says what each reads."""
