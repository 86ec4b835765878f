"""Units of durations are settled once a source, and what stays a guess is said."""

from __future__ import annotations

import pytest

from hitwatch.errors import UsageError
from hitwatch.formats.format import Format
from hitwatch.formats.registry import by_name
from hitwatch.formats.unit_names import unit_from_name
from hitwatch.hits.duration_units import is_open, resolve_units
from hitwatch.hits.reader import Reader
from hitwatch.run.api import scan


def lines(*durations: str, name: str = "duration", more: str = "") -> bytes:
    """JSON lines with such durations."""
    return b"".join(
        f'{{"time":"2024-03-05T08:15:30Z","method":"GET","url":"/","status":200,"{name}":{text}{more}}}\n'.encode()
        for text in durations
    )


def seconds(
    data: bytes, log_format: Format | None = None, column: str = "duration_s"
) -> list[float | None]:
    """Durations as they are read."""
    return [
        value
        for hits in Reader(None, log_format).read(data)
        for value in hits.frame()[column].to_list()
    ]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("request_time_in_ms", ("duration_s", "ms")),
        ("elapsedMillis", ("duration_s", "ms")),
        ("took-usec", ("duration_s", "us")),
        ("durationNanos", ("duration_s", "ns")),
        ("response_time_s", ("duration_s", "s")),
        ("backendLatencyMs", ("upstream_duration_s", "ms")),
        ("status", None),
        ("times", None),
        ("event_time_ms", None),
        ("db_ms", None),
    ],
)
def test_units_in_names(name: str, told: tuple[str, str] | None) -> None:
    """A name tells the unit however it is display_name, and only names of whole durations do."""
    assert unit_from_name(name) == told


def test_one_unit_a_source() -> None:
    """A point anywhere tells the unit of whole numbers, and order does not matter."""
    assert seconds(lines("2", "0.021", "0.5")) == [2.0, 0.021, 0.5]


def test_the_first_of_a_list_tells() -> None:
    """Where several upstreams were tried, how the first duration is written counts."""
    listed = lines('"0.120, 0.030"', '"7"', name="upstream_duration")
    assert not resolve_units(by_name("json"), listed).guesses
    assert seconds(listed, column="upstream_duration_s") == [pytest.approx(0.15), 7.0]
    whole = lines('"120, 30"', '"7"', name="upstream_duration")
    assert resolve_units(by_name("json"), whole).guesses


def test_whole_numbers_are_a_guess_and_said_to_be_one() -> None:
    """What only the size of numbers speaks for is said, with the option that settles it."""
    told = resolve_units(by_name("json"), lines("12", "250"))
    assert [(g.what, g.assumed) for g in told.guesses] == [("unit of duration_s", "milliseconds")]
    assert told.guesses[0].remedy.startswith("--duration-unit ")


def test_upstreams_settle_without_a_guess() -> None:
    """A total is never below a part of it."""
    data = b"".join(
        lines(str(n), name="latency", more=f',"upstream_response_time":"{n / 1e3:.3f}"')
        for n in (14, 25, 7, 120, 31)
    )
    told = resolve_units(by_name("json"), data)
    assert not told.guesses
    assert seconds(data) == [0.014, 0.025, 0.007, 0.12, 0.031]


def test_units_that_no_line_tells_stay_open() -> None:
    """A live log whose first lines have no duration is settled when the first comes."""
    nothing, data = lines("null"), lines("0.02", "3")
    reader = Reader(None, by_name("json"))
    reader.read(nothing)
    assert reader.log_format is not None
    assert is_open(reader.log_format)
    (hits,) = reader.read(data)
    assert hits.frame()["duration_s"].to_list() == [0.02, 3.0]
    (hits,) = reader.read(lines("4"))
    assert hits.frame()["duration_s"].to_list() == [4.0]


def test_the_user_settles_all() -> None:
    """A unit that the user names goes before what lines tell, and is no guess."""
    told = resolve_units(by_name("json"), lines("0.5", "12"), "us")
    assert not told.guesses
    assert not is_open(told)
    assert seconds(lines("0.5", "12"), told) == [0.5e-6, 12e-6]


@pytest.mark.parametrize(("tail", "taken"), [("41250", 0.04125), ("0.041", 0.041), ("3.000", 3.0)])
def test_the_tail_of_common_lines(tail: str, taken: float) -> None:
    """Apache writes whole microseconds, nginx seconds with three digits behind the point."""
    line = f'192.0.2.1 - - [05/Mar/2024:08:15:30 +0000] "GET / HTTP/1.1" 200 5 "-" "x" {tail}\n'
    assert seconds(line.encode()) == [taken]


@pytest.mark.parametrize("text", ["-5", "1709626530", '"soon"', "1e300"])
def test_absurd_durations_are_none(text: str) -> None:
    """Below zero, a point in time, or no number: no duration."""
    assert seconds(lines(text, name="request_time")) == [None]


def test_unknown_units_are_refused() -> None:
    """The Python interface names the units it knows."""
    with pytest.raises(UsageError, match="invalid duration-unit"):
        scan("x.log", duration_unit="min")
