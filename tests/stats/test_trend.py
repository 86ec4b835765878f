"""Hits over time in few steps, whatever the time."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitwatch.formats.registry import by_name
from hitwatch.hits.parser import Parser
from hitwatch.instants import DAY, HOUR, MINUTE, SECOND, Instant, to_datetime
from hitwatch.stats.breakdown import Breakdown
from hitwatch.stats.hit_batch import HitBatches
from hitwatch.stats.panels import in_zone, panels
from hitwatch.stats.trend import Trend
from hitwatch.zones import IN_UTC, Zone, tabulate_zone

PARSER = Parser(by_name("common"))
SECTIONS = tuple(panel for panel in panels() if panel.name == "sections")


def counted(times: list[Instant], zone: Zone = IN_UTC, sections: int = 3) -> Breakdown:
    """Hits at some times, each in one of some sections."""
    lines = (
        f"10.0.0.1 - - [{to_datetime(at):%d/%b/%Y:%H:%M:%S} +0000]"
        f' "GET /{at // SECOND % sections} HTTP/1.1" 200 5\n'
        for at in times
    )
    hits = PARSER.parse("".join(lines).encode())
    breakdown = Breakdown(in_zone(SECTIONS, zone))
    breakdown.add(hits, HitBatches(zone).of(hits))
    breakdown.finish()
    return breakdown


def trend_of(times: list[Instant], zone: Zone = IN_UTC) -> Trend | None:
    """The trend of hits at some times."""
    return counted(times, zone).trend(zone)


TIMES = st.lists(st.integers(0, 40 * 365 * DAY // SECOND).map(lambda at: at * SECOND), min_size=1)
CLOSE = st.lists(st.integers(0, 10**5).map(lambda at: at * SECOND), min_size=1)


@given(TIMES | CLOSE)
def test_no_hit_is_lost_and_steps_follow_each_other(times: list[Instant]) -> None:
    """The sum is that of the hits; there are few steps, all of one length, which rows share."""
    breakdown = counted(times)
    trend = breakdown.trend(IN_UTC)
    if trend is None:
        assert max(times) - min(times) < 10 * SECOND
        return
    assert sum(trend.hits) == len(times)
    assert 2 <= len(trend.hits) <= 72
    assert len(trend.starts) == len(trend.hits)
    steps = {later - one for one, later in zip(trend.starts, trend.starts[1:], strict=False)}
    assert steps == {trend.step}
    assert trend.hits[0] > 0
    assert trend.hits[-1] > 0
    rows, _ = breakdown.rows(SECTIONS[0], "hits", None, trend.axis)
    assert [sum(row.trend) for row in rows] == [row.hits for row in rows]
    assert tuple(map(sum, zip(*(row.trend for row in rows), strict=True))) == trend.hits


@pytest.mark.parametrize(
    ("length", "step", "count"),
    [
        (20 * SECOND, 10 * SECOND, 2),
        (12 * MINUTE, 10 * SECOND, 72),
        (13 * MINUTE, MINUTE, 13),
        (2 * HOUR, 10 * MINUTE, 12),
        (13 * HOUR, HOUR, 13),
        (3 * DAY, HOUR, 72),
        (4 * DAY, DAY, 4),
        (30 * DAY, DAY, 30),
        (72 * DAY, DAY, 72),
        (73 * DAY, 7 * DAY, 11),
        (10 * 364 * DAY, 364 * DAY, 11),
    ],
)
def test_steps_are_longer_the_longer_the_time(length: int, step: int, count: int) -> None:
    """From ten seconds to a year, for as many as fit a line."""
    begin = 20_454 * DAY  # 1 January 2026
    trend = trend_of([begin, begin + length - SECOND])
    assert trend is not None
    assert (trend.step, len(trend.hits)) == (step, count)


def test_weeks_begin_on_monday() -> None:
    """As calendars have them."""
    trend = trend_of([20_454 * DAY, 20_600 * DAY])
    assert trend is not None
    assert trend.step == 7 * DAY
    assert {to_datetime(start).weekday() for start in trend.starts} == {0}


def test_steps_are_those_of_the_zone() -> None:
    """Days begin at its midnight, also when clocks change."""
    zone = tabulate_zone(ZoneInfo("Europe/Berlin"))
    march = 1_774_566_000_000_000  # 27 March 2026, midnight in Berlin
    trend = trend_of([march + hour * HOUR for hour in range(24 * 20)], zone)
    assert trend is not None
    assert trend.step == DAY
    assert [zone.wall(start) % DAY for start in trend.starts] == [0] * len(trend.starts)
    assert trend.hits[:4] == (24, 24, 23, 24)


def test_of_what_does_not_change_there_is_none() -> None:
    """Nothing, and ten seconds."""
    assert trend_of([]) is None
    assert trend_of([7 * SECOND, 8 * SECOND]) is None
