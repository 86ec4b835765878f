"""What first lines tell of a source's times, and what is a guess."""

from __future__ import annotations

from datetime import date

import pytest

from hitwatch.formats.format import Format
from hitwatch.formats.registry import by_name
from hitwatch.formats.server_strings import resolve_format
from hitwatch.hits.reader import Reader
from hitwatch.instants import to_datetime
from hitwatch.zones import IN_UTC, Zone

IIS = "192.0.2.53, -, {}, 23:59:59, W3SVC1, WEB1, 192.0.2.9, 31, 210, 1500, 200, 0, GET, /c, -,\n"
TOMCAT = '192.0.2.51 - - [{} +0100] "GET /a HTTP/1.1" 200 512 {}\n'
DJANGO = '[10/Oct/2026 13:55:36] "GET /a HTTP/1.1" 200 512\n'


def recognised(text: str, log_format: Format | None = None, *, zone: Zone | None = None) -> Reader:
    """A reader that has seen some lines."""
    reader = Reader(None, log_format, zone=zone)
    reader.recognise(text.encode())
    return reader


def guesses(reader: Reader) -> dict[str, str]:
    """What is a guess, and how it was taken."""
    assert reader.log_format is not None
    return {guess.what: guess.assumed for guess in reader.log_format.guesses}


def days(text: str) -> list[date]:
    """The days of some lines, as they are read."""
    reader = recognised(text)
    return [to_datetime(at).date() for hits in reader.read(text.encode()) for at in hits.times()]


@pytest.mark.parametrize(
    "text",
    [
        DJANGO,
        IIS.format("2/29/2024"),
        '{"time":"2026-10-10T13:55:36","method":"GET","path":"/a","status":200}\n',
        '192.0.2.7 - - [10/Oct/2026:13:55:36] "GET /a HTTP/1.1" 200 512\n',
    ],
)
def test_a_zone_that_nobody_told_is_a_guess(text: str) -> None:
    """Times without an offset are in UTC by guess, and certain once somebody names a zone."""
    assert guesses(recognised(text)).get("zone of time") == "UTC"
    assert "zone of time" not in guesses(recognised(text, zone=IN_UTC))


@pytest.mark.parametrize(
    "text",
    [
        '{"time":"2026-10-10T13:55:36Z","method":"GET","path":"/a","status":200}\n',
        '{"time":1760104536,"method":"GET","path":"/a","status":200}\n',
        '192.0.2.7 - - [10/Oct/2026:13:55:36 +0200] "GET /a HTTP/1.1" 200 512\n',
        "#Fields: date time c-ip cs-method cs-uri-stem sc-status\n"
        "2026-10-10 13:55:36 192.0.2.7 GET /a 200\n",
    ],
)
def test_times_that_name_an_instant_are_no_guess(text: str) -> None:
    """Offsets, epochs and W3C's UTC leave no zone open."""
    assert guesses(recognised(text)) == {}


def test_a_guess_is_said_once() -> None:
    """A format that is handed on to another reader keeps its guess, and gets no second one."""
    first = recognised(DJANGO)
    assert first.log_format is not None
    second = recognised(DJANGO, first.log_format)
    assert second.log_format is not None
    assert second.log_format.guesses == first.log_format.guesses


def test_a_day_above_twelve_tells_the_order_for_all_lines() -> None:
    """One line that has but one reading settles it for those before and behind it."""
    text = "".join(IIS.format(day) for day in ("03/02/2024", "14/02/2024", "05/02/2024"))
    assert days(text) == [date(2024, 2, 3), date(2024, 2, 14), date(2024, 2, 5)]
    text = "".join(IIS.format(day) for day in ("3/2/2024", "2/14/2024"))
    assert days(text) == [date(2024, 3, 2), date(2024, 2, 14)]
    assert "order of day and month" not in guesses(recognised(text))


def test_an_order_that_no_line_tells_is_a_guess() -> None:
    """Months come first then, and the option that is named reads days first."""
    text = IIS.format("03/02/2024")
    reader = recognised(text)
    assert guesses(reader)["order of day and month"] == "month first"
    assert days(text) == [date(2024, 3, 2)]
    assert reader.log_format is not None
    settle = next(g.remedy for g in reader.log_format.guesses if g.what.startswith("order"))
    told = recognised(text, by_name(settle.removeprefix("--log-format ")))
    (hits,) = told.read(text.encode())
    assert to_datetime(hits.times()[0]).date() == date(2024, 2, 3)
    assert "order of day and month" not in guesses(told)


@pytest.mark.parametrize("named", ["tomcat", 'tomcat: %h %l %u %t "%r" %s %b %D'])
@pytest.mark.parametrize(
    ("time", "number", "seconds", "guessed"),
    [
        ("27/Jan/2011:00:25:00", "40", 0.04, False),
        ("19/Feb/2020:23:00:00", "900000", 900.0, False),
        ("03/Mar/2024:10:00:00", "40", 0.04, True),
        ("03/Mar/2024:10:00:00", "4000000", 4.0, True),
    ],
)
def test_a_unit_is_not_older_than_the_version_that_writes_it(
    named: str, time: str, number: str, seconds: float, guessed: bool
) -> None:
    """Tomcat's %D was milliseconds before Tomcat 10; of later lines the unit is a guess."""
    text = TOMCAT.format(time, number)
    reader = recognised(text, resolve_format(named))
    (hits,) = reader.read(text.encode())
    assert hits.frame()["duration_s"].to_list() == [seconds]
    assert ("unit of duration_s" in guesses(reader)) == guessed


def test_a_guess_names_the_other_unit() -> None:
    """Both units and the option stand in what is said."""
    reader = recognised(TOMCAT.format("03/Mar/2024:10:00:00", "40"), resolve_format("tomcat"))
    assert reader.log_format is not None
    (guess,) = reader.log_format.guesses
    assert guess.assumed == "milliseconds"
    assert "microseconds since 2020-02-20" in guess.why
    assert guess.remedy.startswith("--duration-unit us")


def test_a_point_is_seconds_at_any_time() -> None:
    """Tomcat's %T has three digits behind its point up to version 9."""
    text = TOMCAT.format("27/Jan/2011:00:25:00", "1.044")
    (hits,) = recognised(text, by_name("tomcat")).read(text.encode())
    assert hits.frame()["duration_s"].to_list() == [1.044]
