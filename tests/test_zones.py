"""Tables of time zones are as Python's own, and the machine's is found."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitwatch.errors import SettingsError
from hitwatch.instants import HOUR, from_datetime, to_datetime
from hitwatch.lookup.local_zone import local_zone
from hitwatch.run.inputs import zone_named
from hitwatch.zones import IN_UTC, Zone, fixed_zone, tabulate_zone

# Clocks that change within a month (Ramadan), at midnight, by half an hour, and never.
NAMES = (
    *("Europe/Berlin", "America/New_York", "Africa/Casablanca", "Africa/Cairo", "Asia/Beirut"),
    *("America/Sao_Paulo", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kolkata", "UTC"),
)
TABLES = {name: tabulate_zone(ZoneInfo(name)) for name in NAMES}
MOMENTS = st.datetimes(datetime(1991, 1, 1), datetime(2039, 12, 31)).map(
    lambda moment: moment.replace(microsecond=0)
)


@given(st.sampled_from(NAMES), MOMENTS)
def test_a_table_shows_what_the_clocks_show(name: str, moment: datetime) -> None:
    """The time on the wall, and the offset behind it."""
    here = moment.replace(tzinfo=UTC).astimezone(ZoneInfo(name))
    zone, instant = TABLES[name], from_datetime(here)
    assert to_datetime(zone.wall(instant)).replace(tzinfo=None) == here.replace(tzinfo=None)
    assert zone.offset_at(instant) == (here.utcoffset() or timedelta()).total_seconds()
    assert to_datetime(instant).astimezone(zone.tzinfo).replace(tzinfo=None) == here.replace(
        tzinfo=None
    )


@given(st.sampled_from(NAMES), MOMENTS)
def test_a_table_says_when_clocks_show_a_time(name: str, moment: datetime) -> None:
    """Of a time that comes twice it is the first, of one that is skipped what was before it."""
    expected = from_datetime(moment.replace(tzinfo=ZoneInfo(name)))
    zone = TABLES[name]
    assert zone.instant(from_datetime(moment.replace(tzinfo=UTC))) == expected
    assert from_datetime(moment.replace(tzinfo=zone.tzinfo)) == expected


@pytest.mark.parametrize("name", ["Europe/Berlin", "America/Sao_Paulo", "Africa/Casablanca"])
def test_clocks_are_read_right_around_each_change(name: str) -> None:
    """Every half hour about every change of a zone."""
    zone, own = TABLES[name], ZoneInfo(name)
    for change, _ in zone.offsets[1:]:
        for half in range(-8, 9):
            wall = to_datetime(zone.wall(change) + half * HOUR // 2)
            expected = from_datetime(wall.replace(tzinfo=own))
            assert zone.instant(from_datetime(wall)) == expected


def test_times_are_named_by_their_offset() -> None:
    """UTC is called so; others say what is added to it, also when clocks were changed."""
    assert [fixed_zone(seconds).name for seconds in (0, 7_200, -12_600)] == [
        *("UTC", "+02:00", "-03:30")
    ]
    berlin = TABLES["Europe/Berlin"]
    summer, winter = (from_datetime(datetime(2026, month, 1, tzinfo=UTC)) for month in (7, 12))
    assert [berlin.designation(at) for at in (summer, winter)] == ["+02:00", "+01:00"]
    assert IN_UTC.designation(summer) == "UTC"


@pytest.mark.parametrize(
    ("said", "name", "offset"),
    [
        ("Europe/Berlin", "Europe/Berlin", 3_600),
        ("utc", "UTC", 0),
        ("Z", "UTC", 0),
        ("+02:00", "+02:00", 7_200),
        ("-0330", "-03:30", -12_600),
        ("+05", "+05:00", 18_000),
    ],
)
def test_zones_can_be_named(said: str, name: str, offset: int) -> None:
    """By the tz database, or by an offset."""
    zone = zone_named(said, "display-tz")
    assert (zone.name, zone.offset_at(0)) == (name, offset)


@pytest.mark.parametrize("said", ["Europe/Atlantis", "+25:00", "", "../../etc/passwd", "+2"])
def test_what_is_no_zone_is_refused(said: str) -> None:
    """The error names the option and what can be written."""
    with pytest.raises(SettingsError, match="unknown time zone") as caught:
        zone_named(said, "display-tz")
    assert caught.value.where == "display-tz"


@pytest.mark.parametrize(
    ("said", "name", "january", "july"),
    [
        ("Europe/Berlin", "Europe/Berlin", 3_600, 7_200),
        (":America/New_York", "America/New_York", -18_000, -14_400),
        ("/usr/share/zoneinfo/Asia/Kolkata", "Asia/Kolkata", 19_800, 19_800),
        ("CET-1CEST,M3.5.0,M10.5.0/3", "CET-1CEST,M3.5.0,M10.5.0/3", 3_600, 7_200),
        ("UTC", "UTC", 0, 0),
        ("nonsense", "UTC", 0, 0),
    ],
)
def test_the_zone_of_this_machine_is_that_of_the_c_library(
    monkeypatch: pytest.MonkeyPatch, said: str, name: str, january: int, july: int
) -> None:
    """Whatever way it is named in."""
    monkeypatch.setenv("TZ", said)
    time.tzset()
    try:
        zone = local_zone()
        offsets = [
            zone.offset_at(from_datetime(datetime(2026, month, 10, tzinfo=UTC))) for month in (1, 7)
        ]
        assert (zone.name, offsets) == (name, [january, july])
        assert zone_named("local", "display-tz") == zone
    finally:
        monkeypatch.undo()
        time.tzset()


def test_zones_that_are_alike_are_equal() -> None:
    """What is counted in one can be merged with what was counted in another of the same."""
    assert tabulate_zone(ZoneInfo("Asia/Kolkata")) == TABLES["Asia/Kolkata"]
    assert Zone("a", ((0, 1),)) != Zone("b", ((0, 1),))
