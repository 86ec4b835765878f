"""Hits over time in a few steps, as a line of small bars shows them."""

from __future__ import annotations

from typing import TypeAlias

from msgspec import Struct

from hitwatch.instants import Duration, Instant
from hitwatch.zones import IN_UTC, Zone

Axis: TypeAlias = tuple[int, Duration, int]
"""Steps of time: when the first begins, as clocks show it; how long they are; how many.

The kernel makes them (``kernel/tally/src/trend.rs``): from ten seconds to a year, no more than 72.
"""


class Trend(Struct, frozen=True):
    """Hits over time.

    Attributes:
        axis: its steps.
        starts: when each step begins.
        hits: in each of them.

    """

    axis: Axis
    starts: tuple[Instant, ...]
    hits: tuple[int, ...]

    @property
    def step(self) -> Duration:
        """Length of a step, as clocks show it."""
        return self.axis[1]


def trend_of(axis: Axis, hits: tuple[int, ...], zone: Zone = IN_UTC) -> Trend | None:
    """A trend.

    Args:
        axis: its steps.
        hits: in each of them.
        zone: whose clocks tell when they begin.

    Returns:
        ``None`` when there is nothing that changes: less than two steps.

    """
    return Trend(axis, starts_of(axis, zone), hits) if axis[2] > 1 else None


def starts_of(axis: Axis, zone: Zone) -> tuple[Instant, ...]:
    """When the steps of an axis begin, by the clocks of a zone."""
    first, step, count = axis
    return tuple(zone.instant(first + place * step) for place in range(count))
