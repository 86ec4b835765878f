"""Time formats and zones."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitwatch.errors import FormatError
from hitwatch.formats.times import time_items
from hitwatch.formats.toml import read_format
from hitwatch.hits.parser import Parser
from hitwatch.zones import tabulate_zone

FORMAT = """
name = "x"
title = "x"
source = "x"
samples = []
line = '[{{time}}] {{status}}'
time_format = "{}"
"""


def read(text: str, time_format: str, zone: str | None = None) -> datetime | None:
    """Read one time through a format of its own."""
    log_format = read_format(FORMAT.format(time_format), where="x")
    parser = Parser(log_format, zone=tabulate_zone(ZoneInfo(zone)) if zone else None)
    hits = parser.parse(f"[{text}] 200\n".encode())
    return hits.frame(["time"]).item() if len(hits) else None


@pytest.mark.parametrize(
    ("text", "time_format", "expected"),
    [
        ("2024-05-06T07:08:09Z", "iso", "2024-05-06T07:08:09"),
        ("2024-05-06 07:08:09.123456789+02:00", "iso", "2024-05-06T05:08:09.123456"),
        ("1714979289.5", "epoch:s", "2024-05-06T07:08:09.5"),
        ("1714979289500", "epoch:ms", "2024-05-06T07:08:09.5"),
        ("1714979289500000000", "epoch:ns", "2024-05-06T07:08:09.5"),
        ("06/May/2024 07:08:09", "%d/%b/%Y %T", "2024-05-06T07:08:09"),
        ("Mon May  6 07:08:09 2024", "%a %b %e %H:%M:%S %Y", "2024-05-06T07:08:09"),
        ("127.24 12:08:09 AM", "%j.%y %I:%M:%S %p", "2024-05-06T00:08:09"),
        ("06/Mai/2024 07:08:09", "%d/%b/%Y %T", None),
        ("2024-02-30T07:08:09Z", "iso", None),
        ("99999999999999999999", "epoch:s", None),
        ("", "iso", None),
    ],
)
def test_formats(text: str, time_format: str, expected: str | None) -> None:
    """Each way of writing a time is read, and what is none is not."""
    moment = read(text, time_format)
    assert moment == (None if expected is None else datetime.fromisoformat(expected + "+00:00"))


@pytest.mark.parametrize("wrong", ["%Q", "epoch:weeks"])
def test_unknown_directives(wrong: str) -> None:
    """An unknown directive or unit is refused."""
    with pytest.raises(FormatError, match="unknown"):
        time_items(wrong)


@given(
    st.datetimes(datetime(1991, 1, 1), datetime(2039, 12, 31)).map(
        lambda moment: moment.replace(microsecond=0)
    )
)
def test_zones(moment: datetime) -> None:
    """A wall-clock time without offset is placed as Python's own zone table places it."""
    zone = ZoneInfo("Europe/Berlin")
    expected = moment.replace(tzinfo=zone).astimezone(UTC)
    assert read(moment.isoformat(), "iso", "Europe/Berlin") == expected


@pytest.mark.parametrize("minutes", range(0, 180, 15))
def test_hours_that_clocks_skip_or_repeat(minutes: int) -> None:
    """In a gap the old offset holds on; of an hour that comes twice the first is meant."""
    zone = ZoneInfo("America/New_York")
    for day in (datetime(2024, 3, 10, 1, 0), datetime(2024, 11, 3, 0, 30)):
        moment = day + timedelta(minutes=minutes)
        expected = moment.replace(tzinfo=zone).astimezone(UTC)
        assert read(moment.isoformat(), "iso", "America/New_York") == expected
