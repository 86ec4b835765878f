"""The one engine: hits in, reports and transitions out; it opens nothing and asks no clock.

Watch, replay and demo differ in where lines come from and in who tells the time; all of
them feed this. The order of things is the order of lines: which buckets are closed when a
line arrives depends on the lines before it, not on how they were read.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from hitwatch.alerting.alert import Alert, State, Transition
from hitwatch.alerting.causes import Causes
from hitwatch.alerting.metric import MetricJudge
from hitwatch.alerting.rule import SurgeRule
from hitwatch.instants import MINUTE, SECOND, Duration, Instant
from hitwatch.readmodel import Kind, PanelRows, Report, View, panel_rows
from hitwatch.stats.arrivals import Batch, Part, arrivals
from hitwatch.stats.breakdown import Breakdown, Budget
from hitwatch.stats.dimension import Label, Panel
from hitwatch.stats.hit_batch import HitBatches
from hitwatch.stats.panels import panels
from hitwatch.stats.rows import Bounds
from hitwatch.stats.watermark import Watermark
from hitwatch.tally import Balance, Tally
from hitwatch.totals import totals_of
from hitwatch.zones import IN_UTC, Zone

if TYPE_CHECKING:
    from hitwatch.hits.batch import Hits

_LONG_SILENCE = 10 * MINUTE
_LEADING, _LEADERS = ("paths", "clients"), 3
"""Panels of which each display period says the first rows, and how many of them."""

_MEMORY, _MEMORY_OF_PERIODS = 48 << 20, 32 << 20
"""What all panels may use together: since the start, and in the latest display periods, bytes."""


class Shown(Struct, frozen=True):
    """The panels that are shown with each display period.

    Attributes:
        view: how their rows are ordered, and which are left out.
        window: of how much of the latest time they are, in whole display periods; the one
            that ends when 0; all since the start when ``None``.

    """

    view: View
    window: Duration | None = 0


class Engine:
    """Counts hits, closes buckets, judges the rule, and reads off display periods.

    What is counted goes into ``delta``, the tally of the display period that is running; when
    that ends, it is merged into ``total``.

    Args:
        rule: the rule; its resolution is the width of the buckets.
        every: length of a display period; ``None``: there is none before the end.
        log_clock: whether the log's own clock ends display periods (replay); else the
            caller ends them with ``tick`` (watch).
        watermark: lateness and idle grace.
        counted: the panels that are counted.
        shown: those of them that are shown; ``None``: none.
        zone: whose days are those of visitors.

    """

    def __init__(
        self,
        rule: SurgeRule | None = None,
        *,
        every: Duration | None = 10 * SECOND,
        log_clock: bool = False,
        watermark: Watermark | None = None,
        counted: Iterable[Panel] | None = None,
        shown: Shown | None = None,
        zone: Zone = IN_UTC,
    ) -> None:
        self.judge = MetricJudge(rule or SurgeRule())
        self._every = every
        self.panels = tuple(panels() if counted is None else counted)
        self.shown = shown
        self.total = Tally.of(self.panels, Budget(_MEMORY))
        self._budget = Budget(_MEMORY_OF_PERIODS)
        self.delta = self.total.another(self._budget)
        self._latest: deque[tuple[Instant, Tally]] = deque()
        self.watermark = watermark or Watermark()
        self.alerts = 0
        self.backfilled = 0
        self._log_clock = log_clock
        self._causes = Causes(self.rule.resolution, self._explaining(log_clock=log_clock))
        self.zone = zone
        self._batches = HitBatches(zone)
        self._period: Instant | None = None

    def _explaining(self, *, log_clock: bool) -> dict[str, Label | None]:
        """The columns whose keys explain alerts, and how their values are shown.

        Sections are few. There are many paths and clients, which takes too long to keep where a
        month is played; there a report of the time of an alert tells them.
        """
        names = ("sections",) if log_clock else ("sections", *_LEADING)
        chosen = (panel for panel in self.panels if panel.name in names)
        return {panel.dimension.column: panel.label for panel in chosen}

    @property
    def rule(self) -> SurgeRule:
        """The rule as it is judged, by what lines hold."""
        return self.judge.rule

    @property
    def balance(self) -> Balance:
        """What became of every line since the start."""
        return self.total.balance + self.delta.balance

    def feed(self, hits: Hits) -> Iterator[Report | Transition]:
        """Count lines of a single origin; give what ends or changes while they come in."""
        yield from self.feed_together([self.batch(hits)])

    def batch(self, hits: Hits, origin: str = "") -> Batch:
        """Hits of an origin, ready to be fed together with those of others."""
        hit_batch = self._batches.of(hits)
        return Batch(origin, hits, hit_batch, latest=self.watermark.origins.get(origin))

    def feed_together(
        self, batches: Sequence[Batch], now: Instant | None = None
    ) -> Iterator[Report | Transition]:
        """Count hits of several origins in the order of time, as far as it is known.

        Args:
            batches: one an origin; moved on to the first hit that waits.
            now: what the log's clock shows where origins are followed live.

        """
        waiting = [batch for batch in batches if len(batch.hits)]
        every = self._every if self._log_clock else None
        for period in arrivals(waiting, self.watermark, self.rule.resolution, every, now):
            if every is not None:
                yield from self._periods_until(period.start, every)
            for part in period.parts:
                self.delta.absorb(part.batch.lines, part.hits)
            self.delta.late += period.late
            for stretch in period.stretches:
                # What is late must find the buckets closed that were so when it arrived, and
                # the first hits where time begins.
                if stretch.is_late or self.judge.edge is None:
                    yield from self._advance(stretch.edge)
                for part in stretch.parts:
                    self._add(part)
                yield from self._advance(stretch.edge)
        for batch in batches:
            if batch.is_counted:
                self.delta.absorb_others(batch.lines)

    def idle(self, now: Instant) -> Iterator[Transition]:
        """Nothing has arrived by an instant of the log's clock: close what is complete."""
        self.watermark.idle(now)
        if self.watermark.at is not None:
            yield from self._advance(self.watermark.at)

    def tick(self, at: Instant, period: Duration) -> Report:
        """End the display period.

        Args:
            at: its end.
            period: its length.

        """
        delta, counts = self.delta, self.delta.counts
        sections = counts.panel("sections")
        rows, bounds = counts.rows(sections, "hits", None) if sections else ([], Bounds(0))
        ended = Report(
            Kind.PERIOD,
            totals_of(delta, labelled=False),
            start=delta.first_at,
            end=delta.last_at,
            at=at,
            period=period,
            late=delta.late,
            reject_reasons=dict(delta.reject_reasons),
            sections=PanelRows("sections", "Sections", tuple(rows), bounds),
            leaders=tuple(self._leaders(counts)),
            since_start=self.balance,
            rules=(self.judge.status,),
            alerts_fired=self.alerts,
            backfilled=self.backfilled,
            zone=self.zone,
            of_upstreams=self._batches.of_upstreams,
        )
        self._begin_period()
        if self.shown is None:
            return ended
        window = self.shown.window
        tally = self._within(window, at, period, delta)
        trend = tally.counts.trend(self.zone)
        return replace(
            ended,
            panels=panel_rows(tally.counts, self.shown.view, trend),
            trend=trend,
            panel_hits=tally.balance.hits,
            panel_window=window,
        )

    def _leaders(self, counts: Breakdown) -> Iterator[PanelRows]:
        """What had the most hits in a display period, beside sections."""
        for name in _LEADING:
            panel = counts.panel(name)
            rows, bounds = counts.rows(panel, "hits", _LEADERS) if panel else ([], Bounds(0))
            if panel and rows:
                named = [row for row in rows if row.raw]
                yield PanelRows(name, panel.title, tuple(named), bounds)

    def end_backfill(self) -> list[Transition]:
        """Leave what was read back out of the first display period.

        Returns:
            The alert that lasts, if there is one: those that began and ended before the
            watch are history.

        """
        self._begin_period()
        self.backfilled = self.total.balance.lines
        return self.firing

    def finish(self) -> Iterator[Report | Transition]:
        """The input has ended: close every bucket, that of the last event included."""
        if self.watermark.latest is not None:
            resolution = self.rule.resolution
            last = self.watermark.latest // resolution * resolution + resolution
            yield from self._advance(last)
        # Without a hit the log's clock never began, and no period of it can be told.
        if self._every is not None and self._period is not None:
            yield self.tick(self._period + self._every, self._every)

    def end(self, at: Instant | None) -> Report:
        """The report of a run that ends. Argument: when."""
        untold = dict(self.delta.reject_reasons)
        self._begin_period()
        total = self.total
        return Report(
            Kind.END,
            totals_of(total, labelled=False),
            start=total.first_at,
            end=total.last_at,
            at=at,
            late=total.late,
            reject_reasons=untold,
            since_start=total.balance,
            rules=(self.judge.status,),
            alerts=tuple(Alert(alert, None, alert.peak) for alert in self.firing),
            alerts_fired=self.alerts,
            backfilled=self.backfilled,
            zone=self.zone,
            of_upstreams=self._batches.of_upstreams,
        )

    @property
    def firing(self) -> list[Transition]:
        """The alert that lasts, as it began and with its peak so far."""
        return [self.judge.alert] if self.judge.alert else []

    def _begin_period(self) -> None:
        """Begin the next display period: what was counted in the last one joins the total."""
        if self.delta.balance.lines:
            self.total.merge(self.delta)
            self.delta = self.delta.another(self._budget)

    def _within(
        self, window: Duration | None, at: Instant, period: Duration, ended: Tally
    ) -> Tally:
        """The tally of the latest time up to the end of a display period."""
        if window is None:
            return self.total
        if window <= period:
            return ended
        if ended is not self.delta:
            self._latest.append((at, ended))
        while self._latest and self._latest[0][0] <= at - window:
            self._latest.popleft()
        merged = self.total.another(Budget(_MEMORY))
        for _, tally in self._latest:
            tally.counts.enforce_limits()
            merged.merge(tally)
        return merged

    def _periods_until(self, period: Instant, every: Duration) -> Iterator[Report]:
        """End the display periods that lie before one; a long silence is one period."""
        if self._period is None:
            self._period = period
        while self._period < period:
            silent = self.delta.balance.lines == 0
            length = every
            if silent and period - self._period > _LONG_SILENCE:
                length = period - self._period
            self._period += length
            yield self.tick(self._period, length)

    def _add(self, part: Part) -> None:
        hits, begin, end = part.batch.hits, part.begin, part.end
        for start, count, size, sized in hits.steps(self.rule.resolution, begin, end):
            self.judge.add(start, count, size, has_bytes=sized > 0)
        self._causes.add(hits, begin, end)

    def _advance(self, until: Instant) -> Iterator[Transition]:
        judged = self.judge.edge
        for transition in self.judge.advance(until):
            self.alerts += transition.state is State.FIRING
            explained = self._causes.explain(transition, self.rule)
            if self.judge.alert is transition:
                self.judge.keep_explained(explained)
            yield explained
        if self.judge.edge is not None and self.judge.edge != judged:
            self._causes.forget(self.judge.edge - self.rule.short - self.rule.long)
