"""Sums by bucket over any stretch of time, at a few bytes a bucket; judges nothing."""

from __future__ import annotations

import zlib
from array import array
from collections.abc import Iterable, Iterator
from itertools import compress, pairwise

from msgspec import Struct, field

from hitwatch.instants import HOUR, Duration, Instant

_BUCKETS = 8640
"""Buckets of a stretch: a day of the usual ten seconds."""

_OPEN = 64
"""Stretches that are kept ready to be added to; the others are compressed."""

_NONE = -1
_GAPS = 10


class Timeline(Struct):
    """Sums by bucket. Time lines of one width merge; an empty one is the unit.

    Args:
        width: of a bucket.

    """

    width: Duration
    _open: dict[int, array[int]] = field(default_factory=dict)
    _packed: dict[int, bytes] = field(default_factory=dict)

    def add(self, steps: Iterable[tuple[Instant, int]]) -> None:
        """Add amounts by start of bucket; one of 0 says that there were hits all the same."""
        for start, amount in steps:
            stretch, index = divmod(start // self.width, _BUCKETS)
            sums = self._open.get(stretch)
            if sums is None:
                sums = self._open_stretch(stretch)
            sums[index] = max(sums[index], 0) + amount

    def merge(self, other: Timeline) -> None:
        """Add all that another has."""
        self.add(other)

    def __iter__(self) -> Iterator[tuple[Instant, int]]:
        """Start and sum of each bucket that had hits, in the order of time."""
        for _, sums in self.stretches():
            yield from sums.items()

    def stretches(self) -> Iterator[tuple[int, dict[Instant, int]]]:
        """Numbers of stretches, and their ``stretch``, in the order of time."""
        for number in sorted({*self._open, *self._packed}):
            yield number, self.stretch(number)

    def stretch(self, number: int) -> dict[Instant, int]:
        """Sums by start of each bucket of a stretch that had hits, in the order of time."""
        sums, packed = self._open.get(number), self._packed.get(number)
        if sums is None:
            if packed is None:
                return {}
            sums = _decompress(packed)
        first, width = number * _BUCKETS * self.width, self.width
        starts = range(first, first + _BUCKETS * width, width)
        # A month has a quarter of a million: they are looked at without a step of Python each.
        known = [*map(_NONE.__ne__, sums)]
        return dict(zip(compress(starts, known), compress(sums, known), strict=True))

    def gaps(
        self, since: Instant | None = None, longer_than: Duration = HOUR
    ) -> tuple[tuple[Instant, Instant], ...]:
        """The ten longest stretches without a hit, in the order of time.

        Args:
            since: buckets that begin before it do not count.
            longer_than: what is shorter is none.

        """
        starts = (start for start, _ in self if since is None or start >= since)
        found = [
            (before + self.width, after)
            for before, after in pairwise(starts)
            if after - before - self.width > longer_than
        ]
        return tuple(sorted(sorted(found, key=lambda gap: gap[0] - gap[1])[:_GAPS]))

    def _open_stretch(self, stretch: int) -> array[int]:
        """Make a stretch ready; the one that was made ready first makes room."""
        if len(self._open) >= _OPEN:
            oldest = next(iter(self._open))
            self._packed[oldest] = zlib.compress(self._open.pop(oldest).tobytes(), 1)
        packed = self._packed.pop(stretch, None)
        sums = array("q", [_NONE]) * _BUCKETS if packed is None else _decompress(packed)
        self._open[stretch] = sums
        return sums


def _decompress(packed: bytes) -> array[int]:
    sums = array("q")
    sums.frombytes(zlib.decompress(packed))
    return sums
