"""Several inputs as one stream ordered by time; counts nothing."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from operator import attrgetter
from typing import TypeAlias

from msgspec import Struct

from hitwatch.hits.batch import Hits
from hitwatch.instants import Instant
from hitwatch.stats.arrivals import Batch

Prepare: TypeAlias = Callable[[Hits, str], Batch]
"""Makes a batch of the hits of an origin."""


class Input(Struct):
    """One input.

    Attributes:
        origin: whose lines they are.
        first_at: time of its first hit; it is not opened before that time has come.
        read: its hits, in the order of its lines.
        batch: those of its hits that are counted next.
        known_until: its latest time as far as it has been read.

    """

    origin: str
    first_at: Instant
    read: Iterator[Hits]
    batch: Batch | None = None
    known_until: Instant = 0

    def fill(self, prepare: Prepare) -> bool:
        """See that there is a hit that has not been counted; whether there is one."""
        while self.batch is None or self.batch.is_counted:
            hits = next(self.read, None)
            if hits is None:
                return False
            self.batch = prepare(hits, self.origin)
            span = self.batch.hits.range()
            self.known_until = max(self.known_until, span[1] if span else 0)
        return True


def interleave(inputs: Iterable[Input], prepare: Prepare) -> Iterator[list[Batch]]:
    """Batches to be fed together, one after the other, until every input has ended.

    Only what lies around one instant is open: years of rotated logs are read one by one.

    Args:
        inputs: in any order.
        prepare: makes batches of hits; those without any need not be fed.

    """
    coming = deque(sorted(inputs, key=attrgetter("first_at")))
    active: list[Input] = []
    while coming or active:
        active = [each for each in active if each.fill(prepare)]
        while coming and (
            not active or coming[0].first_at <= min(each.known_until for each in active)
        ):
            begun = coming.popleft()
            if begun.fill(prepare):
                active.append(begun)
        if active:
            yield [each.batch for each in active if each.batch is not None]
