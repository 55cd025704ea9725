"""The data of each chain: are its files there, and its columns in them?"""

from collections.abc import Iterable, Iterator

from curec_assets.configuration.chain import SHIPPED, Chain
from curec_assets.interactions.sources import SourceError, open_source
from dagster_project.doctor.finding import Finding


def check_data(chains: Iterable[Chain], asked_for: bool) -> Iterator[Finding]:
    """Opens the source of each chain.

    Args:
        chains: the chains.
        asked_for: whether they were named. Several of the shipped chains are over data that is not shipped: where
            nobody asked for one, its absence is no failure.
    """
    for chain in chains:
        try:
            open_source(chain.data_set, chain.folder)
        except SourceError as error:
            optional = chain.folder == SHIPPED and not asked_for
            to_do = "only if you want to run it: see its data_sets file" if optional else "see its data_sets file"
            yield Finding("warn" if optional else "fail", "data", f"{chain.name}: {error}", to_do)
        else:
            yield Finding(
                "ok", "data", f"{chain.name}: all that its source ({chain.data_set.source.kind}) needs is there"
            )
