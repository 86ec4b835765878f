"""Filters in few words, and points in time as people write them."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitwatch.errors import UsageError
from hitwatch.formats.registry import by_name
from hitwatch.hits.batch import Hits
from hitwatch.hits.parser import Parser
from hitwatch.instants import DAY, HOUR, MINUTE, SECOND, from_datetime, rfc3339, to_datetime
from hitwatch.select.criteria import (
    exclude_clients,
    exclude_paths,
    in_time_range,
    only_hosts,
    parse_when,
    read_networks,
)
from hitwatch.select.language import Predicate, combine, mask, parse_predicate

LINES = """
www.example.com:80 192.0.2.7 - - [10/Oct/2026:13:00:00 +0000] "GET /a/b.js HTTP/1.1" 200 5 "-" "c"
WWW.Example.com:80 10.0.0.1 - - [10/Oct/2026:14:00:00 +0000] "GET /a HTTP/1.1" 200 5 "-" "c"
api.example.com:80 name.example - - [10/Oct/2026:15:00:00 +0000] "?" 400 5 "-" "c"
""".strip()

NOW = from_datetime(datetime(2026, 3, 29, 12, 30, tzinfo=UTC))


def hits() -> Hits:
    """Three hits."""
    return Parser(by_name("vhost-combined")).parse(LINES.encode())


def chosen(where: Predicate) -> list[int]:
    """Which of the hits a condition chooses."""
    return mask(where, hits()).arg_true().to_list()


def test_clients_are_excluded() -> None:
    """By address and network; clients that are names stay."""
    assert chosen(exclude_clients(["10.0.0.0/8", "192.0.2.7"])) == [2]
    assert chosen(exclude_clients([])) == [0, 1, 2]
    with pytest.raises(UsageError, match="invalid address or network 'bad'"):
        exclude_clients(["10.0.0.0/8", "bad"])


def test_networks_in_a_file() -> None:
    """Comments and empty lines are left out."""
    assert read_networks("# all\n\n10.0.0.0/8 # x\r\n::1,::2\n") == ["10.0.0.0/8", "::1", "::2"]


def test_paths_are_excluded() -> None:
    """By glob; hits without a path stay."""
    assert chosen(exclude_paths(["*.js", "/health"])) == [1, 2]
    assert chosen(exclude_paths([])) == [0, 1, 2]


def test_hosts_are_chosen() -> None:
    """By glob, in any case, with or without port."""
    assert chosen(only_hosts(["www.example.com"])) == [0, 1]
    assert chosen(only_hosts(["API.*", "nothing"])) == [2]
    log = Parser(by_name("vhost-combined")).parse(LINES.encode())
    assert mask(only_hosts(["example.com"]), log).any() is False


def test_spans() -> None:
    """The first instant counts, the last does not."""
    at = [parse_when(f"2026-10-10T{hour}:00", NOW) for hour in (13, 14, 15)]
    assert chosen(in_time_range(at[0], at[2])) == [0, 1]
    assert chosen(in_time_range(at[1], None)) == [1, 2]
    assert chosen(in_time_range(None, at[1])) == [0]
    assert chosen(in_time_range(None, None)) == [0, 1, 2]
    assert chosen(combine([in_time_range(at[0], None), parse_predicate("status == 400")])) == [2]
    with pytest.raises(UsageError, match="empty time range"):
        in_time_range(at[1], at[1])


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
    "text",
    [
        *("", "soon", "ago", "2 ago", "h ago", "99999999999w ago", "9" * 400 + "w ago"),
        *("2026", "2026-1-1", "2026-13-01", "2026-01-31T25:00", "2026-01-31T10:00:61"),
        *("2026-01-31+01:00", "today 9", "yesterday 25:00", "@", "@x", "@999999999999"),
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
