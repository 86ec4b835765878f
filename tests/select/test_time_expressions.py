"""Points in time as people write them, and stretches that have a name."""

from __future__ import annotations

import contextlib
from datetime import timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitwatch.errors import UsageError
from hitwatch.instants import DAY, HOUR, MINUTE, SECOND, rfc3339, rfc3339_or_none, to_datetime
from hitwatch.select.time_expressions import parse_iso, parse_stretch, parse_when

NOW = parse_iso("2026-03-29T12:30Z")
"""A Sunday, on which clocks are put forward in Europe."""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("now", "2026-03-29T12:30:00Z"),
        ("today", "2026-03-29T00:00:00Z"),
        ("Yesterday", "2026-03-28T00:00:00Z"),
        ("yesterday 14:00", "2026-03-28T14:00:00Z"),
        ("yesterday  at 9:05:30.5", "2026-03-28T09:05:30.500000Z"),
        ("today 00:01", "2026-03-29T00:01:00Z"),
        ("2h ago", "2026-03-29T10:30:00Z"),
        ("1h30m ago", "2026-03-29T11:00:00Z"),
        ("1 d ago", "2026-03-28T12:30:00Z"),
        ("2026-01-31", "2026-01-31T00:00:00Z"),
        ("20260131", "2026-01-31T00:00:00Z"),
        ("2026-01-31T10", "2026-01-31T10:00:00Z"),
        ("2026-01-31T10:00", "2026-01-31T10:00:00Z"),
        (" 2026-01-31 10:00:01,25 ", "2026-01-31T10:00:01.250000Z"),
        ("2026-01-31T10:00z", "2026-01-31T10:00:00Z"),
        ("2026-01-31T10:00+01:30", "2026-01-31T08:30:00Z"),
        ("2026-01-31 10:00 -0200", "2026-01-31T12:00:00Z"),
        ("1700000000", "2023-11-14T22:13:20Z"),
        ("1700000000.25", "2023-11-14T22:13:20.250000Z"),
        ("@0", "1970-01-01T00:00:00Z"),
        ("@-1.5", "1969-12-31T23:59:58.500000Z"),
    ],
)
def test_points_in_time(text: str, expected: str) -> None:
    """Everything that --since takes."""
    assert rfc3339(parse_when(text, NOW)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2 days ago", "2026-03-27T12:30:00Z"),
        ("an hour ago", "2026-03-29T11:30:00Z"),
        ("1 hour and 30 minutes ago", "2026-03-29T11:00:00Z"),
        ("1 hour", "2026-03-29T11:30:00Z"),
        ("90min", "2026-03-29T11:00:00Z"),
        ("last 7 days", "2026-03-22T12:30:00Z"),
        ("past hour", "2026-03-29T11:30:00Z"),
        ("a month ago", "2026-02-28T12:30:00Z"),
        ("2 years ago", "2024-03-29T12:30:00Z"),
        ("sunday", "2026-03-29T00:00:00Z"),
        ("last sunday", "2026-03-22T00:00:00Z"),
        ("Monday", "2026-03-23T00:00:00Z"),
        ("sat 9am", "2026-03-28T09:00:00Z"),
        ("yesterday at noon", "2026-03-28T12:00:00Z"),
        ("today 9", "2026-03-29T09:00:00Z"),
        ("9:30pm", "2026-03-28T21:30:00Z"),
        ("12:00", "2026-03-29T12:00:00Z"),
        ("12 am", "2026-03-29T00:00:00Z"),
        ("midnight", "2026-03-29T00:00:00Z"),
        ("5 Oct", "2025-10-05T00:00:00Z"),
        ("Feb 5 14:00", "2026-02-05T14:00:00Z"),
        ("October 5th, 2024, 2pm", "2024-10-05T14:00:00Z"),
        ("29 feb 2024", "2024-02-29T00:00:00Z"),
        ("[10/Oct/2025:13:55:36 -0700]", "2025-10-10T20:55:36Z"),
    ],
)
def test_points_in_time_in_words(text: str, expected: str) -> None:
    """What people say is the latest that fits, and has no end."""
    found = parse_stretch(text, NOW)
    assert (rfc3339(found.begin), found.end) == (expected, None)


