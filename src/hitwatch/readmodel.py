"""The read-model of a report: one value that every output draws differently."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from hitwatch.alerting.alert import State, Transition
from hitwatch.alerting.metric import MetricJudge
from hitwatch.alerting.rule import SurgeRule
from hitwatch.formats.format import Guess
from hitwatch.instants import Duration, Instant
from hitwatch.stats.movers import what_grew
from hitwatch.stats.panels import Bounds, Breakdown, Panel, PanelRow
from hitwatch.stats.timeline import Timeline

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class View:
    """How rows are ordered, and how many of them are shown.

    Attributes:
        top: rows of a panel; all when ``None``.
        sort: the figure by which rows are ordered (``SORTS``).
        tops: the same by name of panel.
        sorts: likewise.
        left_out: names of panels that are not shown.

    """

    top: int | None = None
    sort: str = "hits"
    tops: Mapping[str, int] = field(default_factory=dict)
    sorts: Mapping[str, str] = field(default_factory=dict)
    left_out: frozenset[str] = frozenset()

    def rows(self, breakdown: Breakdown, panel: Panel) -> tuple[list[PanelRow], Bounds]:
        """The rows of a panel that are shown."""
        name = panel.name
        chosen = self.sorts.get(name)
        ordered = replace(panel, sort=chosen) if chosen else panel
        return breakdown.rows(ordered, self.sort, self.tops.get(name, self.top))


@dataclass(slots=True)
class SourceRow:
    """What was read of one input.

    Attributes:
        origin: the input.
        log_format: name of its format.
        lines: lines read.
        hits: lines that were counted.
        rejects: lines that did not parse.
        excluded: hits left out by a filter.
        bytes_read: of the input, after decompression.
        bytes_passed_over: before and behind the times that were asked for; their lines are
            not among ``lines``.
        guesses: what its lines leave open, and how it was taken.

    """

    origin: str
    log_format: str
    lines: int = 0
    hits: int = 0
    rejects: int = 0
    excluded: int = 0
    bytes_read: int = 0
    bytes_passed_over: int = 0
    guesses: tuple[Guess, ...] = ()


@dataclass(frozen=True, slots=True)
class PanelRows:
    """A panel's rows.

    Attributes:
        name: the panel.
        title: for people.
        rows: the rows shown.
        bounds: how exact they are.
        compared: whether they stand beside those of another time.

    """

    name: str
    title: str
    rows: tuple[PanelRow, ...]
    bounds: Bounds
    compared: bool = False


@dataclass(frozen=True, slots=True)
class Fired:
    """An alert that would have fired."""

    rule: str
    fired_at: Instant
    resolved_at: Instant | None
    peak: float
    baseline: float
    threshold: float
    unit: str


@dataclass(frozen=True, slots=True)
class PreviousPeriod:
    """The time that a report compares with.

    Attributes:
        start: its beginning.
        end: its end.
        hits: in it.
        bytes: sent in it.
        visitors: in it.
        visitors_error: how far they may be off: a standard error as a share; 0: exact.

    """

    start: Instant | None
    end: Instant | None
    hits: int
    bytes: int
    visitors: int
    visitors_error: float = 0.0


ESTIMATED = (
    "visitors",
    "sections",
    "paths",
    "clients",
    "static_files",
    "not_found",
    "referrers",
    "duration",
)
"""Totals that are estimates where there is too much to be held: standard errors of counts, and
how far percentiles of the duration may be from the true ones."""


@dataclass(frozen=True, slots=True)
class Report:
    """A report.

    Attributes:
        sources: the inputs.
        start: time of the first hit; ``None`` without hits.
        end: time of the last.
        gaps: the longest stretches without any hit: (from, to).
        bytes: sent in all.
        statuses: hits by status.
        visitors: distinct visitors in all.
        sections: distinct sections.
        paths: distinct paths.
        clients: distinct clients.
        static_files: distinct paths of static files.
        not_found: distinct paths that were not found.
        referrers: distinct referrers.
        bots: hits by what is no human's browser.
        duration: ``mean_s p50_s p95_s p99_s max_s`` of all hits; ``None`` where none is logged.
        panels: in the order of output.
        histogram: durations: (upper end in seconds, hits).
        alerts: that would have fired.
        reasons: rejects by reason.
        complete: whether everything was read that should have been.
        elapsed_s: how long it took to read and count.
        previous: what it compares with; ``None``: nothing.
        judged_from: the first bucket end at which the rule could be judged; ``None``: at none.
        reach: how much log before it the rule needs.
        absent: columns that are counted by and that none of the inputs has.
        errors: how far each of ``ESTIMATED`` may be off, as a share; 0: exact.

    """

    sources: tuple[SourceRow, ...]
    start: Instant | None
    end: Instant | None
    gaps: tuple[tuple[Instant, Instant], ...]
    bytes: int
    statuses: dict[str, int]
    visitors: int
    sections: int
    paths: int
    clients: int
    static_files: int
    not_found: int
    referrers: int
    bots: int
    duration: dict[str, float] | None
    panels: tuple[PanelRows, ...]
    histogram: tuple[tuple[float, int], ...] = ()
    alerts: tuple[Fired, ...] = ()
    reasons: dict[str, int] = field(default_factory=dict)
    complete: bool = True
    elapsed_s: float = 0.0
    previous: PreviousPeriod | None = None
    judged_from: Instant | None = None
    reach: Duration = 0
    absent: frozenset[str] = frozenset()
    errors: Mapping[str, float] = field(default_factory=lambda: dict.fromkeys(ESTIMATED, 0.0))

    @property
    def lines(self) -> int:
        """Lines read."""
        return sum(source.lines for source in self.sources)

    @property
    def hits(self) -> int:
        """Hits counted."""
        return sum(source.hits for source in self.sources)

    @property
    def rejects(self) -> int:
        """Lines that did not parse."""
        return sum(source.rejects for source in self.sources)

    @property
    def excluded(self) -> int:
        """Hits left out."""
        return sum(source.excluded for source in self.sources)


def panel_rows(
    breakdown: Breakdown, limits: View, base: Breakdown | None = None, scale: float = 1.0
) -> tuple[PanelRows, ...]:
    """The panels that have rows, as they are shown.

    Args:
        breakdown: what was counted.
        limits: how rows are ordered, and how many are shown.
        base: the same of another time, to compare with.
        scale: how much longer this time is than the other.

    """
    found: list[PanelRows] = []
    for panel in breakdown.panels:
        if panel.name in limits.left_out:
            continue
        rows, bounds = limits.rows(breakdown, panel)
        compared = base is not None and panel.timeless
        if base and compared:
            rows = base.beside(panel, rows)
        if rows:
            found.append(PanelRows(panel.name, panel.title, tuple(rows), bounds, compared))
    if base and "what_grew" not in limits.left_out:
        rows = what_grew(breakdown, base, scale, limits.tops.get("what_grew", limits.top))
        if rows:
            found.insert(
                0, PanelRows("what_grew", "What grew", tuple(rows), Bounds(len(rows)), True)
            )
    return tuple(found)


def judged(rule: SurgeRule, hits: Timeline, sent: Timeline) -> tuple[Fired, ...]:
    """The alerts that a rule would have raised over a finished time line.

    Args:
        rule: the rule.
        hits: by bucket.
        sent: bytes of those buckets in which a hit says how many.

    """
    judge, changes = MetricJudge(rule), list[Transition]()
    last: Instant | None = None
    sizes = iter(sent)
    sized = next(sizes, None)
    for start, count in hits:
        changes += judge.advance(start)
        known = sized is not None and sized[0] == start
        judge.add(start, count, sized[1] if sized and known else 0, sized=known)
        if known:
            sized = next(sizes, None)
        last = start
    if last is not None:
        changes += judge.advance(last + rule.resolution)
    fired: list[Fired] = []
    for change in changes:
        resolved = change.state is not State.FIRING
        found = Fired(
            rule=change.rule,
            fired_at=change.fired_at,
            resolved_at=change.at if resolved else None,
            peak=change.peak,
            baseline=fired[-1].baseline if resolved else change.baseline,
            threshold=change.threshold,
            unit=change.unit,
        )
        fired[-1 if resolved else len(fired) :] = [found]
    if judge.alert and fired and fired[-1].resolved_at is None:
        fired[-1] = replace(fired[-1], peak=judge.alert.peak)
    return tuple(fired)
