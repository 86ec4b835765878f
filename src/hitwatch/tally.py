"""What has been counted of some lines, as one value; judges nothing and draws nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hitwatch.spans import Instant
from hitwatch.stats.panels import Breakdown, Budget, Countable, Panel

if TYPE_CHECKING:
    from hitwatch.hits.compile import Hits


@dataclass(frozen=True, slots=True)
class Balance:
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


@dataclass(slots=True)
class Tally:
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
    balance: Balance = Balance()
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

    def absorb(self, hits: Hits, countable: Countable) -> None:
        """Count hits.

        Args:
            hits: the batch that they are of.
            countable: those of them that count.

        """
        count = len(countable)
        if not count:
            return
        self.counts.add(hits, countable)
        self.balance += Balance(lines=count, hits=count)
        self.hits_with_bytes += countable.sized
        span = countable.range()
        if span is not None:
            self._widen(*span)

    def absorb_others(self, hits: Hits) -> None:
        """Count the lines of a batch that are no hits, or are left out."""
        rejected, excluded = hits.rejected, hits.excluded
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
