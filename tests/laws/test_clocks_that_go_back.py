"""Local times without an offset mean what the same log with offsets says, however it is cut."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.program.running import run

from hitwatch.formats.server_strings import resolve_format
from hitwatch.hits.reader import Reader
from hitwatch.instants import Instant, from_datetime
from hitwatch.run import fold
from hitwatch.run.api import report
from hitwatch.zones import tabulate_zone

BARE = resolve_format('%h %l %u %{%d/%b/%Y:%H:%M:%S}t "%r" %>s %b')
NIGHTS = {
    "America/Detroit": datetime(2016, 11, 6, 6, tzinfo=UTC),
    "Europe/Berlin": datetime(2024, 10, 27, 1, tzinfo=UTC),
    # Its clock is set back by half an hour only.
    "Australia/Lord_Howe": datetime(2024, 4, 6, 15, tzinfo=UTC),
}
FORWARD = {
    "America/Detroit": datetime(2016, 3, 13, 7, tzinfo=UTC),
    "Europe/Berlin": datetime(2024, 3, 31, 1, tzinfo=UTC),
    "Australia/Lord_Howe": datetime(2024, 10, 5, 15, 30, tzinfo=UTC),
}
ZONES = {name: tabulate_zone(ZoneInfo(name)) for name in NIGHTS}


def lines(zone: str, times: list[datetime]) -> bytes:
    """A log whose lines say what the clock on the wall shows."""
    local = (time.astimezone(ZoneInfo(zone)).strftime("%d/%b/%Y:%H:%M:%S") for time in times)
    return "".join(f'192.0.2.1 - - {clock} "GET /a HTTP/1.1" 200 5\n' for clock in local).encode()


def read(reader: Reader, data: bytes, cuts: list[int]) -> list[Instant]:
    """The times of all lines, read in pieces of so many lines."""
    rows = data.splitlines(keepends=True)
    found: list[Instant] = []
    for cut in [*cuts, len(rows)]:
        if piece := b"".join(rows[:cut]):
            found += [time for hits in reader.read(piece) for time in hits.times()]
        rows = rows[cut:]
    return found


@given(
    st.sampled_from(sorted(NIGHTS)),
    st.booleans(),
    st.lists(st.integers(0, 600), min_size=30, max_size=80),
    st.lists(st.integers(-3, 3), min_size=80, max_size=80),
    st.lists(st.integers(1, 9), min_size=8, max_size=20),
)
def test_local_times(
    zone: str, back: bool, steps: list[int], disorder: list[int], cuts: list[int]
) -> None:
    """Over the night of a change, a little disorder among the lines, in pieces of any size."""
    time = (NIGHTS if back else FORWARD)[zone] - timedelta(hours=2)
    times = []
    for step, late in zip(steps, disorder, strict=False):
        time += timedelta(seconds=step)
        times.append(time + timedelta(seconds=late))
    reader = Reader(["time"], BARE, zone=ZONES[zone])
    assert read(reader, lines(zone, times), cuts) == [from_datetime(time) for time in times]


@pytest.mark.parametrize("zone", sorted(NIGHTS))
def test_a_log_that_begins_between(zone: str) -> None:
    """What begins within the hour that comes twice is its first pass; then the order tells."""
    change = NIGHTS[zone]
    times = [change + timedelta(minutes=minutes) for minutes in (-14, -7, -1, 1, 14)]
    reader = Reader(["time"], BARE, zone=ZONES[zone])
    assert read(reader, lines(zone, times), [1]) == [from_datetime(time) for time in times]


@pytest.mark.parametrize("zone", sorted(NIGHTS))
def test_that_it_begins_between_is_said(zone: str) -> None:
    """Of a log that begins within that hour, the pass is a guess; of no other."""
    change = NIGHTS[zone]
    for minutes, guessed in ((-14, True), (-70, False), (70, False)):
        reader = Reader(["time"], BARE, zone=ZONES[zone])
        assert reader.recognise(lines(zone, [change + timedelta(minutes=minutes)] * 3))
        assert reader.log_format is not None
        told = [guess.assumed for guess in reader.log_format.guesses]
        assert told == ["the first"] * guessed, minutes
    sure = b'192.0.2.1 - - [27/Oct/2024:02:30:00 +0100] "GET /a HTTP/1.1" 200 5\n'
    reader = Reader(["time"], zone=ZONES[zone])
    assert reader.recognise(sure)
    assert reader.log_format is not None
    assert not reader.log_format.guesses


@pytest.mark.parametrize("zone", sorted(NIGHTS))
def test_reports(zone: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Threads that work on pieces of a log give its hours as if it were read in order."""
    monkeypatch.setattr(fold, "PIECE", 4096)
    start = NIGHTS[zone] - timedelta(hours=2)
    times = [start + timedelta(seconds=20 * number) for number in range(720)]
    log = tmp_path / "access.log"
    log.write_bytes(lines(zone, times))
    shown = [f"{time:%d/%b/%Y:%H:%M:%S +0000}" for time in times]
    told = tmp_path / "with-offsets.log"
    told.write_text("".join(f'192.0.2.1 - - [{t}] "GET /a HTTP/1.1" 200 5\n' for t in shown))
    shape = '%h %l %u %{%d/%b/%Y:%H:%M:%S}t "%r" %>s %b'
    bare, sure = (
        report(log, log_format=shape, tz=zone),
        report(told, display_tz=zone),
    )
    assert (bare.start, bare.end) == (from_datetime(times[0]), from_datetime(times[-1]))
    assert bare.panels == sure.panels
    assert (bare.alerts, bare.gaps) == (sure.alerts, sure.gaps)


