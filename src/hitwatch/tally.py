"""What has been counted of some lines, as one value; judges nothing and draws nothing."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct, field

from hitwatch.errors import TallyError
from hitwatch.instants import Instant
from hitwatch.stats.breakdown import Breakdown, Budget, Identity
from hitwatch.stats.dimension import Panel
from hitwatch.stats.hit_batch import HitBatch

if TYPE_CHECKING:
    from hitwatch.hits.batch import Hits

VERSION = 2
"""Of the bytes of a tally. What they hold or mean changes: one more."""

_MAGIC = b"hitwatch"
_HEADER = struct.Struct("<8sBIQ")
"""Magic, version; checksum of all but itself, length of what follows."""


class _Written(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What follows the header.

    Attributes:
        panels: what they count under, by name.
        rollups: what has been counted, in an order that the panels give.
        finished: whether nothing more will be added to them.
        lines: as of the balance, like what follows.

    """

    panels: dict[str, Identity]
    rollups: list[bytes]
    finished: bool
    lines: int
    hits: int
    rejects: int
    excluded: int
    hits_with_bytes: int
    late: int
    reject_reasons: dict[str, int]
    first_at: Instant | None
    last_at: Instant | None


class Balance(Struct, frozen=True):
    """What became of every line: ``lines = hits + rejects + excluded``, always.

    Attributes:
        lines: lines read.
        hits: lines that parsed and were counted.
        rejects: lines that did not parse.
        excluded: hits left out by a filter of the user's.

    """

    lines: int = 0
    hits: int = 0
    rejects: int = 0
    excluded: int = 0

    def __add__(self, other: Balance) -> Balance:
        return Balance(
            self.lines + other.lines,
            self.hits + other.hits,
            self.rejects + other.rejects,
            self.excluded + other.excluded,
        )


NOTHING = Balance()
"""Of no lines."""


