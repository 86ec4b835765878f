"""A run that begins in the middle of a log knows the days and passes that lines do not say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from hitwatch.hits.reader import Reader
from hitwatch.instants import MINUTE, from_datetime
from hitwatch.run import beginning
from hitwatch.sources.tail import OpenFile
from hitwatch.zones import tabulate_zone

FIRST = datetime(2014, 2, 26, 12, tzinfo=UTC)


@pytest.mark.parametrize("backfill", [0, 10])
def test_days_are_counted(backfill: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines without a date, two midnights after their #Date: read on from any place in the file."""
    monkeypatch.setattr(beginning, "_COUNTED", 2000)
    times = [FIRST + timedelta(minutes=5 * number) for number in range(600)]
    lines = [f"{time:%H:%M:%S} 192.0.2.1 GET /a 200\n" for time in times]
    head = f"#Date: {FIRST:%Y-%m-%d %H:%M:%S}\n#Fields: time c-ip cs-method cs-uri-stem sc-status\n"
    log = tmp_path / "ex.log"
    log.write_text(head + "".join(lines))
    reader = Reader(["time"])
    assert reader.recognise(log.read_bytes())
    file = OpenFile(str(log), str(log))
    beginning._recall(reader, file.read_at, file.size)
    assert reader.counts_days
    latest = beginning._begin_counting(reader, file, file.size, backfill * MINUTE)
    assert latest == from_datetime(times[-1])
    rest = file.read_at(file.offset, file.size) + b"23:59:00 192.0.2.1 GET /b 200\n"
    found = [time for hits in reader.read(rest) for time in hits.times()]
    assert found[-1] == from_datetime(datetime(2014, 2, 28, 23, 59, tzinfo=UTC))
    assert len(found) >= 1 + (3 if backfill else 0)
    assert found[:-1] == [from_datetime(time) for time in times[len(times) + 1 - len(found) :]]


def test_passes_are_read_from_before() -> None:
    """What is read back of the hour that comes twice is begun before it."""
    zone = tabulate_zone(ZoneInfo("Europe/Berlin"))
    change = from_datetime(datetime(2024, 10, 27, 1, tzinfo=UTC))
    for late in (-10, 10, 50, 70):
        latest = change + late * MINUTE
        since = latest - 30 * MINUTE
        assert zone.start_before_repeat(since, latest) <= change - 60 * MINUTE, late
    quiet = change + 24 * 60 * MINUTE
    assert zone.start_before_repeat(quiet, quiet + MINUTE) == quiet
