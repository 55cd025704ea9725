"""What a stage that writes reasons hands back."""

from dataclasses import dataclass

import pyarrow as pa


@dataclass(frozen=True)
class Written:
    """A table of the stage's schema, in canonical row order, and what a person should see of it."""

    table: pa.Table
    metrics: dict[str, float]
