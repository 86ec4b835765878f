"""One report over whole logs: what is counted, and the report read off it; draws nothing."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeAlias

from msgspec import Struct, field
from msgspec.structs import replace

from hitwatch.alerting.alert import Alert
from hitwatch.alerting.history import RuleHistory
from hitwatch.alerting.rule import SurgeRule
from hitwatch.errors import InputError
from hitwatch.hits.batch import Hits
from hitwatch.instants import Instant, bucket_start
from hitwatch.readmodel import (
    Kind,
    PreviousPeriod,
    Report,
    SourceRow,
    View,
    highlights_of,
    panel_rows,
)
from hitwatch.run.fold import Fold
from hitwatch.run.logs import Logs
from hitwatch.run.memory import bound_memory
from hitwatch.select.filter import Filter, TimeRange
from hitwatch.stats.breakdown import MEMORY, Budget
from hitwatch.stats.dimension import Panel
from hitwatch.stats.hit_batch import HitBatches
from hitwatch.stats.panels import columns_needed
from hitwatch.stats.user_agents import prepare
from hitwatch.tally import Balance, Tally
from hitwatch.totals import totals_of
from hitwatch.zones import IN_UTC, Zone


def columns_for(panels: Iterable[Panel], hit_filter: Filter) -> list[str]:
    """Columns that must be built: those of the panels and of the filter."""
    return sorted(columns_needed(panels) | hit_filter.columns)


_Judged: TypeAlias = tuple[tuple[Alert, ...], Instant | None]
"""Alerts, and from when on the rule was judged; ``None``: never."""


class _Count(Struct):
    """What is counted of the hits that a filter lets through.

    Attributes:
        hit_filter: which hits count.
        tally: what has been counted; ``None``: they count for the rule alone.
        history: the rule, where they count for it.

    """

    hit_filter: Filter
    tally: Tally | None
    history: RuleHistory | None


class Reporting(Struct):
    """One report being made.

    Attributes:
        logs: what is read.
        panels: to be counted.
        rule: to be judged over the finished time line; ``None``: none.
        hit_filter: which hits count.
        notify: tells the user something about the run itself.
        stopped: whether somebody asked the run to end.
        previous: the time to compare with; ``None``: nothing is compared.
        progress: told how many bytes have been read.
        warn: tells the user of what could not be read, also one who wants no progress told.
        keep_values: as of ``Fold``.
        zone: that is shown, whose days are those of visitors.
        names_of: finds names of clients, and how many have not been found out; ``None``: nobody
            wants them.

    """

    logs: Logs
    panels: tuple[Panel, ...]
    rule: SurgeRule | None
    hit_filter: Filter
    notify: Callable[[str], None]
    stopped: Callable[[], bool]
    previous: TimeRange | None = None
    progress: Callable[[int], None] | None = None
    warn: Callable[[str], None] | None = None
    keep_values: bool = False
    zone: Zone = IN_UTC
    names_of: Callable[[Iterable[str]], tuple[dict[str, str], int]] | None = None
    _main: Tally = field(default_factory=lambda: Tally.of(()))
    _history: RuleHistory = field(default_factory=lambda: RuleHistory(SurgeRule()))
    _counts: list[_Count] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _batches: HitBatches = field(default_factory=HitBatches)

    def __post_init__(self) -> None:
        # What is compared shares the memory of one report.
        budget = Budget(MEMORY)
        self._batches = HitBatches(self.zone)
        self._main = Tally.of(self.panels, budget)
        self._history = RuleHistory(self.rule or SurgeRule())
        self._counts = [
            _Count(self.hit_filter, self._main, self._history),
            *self._compared(budget),
            *self._judged_before(),
        ]

    @property
    def failures(self) -> list[InputError]:
        """What could not be read."""
        return self.logs.failures

    def make(self, view: View) -> Report:
        """Read everything, and give the report.

        Args:
            view: how rows are ordered, and how many are shown.

        """
        bound_memory()
        began = time.monotonic()
        fold = Fold(
            logs=self.logs,
            count=self._count,
            time_ranges=[each.hit_filter.time_range for each in self._counts],
            stopped=self.stopped,
            warn=self.warn or self.notify,
            progress=self.progress,
            keep_values=self.keep_values,
        )
        sources = [SourceRow(origin, "") for origin in self.logs.paths]
        by_agent = any(panel.dimension.column == "user_agent" for panel in self.panels)
        fold.run(sources, prepare if by_agent and self._has_agents(sources) else None)
        tallies = [each.tally for each in self._counts if each.tally is not None]
        with ThreadPoolExecutor(fold.workers) as pool:
            finishing = [
                pool.submit(task) for tally in tallies for task in tally.counts.finishing()
            ]
            judged = self._alerts()
            for task in finishing:
                task.result()
        made = self._report(sources, view, judged, time.monotonic() - began)
        return self._named(made) if self.names_of else made

    def _named(self, made: Report) -> Report:
        """The report with the names of the clients that it shows."""
        shown = [row.raw for panel in made.panels if panel.name == "clients" for row in panel.rows]
        if self.names_of is None or not shown:
            return made
        names, unknown = self.names_of(shown)
        told = f"{len(names):,} of the {len(shown):,} clients shown have a name that DNS confirms"
        late = f"; {unknown:,} were not answered in time" if unknown else ""
        self.notify(f"{told}{late}")
        return made.with_names("clients", names)

    def _has_agents(self, sources: Iterable[SourceRow]) -> bool:
        """Whether any of the logs has user agents, as far as is known."""
        formats = [self.logs.reader_of(source.origin).log_format for source in sources]
        return any(known is None or known.fills("user_agent") for known in formats)

    def _compared(self, budget: Budget) -> list[_Count]:
        """What counts of the time to compare with."""
        if self.previous is None:
            return []
        before = replace(self.hit_filter, time_range=self.previous)
        return [_Count(before, Tally.of(self.panels, budget), None)]

    def _judged_before(self) -> list[_Count]:
        """What counts before ``since``, for the rule alone."""
        since, _ = self.hit_filter.time_range
        rule = self.rule
        if rule is None or since is None:
            return []
        start = bucket_start(since, rule.resolution)
        # The first bucket is in no window, and an alert that was on must be seen to begin.
        reach = 2 * (rule.short + rule.long) + rule.resolution
        before = replace(self.hit_filter, time_range=(start - reach, since))
        return [_Count(before, None, self._history)]

    def _count(self, hits: Hits, source: SourceRow) -> None:
        for each in self._counts:
            batch = self._batches.of(hits, each.hit_filter.flags(hits))
            if len(batch):
                if each.tally is not None:
                    each.tally.counts.add(hits, batch)
                    with self._lock:
                        each.tally.absorb_facts(batch)
                if each.history is not None and hits.has("time"):
                    each.history.causes.add(batch)
                    steps = batch.steps(each.history.rule.resolution)
                    with self._lock:
                        each.history.add(steps)
            if each.tally is self._main:
                excluded = len(hits) - len(batch)
                counted = Balance(hits.lines, len(batch), hits.rejected, excluded)
                with self._lock:
                    each.tally.absorb_others(hits, excluded)
                    source.balance += counted

    def _report(
        self, sources: list[SourceRow], view: View, judged: _Judged, elapsed_s: float
    ) -> Report:
        main, since = self._main, self.hit_filter.time_range[0]
        base = next((c.tally for c in self._counts[1:] if c.tally is not None), None)
        alerts, judged_from = judged
        trend = main.counts.trend(self.zone)
        return Report(
            Kind.WHOLE,
            totals_of(main),
            start=main.first_at,
            end=main.last_at,
            reject_reasons=main.reject_reasons,
            sources=tuple(sources),
            trend=trend,
            highlights=highlights_of(main.counts),
            gaps=self._history.hits.gaps(since),
            panels=panel_rows(
                main.counts, view, trend, base.counts if base else None, self._scale(base)
            ),
            panel_hits=main.balance.hits,
            histogram=main.counts.durations(),
            alerts=alerts,
            alerts_fired=len(alerts),
            judged_from=judged_from,
            reach=self.rule.short + self.rule.long if self.rule else 0,
            complete=not self.failures and not self.stopped(),
            elapsed_s=elapsed_s,
            previous=self._previous(base) if base else None,
            absent=self._absent(sources),
            zone=self.zone,
            of_upstreams=self._batches.of_upstreams,
        )

    def _alerts(self) -> _Judged:
        """The alerts of the time that counts, and from when on the rule was judged."""
        judged_from = self._history.first_judged
        if self.rule is None or judged_from is None:
            return (), None
        alerts = self._history.judge()
        since, _ = self.hit_filter.time_range
        if since is not None:
            judged_from = max(judged_from, since)
            alerts = tuple(a for a in alerts if a.resolved_at is None or a.resolved_at > since)
        return alerts, judged_from

    def _previous(self, base: Tally) -> PreviousPeriod:
        since, until = self.previous or (None, None)
        return PreviousPeriod(
            start=base.first_at if since is None else since,
            end=base.last_at if until is None else until,
            totals=totals_of(base),
        )

    def _absent(self, sources: list[SourceRow]) -> frozenset[str]:
        """Columns of panels, and that by which bots are told, that no input has."""
        known = [self.logs.reader_of(source.origin).log_format for source in sources]
        columns = {"user_agent", *(panel.dimension.column for panel in self.panels)}
        filled = {name for name in columns for one in known if one is None or one.fills(name)}
        return frozenset(columns - filled) if known else frozenset()

    def _scale(self, base: Tally | None) -> float:
        """How much longer the range is than the one it is compared with."""
        if base is None or self.previous is None:
            return 1.0
        length, before = (
            _length(time_range, tally)
            for time_range, tally in (
                (self.hit_filter.time_range, self._main),
                (self.previous, base),
            )
        )
        return length / before if before else 1.0


def _length(time_range: TimeRange, tally: Tally) -> int:
    """How long the time is that is asked for; an end that is not given is that of the hits."""
    since, until = time_range
    start = tally.first_at or 0 if since is None else since
    end = tally.last_at or 0 if until is None else until
    return end - start
