"""One zone for everything that is shown: days, hours, times, alerts, and what is said of times."""

from __future__ import annotations

import gzip
import json
import shlex
import subprocess
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from tests.program.running import COMMAND, Live, environment, objects, run

from hitwatch import report

BERLIN = ZoneInfo("Europe/Berlin")
SPRING = datetime(2026, 3, 28, tzinfo=BERLIN)
AUTUMN = datetime(2026, 10, 24, tzinfo=BERLIN)


def line(at: datetime, client: str = "192.0.2.1", size: int = 100, path: str = "/a/x") -> str:
    """A line of a combined log that shows a time as it is given."""
    stamp = at.strftime("%d/%b/%Y:%H:%M:%S %z")
    return f'{client} - - [{stamp}] "GET {path} HTTP/1.1" 200 {size} "-" "test"\n'


def hourly(begin: datetime, days: int) -> list[datetime]:
    """Every hour of some days of Berlin, in Berlin's own time."""
    end = begin + timedelta(days=days)
    at, found = begin.astimezone(UTC), []
    while at < end.astimezone(UTC):
        found.append(at.astimezone(BERLIN))
        at += timedelta(hours=1)
    return found


def write(path: Path, lines: Iterable[str]) -> Path:
    """A log of some lines."""
    path.write_text("".join(lines))
    return path


def keys(shown: dict[str, Any], panel: str) -> dict[str, int]:
    """Hits by key of a panel of a JSON report."""
    return {row["key"]: row["hits"] for row in shown["panels"][panel]}


def made(*words: str, **more: str) -> dict[str, Any]:
    """A report as JSON, with more in the environment."""
    ran = run("report", "--output-format", "json", *words, folder=None, **more)
    assert ran.returncode == 0, ran.stderr
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


EAST = datetime.fromisoformat("2026-07-01T00:30:00+02:00")


@pytest.fixture
def east(tmp_path: Path) -> Path:
    """Half an hour before and after a midnight of two hours east, and a day later."""
    at = (EAST - timedelta(hours=1), EAST, EAST + timedelta(hours=22))
    return write(tmp_path / "access.log", map(line, at))


def test_what_the_log_writes_is_what_is_shown(east: Path) -> None:
    """Days, hours and visitors are of the log's offset; instants of JSON are of UTC."""
    shown = made(str(east), TZ="America/New_York")
    assert shown["display_tz"] == "+02:00"
    assert keys(shown, "days") == {"2026-06-30": 1, "2026-07-01": 2}
    assert keys(shown, "hours") == {"00": 1, "22": 1, "23": 1}
    # The first is of another day, the last two are of one.
    assert shown["totals"]["visitors"] == 2
    assert shown["range"]["start"] == "2026-06-30T21:30:00Z"
    ran = run("report", str(east), TZ="America/New_York")
    assert "from 2026-06-30 23:30:00 to 2026-07-01 22:30:00 +02:00 (23h)" in ran.stdout
    assert "\nDays, +02:00 (2)" in ran.stdout
    assert "\nHours of the day, +02:00 (3)" in ran.stdout
    assert ran.stderr == ""


def test_another_zone_can_be_shown(east: Path) -> None:
    """By option, by setting, in Python; local is this machine's."""
    utc = {"2026-06-30": 2, "2026-07-01": 1}
    for words, more, name in (
        (["--display-tz", "UTC"], {}, "UTC"),
        ([], {"HITWATCH_DISPLAY_TZ": "utc"}, "UTC"),
        (["--display-tz", "local"], {"TZ": "Europe/London"}, "Europe/London"),
        (["--display-tz", "Europe/London"], {}, "Europe/London"),
    ):
        shown = made(str(east), *words, **more)
        assert shown["display_tz"] == name
        london = {"2026-06-30": 2, "2026-07-01": 1}
        assert keys(shown, "days") == (utc if name == "UTC" else london)
        assert shown["totals"]["visitors"] == 2
    found = report(east, display_tz="UTC")
    days = next(panel for panel in found.panels if panel.name == "days")
    assert {row.key: row.hits for row in days.rows} == utc
    assert found.zone.name == "UTC"


def test_days_on_which_clocks_change_have_23_and_25_hours(tmp_path: Path) -> None:
    """In the zone of the site, whatever offset was written."""
    for begin, expected in ((SPRING, [24, 23, 24]), (AUTUMN, [24, 25, 24])):
        path = write(tmp_path / "access.log", map(line, hourly(begin, 3)))
        shown = made(str(path), "--display-tz", "Europe/Berlin", "--bucket", "1d")
        assert list(keys(shown, "days").values()) == expected
        hours = keys(shown, "hours")
        assert hours["02"] == {23: 2, 25: 4}[expected[1]]
        # One client is one visitor a day.
        assert shown["totals"]["visitors"] == 3
        timeline = shown["panels"]["timeline"]
        midnights = [(begin + timedelta(days=day)).astimezone(UTC) for day in range(3)]
        assert [row["key"] for row in timeline] == [f"{at:%Y-%m-%dT%H:%M:%SZ}" for at in midnights]
        assert [row["hits"] for row in timeline] == expected
        assert timeline[2]["name"].startswith(f"{begin + timedelta(days=2):%Y-%m-%d} 00:00:00 +0")


