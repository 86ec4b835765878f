"""Sums by bucket of time and key over a stretch that moves on; judges nothing."""

from __future__ import annotations

from hitwatch import _kernel
from hitwatch.instants import Duration, Instant
from hitwatch.stats.panels import OTHER, HitBatch

_KEPT = 500
"""Keys of a bucket that are kept for certain; twice as many are exact."""


class Series:
    """A metric by bucket and key. Of a bucket with many keys the largest stay.

    Args:
        column: whose values are the keys.
        width: of a bucket.
        metric: ``bytes`` or ``hits``.

    """

    def __init__(self, column: str, width: Duration, metric: str) -> None:
        self._series = _kernel.Series(column, width, metric == "bytes", _KEPT)

    def add(self, hit_batch: HitBatch, begin: int, end: int) -> None:
        """Add the hits from one place up to another."""
        self._series.add(hit_batch, begin, end)

    def between(self, start: Instant, end: Instant) -> dict[str, int]:
        """Sums by key of the buckets that begin in a stretch; ``(other)`` is what gave way."""
        sums, other = self._series.sums(start, end)
        return {**sums, OTHER: other} if other else sums

    def forget(self, before: Instant) -> None:
        """Drop the buckets that begin before an instant."""
        self._series.forget(before)
