"""One report over whole logs: what is counted, and the report read off it; draws nothing."""

from __future__ import annotations

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
from hitwatch.run.scopes import Scope, Scopes, Time
from hitwatch.scaling import scaled, scaled_balance
from hitwatch.select.filter import Filter, TimeRange
from hitwatch.select.sample import Sample
from hitwatch.stats.claims import CLAIMED_BOTS, Claim, Verdict, claim_of, judged_rows
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


class Reporting(Struct):
    """One report being made, or one for each value of a column.

    Attributes:
        logs: what is read.
        panels: to be counted.
        rule: to be judged over the finished time line; ``None``: none.
        hit_filter: which hits count.
        notify: tells the user something about the run itself.
        stopped: whether somebody asked the run to end.
        sample: which lines are read; ``None``: all.
        previous: the time to compare with; ``None``: nothing is compared.
        progress: told how many bytes have been read.
        warn: tells the user of what could not be read, also one who wants no progress told.
        keep_values: as of ``Fold``.
        zone: that is shown, whose days are those of visitors.
        by: a text column, of whose values there is a report each; ``None``: one of all hits.
        names_of: finds names of clients, and how many have not been found out; ``None``: nobody
            wants them.
        judge_claims: judges which bots are who they say, and of how many clients that could not
            be asked; ``None``: nobody wants to know.

    """

    logs: Logs
    panels: tuple[Panel, ...]
    rule: SurgeRule | None
    hit_filter: Filter
    notify: Callable[[str], None]
    stopped: Callable[[], bool]
    sample: Sample | None = None
    previous: TimeRange | None = None
    progress: Callable[[int], None] | None = None
    warn: Callable[[str], None] | None = None
    keep_values: bool = False
    zone: Zone = IN_UTC
    names_of: Callable[[Iterable[str]], tuple[dict[str, str | None], int]] | None = None
    judge_claims: Callable[[Iterable[Claim]], tuple[dict[Claim, Verdict], int]] | None = None
    by: str | None = None
    _scopes: Scopes = field(default_factory=lambda: Scopes((), SurgeRule()))
    _filters: dict[Time, Filter] = field(default_factory=dict)
    _batches: HitBatches = field(default_factory=HitBatches)
    _read: Tally = field(default_factory=lambda: Tally.of(()))

    def __post_init__(self) -> None:
        self._batches = HitBatches(self.zone)
        self._scopes = Scopes(self.panels, self.rule or SurgeRule(), self.by)
        self._filters = {Time.MAIN: self.hit_filter, **self._compared(), **self._judged_before()}

    @property
    def failures(self) -> list[InputError]:
        """What could not be read."""
        return self.logs.failures

    @property
    def balance(self) -> Balance:
        """What became of every line that was read."""
        read = self._read.balance
        return scaled_balance(read, self.sample.one_in) if self.sample else read

    def make(self, view: View) -> Report:
        """Read everything, and give the report of all hits.

        Args:
            view: how rows are ordered, and how many are shown.

        """
        (made,) = self.make_each(view).values()
        return made

    def make_each(self, view: View) -> dict[str, Report]:
        """Read everything, and give a report of each value of the column, most hits first.

        Args:
            view: how rows are ordered, and how many are shown.

        Returns:
            Reports by value; where there is no column, that of all hits, without a name.

        """
        bound_memory()
        began = time.monotonic()
        fold = Fold(
            logs=self.logs,
            count=self._count,
            time_ranges=[each.time_range for each in self._filters.values()],
            stopped=self.stopped,
            warn=self.warn or self.notify,
            progress=self.progress,
            sample=self.sample,
            keep_values=self.keep_values,
        )
        sources = [SourceRow(origin, "") for origin in self.logs.paths]
        by_agent = any(panel.dimension.column == "user_agent" for panel in self.panels)
        fold.run(sources, prepare if by_agent and self._has_agents(sources) else None)
        scopes = self._scopes.all()
        with ThreadPoolExecutor(fold.workers) as pool:
            finishing = [pool.submit(task) for task in self._scopes.finishing()]
            judged = {key: self._alerts(scope.history) for key, scope in scopes.items()}
            for task in finishing:
                task.result()
        elapsed_s = time.monotonic() - began
        return {
            key: self._finished(
                self._report(sources, view, scope, judged[key], elapsed_s), scope, view
            )
            for key, scope in scopes.items()
        }

    def _finished(self, made: Report, scope: Scope, view: View) -> Report:
        """The report with what is asked of others about what it shows."""
        made = self._named(made) if self.names_of else made
        made = self._with_claims(made, scope, view) if self.judge_claims else made
        return self._scaled(made, scope, self.sample) if self.sample else made

    def _scaled(self, made: Report, scope: Scope, sample: Sample) -> Report:
        """The report of a sample, as one of all lines."""
        found = scaled(made, sample.one_in)
        error = sample.sum_error(found.bytes, scope.squared_bytes)
        return replace(found, sample=replace(sample, bytes_error=error))

    def _named(self, made: Report) -> Report:
        """The report with the names of the clients that it shows."""
        shown = [row.raw for panel in made.panels if panel.name == "clients" for row in panel.rows]
        if self.names_of is None or not shown:
            return made
        found, unknown = self.names_of(shown)
        names = {client: name for client, name in found.items() if name}
        told = f"{len(names):,} of the {len(shown):,} clients shown have a name that DNS confirms"
        late = f"; {unknown:,} were not answered in time" if unknown else ""
        self.notify(f"{told}{late}")
        return made.with_names("clients", names)

    def _with_claims(self, made: Report, scope: Scope, view: View) -> Report:
        """The report with the claims of bots judged, those with the most hits first."""
        counts, trend = scope.main.counts, made.trend
        panel = counts.panel(CLAIMED_BOTS)
        shown = any(each.name == CLAIMED_BOTS for each in made.panels)
        if self.judge_claims is None or panel is None or not shown:
            return made
        rows, bounds = counts.rows(panel, "hits", None, trend.axis if trend else None)
        verdicts, unknown = self.judge_claims(claim_of(row) for row in rows if row.raw)
        if unknown:
            self.notify(f"of {unknown:,} clients that say to be bots DNS could not tell in time")
        told = judged_rows(rows, verdicts)[: view.tops.get(CLAIMED_BOTS, view.top)]
        return made.with_panel(CLAIMED_BOTS, told, bounds)

    def _has_agents(self, sources: Iterable[SourceRow]) -> bool:
        """Whether any of the logs has user agents, as far as is known."""
        formats = [self.logs.reader_of(source.origin).log_format for source in sources]
        return any(known is None or known.fills("user_agent") for known in formats)

    def _compared(self) -> dict[Time, Filter]:
        """What counts of the time to compare with."""
        if self.previous is None:
            return {}
        return {Time.COMPARED: replace(self.hit_filter, time_range=self.previous)}

    def _judged_before(self) -> dict[Time, Filter]:
        """What counts before ``since``, for the rule alone."""
        since, _ = self.hit_filter.time_range
        rule = self.rule
        if rule is None or since is None:
            return {}
        start = bucket_start(since, rule.resolution)
        # The first bucket is in no window, and an alert that was on must be seen to begin.
        reach = 2 * (rule.short + rule.long) + rule.resolution
        return {Time.BEFORE: replace(self.hit_filter, time_range=(start - reach, since))}

    def _count(self, hits: Hits, source: SourceRow) -> None:
        for when, hit_filter in self._filters.items():
            batch = self._batches.of(hits, hit_filter.flags(hits))
            self._scopes.add(hits, batch, when)
            if when is Time.MAIN:
                excluded = len(hits) - len(batch)
                with self._scopes.lock:
                    self._read.balance += Balance(lines=len(batch), hits=len(batch))
                    self._read.absorb_others(hits, excluded)
                    source.balance += Balance(hits.lines, len(batch), hits.rejected, excluded)

    def _report(
        self,
        sources: list[SourceRow],
        view: View,
        scope: Scope,
        judged: _Judged,
        elapsed_s: float,
    ) -> Report:
        main, since = scope.main, self.hit_filter.time_range[0]
        if self.by is None:
            # What is no hit belongs to no value of a column.
            main.balance, main.reject_reasons = self._read.balance, self._read.reject_reasons
        base = scope.compared if self.previous else None
        alerts, judged_from = judged
        trend = main.counts.trend(self.zone)
        return Report(
            Kind.WHOLE,
            totals_of(main),
            start=main.first_at,
            end=main.last_at,
            reject_reasons=main.reject_reasons,
            sources=tuple(sources) if self.by is None else (),
            trend=trend,
            highlights=highlights_of(main.counts),
            # Where few lines are read, there are stretches without any that have hits.
            gaps=() if self.sample else scope.history.hits.gaps(since),
            panels=panel_rows(
                main.counts, view, trend, base.counts if base else None, self._scale(main, base)
            ),
            panel_hits=main.balance.hits,
            histogram=main.counts.durations(),
            latency=main.counts.latency(self.zone),
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

    def _alerts(self, history: RuleHistory) -> _Judged:
        """The alerts of the time that counts, and from when on the rule was judged."""
        judged_from = history.first_judged
        if self.rule is None or judged_from is None:
            return (), None
        alerts = history.judge()
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

    def _scale(self, main: Tally, base: Tally | None) -> float:
        """How much longer the range is than the one it is compared with."""
        if base is None or self.previous is None:
            return 1.0
        length, before = (
            _length(time_range, tally)
            for time_range, tally in (
                (self.hit_filter.time_range, main),
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
