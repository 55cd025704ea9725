"""The reasons in force after a history of reviews."""

import pyarrow as pa

from curec_assets.reasons.incumbents import current_incumbents

CURRENT_REASONS = pa.schema([("side", pa.string()), ("subject_id", pa.string()), ("reason", pa.string())])


def current_reasons(history: pa.Table) -> pa.Table:
    """One row (schema ``CURRENT_REASONS``) per subject that has a reason after all rows of CORRECTED_REASONS."""
    incumbents = current_incumbents(history)
    rows = [
        {"side": side, "subject_id": subject, "reason": incumbents[(side, subject)].reason}
        for side, subject in sorted(incumbents)
    ]
    return pa.Table.from_pylist(rows, schema=CURRENT_REASONS)
