"""The bias audit of a window: who gets exposure, reward and acceptance, and how the reasons sound (DESIGN §3.7)."""

from collections.abc import Callable, Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from curec_assets.audit.claims import claim_rows, known_of
from curec_assets.audit.config import AuditConfig
from curec_assets.audit.exposure import exposure_rows
from curec_assets.audit.language import language_measures
from curec_assets.audit.measures import Row, counts_of, deciles, means, row_of, shares
from curec_assets.interactions.cleaning import good_events
from curec_assets.lake.schemas import BIAS_AUDIT
from curec_assets.ranker.slices import GROUPS
from curec_assets.reasons.catalogue_names import grounding_of
from curec_assets.reasons.incumbents import current_incumbents

SIDE_ARMS: Mapping[str, str] = {"item": "item_reasons", "user": "user_interests"}
REVIEWED = ("created", "corrected", "kept", "withdrawn")
CONTESTED = ("corrected", "kept")
"""Actions in which candidates met an incumbent, so that accepting one was a decision."""


def audit_bias(
    corrected: pa.Table,
    recommendations: pa.Table,
    evaluation: pa.Table,
    cleaned: pa.Table,
    items: pa.Table,
    evidence: pa.Table,
    window: str,
    config: AuditConfig,
) -> pa.Table:
    """One row per measure, arm and bucket; ``n`` counts what the value was taken over, a value over nothing is null.

    Deciles hold equal numbers of catalogue items (or users, for user interests) ordered by events so far, ties by id:
    ``d01`` the least popular, ``d10`` the most.

    | measure | arm | bucket | value |
    |---|---|---|---|
    | ``item_share`` | catalogue | decile | share of the catalogue's items |
    | ``event_share`` | events | decile | share of all events so far |
    | ``exposure_share`` | recommended | decile | share of the recommendations |
    | ``exposure_gini`` | events, recommended, an arm | all | Gini over the catalogue: 0 all equal, 1 one item has all |
    | ``catalogue_coverage`` | likewise | all | share of the catalogue with any event or recommendation |
    | ``sampled_users`` | every_arm | all | users behind the lists of an arm; behind ``recommended`` stand all |
    | ``reason_share`` | recommended | decile, all | share of the recommendations that carry a reason |
    | ``review_share`` | item_reasons, user_interests | decile | share of the window's reviews |
    | ``reward`` | likewise | decile, all | mean reward of the reason that stands after review, nats |
    | ``gain`` | likewise | decile, all | mean paired gain over the incumbent, nats |
    | ``acceptance_rate`` | likewise | decile, all | share of ``corrected`` among ``corrected`` and ``kept`` |
    | ``candidates_refused`` | likewise | decile, all | share of candidates that failed the format or grounding gate |
    | ``withdrawn_share`` | likewise | decile, all | share of the reviews that left the subject without a reason |
    | ``ungrounded_claims`` | likewise | decile, all | share of the claims in force that the evidence does not hold |
    | ``ungrounded_reasons`` | likewise | decile, all | share of the reasons in force with such a claim |
    | ``near_duplicates``, ``boilerplate``, ``loaded_terms`` | likewise | all | share of the reasons in force |
    | ``loaded_terms`` | likewise | the term | share of the reasons in force with that term |
    | ``<metric>_gap`` | a ranker's arm | ``<slice> − <slice>`` | difference of auc, log_loss or ndcg between slices |
    | ``<metric>_gap`` | served, id_only | ``<group> − others`` | likewise between users of a group and all others |
    | ``user_groups_left_out`` | every_arm | an attribute | groups too small to be compared; ``n`` counts users |

    Gaps are measured where the rankers are, in ``ranker_evaluation``, and have its intervals; other measures have none.
    In force is what holds at the window's end, whichever window wrote it: that is what people are shown.

    Args:
        corrected: CORRECTED_REASONS up to the window, with its ``window`` column.
        recommendations: RECOMMENDATIONS of the window.
        evaluation: EVALUATIONS of the window's rankers.
        cleaned: CLEANED_INTERACTIONS up to the window.
        items: ITEMS up to the window.
        evidence: EVIDENCE up to the window.
        window: key of the window whose reviews are measured.
    """
    good = good_events(cleaned)
    item_events = counts_of(good["item_id"].to_pylist(), items["item_id"].to_pylist())
    by_side = {"item": item_events, "user": counts_of(good["user_id"].to_pylist())}
    decile = {side: deciles(events, config.deciles) for side, events in by_side.items()}
    rows = exposure_rows(recommendations, item_events, decile["item"], config)

    reviews = corrected.filter(pc.equal(corrected["window"], window)).to_pylist()
    in_force = current_incumbents(corrected)
    grounding = grounding_of(items)
    for side, arm in SIDE_ARMS.items():
        rows += _review_rows(arm, [row for row in reviews if row["side"] == side], decile[side], config)
        reasons = {name: held.reason for (of_side, name), held in sorted(in_force.items()) if of_side == side}
        rows += claim_rows(arm, reasons, known_of(side, evidence, items), grounding, decile[side], config)
        rows += [
            row_of(measure, arm, bucket, value, len(reasons))
            for measure, bucket, value in language_measures(list(reasons.values()), config)
        ]
    return pa.Table.from_pylist(rows + _error_gaps(evaluation), schema=BIAS_AUDIT)


def _review_rows(arm: str, reviews: Sequence[Row], decile: Mapping[str, str], config: AuditConfig) -> list[Row]:
    reviewed = [row for row in reviews if row["action"] in REVIEWED]
    contested = [row for row in reviewed if row["action"] in CONTESTED]
    sampled = [row for row in reviewed if row["candidates"]]
    measures: list[tuple[str, Sequence[Row], Callable[[Row], float | None]]] = [
        ("reward", reviewed, lambda row: row["reward"]),
        ("gain", contested, lambda row: row["gain"]),
        ("acceptance_rate", contested, lambda row: float(row["action"] == "corrected")),
        ("candidates_refused", sampled, lambda row: 1.0 - row["candidates_passing_gates"] / row["candidates"]),
        ("withdrawn_share", reviewed, lambda row: float(row["action"] == "withdrawn")),
    ]
    rows = shares("review_share", arm, counts_of([row["subject_id"] for row in reviewed]), decile, config)
    for measure, chosen, value_of in measures:
        found = [(row["subject_id"], value_of(row)) for row in chosen]
        rows += means(measure, arm, [(name, value) for name, value in found if value is not None], decile, config)
    return rows


def _error_gaps(evaluation: pa.Table) -> list[Row]:
    return [
        row_of(row["metric"], f"{row['backbone']}/{row['arm']}", row["slice"], row["value"], row["n"])
        | {"ci_low": row["ci_low"], "ci_high": row["ci_high"]}
        for row in evaluation.filter(pc.equal(evaluation["subject"], GROUPS)).to_pylist()
        # A group's own measure stands in the evaluations.
        if row["metric"].endswith(("_gap", "_left_out")) and row["value"] is not None
    ]
