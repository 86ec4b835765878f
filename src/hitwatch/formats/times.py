"""How formats write times, and zones for times that carry no offset; reads no clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from msgspec import Struct

from hitwatch.errors import FormatError
from hitwatch.instants import DAY, SECOND, Instant, from_datetime, to_datetime

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

EPOCH_UNITS: dict[str, float] = {"s": 1e6, "ms": 1e3, "us": 1.0, "ns": 1e-3}
"""Microseconds of one unit, of times counted from 1970."""

_DIRECTIVES: dict[str, list[tuple[str, float]]] = {
    "Y": [("year", 0)],
    "y": [("short_year", 0)],
    "m": [("month", 0)],
    "b": [("month_name", 0)],
    "h": [("month_name", 0)],
    "d": [("day", 0)],
    "e": [("day", 0)],
    "a": [("weekday", 0)],
    "A": [("weekday", 0)],
    "j": [("day_of_year", 0)],
    "H": [("hour", 0)],
    "k": [("hour", 0)],
    "I": [("hour12", 0)],
    "l": [("hour12", 0)],
    "p": [("half_of_day", 0)],
    "M": [("minute", 0)],
    "S": [("second", 0)],
    "B": [("month_name", 0)],
    "w": [("weekday_number", 0)],
    "u": [("weekday_number", 0)],
    ".": [("fraction", 0)],
    "f": [("fraction_digits", 6)],
    "L": [("fraction_digits", 3)],
    "z": [("offset", 0)],
    "Z": [("zone_name", 0)],
    "s": [("epoch_seconds", 0)],
    # A line feed or tab of the pattern; logs show it as any blanks, or as none.
    "n": [("blanks", 0)],
    "t": [("blanks", 0)],
}
_SHORTHANDS = {
    "T": "%H:%M:%S",
    "D": "%m/%d/%y",
    "F": "%Y-%m-%d",
    "R": "%H:%M",
    "r": "%I:%M:%S %p",
}


def time_items(time_format: str) -> list[tuple[str, float]]:
    """The kernel's items for a time format.

    Args:
        time_format: ``clf``, ``iso``, ``any`` of these, ``epoch:UNIT`` (s, ms, us, ns), or
            strftime text, in which ``%.`` is a fraction with its point that may be missing,
            ``%f`` six and ``%L`` three digits of one.

    Raises:
        FormatError: an unknown directive or unit.

    >>> time_items("%H:%M")
    [('hour', 0), ('literal', 58), ('minute', 0)]

    """
    if time_format in ("clf", "iso", "any"):
        return [(time_format, 0)]
    if time_format.startswith("epoch:"):
        unit = time_format.removeprefix("epoch:")
        if unit not in EPOCH_UNITS:
            raise FormatError(
                f"unknown unit {unit!r} of {time_format!r}", hint="expected s, ms, us or ns"
            )
        return [("epoch", EPOCH_UNITS[unit])]
    items: list[tuple[str, float]] = []
    characters = iter(time_format)
    for character in characters:
        if character != "%":
            items += [("literal", byte) for byte in character.encode()]
            continue
        letter = next(characters, "")
        if letter == "%":
            items.append(("literal", ord("%")))
        elif letter in _SHORTHANDS:
            items += time_items(_SHORTHANDS[letter])
        elif letter in _DIRECTIVES:
            items += _DIRECTIVES[letter]
        else:
            raise FormatError(f"unknown time directive '%{letter}' in {time_format!r}")
    return items


class Zone(Struct, frozen=True):
    """Offsets of a time zone over the years that logs come from.

    Attributes:
        name: its name in the tz database.
        offsets: (first instant, seconds east of UTC) in order of time.

    """

    name: str
    offsets: tuple[tuple[Instant, int], ...]

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


IN_UTC = Zone("UTC", ((-(2**62), 0),))
"""Where the user says that times are in UTC."""


def tabulate_zone(zone: ZoneInfo, *, first_year: int = 1990, last_year: int = 2040) -> Zone:
    """Tabulate a zone's changes of offset, found by halving between days that differ."""
    instant = from_datetime(datetime(first_year, 1, 1, tzinfo=UTC))
    end = from_datetime(datetime(last_year + 1, 1, 1, tzinfo=UTC))
    offset = _offset(zone, instant)
    offsets = [(-(2**62), offset)]
    while instant < end:
        following = _offset(zone, instant + DAY)
        if following != offset:
            offsets.append((_find_change(zone, instant, instant + DAY), following))
            offset = following
        instant += DAY
    return Zone(zone.key, tuple(offsets))


def _offset(zone: ZoneInfo, instant: Instant) -> int:
    return round((to_datetime(instant).astimezone(zone).utcoffset() or timedelta()).total_seconds())


def _find_change(zone: ZoneInfo, low: Instant, high: Instant) -> Instant:
    before = _offset(zone, low)
    while high - low > SECOND:
        middle = (low + high) // 2 // SECOND * SECOND
        low, high = (middle, high) if _offset(zone, middle) == before else (low, middle)
    return high
