"""Small histories whose people and items fall into known groups."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count, islice

import pyarrow as pa

from curec_assets.interactions.groups import Group, subject_group
from curec_assets.lake.schemas import CLEANED_INTERACTIONS, ITEMS

START = datetime(1998, 2, 1, tzinfo=UTC)
END = datetime(1998, 3, 1, tzinfo=UTC)

Event = tuple[str, str, float, int]
"""(user, item, days after START, label)"""


def ids(prefix: str, group: Group, number: int) -> list[str]:
    """The first ``number`` ids ``<prefix>0, <prefix>1, …`` that fall into ``group``."""
    names = (f"{prefix}{n}" for n in count())
    return list(islice((name for name in names if subject_group(name) == group), number))


def events(rows: Iterable[Event]) -> pa.Table:
    """Good rows of CLEANED_INTERACTIONS."""
    return pa.Table.from_pylist(
        [
            {
                "event_id": f"{number:016x}",
                "user_id": user,
                "item_id": item,
                "ts": START + timedelta(days=days),
                "rating": 5.0 if label else 2.0,
                "label": label,
                "merged_duplicates": 0,
                "source_row": number,
            }
            for number, (user, item, days, label) in enumerate(rows)
        ],
        schema=CLEANED_INTERACTIONS,
    )


def items(titles: Iterable[str], categories: Sequence[str] = ("Drama",), days: float = -100) -> pa.Table:
    """ITEMS whose titles are their ids in capitals, first seen ``days`` after START."""
    rows = [
        {
            "item_id": item,
            "title": item.upper(),
            "categories": list(categories),
            "first_seen": START + timedelta(days=days),
        }
        for item in titles
    ]
    return pa.Table.from_pylist(rows, schema=ITEMS)


def texts(row: dict, kind: str) -> list[str]:
    """The texts of a row's facts of one kind, in their order."""
    return [fact["text"] for fact in row["facts"] if fact["kind"] == kind]