def test_hours_of_a_zone_that_is_half_an_hour_off(tmp_path: Path) -> None:
    """Hours begin when its clocks show it."""
    india = ZoneInfo("Asia/Kolkata")
    at = datetime(2026, 5, 1, 9, 59, 59, tzinfo=india)
    path = write(tmp_path / "access.log", map(line, (at, at + timedelta(seconds=1))))
    assert keys(made(str(path)), "hours") == {"09": 1, "10": 1}


def test_logs_of_several_offsets_are_shown_in_local_time(tmp_path: Path) -> None:
    """It is said once, and how to have it otherwise; also where one log has several."""
    path = write(tmp_path / "access.log", map(line, hourly(AUTUMN, 3)))
    ran = run("report", str(path), TZ="Europe/Berlin")
    told = "times are shown and read in Europe/Berlin, this machine's zone, as the logs have"
    assert ran.stderr.count(told) == 1
    assert "offsets of +01:00 and +02:00; --display-tz ZONE names another" in ran.stderr
    assert "2026-10-24 00:00:00 +02:00 to 2026-10-26 23:00:00 +01:00 (3d)" in ran.stdout
    assert run("report", "--quiet", str(path), TZ="Europe/Berlin").stderr == ""
    # The change stands far behind the first lines.
    write(path, map(line, hourly(AUTUMN - timedelta(days=8), 10)))
    assert made(str(path), TZ="Europe/Berlin")["display_tz"] == "Europe/Berlin"
    at = datetime(2026, 1, 1, tzinfo=UTC)
    other = write(tmp_path / "other.log", [line(at)])
    one = write(tmp_path / "one.log", [line(at.astimezone(ZoneInfo("Asia/Tokyo")))])
    assert made(str(other), str(one), TZ="Asia/Tokyo")["display_tz"] == "Asia/Tokyo"


def test_logs_without_any_offset_are_shown_in_local_time(tmp_path: Path) -> None:
    """Counts since 1970 are of no zone."""
    entry = {
        "level": "info",
        "ts": 1_782_864_000.5,
        "logger": "http.log.access",
        "msg": "handled request",
        "request": {
            "remote_ip": "192.0.2.1",
            "proto": "HTTP/1.1",
            "method": "GET",
            "host": "example.com",
            "uri": "/a",
        },
        "bytes_read": 0,
        "duration": 0.1,
        "size": 100,
        "status": 200,
    }
    path = write(tmp_path / "access.log", [json.dumps(entry) + "\n"] * 30)
    ran = run("report", str(path), TZ="America/New_York")
    assert "in America/New_York, this machine's zone, as the logs show no offset;" in ran.stderr
    assert "from 2026-06-30 20:00:00 to 2026-06-30 20:00:00 -04:00" in ran.stdout
    assert run("report", str(path), "--display-tz", "+01:00").stderr == ""


def test_times_without_offset_are_shown_in_the_zone_they_are_read_in(tmp_path: Path) -> None:
    """As the log has them: in that which --tz names, else in UTC."""
    text = "[2026-07-01 00:30:00] 192.0.2.1 GET /a 200\n"
    path = write(tmp_path / "access.log", [text])
    words = [
        str(path),
        *("--log-format", r"~\[(?P<time>[^\]]+)\] (?P<client>\S+) (?P<method>\S+) (?P<target>\S+)"),
    ]
    words[-1] += r" (?P<status>\d+)"
    for zone, name, start in (
        ((), "UTC", "2026-07-01T00:30:00Z"),
        (("--tz", "Europe/Berlin"), "Europe/Berlin", "2026-06-30T22:30:00Z"),
    ):
        shown = made(*words, *zone, TZ="Asia/Tokyo")
        assert shown["display_tz"] == name
        assert keys(shown, "days") == {"2026-07-01": 1}
        assert shown["range"]["start"] == start


def test_a_log_is_shown_alike_however_it_comes(east: Path) -> None:
    """As a file, compressed, on standard input, and through a pipe of the shell."""
    packed = east.with_suffix(".gz")
    packed.write_bytes(gzip.compress(east.read_bytes()))
    expected = keys(made(str(east)), "days")
    assert keys(made(str(packed)), "days") == expected
    ran = run("report", "--output-format", "json", "-", text=east.read_text(), TZ="Asia/Tokyo")
    assert keys(json.loads(ran.stdout), "days") == expected
    words = shlex.join([*COMMAND, "report", "--output-format", "json"])
    piped = subprocess.run(
        ["bash", "-c", f"{words} <(cat {shlex.quote(str(east))})"],
        capture_output=True,
        check=True,
        env={**environment(), "TZ": "Asia/Tokyo"},
    )
    assert keys(json.loads(piped.stdout), "days") == expected
    replayed = run("replay", "-", text=east.read_text(), TZ="Asia/Tokyo")
    assert "from 2026-06-30 23:30:00 to 2026-07-01 22:30:00 +02:00" in replayed.stdout


