"""The data of each chain: are its files there and its columns in them, and do their first rows say anything?"""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime

from curec_assets.configuration.chain import SHIPPED, Chain
from curec_assets.interactions.sources import SourceError, open_source
from curec_assets.lake.sql import load_sql
from dagster_project.doctor.finding import Finding, counted

FIRST_ROWS = 100
LONGEST_SHOWN = 60
"""Characters of a value that are shown."""
Event = tuple[str | None, str | None, str | None, datetime | None, str | None]
"""User, item and time as the source has them, the time in UTC, and why the row can be no event."""
Item = tuple[str | None, str | None]
"""Id and title."""


def check_data(chains: Iterable[Chain], asked_for: bool) -> Iterator[Finding]:
    """Opens the source of each chain and reads its first rows.

    Args:
        chains: the chains.
        asked_for: whether they were named. Several of the shipped chains are over data that is not shipped: where
            nobody asked for one, its absence is no failure.
    """
    for chain in chains:
        to_do = f"correct the data set that {chain.folder / 'chains' / chain.name}.yaml names"
        try:
            events, items = _first_rows(chain)
        except SourceError as error:
            optional = chain.folder == SHIPPED and not asked_for
            if optional:
                to_do = f"nothing, unless you want to run this chain; then {to_do}"
            yield Finding("warn" if optional else "fail", "data", f"{chain.name}: {error}", to_do)
        else:
            yield _judged(chain.name, events, items, to_do)


def _first_rows(chain: Chain) -> tuple[list[Event], list[Item]]:
    source = open_source(chain.data_set, chain.folder)
    with source.readable():
        found = source.relation("survey/first_events.sql", rows=FIRST_ROWS, implicit=chain.data_set.implicit)
        described = source.connection.sql(load_sql("survey/first_items.sql"), params={"rows": FIRST_ROWS})
        return found.fetchall(), described.fetchall()


def _judged(name: str, events: list[Event], items: list[Item], to_do: str) -> Finding:
    if not events or not items:
        return Finding("fail", "data", f"{name}: its {'items' if events else 'interactions'} have no row", to_do)
    aside = Counter(code for *_, code in events if code is not None)
    told = ", ".join(f"{count} {code}" for code, count in sorted(aside.items()))
    if aside.total() == len(events):
        none = f"none of the first {counted(len(events), 'row')} can be an event ({told})"
        first = "the first has user {}, item {}, time {}".format(*map(_shown, events[0][:3]))
        return Finding("fail", "data", f"{name}: {none}; {first}", to_do)
    user, item, _, utc, _ = next(event for event in events if event[-1] is None)
    what = f"{name}: first event: user {_shown(user)} met item {_shown(item)} on {utc:%Y-%m-%d at %H:%M} UTC"
    title = next((title for _, title in items if title is not None), None)
    what += f"; first title: {_shown(title)}" if title else "; no title in the first rows, and reasons need words"
    if aside:
        what += f"; {aside.total()} of the first {counted(len(events), 'row')} cannot be events ({told})"
    odd = title is None or 2 * aside.total() > len(events)
    return Finding("warn" if odd else "ok", "data", what, to_do if odd else "")


def _shown(value: object) -> str:
    text = "none" if value is None else str(value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[: LONGEST_SHOWN - 1]}…"
