"""Hits and bytes by bucket of time and key; judges nothing."""

from __future__ import annotations

from hitwatch import _kernel
from hitwatch.instants import Duration, Instant
from hitwatch.stats.hit_batch import HitBatch
from hitwatch.stats.rows import OTHER

KEPT = 500
"""Keys of a bucket that are kept unless somebody says it."""

_MEMORY = 32 << 20
"""What buckets may need that are not being added to, bytes. When they need more, fewer keys of
each bucket are kept, and in the end the oldest buckets are dropped."""


class Series:
    """Hits and bytes by bucket and key. Of a bucket with many keys the largest stay.

    Several threads may add at once.

    Args:
        column: whose values are the keys.
        width: of a bucket.
        kept: keys of a bucket that are kept for certain by hits, and as many by bytes; of three
            times as many all are.

    """

    def __init__(self, column: str, width: Duration, kept: int = KEPT) -> None:
        self._series = _kernel.Series(column, width, kept, _MEMORY)

    def add(self, hit_batch: HitBatch, begin: int = 0, end: int | None = None) -> None:
        """Add the hits from one place up to another; without the column there are none."""
        self._series.add(hit_batch, begin, end)

    def between(self, start: Instant, end: Instant, metric: str) -> dict[str, int]:
        """Sums by key of the buckets that begin in a stretch; ``(other)`` is what was evicted.

        Args:
            start: of the first bucket.
            end: of the last one.
            metric: ``hits`` or ``bytes``.

        """
        place = ("hits", "bytes").index(metric)
        sums, other = self._series.sums(start, end)
        found = {key: both[place] for key, both in sums.items()}
        return {**found, OTHER: other[place]} if other[0] else found

    def forget(self, before: Instant) -> None:
        """Drop the buckets that begin before an instant."""
        self._series.forget(before)
