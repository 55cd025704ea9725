"""What ``curec init`` saw of somebody's files, in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from curec_assets.configuration.windows import WindowsConfig
from curec_assets.interactions.config import DataSetConfig, FilesSource
from curec_assets.interactions.proposal import window_counts
from curec_assets.interactions.recognise import Recognised
from curec_assets.interactions.survey import ItemTexts, Judgement, Survey

ODD_SHARE = 0.05
"""Share of rows set aside, or of likes or dislikes, from which a person should have a look."""


@dataclass(frozen=True)
class Seen:
    """All that ``curec init`` found out."""

    recognised: Recognised
    survey: Survey
    texts: ItemTexts
    judgement: Judgement
    described_users: int
    attributes: dict[str, int]
    """Distinct values of each."""
    data_set: DataSetConfig
    windows: WindowsConfig


def show(console: Console, seen: Seen, interactions: Path, items: Path) -> None:
    """Print it, line by line, and what a person should have a look at."""
    found, judged, texts = seen.survey, seen.judgement, seen.texts
    rows = found.rows + sum(found.rejected.values())
    lines = {
        "format": seen.recognised.format,
        "interactions": f"{rows:,} rows in {interactions}",
        "columns": _mapped(seen.data_set.source),
        "events": f"{judged.events:,} by {judged.users:,} users on {judged.items:,} items, "
        f"{found.days[0][0]} to {found.days[-1][0]}",
        "items": f"{texts.items:,} of {items} were met: {_share(texts.titled, texts.items)} have a title, "
        f"{_share(texts.categorised, texts.items)} categories, {_share(texts.described, texts.items)} a description",
        **({"users": _described(seen)} if seen.data_set.describes_users else {}),
        "rejected": _coded(found.rejected, "no row: each has a time that can be read"),
        "quarantined": _coded(judged.quarantined, "no row"),
        "merged": f"{judged.merged:,} rows that repeat an event",
        "label rule": _rule(seen),
        "windows": _windows(seen),
    }
    for name, text in lines.items():
        console.print(f"  {name:<13} {text}", markup=False)
    for note in _notes(seen):
        console.print(f"note: {note}", style="yellow", markup=False)


def _described(seen: Seen) -> str:
    told = "; ".join(f"{name}, {values:,} values" for name, values in seen.attributes.items())
    return f"{seen.described_users:,} of {seen.judgement.users:,} are described: {told or 'nothing'}"


def _mapped(source: Any) -> str:
    if not isinstance(source, FilesSource):
        return "those of the format"
    told = []
    for section in (source.interaction_columns, source.item_columns):
        named = {key: value if isinstance(value, str) else "+".join(value or ()) for key, value in section}
        told.append(", ".join(f"{key}={name}" for key, name in named.items() if name))
    return f"{told[0]} ({source.timestamp_format}); of items {told[1]}"


def _rule(seen: Seen) -> str:
    data_set, judged = seen.data_set, seen.judgement
    if data_set.implicit or data_set.rating_scale is None:
        return "every event is a like (implicit)"
    low, high = data_set.rating_scale
    share = _share(judged.likes, judged.events)
    return f"a rating of {data_set.like_at:g} or more, on a scale of {low:g} to {high:g}, is a like: {share} of events"


def _windows(seen: Seen) -> str:
    windows = seen.windows
    spans = windows.windows()
    counts = list(window_counts(seen.survey.days, windows.frequency).values())
    later = counts[len(counts) - len(spans) + 1 :]
    told = f"{windows.frequency}, {windows.first} to {windows.last}; {sum(counts) - sum(later):,} rows in the first"
    told += " and before" if windows.all_earlier else ""
    return f"{told}, {', '.join(f'{count:,}' for count in later)} in the others" if later else told


def _notes(seen: Seen) -> list[str]:
    found, judged, texts = seen.survey, seen.judgement, seen.texts
    rows = found.rows + sum(found.rejected.values())
    aside = sum(found.rejected.values()) + sum(judged.quarantined.values())
    notes = []
    if seen.recognised.unclaimed:
        among = ", ".join(seen.recognised.unclaimed)
        notes.append(
            f"no rating column recognised among {among}; taken as implicit; pass --columns rating=NAME if one is, "
            "--implicit if none"
        )
    if aside > ODD_SHARE * rows:
        notes.append(f"{_share(aside, rows)} of the rows are rejected or quarantined; are the columns the right ones?")
    if not seen.data_set.implicit and not ODD_SHARE < judged.likes / max(judged.events, 1) < 1 - ODD_SHARE:
        notes.append("nearly all events have the same label; another --like-at tells more")
    if texts.titled < texts.items / 2:
        notes.append("most items have no title, and a reason needs words; see --item-columns title=NAME")
    if seen.data_set.licence == "not stated":
        notes.append("the licence is not stated; give --licence, it is shown with everything made from the data")
    return notes


def _coded(counts: Mapping[str, int], none: str) -> str:
    return ", ".join(f"{count:,} {code}" for code, count in sorted(counts.items())) or none


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else "none"
