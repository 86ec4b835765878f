"""Hits over time in few steps, whatever the time."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitwatch.instants import DAY, HOUR
from hitwatch.stats.trend import trend_of
from hitwatch.zones import IN_UTC, tabulate_zone

HOURS = st.dictionaries(st.integers(0, 24 * 365 * 40), st.integers(1, 1000), min_size=1)


@given(HOURS)
def test_no_hit_is_lost_and_steps_follow_each_other(hours: dict[int, int]) -> None:
    """The sum is that of the hours; there are few steps, all of one length."""
    trend = trend_of(hours.items())
    if trend is None:
        assert max(hours) - min(hours) < 7 * 24
        return
    assert sum(trend.hits) == sum(hours.values())
    assert 2 <= len(trend.hits) <= 72
    assert len(trend.starts) == len(trend.hits)
    steps = {later - one for one, later in zip(trend.starts, trend.starts[1:], strict=False)}
    assert steps == {trend.step}
    assert trend.hits[0] > 0
    assert trend.hits[-1] > 0


@pytest.mark.parametrize(
    ("hours", "step", "count"),
    [
        (2, HOUR, 2),
        (72, HOUR, 72),
        (73, DAY, 4),
        (24 * 60, DAY, 60),
        (24 * 61, 7 * DAY, 9),
        (24 * 7 * 61, 28 * DAY, 16),
        (24 * 365 * 30, 364 * DAY, 31),
    ],
)
def test_steps_are_longer_the_longer_the_time(hours: int, step: int, count: int) -> None:
    """Hours, days, weeks."""
    trend = trend_of((number, 1) for number in range(hours))
    assert trend is not None
    assert (trend.step, len(trend.hits)) == (step, count)


def test_steps_are_those_of_the_zone() -> None:
    """Days begin at its midnight, also when clocks change."""
    zone = tabulate_zone(ZoneInfo("Europe/Berlin"))
    march = zone.wall(1_774_566_000_000_000) // HOUR  # 27 March 2026, midnight in Berlin
    trend = trend_of(((march + hour, 1) for hour in range(24 * 4)), zone)
    assert trend is not None
    assert [zone.wall(start) % DAY for start in trend.starts] == [0] * 4
    later = trend_of(((march + hour, 1) for hour in range(13, 24 * 4)), zone)
    assert later is not None
    assert (later.starts, later.hits[0]) == (trend.starts, 11)
    lengths = [b - a for a, b in zip(trend.starts, trend.starts[1:], strict=False)]
    assert lengths == [24 * HOUR, 24 * HOUR, 23 * HOUR]


def test_of_what_does_not_change_there_is_none() -> None:
    """Nothing, and one hour."""
    assert trend_of([], IN_UTC) is None
    assert trend_of([(7, 3)]) is None