def test_times_are_read_in_the_zone_that_is_shown(east: Path) -> None:
    """A day that is named is that of the rows; parse and query take it for the same."""
    assert made(str(east), "--since", "2026-07-01")["totals"]["hits"] == 2
    assert made(str(east), "--since", "2026-07-01", "--display-tz", "UTC")["totals"]["hits"] == 1
    words = ("--since", "2026-07-01", str(east))
    assert len(objects(run("parse", *words).stdout)) == 2
    assert len(objects(run("parse", "--display-tz", "UTC", *words).stdout)) == 1
    asked = run("query", "SELECT count(*) AS n FROM hits", *words, "--output-format", "jsonl")
    assert objects(asked.stdout) == [{"n": 2}]
    replayed = run("replay", "--output-format", "jsonl", *words)
    assert objects(replayed.stdout)[-1]["hits"] == 2
    compared = made(str(east), "--compare", "2026-06-30..2026-07-01")
    assert compared["previous"]["start"] == "2026-06-29T22:00:00Z"
    assert compared["previous"]["hits"] == 1


def test_rows_of_a_watch_and_of_a_replay_are_those_of_the_report(east: Path) -> None:
    """Panels of days and hours, and the zone they are of."""
    words = ("--panel", "days", "--panel", "hours", "--panel-window", "start")
    last = [
        each
        for each in objects(run("replay", "--output-format", "jsonl", *words, str(east)).stdout)
        if each["type"] == "stats"
    ][-1]
    shown = made(str(east))
    assert last["display_tz"] == "+02:00"
    for name in ("days", "hours"):
        assert keys(last, name) == keys(shown, name)
    live = Live("--from-start", "--every", "200ms", *words, str(east))
    live.until(lambda: any(keys(each, "days") for each in live.said if each.get("panels")))
    stats = [each for each in live.said if each.get("panels")][-1]
    live.end()
    assert stats["display_tz"] == "+02:00"
    assert keys(stats, "hours") == keys(shown, "hours")


def test_alerts_say_the_zone_of_their_times(tmp_path: Path) -> None:
    """In a replay, in the live view, and in a report."""
    begin = datetime.fromisoformat("2026-07-01T23:50:00+02:00")
    seconds = range(1800)
    lines = (
        line(begin + timedelta(seconds=n), size=100 if n < 1600 else 9000, path=f"/{n % 3}")
        for n in seconds
    )
    path = write(tmp_path / "access.log", lines)
    replayed = run("replay", str(path)).stdout
    assert "  2026-07-02 00:16:50 +02:00  " in replayed
    assert "from 2026-07-01 23:50:00 to 2026-07-02 00:19:59 +02:00" in replayed
    seen = run("replay", "--every", "10m", str(path)).stdout
    assert "*** ALERT outflow, 2026-07-02 00:16:50 +02:00:" in seen
    assert "; ALERT since 2026-07-02 00:16:50 +02:00" in seen
    told = run("report", str(path)).stdout
    assert "outflow: 2026-07-02 00:16:50 +02:00 to still firing" in told
    said = objects(run("replay", "--output-format", "jsonl", str(path)).stdout)
    assert next(each for each in said if each["type"] == "alert")["at"] == "2026-07-01T22:16:50Z"


def test_a_zone_that_is_none_is_refused(east: Path) -> None:
    """With what could be written."""
    ran = run("report", str(east), "--display-tz", "Berlin")
    assert ran.returncode == 2
    assert "unknown time zone 'Berlin'" in ran.stderr
    assert "such as Europe/Berlin, UTC, local, or an offset such as +02:00" in ran.stderr


def test_nothing_is_said_of_the_zone_where_there_is_nothing_to_show(tmp_path: Path) -> None:
    """An empty log, and one that is not there."""
    (tmp_path / "empty.log").touch()
    for name in ("empty.log", "missing.log"):
        for command in ("report", "replay"):
            assert "times are shown" not in run(command, name, folder=tmp_path).stderr


IIS = """#Software: Microsoft Internet Information Services 10.0
#Fields: date time c-ip cs-method cs-uri-stem sc-status sc-bytes
"""


def test_logs_that_are_in_utc_by_their_format_are_shown_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As IIS writes them, followed or whole."""
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    log = tmp_path / "u_ex.log"
    rows = (f"2026-07-01 23:{n:02}:00 192.0.2.1 GET /a 200 100\n" for n in range(50))
    log.write_text(IIS + "".join(rows))
    ran = run("report", str(log))
    assert "from 2026-07-01 23:00:00 to 2026-07-01 23:49:00 UTC" in ran.stdout
    live = Live("--from-start", "--every", "200ms", "--panel", "days", str(log))
    live.until(lambda: live.hits == 50)
    stats = [each for each in live.said if each.get("panels")][-1]
    live.end()
    assert stats["display_tz"] == "UTC"
    assert not any("times are shown" in told for told in live.told)
