"""Windows: whole, ordered, keyed alike in the lake and in Dagster."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import dagster as dg
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from curec_assets.configuration.windows import (
    CRON,
    EPOCH,
    KEY_FORMAT,
    Frequency,
    WindowsConfig,
    microseconds,
    select_windows,
    window_start,
)
from curec_assets.lake.schemas import TIMESTAMP

EXAMPLES: list[tuple[Frequency, str, str]] = [
    ("monthly", "1997-09", "1998-04"),
    ("yearly", "2009", "2014"),
    ("weekly", "2014-03-03", "2014-04-28"),
    ("daily", "2016-02-27", "2016-03-02"),
    ("quarterly", "2013-07", "2015-01"),
]


@pytest.mark.parametrize(("frequency", "first", "last"), EXAMPLES)
def test_windows_meet_without_gap_or_overlap(frequency: Frequency, first: str, last: str) -> None:
    windows = WindowsConfig(frequency=frequency, first=first, last=last).windows()
    assert (windows[0].key, windows[-1].key) == (first, last)
    for before, after in pairwise(windows):
        assert before.start < before.end == after.start


@pytest.mark.parametrize(("frequency", "first", "last"), EXAMPLES)
def test_window_keys_are_dagsters_partition_keys(frequency: Frequency, first: str, last: str) -> None:
    windows = WindowsConfig(frequency=frequency, first=first, last=last).windows()
    partitions = dg.TimeWindowPartitionsDefinition(
        start=windows[0].start,
        end=windows[-1].end,
        fmt=KEY_FORMAT[frequency],
        cron_schedule=CRON[frequency],
        timezone="UTC",
    )
    assert list(partitions.get_partition_keys()) == [window.key for window in windows]
    for window in windows:
        span = partitions.time_window_for_partition_key(window.key)
        assert (span.start.timestamp(), span.end.timestamp()) == (window.start.timestamp(), window.end.timestamp())


@given(st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1)), st.sampled_from(list(KEY_FORMAT)))
def test_a_moment_lies_in_the_window_that_starts_at_its_start(moment: datetime, frequency: Frequency) -> None:
    start = window_start(moment.replace(tzinfo=UTC), frequency)
    key = start.strftime(KEY_FORMAT[frequency])
    [window] = WindowsConfig(frequency=frequency, first=key, last=key).windows()
    assert window.start == start <= moment.replace(tzinfo=UTC) < window.end


@given(st.datetimes(datetime(1970, 1, 1), datetime(9999, 1, 1), timezones=st.just(UTC)))
def test_a_moment_is_found_again_from_its_microseconds(moment: datetime) -> None:
    assert EPOCH + timedelta(microseconds=microseconds(moment)) == moment
    assert microseconds(moment) == pa.scalar(moment, TIMESTAMP).cast(pa.int64()).as_py()


def test_a_first_window_can_hold_everything_before_it_under_its_own_key() -> None:
    plain = WindowsConfig(frequency="monthly", first="2014-04", last="2014-06")
    reaching = plain.model_copy(update={"all_earlier": True})
    first, *others = reaching.windows()
    assert (first.key, first.end) == ("2014-04", plain.windows()[0].end)
    assert first.start == datetime(1970, 1, 1, tzinfo=UTC)
    assert tuple(others) == plain.windows()[1:]
    assert reaching.first_start == plain.windows()[0].start


@given(st.integers(0, 7), st.integers(0, 7))
def test_a_range_selects_its_ends_and_all_between(first: int, last: int) -> None:
    windows = WindowsConfig(frequency="monthly", first="1997-09", last="1998-04").windows()
    spec = f"{windows[first].key}..{windows[last].key}"
    if first > last:
        with pytest.raises(ValueError, match="backwards"):
            select_windows(windows, spec)
    else:
        assert select_windows(windows, spec) == windows[first : last + 1]


def test_open_ranges_and_single_windows_select_what_they_say() -> None:
    windows = WindowsConfig(frequency="monthly", first="1997-09", last="1998-04").windows()
    assert select_windows(windows, "..") == windows
    assert select_windows(windows, "1997-11") == windows[2:3]
    assert select_windows(windows, "..1997-10") == windows[:2]
    assert select_windows(windows, "1998-03..") == windows[6:]


def test_a_window_outside_the_chain_is_named_with_the_chains_span() -> None:
    windows = WindowsConfig(frequency="monthly", first="1997-09", last="1998-04").windows()
    with pytest.raises(ValueError, match=r"'1999-01' is no window of this chain; its windows are 1997-09\.\.1998-04"):
        select_windows(windows, "1997-09..1999-01")


@pytest.mark.parametrize(
    ("frequency", "first", "last"),
    [
        ("monthly", "1998-04", "1997-09"),
        ("monthly", "1997", "1998"),
        ("weekly", "2014-03-04", "2014-03-10"),
        ("quarterly", "2014-02", "2014-04"),
    ],
)
def test_impossible_windows_are_refused(frequency: Frequency, first: str, last: str) -> None:
    with pytest.raises(ValidationError):
        WindowsConfig(frequency=frequency, first=first, last=last)
