"""What a person should see of a window's corrections."""

from collections import Counter
from collections.abc import Mapping, Sequence

import pyarrow as pa

from curec_assets.interactions.groups import SIDES
from curec_assets.reasons.acceptance import Judgement, PooledGains
from curec_assets.reasons.incumbents import ACTIONS


def correction_metrics(
    table: pa.Table, pools: Mapping[str, PooledGains], accepted: Mapping[str, Sequence[Judgement]]
) -> dict[str, float]:
    """Counts of a window's CORRECTED_REASONS and the state of its acceptance test.

    Args:
        table: the window's rows.
        pools: each side's pooled gains.
        accepted: each side's judgements of the challengers that the acceptance group let replace their incumbent
            (replacements of ungrounded incumbents were not judged).

    Returns:
        ``<side>_<action>`` counts, ``cause_<cause>`` counts, ``accepted``, ``mean_gain_of_accepted`` (posterior, nats
        per event), ``expected_false_acceptances`` (Σ P(gain <= 0) over the accepted) and per side (``<side>_…``) these
        two counts, ``judged``, ``prior_mean``, ``prior_variance``, ``people_variance``, ``noise_variance``.
    """
    rows = table.select(["side", "action", "cause"]).to_pylist()
    actions = Counter((row["side"], row["action"]) for row in rows)
    metrics = {f"{side}_{action}": float(actions[side, action]) for side in SIDES for action in ACTIONS}
    metrics |= {f"cause_{cause}": float(n) for cause, n in sorted(Counter(row["cause"] for row in rows).items())}
    everyone = [judgement for side in SIDES for judgement in accepted.get(side, ())]
    metrics["accepted"] = float(len(everyone))
    metrics["expected_false_acceptances"] = _expected_false(everyone)
    if everyone:
        metrics["mean_gain_of_accepted"] = sum(judgement.gain for judgement in everyone) / len(everyone)
    for side in SIDES:
        metrics[f"{side}_accepted"] = float(len(accepted.get(side, ())))
        metrics[f"{side}_expected_false_acceptances"] = _expected_false(accepted.get(side, ()))
    for judged, pool in pools.items():
        metrics[f"{judged}_judged"] = float(len(pool.judgements))
        metrics[f"{judged}_prior_mean"] = pool.prior_mean
        metrics[f"{judged}_prior_variance"] = pool.prior_variance
        metrics[f"{judged}_people_variance"] = pool.people_variance
        metrics[f"{judged}_noise_variance"] = pool.noise_variance
    return metrics


def _expected_false(accepted: Sequence[Judgement]) -> float:
    return sum((judgement.not_positive for judgement in accepted), 0.0)
