"""The one engine: hits in, what there is to say out; it opens nothing and asks no clock.

Watch, replay and demo differ in where lines come from and in who tells the time; all of
them feed this. The order of things is the order of lines: which buckets are closed when a
line arrives depends on the lines before it, not on how they were read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeAlias

from hitwatch.alerting.alert import Change, State, contributions
from hitwatch.alerting.judge import Judge
from hitwatch.alerting.rule import SurgeRule
from hitwatch.sayings import Stats, stats
from hitwatch.spans import MINUTE, SECOND, Duration, Instant
from hitwatch.stats.summary import Fold, Step, fold
from hitwatch.stats.top import OTHER, Figures
from hitwatch.stats.watermark import Watermark
from hitwatch.tally import Tally

if TYPE_CHECKING:
    from hitwatch.hits.compile import Hits

Saying: TypeAlias = Stats | Change
"""What the engine says: the figures of a period, or that an alert began or ended."""

_SECTIONS_A_BUCKET = 500
_LONG_SILENCE = 10 * MINUTE


@dataclass(slots=True)
class SectionSums:
    """A metric by section for the buckets that a rule's windows reach, to explain alerts.

    Attributes:
        rule: gives metric and windows.
        buckets: by start of bucket, the sum by section; a bucket holds so many sections
            and adds up the rest under ``(other)``.

    """

    rule: SurgeRule
    buckets: dict[Instant, dict[str, int]] = field(default_factory=dict)

    def add(self, start: Instant, section: str, figures: Figures) -> None:
        """Put a section's figures into a bucket."""
        sums = self.buckets.setdefault(start, {})
        if section not in sums and len(sums) >= _SECTIONS_A_BUCKET:
            section = OTHER
        amount = figures.bytes if self.rule.metric == "bytes" else figures.hits
        sums[section] = sums.get(section, 0) + amount

    def explain(self, change: Change) -> Change:
        """Add to a change the sections that grew most."""
        middle = change.at - self.rule.short
        short = self._sums(middle, change.at)
        long = self._sums(middle - self.rule.long, middle)
        return replace(change, grew=contributions(self.rule, short, long))

    def forget(self, edge: Instant) -> None:
        """Drop the buckets that no window after an edge reaches."""
        oldest = edge - self.rule.short - self.rule.long
        if len(self.buckets) > self.rule.short_steps + self.rule.long_steps:
            self.buckets = {start: sums for start, sums in self.buckets.items() if start >= oldest}

    def _sums(self, start: Instant, end: Instant) -> dict[str, int]:
        total: dict[str, int] = {}
        for at, sums in self.buckets.items():
            if start <= at < end:
                for section, amount in sums.items():
                    total[section] = total.get(section, 0) + amount
        return total


class Engine:
    """Counts hits, closes buckets, judges the rule, and reads off display periods.

    Args:
        rule: the rule; its resolution is the width of the buckets.
        every: length of a display period.
        log_clock: whether the log's own clock ends display periods (replay); else the
            caller ends them with ``tick`` (watch).
        watermark: lateness and idle grace.

    """

    def __init__(
        self,
        rule: SurgeRule | None = None,
        *,
        every: Duration = 10 * SECOND,
        log_clock: bool = False,
        watermark: Watermark | None = None,
    ) -> None:
        self.rule = rule or SurgeRule()
        self.every = every
        self.tally = Tally()
        self.watermark = watermark or Watermark()
        self.judge = Judge(self.rule)
        self.alerts = 0
        self._log_clock = log_clock
        self._sections = SectionSums(self.rule)
        self._period: Instant | None = None

    def watch_hits(self) -> bool:
        """Watch hits in place of bytes, which the log does not say.

        Returns:
            Whether that is a change; it is none once hits have been counted.

        """
        if self.rule.metric != "bytes" or self.tally.total.hits:
            return False
        self.rule = replace(self.rule, metric="hits", name="traffic")
        self.judge, self._sections = Judge(self.rule), SectionSums(self.rule)
        return True

    def feed(self, hits: Hits) -> Iterator[Saying]:
        """Count a batch of lines; say what ends or changes while they come in."""
        every = self.every if self._log_clock else None
        parts = fold(hits, self.watermark, self.rule.resolution, every)
        if parts:
            times = hits.codes["time"].to_physical()
            self.tally.see(int(times.min()), int(times.max()))  # type: ignore[arg-type]
        for part in parts:
            if self._log_clock:
                yield from self._periods_until(part.period)
            yield from self._count(part)
        self.tally.count_rejects(hits.rejected, hits.reasons if hits.rejected else {})
        self.tally.count_excluded(hits.excluded)

    def idle(self, now: Instant) -> Iterator[Change]:
        """Nothing has arrived by an instant of the log's clock: close what is complete."""
        self.watermark.idle(now)
        if self.watermark.at is not None:
            yield from self._advance(self.watermark.at)

    def tick(self, at: Instant, period: Duration) -> Stats:
        """End the display period.

        Args:
            at: its end.
            period: its length.

        """
        ended = stats(self.tally, at=at, period=period, rules=(self.judge.status,))
        self.tally.begin_period()
        return ended

    def end_backfill(self) -> list[Change]:
        """Leave what was read back out of the first display period.

        Returns:
            The alert that lasts, if there is one: those that began and ended before the
            watch are history.

        """
        self.tally.backfilled = self.tally.total.lines
        self.tally.begin_period()
        return self.firing

    def finish(self) -> Iterator[Saying]:
        """The input has ended: close every bucket, that of the last event included."""
        if self.watermark.latest is not None:
            resolution = self.rule.resolution
            last = self.watermark.latest // resolution * resolution + resolution
            yield from self._advance(last)
        # Without a hit the log's clock never began, and no period of it can be told.
        if self._log_clock and self._period is not None:
            yield self.tick(self._period + self.every, self.every)

    @property
    def firing(self) -> list[Change]:
        """The alert that lasts, as it began and with its peak so far."""
        return [self.judge.alert] if self.judge.alert else []

    def _periods_until(self, period: Instant) -> Iterator[Stats]:
        """End the display periods that lie before one; a long silence is one period."""
        if self._period is None:
            self._period = period
        while self._period < period:
            silent = self.tally.period.lines == 0
            length = self.every
            if silent and period - self._period > _LONG_SILENCE:
                length = period - self._period
            self._period += length
            yield self.tick(self._period, length)

    def _count(self, part: Fold) -> Iterator[Change]:
        self.tally.count_hits(part.summary)
        for step in part.steps:
            yield from self._advance(step.edge)
            self._add(step)

    def _add(self, step: Step) -> None:
        sums: dict[Instant, int] = {}
        for start, section, figures in step.sections:
            amount = figures.bytes if self.rule.metric == "bytes" else figures.hits
            sums[start] = sums.get(start, 0) + amount
            self._sections.add(start, section, figures)
        for start, amount in sums.items():
            self.judge.add(start, amount)

    def _advance(self, until: Instant) -> Iterator[Change]:
        for change in self.judge.advance(until):
            self.alerts += change.state is State.FIRING
            explained = self._sections.explain(change)
            if self.judge.alert is change:
                self.judge.alert = explained
            yield explained
        if self.judge.edge is not None:
            self._sections.forget(self.judge.edge)
