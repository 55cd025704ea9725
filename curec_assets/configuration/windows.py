"""A chain's windows: half-open spans of time in UTC, in order, each named by a key that is also a partition key."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from pydantic import field_validator, model_validator

from curec_assets.configuration.section import Section

Frequency = Literal["yearly", "quarterly", "monthly", "weekly", "daily"]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
KEY_FORMAT: dict[Frequency, str] = {
    "yearly": "%Y",
    "quarterly": "%Y-%m",
    "monthly": "%Y-%m",
    "weekly": "%Y-%m-%d",
    "daily": "%Y-%m-%d",
}
CRON: dict[Frequency, str] = {
    "yearly": "0 0 1 1 *",
    "quarterly": "0 0 1 1,4,7,10 *",
    "monthly": "0 0 1 * *",
    "weekly": "0 0 * * 1",
    "daily": "0 0 * * *",
}


@dataclass(frozen=True)
class Window:
    """One window: ``start <= ts < end`` in UTC."""

    key: str
    start: datetime
    end: datetime


class WindowsConfig(Section):
    """How a chain cuts time into windows."""

    frequency: Frequency
    """Length of one window. Weeks start on Monday."""
    first: str
    """Key of the first window, e.g. ``1997-09`` (monthly), ``2012`` (yearly), ``2014-03-03`` (weekly, a Monday),
    ``2014-04`` (quarterly, its first month)."""
    last: str
    """Key of the last window, included."""
    all_earlier: bool = False
    """Whether the first window also holds everything before it. A long history then opens with one window: no event is
    lost, and the costly stages run once for all of it. Otherwise events before the first window are left out."""
    judged: str | None = None
    """Windows whose events judge all arms and seeds of the rankers, a key or ``first..last``; the window before each
    trains them. In the others, which a chain runs through to have reasons that go back some time, the arm that is
    served and ``id_only`` are trained and judged, one seed each; so it is with what the last window trains, whose lists
    by arm are then of these two. Reports pool these windows. A change makes the rankers of all windows again. Default:
    all windows are judged."""

    @field_validator("first", "last", "judged", mode="before")
    @classmethod
    def _key_as_text(cls, value: object) -> str | None:
        # YAML reads a bare 2012 as a number and a bare 2014-03-03 as a date; both are keys here.
        return None if value is None else str(value)

    @model_validator(mode="after")
    def _check_order(self) -> "WindowsConfig":
        if _parse_key(self.first, self.frequency) > _parse_key(self.last, self.frequency):
            raise ValueError(f"the first window {self.first} lies after the last window {self.last}")
        self.judged_keys()
        return self

    @property
    def first_start(self) -> datetime:
        """Start of the first window by the calendar, whatever else it holds."""
        return _parse_key(self.first, self.frequency)

    def is_judged(self, key: str | None) -> bool:
        """Whether all arms are judged on the window ``key``; None is a window beyond the last."""
        return self.judged is None or key in self.judged_keys()

    def judged_keys(self) -> tuple[str, ...]:
        """Keys of the windows that ``judged`` names; none where it is left out."""
        if self.judged is None:
            return ()
        return select_keys([window.key for window in self.windows()], self.judged)

    def windows(self) -> tuple[Window, ...]:
        """All windows in order; each one's end is the next one's start. With ``all_earlier`` the first starts in 1970,
        as no source has readable times before."""
        start, last = self.first_start, _parse_key(self.last, self.frequency)
        found: list[Window] = []
        while start <= last:
            end = next_start(start, self.frequency)
            opens = EPOCH if self.all_earlier and not found else start
            found.append(Window(start.strftime(KEY_FORMAT[self.frequency]), opens, end))
            start = end
        return tuple(found)


def microseconds(moment: datetime) -> int:
    """UTC microseconds since 1970 of an aware ``moment``, exactly: the unit in which times are compared as numbers."""
    return (moment - EPOCH) // timedelta(microseconds=1)


def select_windows(windows: Sequence[Window], spec: str) -> tuple[Window, ...]:
    """The windows that ``spec`` names: one key, or ``first..last`` (either end may be left out).

    Raises:
        ValueError: a key that is no window of the chain, or a range that runs backwards.
    """
    chosen = select_keys([window.key for window in windows], spec)
    return tuple(window for window in windows if window.key in chosen)


def select_keys(keys: Sequence[str], spec: str) -> tuple[str, ...]:
    """As ``select_windows``, of the keys of a chain's windows in order.

    Raises:
        ValueError: a key that is not among them, or a range that runs backwards.
    """
    first, dots, last = spec.partition("..")
    first, last = first or keys[0], (last or keys[-1]) if dots else first
    for key in (first, last):
        if key not in keys:
            raise ValueError(f"{key!r} is no window of this chain; its windows are {keys[0]}..{keys[-1]}")
    if keys.index(first) > keys.index(last):
        raise ValueError(f"the range {spec!r} runs backwards")
    return tuple(keys[keys.index(first) : keys.index(last) + 1])


def _parse_key(key: str, frequency: Frequency) -> datetime:
    try:
        start = datetime.strptime(key, KEY_FORMAT[frequency]).replace(tzinfo=UTC)
    except ValueError:
        raise ValueError(f"{key!r} is no {frequency} window; expected the form {KEY_FORMAT[frequency]}") from None
    if frequency == "weekly" and start.weekday() != 0:
        raise ValueError(f"weekly windows start on a Monday; {key} is none")
    if frequency == "quarterly" and start.month % 3 != 1:
        raise ValueError(f"quarterly windows start in January, April, July or October; {key} does not")
    return start


def window_start(moment: datetime, frequency: Frequency) -> datetime:
    """Start of the window that ``moment`` (UTC) lies in."""
    day = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    match frequency:
        case "yearly":
            return day.replace(month=1, day=1)
        case "quarterly":
            return day.replace(month=day.month - (day.month - 1) % 3, day=1)
        case "monthly":
            return day.replace(day=1)
        case "weekly":
            return day - timedelta(days=day.weekday())
    return day


def next_start(start: datetime, frequency: Frequency) -> datetime:
    """Start of the window after the one that starts at ``start``."""
    months = {"yearly": 12, "quarterly": 3, "monthly": 1}.get(frequency)
    if months is None:
        return start + timedelta(days=7 if frequency == "weekly" else 1)
    later = start.month - 1 + months
    return start.replace(year=start.year + later // 12, month=later % 12 + 1)
