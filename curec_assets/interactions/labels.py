"""Events with both labels, which every model that learns from likes and dislikes needs."""

import pyarrow as pa

from curec_assets.interactions.cleaning import good_events
from curec_assets.interactions.config import DataSetConfig
from curec_assets.interactions.negatives import with_sampled_negatives


def labelled_events(cleaned: pa.Table, data_set: DataSetConfig, negatives_per_positive: int, seed: int) -> pa.Table:
    """The good events of ``cleaned``; where the data is implicit, with negatives sampled as of each event.

    Args:
        cleaned: rows of schema ``CLEANED_INTERACTIONS``.
        data_set: says whether the data is implicit.
        negatives_per_positive: negatives per event of implicit data.
        seed: the chain's seed, so that every stage meets the same negatives.
    """
    good = good_events(cleaned)
    return with_sampled_negatives(good, negatives_per_positive, seed) if data_set.implicit else good