def test_replays_and_reports_agree(tmp_path: Path) -> None:
    """A surge in the second pass is one alert, of the same minutes in replay and report."""
    zone = "America/Detroit"
    change = NIGHTS[zone]
    times = []
    for second in range(-7200, 7200, 10):
        time = change + timedelta(seconds=second)
        surge = 1200 <= second < 1800
        times += [time] * (6 if surge else 1)
    log = tmp_path / "access.log"
    log.write_bytes(lines(zone, times))
    shape = '%h %l %u %{%d/%b/%Y:%H:%M:%S}t "%r" %>s %b'
    options = [str(log), "--tz", zone, "--log-format", shape]
    assert "1 alert fired" in run("replay", *options).stderr + run("replay", *options).stdout
    told = run("report", *options).stdout
    assert "Alerts that would have fired (1)" in told
    assert "2016-11-06 01:20:20 to 2016-11-06 01:30:40 -05:00" in told


W3C = """#Software: Microsoft Internet Information Services 6.0
#Date: 2014-02-27 23:59:40
#Fields: time c-ip cs-method cs-uri-stem sc-status
23:59:59 192.0.2.1 GET /a 200
00:00:01 192.0.2.2 GET /b 200
23:59:58 192.0.2.3 GET /late 200
23:00:00 192.0.2.3 GET /c 200
#Fields: date time c-ip cs-method cs-uri-stem sc-status
2014-03-01 00:00:01 192.0.2.2 GET /d 200
#Date: 2014-03-02 10:00:00
#Fields: cs-uri-stem time c-ip cs-method sc-status
/e 10:00:00 192.0.2.5 GET 200
/f 06:00:00 192.0.2.6 GET 200
"""


@given(st.lists(st.integers(1, 4), max_size=13))
def test_w3c_logs(cuts: list[int]) -> None:
    """A W3C log cut anywhere gives the same hits at the same times."""
    whole = Reader(["time"])
    assert whole.recognise(W3C.encode())
    pieces = replace(whole)
    expected = read(whole, W3C.encode(), [])
    assert len(expected) == 7
    assert read(pieces, W3C.encode(), cuts) == expected
