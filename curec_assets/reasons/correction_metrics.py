"""What a person should see of a window's corrections."""

from collections import Counter
from collections.abc import Mapping, Sequence

import pyarrow as pa

from curec_assets.reasons.acceptance import Judgement, PooledGains
from curec_assets.reasons.review_set import SIDES

ACTIONS = ("arrived", "created", "corrected", "kept", "withdrawn")


def correction_metrics(
    table: pa.Table, pools: Mapping[str, PooledGains], accepted: Sequence[Judgement]
) -> dict[str, float]:
    """Counts of a window's CORRECTED_REASONS and the state of its acceptance test.

    Args:
        table: the window's rows.
        pools: each side's pooled gains.
        accepted: judgements of the challengers that the acceptance group let replace their incumbent (replacements of
            ungrounded incumbents were not judged).

    Returns:
        ``<side>_<action>`` counts, ``cause_<cause>`` counts, ``accepted``, ``mean_gain_of_accepted`` (posterior, nats
        per event), ``expected_false_acceptances`` (Σ P(gain <= 0) over the accepted) and per side ``judged``,
        ``prior_mean``, ``prior_variance``, ``noise_variance``.
    """
    rows = table.select(["side", "action", "cause"]).to_pylist()
    actions = Counter((row["side"], row["action"]) for row in rows)
    metrics = {f"{side}_{action}": float(actions[side, action]) for side in SIDES for action in ACTIONS}
    metrics |= {f"cause_{cause}": float(n) for cause, n in sorted(Counter(row["cause"] for row in rows).items())}
    metrics["accepted"] = float(len(accepted))
    metrics["expected_false_acceptances"] = sum((judgement.not_positive for judgement in accepted), 0.0)
    if accepted:
        metrics["mean_gain_of_accepted"] = sum(judgement.gain for judgement in accepted) / len(accepted)
    for side, pool in pools.items():
        metrics[f"{side}_judged"] = float(len(pool.judgements))
        metrics[f"{side}_prior_mean"] = pool.prior_mean
        metrics[f"{side}_prior_variance"] = pool.prior_variance
        metrics[f"{side}_noise_variance"] = pool.noise_variance
    return metrics