class Tally(Struct):
    """What has been counted. Tallies of the same panels merge; an empty one is the unit.

    Attributes:
        counts: the hits by panel.
        balance: what became of every line.
        hits_with_bytes: how many of the hits say how many bytes were sent.
        late: hits that were older than the watermark when they arrived.
        reject_reasons: rejects by reason.
        first_at: time of the earliest hit; ``None`` when there was none.
        last_at: time of the latest hit; ``None`` when there was none.

    """

    counts: Breakdown
    balance: Balance = NOTHING
    hits_with_bytes: int = 0
    late: int = 0
    reject_reasons: dict[str, int] = field(default_factory=dict)
    first_at: Instant | None = None
    last_at: Instant | None = None

    @classmethod
    def of(cls, panels: Iterable[Panel], budget: Budget | None = None) -> Tally:
        """An empty tally.

        Args:
            panels: that it counts.
            budget: what they may use of memory, perhaps together with others; ``MEMORY`` when
                ``None``.

        """
        return cls(Breakdown(panels, budget))

    def another(self, budget: Budget) -> Tally:
        """An empty tally of the same panels."""
        return Tally(self.counts.another(budget))

    def absorb(self, hits: Hits, hit_batch: HitBatch) -> None:
        """Count hits.

        Args:
            hits: the batch that they are of.
            hit_batch: those of them that count.

        """
        if len(hit_batch):
            self.counts.add(hits, hit_batch)
            self.absorb_facts(hit_batch)

    def absorb_facts(self, hit_batch: HitBatch) -> None:
        """Count hits that ``counts`` has already; by one thread at a time, as all but that."""
        count = len(hit_batch)
        self.balance += Balance(lines=count, hits=count)
        self.hits_with_bytes += hit_batch.hits_with_bytes
        span = hit_batch.range()
        if span is not None:
            self._widen(*span)

    def absorb_others(self, hits: Hits, excluded: int | None = None) -> None:
        """Count the lines of a batch that are no hits, or are left out.

        Args:
            hits: the batch.
            excluded: how many of its hits are left out; those that it says when ``None``.

        """
        rejected = hits.rejected
        excluded = hits.excluded if excluded is None else excluded
        self.balance += Balance(rejected + excluded, 0, rejected, excluded)
        if rejected:
            self._add_reasons(hits.reasons)

    def merge(self, other: Tally) -> None:
        """Add all that another has counted."""
        self.counts.merge(other.counts)
        self.balance += other.balance
        self.hits_with_bytes += other.hits_with_bytes
        self.late += other.late
        self._add_reasons(other.reject_reasons)
        if other.first_at is not None and other.last_at is not None:
            self._widen(other.first_at, other.last_at)

    def to_bytes(self) -> bytes:
        """Everything that has been counted; the same tally is the same bytes.

        Nobody may be adding meanwhile. Like adding, this keeps memory to its bounds.
        """
        balance = self.balance
        written = _Written(
            panels=self.counts.identity,
            rollups=self.counts.to_bytes(),
            finished=self.counts.finished,
            lines=balance.lines,
            hits=balance.hits,
            rejects=balance.rejects,
            excluded=balance.excluded,
            hits_with_bytes=self.hits_with_bytes,
            late=self.late,
            reject_reasons=dict(sorted(self.reject_reasons.items())),
            first_at=self.first_at,
            last_at=self.last_at,
        )
        body = msgspec.msgpack.encode(written)
        checksum = _checksum(VERSION, body)
        return _HEADER.pack(_MAGIC, VERSION, checksum, len(body)) + body

    @classmethod
    def from_bytes(
        cls, data: bytes, panels: Iterable[Panel], budget: Budget | None = None
    ) -> Tally:
        """The tally that ``to_bytes`` has written.

        Args:
            data: the bytes; they may come from anywhere.
            panels: that it counts, in any order.
            budget: what they may use of memory; where they had more, keys are evicted.

        Raises:
            TallyError: the bytes are no tally, of a newer version, damaged, or of other panels.

        """
        written = _read(data)
        counts = Breakdown(panels, budget)
        _check_panels(written.panels, counts.identity)
        try:
            counts.restore(written.rollups, finished=written.finished)
        except (ValueError, OverflowError) as error:
            raise TallyError(f"it is damaged: {error}") from error
        return cls(
            counts,
            Balance(written.lines, written.hits, written.rejects, written.excluded),
            written.hits_with_bytes,
            written.late,
            written.reject_reasons,
            written.first_at,
            written.last_at,
        )

    @property
    def bytes(self) -> int:
        """Bytes sent, of the hits that say so."""
        figures = self.counts.figures()
        return figures.bytes if figures else 0

    def _widen(self, first_at: Instant, last_at: Instant) -> None:
        self.first_at = first_at if self.first_at is None else min(first_at, self.first_at)
        self.last_at = last_at if self.last_at is None else max(last_at, self.last_at)

    def _add_reasons(self, reasons: Mapping[str, int]) -> None:
        for reason, count in reasons.items():
            self.reject_reasons[reason] = self.reject_reasons.get(reason, 0) + count


def _checksum(version: int, body: bytes) -> int:
    """CRC-32 of everything that is written: it finds each change of up to 32 bits in a row."""
    return zlib.crc32(
        body, zlib.crc32(_MAGIC + bytes((version,)) + len(body).to_bytes(8, "little"))
    )


def _read(data: bytes) -> _Written:
    """What follows the header, once it is known to be whole."""
    if not data.startswith(_MAGIC):
        raise TallyError("it is no tally")
    if len(data) < _HEADER.size:
        raise TallyError("it is damaged: it ends too early")
    _, version, checksum, length = _HEADER.unpack_from(data)
    if version != VERSION:
        raise TallyError(
            f"it is of version {version}, and this hitwatch reads {VERSION}",
            hint="read it with the hitwatch that wrote it"
            + (", or a newer one" if version > VERSION else ""),
        )
    body = data[_HEADER.size :]
    if len(body) != length:
        raise TallyError(f"it is damaged: it has {len(body):,} bytes in place of {length:,}")
    if _checksum(version, body) != checksum:
        raise TallyError("it is damaged: its checksum is another")
    try:
        return msgspec.msgpack.decode(body, type=_Written)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise TallyError(f"it is damaged: {error}") from error


def _check_panels(written: Mapping[str, Identity], wanted: Mapping[str, Identity]) -> None:
    """Check that a tally counts what is wanted."""
    names = sorted(written.keys() | wanted.keys())
    faults = {
        "it lacks": [name for name in names if name not in written],
        "it also has": [name for name in names if name not in wanted],
        "it counts otherwise": [
            name
            for name in names
            if name in written and name in wanted and written[name] != wanted[name]
        ],
    }
    told = [f"{fault} {', '.join(found)}" for fault, found in faults.items() if found]
    if told:
        raise TallyError("it is of other panels: " + "; ".join(told))