@pytest.mark.parametrize(
    ("text", "begin", "end", "before"),
    [
        ("2025-10", "2025-10-01", "2025-11-01", "2025-09-01"),
        ("2026-03", "2026-03-01", None, "2026-02-01"),
        ("2025", "2025-01-01", "2026-01-01", "2024-01-01"),
        ("October", "2025-10-01", "2025-11-01", "2025-09-01"),
        ("jan 2025", "2025-01-01", "2025-02-01", "2024-12-01"),
        ("march", "2026-03-01", None, "2026-02-01"),
        ("this month", "2026-03-01", None, "2026-02-01"),
        ("last month", "2026-02-01", "2026-03-01", "2026-01-01"),
        ("this week", "2026-03-23", None, "2026-03-16"),
        ("previous week", "2026-03-16", "2026-03-23", "2026-03-09"),
        ("this year", "2026-01-01", None, "2025-01-01"),
        ("last year", "2025-01-01", "2026-01-01", "2024-01-01"),
    ],
)
def test_stretches(text: str, begin: str, end: str | None, before: str) -> None:
    """What has a name has an end once it is over, and something of its kind before it."""
    found = parse_stretch(text, NOW)
    days = [rfc3339_or_none(each) for each in (found.begin, found.end, found.before)]
    midnights = [None if day is None else f"{day}T00:00:00Z" for day in (begin, end, before)]
    assert days == midnights


def test_a_month_of_a_zone_has_the_hours_that_its_clocks_show() -> None:
    """On the night on which clocks change an hour is left out."""
    found = parse_stretch("2025-03", NOW, ZoneInfo("Europe/Berlin"))
    assert found.end is not None
    assert found.end - found.begin == 31 * DAY - HOUR


@pytest.mark.parametrize(
    "text",
    [
        *("", "soon", "ago", "2 ago", "h ago", "99999999999w ago", "9" * 400 + "w ago"),
        *(
            "2026-1-1",
            "2026-13-01",
            "2026-13",
            "1950",
            "31 feb",
            "hour ago",
            "2026-01-31T25:00",
            "2026-01-31T10:00:61",
        ),
        *("2026-01-31+01:00", "13pm", "yesterday 25:00", "14:00:60", "@", "@x", "@999999999999"),
        *("1700000000000", "\x00", "١٢٣٤٥٦٧٨٩"),
    ],
)
def test_what_is_no_point_in_time(text: str) -> None:
    """The error says what can be written."""
    with pytest.raises(UsageError, match=r"invalid time '.*'\n  write 2026-01-31"):
        parse_when(text, NOW)


def test_days_of_a_zone() -> None:
    """Days and bare times are of the zone; an offset wins, and clocks may change at night."""
    berlin = ZoneInfo("Europe/Berlin")
    today, yesterday = (parse_when(day, NOW, berlin) for day in ("today", "yesterday"))
    assert rfc3339(today) == "2026-03-28T23:00:00Z"
    assert today - yesterday == DAY
    assert rfc3339(parse_when("today 10:00", NOW, berlin)) == "2026-03-29T08:00:00Z"
    assert rfc3339(parse_when("2026-01-31T10:00", NOW, berlin)) == "2026-01-31T09:00:00Z"
    assert rfc3339(parse_when("2026-01-31T10:00Z", NOW, berlin)) == "2026-01-31T10:00:00Z"
    tomorrow = NOW + DAY
    assert parse_when("today", tomorrow, berlin) - today == DAY - HOUR


@given(st.integers(0, 4 * 10**9), st.integers(-14 * 60, 14 * 60))
def test_any_iso_time_comes_back(seconds: int, offset: int) -> None:
    """Times in any offset are read as the instants they are."""
    instant = seconds * SECOND
    zone = timezone(timedelta(minutes=offset))
    assert parse_when(to_datetime(instant).astimezone(zone).isoformat(), NOW) == instant


@given(st.integers(0, 10_000))
def test_any_duration_ago(minutes: int) -> None:
    """An instant before now."""
    assert parse_when(f"{minutes}m ago", NOW) == NOW - minutes * MINUTE


@given(st.text(max_size=30) | st.text("0123456789-:T+ agohdwnytesrZ.@", max_size=30))
def test_any_text_is_a_time_or_refused(text: str) -> None:
    """Whatever is written, it is an instant or a usage error."""
    with contextlib.suppress(UsageError):
        rfc3339(parse_when(text, NOW))
