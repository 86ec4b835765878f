"""Hits over time in a few steps, as a line of small bars shows them."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from hitwatch.instants import DAY, HOUR, Duration, Instant
from hitwatch.zones import IN_UTC, Zone

_BY_HOUR = 3 * DAY
"""Up to how much time is shown by the hour."""

_MOST = 60
"""Steps of more than that are days, weeks, or several weeks."""

_LONGER: tuple[Duration, ...] = (DAY, 7 * DAY, 28 * DAY, 364 * DAY)


class Trend(Struct, frozen=True):
    """Hits over time.

    Attributes:
        step: length of a step, as clocks show it.
        starts: when each step begins.
        hits: in each of them.

    """

    step: Duration
    starts: tuple[Instant, ...]
    hits: tuple[int, ...]


def trend_of(hours: Iterable[tuple[int, int]], zone: Zone = IN_UTC) -> Trend | None:
    """Hits by the hour, by the day, or by weeks, whichever there are few enough of.

    Args:
        hours: numbers of hours since 1970 on the clocks of the zone, and their hits.
        zone: whose days they are.

    Returns:
        ``None`` when there is nothing that changes: less than two steps.

    """
    known = dict(hours)
    if not known:
        return None
    first, last = min(known) * HOUR, max(known) * HOUR
    step = HOUR
    if last - first >= _BY_HOUR:
        step = next((each for each in _LONGER if (last - first) // each < _MOST), _LONGER[-1])
        first -= first % DAY
    counts = [0] * ((last - first) // step + 1)
    for hour, hits in known.items():
        counts[(hour * HOUR - first) // step] += hits
    if len(counts) < 2:
        return None
    starts = (zone.instant(first + place * step) for place in range(len(counts)))
    return Trend(step, tuple(starts), tuple(counts))
