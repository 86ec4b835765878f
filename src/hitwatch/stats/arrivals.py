"""In which order hits of several origins arrive, and which buckets close in between."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING

from msgspec import Struct

from hitwatch import _kernel
from hitwatch.instants import Duration, Instant
from hitwatch.stats.hit_batch import HitBatch
from hitwatch.stats.watermark import Watermark

if TYPE_CHECKING:
    from hitwatch.hits.batch import Hits


class Batch(Struct):
    """Hits of one origin, of which the first may have been counted already.

    Attributes:
        origin: whose they are.
        lines: the lines that they were read from.
        hits: those that count.
        begin: the first that has not been counted.
        latest: the latest time of this origin before that; ``None``: there is none.

    """

    origin: str
    lines: Hits
    hits: HitBatch
    begin: int = 0
    latest: Instant | None = None

    @property
    def is_counted(self) -> bool:
        """Whether all hits have been counted."""
        return self.begin >= len(self.hits)


class Part(Struct, frozen=True):
    """Hits of one batch that follow each other: from one place up to another."""

    batch: Batch
    begin: int
    end: int

    @property
    def hits(self) -> HitBatch:
        """The hits alone."""
        whole = self.batch.hits
        return whole if self.end - self.begin == len(whole) else whole.slice(self.begin, self.end)


class Stretch(Struct, frozen=True):
    """Hits that are added together.

    Attributes:
        edge: all buckets up to here were closed when the last of them arrived.
        is_late: whether any is older than the watermark, and its bucket may be closed: then
            all of them arrived between the same edges. Else each was in an open bucket, and
            buckets may have closed between them.
        parts: the hits, by batch.

    """

    edge: Instant
    is_late: bool
    parts: tuple[Part, ...]


class Period(Struct, frozen=True):
    """Hits of one display period.

    Attributes:
        start: of the period, on the clock of the log.
        late: how many of them were older than the watermark.
        parts: the hits, by batch.
        stretches: the same hits in order of arrival.

    """

    start: Instant
    late: int
    parts: tuple[Part, ...]
    stretches: tuple[Stretch, ...]


def arrivals(
    batches: Sequence[Batch],
    watermark: Watermark,
    resolution: Duration,
    every: Duration | None,
    now: Instant | None = None,
) -> Iterator[Period]:
    """Take hits of several origins in the order of time, as far as it is known.

    Each origin's hits stay in the order of their lines. Where one runs out, what is behind it
    is not known: the rest of the others waits.

    Args:
        batches: one an origin; moved on to the first hit that waits.
        watermark: moved on.
        resolution: width of the buckets.
        every: width of the display periods that the log's own clock makes; ``None`` when
            another clock does, which makes one of them all.
        now: what the log's clock shows where origins are followed live: then each of them holds
            the watermark back.

    """
    slowest = None
    if now is not None:
        slowest = watermark.slowest_other({batch.origin for batch in batches}, now)
    found, places, mark = _kernel.arrivals(
        batches, watermark.lateness, resolution, every, watermark.at, slowest
    )
    for batch, (begin, latest) in zip(batches, places, strict=True):
        if begin > batch.begin:
            batch.begin, batch.latest = begin, latest
            watermark.origins[batch.origin] = latest
            watermark.see(latest)
    if found:
        watermark.raise_to(mark)
    for start, group in groupby(found, key=itemgetter(0)):
        stretches, late, whole = list[Stretch](), 0, dict[int, Part]()
        for _, edge, late_ones, parts in group:
            late += late_ones
            parts_of_stretch = [Part(batches[index], begin, end) for index, begin, end in parts]
            stretches.append(Stretch(edge, late_ones > 0, tuple(parts_of_stretch)))
            for (index, begin, end), part in zip(parts, parts_of_stretch, strict=True):
                first = whole.get(index, part).begin
                whole[index] = Part(batches[index], min(first, begin), end)
        yield Period(start, late, tuple(whole.values()), tuple(stretches))
