"""Time zones as tables of offsets, which everything that counts or shows days is given."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import pairwise
from typing import TYPE_CHECKING

from msgspec import Struct

from hitwatch.instants import DAY, SECOND, Instant, from_datetime, to_datetime

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

_EVER = -(2**62)
"""Before all times."""


class Zone(Struct, frozen=True):
    """Offsets of a time zone over the years that logs come from.

    Attributes:
        name: its name in the tz database, or its offset, such as ``+02:00``.
        offsets: (first instant, seconds east of UTC) in order of time.

    """

    name: str
    offsets: tuple[tuple[Instant, int], ...]

    def offset_at(self, instant: Instant) -> int:
        """Seconds east of UTC at an instant."""
        if len(self.offsets) == 1:
            return self.offsets[0][1]
        return self.offsets[max(0, bisect_right(self.offsets, (instant, DAY)) - 1)][1]

    def wall(self, instant: Instant) -> Instant:
        """What the clock on the wall shows at an instant, as if it were one of UTC."""
        return instant + self.offset_at(instant) * SECOND

    def instant(self, wall: Instant) -> Instant:
        """The first instant at which the clock on the wall shows a time.

        Of a time that a clock change skipped it is what the clocks before the change give.
        """
        before, start, found = None, _EVER, wall
        for (begin, offset), (end, _) in pairwise((*self.offsets, (2**62, 0))):
            start, found = begin, wall - offset * SECOND
            if found < end:
                break
            before = offset
        return found if before is None or found >= start else wall - before * SECOND

    def designation(self, instant: Instant) -> str:
        """What is written behind a time of this zone: ``UTC``, or the offset, as ``+02:00``."""
        offset = self.offset_at(instant)
        return "UTC" if self.name == "UTC" else offset_name(offset)

    @property
    def tzinfo(self) -> tzinfo:
        """The zone as ``datetime`` takes it."""
        return _AsTzinfo(self)

    def start_before_repeat(self, since: Instant, until: Instant) -> Instant:
        """When to begin reading so that clock times that come twice can be distinguished.

        Args:
            since: the first instant that matters.
            until: the last.

        Returns:
            An instant before the first hour between them that comes twice; else ``since``.

        """
        for (_, before), (change, after) in pairwise(self.offsets):
            length = (before - after) * SECOND
            # Read without the lines before it, the second pass is taken for the first.
            if length > 0 and since < change + length and until >= change - length:
                return min(since, change - 2 * length)
        return since

    def is_repeated(self, instant: Instant) -> bool:
        """Whether the clock on the wall shows the time of an instant twice."""
        return any(
            change - (before - after) * SECOND <= instant < change + (before - after) * SECOND
            for (_, before), (change, after) in pairwise(self.offsets)
        )


IN_UTC = Zone("UTC", ((_EVER, 0),))
"""Where the user says that times are in UTC."""


class _AsTzinfo(tzinfo):
    def __init__(self, zone: Zone) -> None:
        self._zone = zone

    def utcoffset(self, moment: datetime | None, /) -> timedelta:
        if moment is None:
            return timedelta()
        wall = from_datetime(moment.replace(tzinfo=UTC))
        return timedelta(microseconds=wall - self._zone.instant(wall))

    def dst(self, _moment: datetime | None, /) -> timedelta:
        return timedelta()

    def tzname(self, _moment: datetime | None, /) -> str:
        return self._zone.name

    def fromutc(self, moment: datetime, /) -> datetime:
        instant = from_datetime(moment.replace(tzinfo=UTC))
        return to_datetime(self._zone.wall(instant)).replace(tzinfo=self)


def offset_name(seconds: int) -> str:
    """An offset as it is written: ``+02:00``.

    >>> offset_name(7_200), offset_name(-12_600)
    ('+02:00', '-03:30')
    """
    minutes = abs(seconds) // 60
    return f"{'-' if seconds < 0 else '+'}{minutes // 60:02}:{minutes % 60:02}"


def fixed_zone(seconds: int) -> Zone:
    """The zone of one offset; that of none is UTC."""
    return Zone(offset_name(seconds), ((_EVER, seconds),)) if seconds else IN_UTC


def tabulate_zone(zone: ZoneInfo, *, first_year: int = 1990, last_year: int = 2040) -> Zone:
    """Tabulate a zone of the tz database."""

    def offset(instant: Instant) -> int:
        found = to_datetime(instant).astimezone(zone).utcoffset()
        return round((found or timedelta()).total_seconds())

    return tabulate_offsets(zone.key, offset, first_year=first_year, last_year=last_year)


def tabulate_offsets(
    name: str, offset: Callable[[Instant], int], *, first_year: int = 1990, last_year: int = 2040
) -> Zone:
    """Tabulate a zone's changes of offset, found by halving between weeks that differ.

    Args:
        name: of the zone.
        offset: seconds east of UTC at an instant.
        first_year: from the beginning of which on.
        last_year: up to the end of which.

    """
    instant = from_datetime(datetime(first_year, 1, 1, tzinfo=UTC))
    end = from_datetime(datetime(last_year + 1, 1, 1, tzinfo=UTC))
    known = offset(instant)
    offsets = [(_EVER, known)]
    while instant < end:
        following = offset(instant + 7 * DAY)
        if following != known:
            offsets.append((_change_between(offset, instant, instant + 7 * DAY), following))
            known = following
        instant += 7 * DAY
    return Zone(name, tuple(offsets))


def _change_between(offset: Callable[[Instant], int], low: Instant, high: Instant) -> Instant:
    before = offset(low)
    while high - low > SECOND:
        middle = (low + high) // 2 // SECOND * SECOND
        low, high = (middle, high) if offset(middle) == before else (low, middle)
    return high
