"""A chain's windows as Dagster partitions, and its edges as partition mappings."""

import dagster as dg

from curec_assets.configuration.chain import Chain
from curec_assets.configuration.windows import CRON, KEY_FORMAT
from curec_assets.lineage import Edge


def window_partitions(chain: Chain) -> dg.TimeWindowPartitionsDefinition:
    """One partition per window, keyed as in the lake."""
    windows = chain.all_windows()
    frequency = chain.windows.frequency
    return dg.TimeWindowPartitionsDefinition(
        start=chain.windows.first_start,
        end=windows[-1].end,
        fmt=KEY_FORMAT[frequency],
        cron_schedule=CRON[frequency],
        timezone="UTC",
    )


def edge_dependency(chain: Chain, edge: Edge) -> dg.AssetDep:
    """The dependency that an edge of the lineage stands for."""
    # Reaches past the first window from any other; Dagster cuts it there.
    all_earlier = -len(chain.all_windows())
    start, end = {
        "at": (0, 0),
        "previous": (-1, -1),
        "up_to": (all_earlier, 0),
        "up_to_previous": (all_earlier, -1),
    }[edge.span]
    return dg.AssetDep(
        dg.AssetKey([chain.name, edge.asset]),
        partition_mapping=dg.TimeWindowPartitionMapping(start_offset=start, end_offset=end),
    )
