"""The tally of a run: its totals and the display period now running; judges nothing."""

from __future__ import annotations

from dataclasses import dataclass, field

from hitwatch.spans import Instant
from hitwatch.stats.summary import Summary


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
    """What has been counted.

    Attributes:
        total: the balance since the start.
        period: the balance of the display period now running.
        summary: the hits of that period.
        reasons: its rejects by reason.
        bytes: sent, since the start.
        late: late hits since the start.
        backfilled: lines that were read back at the start.
        first_at: time of the earliest event.
        last_at: time of the latest event.

    """

    total: Balance = Balance()
    period: Balance = Balance()
    summary: Summary = field(default_factory=Summary)
    reasons: dict[str, int] = field(default_factory=dict)
    bytes: int = 0
    late: int = 0
    backfilled: int = 0
    first_at: Instant | None = None
    last_at: Instant | None = None

    def count_hits(self, summary: Summary) -> None:
        """Add hits to the period and the totals."""
        hits = Balance(lines=summary.hits, hits=summary.hits)
        self.total += hits
        self.period += hits
        self.bytes += summary.bytes
        self.late += summary.late
        self.summary.merge(summary)

    def count_rejects(self, rejected: int, reasons: dict[str, int]) -> None:
        """Add rejects to the period and the totals."""
        rejects = Balance(lines=rejected, rejects=rejected)
        self.total += rejects
        self.period += rejects
        for reason, count in reasons.items():
            self.reasons[reason] = self.reasons.get(reason, 0) + count

    def count_excluded(self, excluded: int) -> None:
        """Add hits that were left out to the period and the totals."""
        left_out = Balance(lines=excluded, excluded=excluded)
        self.total += left_out
        self.period += left_out

    def see(self, first_at: Instant, last_at: Instant) -> None:
        """Widen the range of event times."""
        self.first_at = first_at if self.first_at is None else min(first_at, self.first_at)
        self.last_at = last_at if self.last_at is None else max(last_at, self.last_at)

    def begin_period(self) -> None:
        """Begin the next display period."""
        self.period, self.summary, self.reasons = Balance(), Summary(), {}
