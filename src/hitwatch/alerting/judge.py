"""The judge of one rule: sums of buckets in, transitions out; it knows no clock and no log.

At an edge ``e`` the short window is the buckets of the last ``short`` before it, and the
long window those of ``long`` before these. Sums are whole numbers and compared as
fractions, so that a tie is a tie.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct, field
from msgspec.structs import replace

from hitwatch.alerting.alert import RuleStatus, State, Transition
from hitwatch.alerting.rule import SurgeRule
from hitwatch.instants import SECOND, Duration, Instant, bucket_start

_SPARSE = 8
"""How many times as many buckets as have anything it takes for those between to be passed over."""


class Judge(Struct):
    """Judges one rule at every bucket end, in order, each once.

    Its state is plain values, so that it can be saved and taken up again.

    Attributes:
        rule: the rule.
        edge: the bucket end judged last; ``None`` before anything happened.
        first: start of the first event's bucket, which is never in a window.
        sums: by bucket start, of all buckets in reach of a window or not closed yet.
        short_sum: over the short window before ``edge``.
        long_sum: over the long window before that.
        alert: the running alert, its peak kept up to date; ``None`` when there is none.
        alert_sum: since the short window began at which it fired.

    """

    rule: SurgeRule
    edge: Instant | None = None
    first: Instant | None = None
    sums: dict[Instant, int] = field(default_factory=dict)
    short_sum: int = 0
    long_sum: int = 0
    alert: Transition | None = None
    alert_sum: int = 0

    def advance(self, until: Instant) -> list[Transition]:
        """Close and judge every bucket that ends at or before an instant.

        Args:
            until: the watermark; at the end of a finite input, the end of the last bucket.

        Returns:
            The transitions, in order.

        """
        last = bucket_start(until, self.rule.resolution)
        if self.edge is None:
            self.edge = last
        transitions: list[Transition] = []
        turns = iter(self._turns(self.edge, last))
        while self.edge < last:
            if not self.sums and not self.alert:
                # Both windows are zero and stay so: years of silence cost nothing.
                self.edge = last
                break
            # From one turn to the next nothing changes, however many buckets end.
            self.edge = next(turns, last) if self.alert else self._close_quiet(turns, last)
            if self.edge == last:
                break
            self._close(self.edge)
            self.edge += self.rule.resolution
            transitions += self._judge(self.edge)
        return transitions

    def _close_quiet(self, turns: Iterator[Instant], last: Instant) -> Instant:
        """Close buckets as long as nothing comes of it, as ``_close`` and ``_judge`` would.

        A month has a quarter of a million, of which nearly all are quiet.

        Args:
            turns: those that are left.
            last: how far.

        Returns:
            The start of the bucket of whose end something may come; ``last`` where of none.

        """
        rule, sums, short, reach = self.rule, self.sums, self.rule.short, self._reach
        short_sum, long_sum = self.short_sum, self.long_sum
        armed_from = last if self.first is None else self.first + reach
        short_share = rule.long_steps * rule.threshold.denominator
        long_share = rule.short_steps * rule.threshold.numerator
        resolution = rule.resolution
        for edge in turns:
            amount, leaving = sums.get(edge, 0), sums.get(edge - short, 0)
            longer = short_sum + amount - leaving
            shorter = long_sum + leaving - sums.get(edge - reach, 0)
            if longer * short_share > shorter * long_share and edge + resolution > armed_from:
                break
            sums.pop(edge - reach, None)
            short_sum, long_sum = longer, shorter
        else:
            edge = last
        self.short_sum, self.long_sum = short_sum, long_sum
        return edge

    def _turns(self, edge: Instant, last: Instant) -> Iterable[Instant]:
        """Starts of the buckets, in order, with whose end anything may change.

        A bucket comes into the short window, goes on to the long one, and leaves it; the rule is
        armed when the first one leaves.

        Args:
            edge: the first of all.
            last: behind the last of them.

        """
        resolution = self.rule.resolution
        every = range(edge, last, resolution)
        if len(every) < _SPARSE * len(self.sums):
            return every
        later = (0, self.rule.short, self._reach)
        found = {start + after for start in self.sums for after in later}
        return sorted(turn for turn in found if edge <= turn < last)

    def add_all(self, buckets: Mapping[Instant, int]) -> None:
        """Put amounts into buckets, by their starts, which are in order."""
        begun, closed, start = self.first, self.edge, next(iter(buckets), None)
        if begun is None or closed is None or start is None:
            are_ahead = False
        else:
            are_ahead = start >= closed and start >= begun
        if are_ahead and self.sums.keys().isdisjoint(buckets):
            # In no window yet, as nearly all.
            self.sums.update(buckets)
            return
        for start, amount in buckets.items():
            self.add(start, amount)

    def add(self, start: Instant, amount: int) -> None:
        """Put an amount into a bucket.

        Args:
            start: start of the bucket. A late amount, of a bucket that is closed already,
                counts in every later judgement whose windows still reach it.
            amount: what to add to its sum.

        """
        if self.edge is None:
            self.edge = start
        if self.first is not None and start >= self.edge and start >= self.first:
            # In no window yet, as nearly all.
            self.sums[start] = self.sums.get(start, 0) + amount
            return
        if start < self.edge - self._reach:
            return
        if start >= self.edge and (self.first is None or start < self.first):
            self.first = start
        self.sums[start] = self.sums.get(start, 0) + amount
        if self.edge - self.rule.short <= start < self.edge:
            self.short_sum += amount
        elif start < self.edge:
            self.long_sum += amount
        if self.alert and self.alert.fired_at - self.rule.short <= start < self.edge:
            self.alert_sum += amount

    @property
    def status(self) -> RuleStatus:
        """How the rule stands at the edge judged last."""
        armed = self.edge is not None and self._armed(self.edge)
        state = State.FIRING if self.alert else State.OK if armed else State.WARMING_UP
        value, baseline = self._averages()
        return RuleStatus(
            rule=self.rule,
            state=state,
            value=value if armed else None,
            baseline=baseline if armed else None,
            armed_at=None if self.first is None else self.first + self._reach + self._resolution,
            fired_at=self.alert.fired_at if self.alert else None,
        )

    @property
    def _resolution(self) -> Duration:
        return self.rule.resolution

    @property
    def _reach(self) -> Duration:
        return self.rule.short + self.rule.long

    def _armed(self, edge: Instant) -> bool:
        """Whether more buckets than both windows hold have closed, the first one included."""
        return self.first is not None and edge - self.first > self._reach

    def _close(self, start: Instant) -> None:
        """Slide both windows over the bucket that begins where they end."""
        amount, leaving_short = self.sums.get(start, 0), self.sums.get(start - self.rule.short, 0)
        self.short_sum += amount - leaving_short
        self.alert_sum += amount
        self.long_sum += leaving_short - self.sums.pop(start - self._reach, 0)

    def _averages(self) -> tuple[float, float]:
        """Short and long average, per second."""
        return (
            self.short_sum * SECOND / self.rule.short,
            self.long_sum * SECOND / self.rule.long,
        )

    def _judge(self, at: Instant) -> list[Transition]:
        rule = self.rule
        if not self._armed(at):
            return []
        # short_sum / short > long_sum / long * threshold, without dividing
        threshold = rule.threshold
        exceeds = (
            self.short_sum * rule.long_steps * threshold.denominator
            > self.long_sum * rule.short_steps * threshold.numerator
        )
        if not exceeds and not self.alert:
            return []
        value, baseline = self._averages()
        if not self.alert:
            self.alert_sum = self.short_sum
            self.alert = Transition(
                rule=rule.name,
                state=State.FIRING,
                at=at,
                value=value,
                baseline=baseline,
                threshold=float(threshold),
                unit=rule.unit,
                fired_at=at,
                peak=value,
                peak_at=at,
                kind=rule.kind,
                severity=rule.severity,
                excess=self._excess(at, at, baseline),
            )
            return [self.alert]
        if exceeds:
            if value > self.alert.peak:
                self.alert = replace(self.alert, peak=value, peak_at=at)
            return []
        ended = replace(
            self.alert,
            state=State.RESOLVED,
            at=at,
            value=value,
            baseline=baseline,
            excess=self._excess(self.alert.fired_at, at, self.alert.baseline),
        )
        self.alert = None
        return [ended]

    def _excess(self, fired_at: Instant, at: Instant, baseline: float) -> float:
        """How much more there has been than at a baseline since the alert's first window began."""
        return self.alert_sum - baseline * (at - fired_at + self.rule.short) / SECOND
