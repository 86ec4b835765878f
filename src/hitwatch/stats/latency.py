"""How long requests took, over time: what a heat map shows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

from hitwatch.instants import HOUR, Duration, Instant
from hitwatch.stats.trend import Axis, starts_of
from hitwatch.zones import Zone

EDGES = tuple(step * 10.0**power for power in range(-4, 4) for step in (1, 2, 5))
"""Durations by which hits are told apart, seconds: from 0.1 ms to more than an hour."""


class Latency(Struct, frozen=True):
    """Hits by how long they took, over time.

    Attributes:
        step: length of a step of time, as clocks show it.
        starts: when each step begins.
        up_to: durations, seconds: hits took up to so long, and longer than the one before;
            ``None``: longer than ``EDGES``.
        hits: in each step, by duration.

    """

    step: Duration
    starts: tuple[Instant, ...]
    up_to: tuple[float | None, ...]
    hits: tuple[tuple[int, ...], ...]


def latency_of(
    hours: Iterable[tuple[int, Sequence[int]]], trend: Axis, zone: Zone
) -> Latency | None:
    """Hits by how long they took, in the steps of the trend, or hours where these are shorter.

    Args:
        hours: numbers of hours since 1970 on the clocks of the zone, and their hits by duration:
            one more than ``EDGES``.
        trend: the steps of all hits.
        zone: whose hours they are.

    Returns:
        ``None`` where no durations are known.

    """
    known = dict(hours)
    if not known:
        return None
    first, step, count = trend
    if step < HOUR:
        first, step = min(known) * HOUR, HOUR
        count = max(known) - min(known) + 1
    hits = [[0] * (len(EDGES) + 1) for _ in range(count)]
    for hour, by_duration in known.items():
        into = hits[(hour * HOUR - first) // step]
        for place, some in enumerate(by_duration):
            into[place] += some
    used = [place for place, some in enumerate(zip(*hits, strict=True)) if any(some)]
    low, high = used[0], used[-1] + 1
    return Latency(
        step,
        starts_of((first, step, count), zone),
        (*EDGES, None)[low:high],
        tuple(tuple(some[low:high]) for some in hits),
    )
