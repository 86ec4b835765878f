"""The read-model: what there is to show, as one value that every output draws differently.

A report is of a display period, of a run that ends, or of whole logs. It is read off tallies;
it counts nothing, and knows nothing of how it is drawn.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from enum import Enum

from msgspec import Struct, field
from msgspec.structs import replace

from hitwatch.alerting.alert import Alert, RuleStatus, State
from hitwatch.alerting.rule import SurgeRule
from hitwatch.formats.format import Guess
from hitwatch.instants import Duration, Instant
from hitwatch.select.sample import Sample
from hitwatch.stats.breakdown import Breakdown
from hitwatch.stats.dimension import Panel
from hitwatch.stats.latency import Latency
from hitwatch.stats.movers import rank_movers
from hitwatch.stats.rows import OTHER, RANKED_FROM, Bounds, PanelRow
from hitwatch.stats.trend import Axis, Trend
from hitwatch.tally import NOTHING, Balance
from hitwatch.totals import Totals
from hitwatch.zones import IN_UTC, Zone


class Kind(Enum):
    """What a report is of."""

    PERIOD = "stats"
    END = "end"
    WHOLE = "report"


class View(Struct, frozen=True):
    """How rows are ordered, and how many of them are shown.

    Attributes:
        top: rows of a panel; all when ``None``.
        sort: the metric by which rows are ordered (``METRICS``).
        tops: the same by name of panel.
        sorts: likewise.
        left_out: names of panels that are not shown.
        first: names of panels in the order in which they were asked for; others come behind.

    """

    top: int | None = None
    sort: str = "hits"
    tops: Mapping[str, int] = field(default_factory=dict)
    sorts: Mapping[str, str] = field(default_factory=dict)
    left_out: frozenset[str] = frozenset()
    first: tuple[str, ...] = ()

    def place(self, name: str) -> int:
        """Where a panel stands among those that were asked for."""
        return self.first.index(name) if name in self.first else len(self.first)

    def rows(
        self, breakdown: Breakdown, panel: Panel, axis: Axis | None
    ) -> tuple[list[PanelRow], Bounds]:
        """The rows of a panel that are shown, with their trends along an axis."""
        name = panel.name
        chosen = self.sorts.get(name)
        ordered = replace(panel, sort=chosen) if chosen else panel
        return breakdown.rows(ordered, self.sort, self.tops.get(name, self.top), axis)


class SourceRow(Struct):
    """What was read of one input.

    Attributes:
        origin: the input.
        log_format: name of its format.
        balance: what became of its lines.
        bytes_read: of the input, after decompression.
        bytes_passed_over: before and behind the times that were asked for; their lines are
            not among those of the balance.
        guesses: what its lines leave open, and how it was taken.

    """

    origin: str
    log_format: str
    balance: Balance = NOTHING
    bytes_read: int = 0
    bytes_passed_over: int = 0
    guesses: tuple[Guess, ...] = ()

    @property
    def lines(self) -> int:
        """Lines read."""
        return self.balance.lines


class PanelRows(Struct, frozen=True):
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

    def with_names(self, names: Mapping[str, str]) -> PanelRows:
        """The same; rows have the names of their keys as notes."""
        rows = (replace(row, note=names.get(row.raw, row.note)) for row in self.rows)
        return replace(self, rows=tuple(rows))

    def first(self, top: int) -> PanelRows:
        """The same with so many rows; what was evicted stays the last one."""
        others = tuple(row for row in self.rows[top:] if row.key == OTHER and not row.raw)
        return replace(self, rows=self.rows[:top] + others)


class Highlights(Struct, frozen=True):
    """What stands out, as far as the panels that tell it were counted.

    Attributes:
        failing: the path and status that failed most often.
        slowest: the path with the highest p95 of those with hits enough.

    """

    failing: PanelRow | None = None
    slowest: PanelRow | None = None


def highlights_of(counts: Breakdown) -> Highlights:
    """Read what stands out off what was counted."""

    def first(name: str, shown: int) -> list[PanelRow]:
        panel = counts.panel(name)
        rows = counts.rows(panel, "hits", shown)[0] if panel else []
        return [row for row in rows if row.raw]

    failing, slowest = first("failing_paths", 1), first("slowest_paths", 1)
    return Highlights(
        failing=failing[0] if failing else None,
        slowest=slowest[0] if slowest and slowest[0].hits >= RANKED_FROM else None,
    )


class PreviousPeriod(Struct, frozen=True):
    """The time that a report compares with.

    Attributes:
        start: its beginning.
        end: its end.
        totals: of it.

    """

    start: Instant | None
    end: Instant | None
    totals: Totals


class Report(Struct, frozen=True):
    """What there is to show.

    Attributes:
        kind: what it is of.
        totals: of all hits that it is of.
        start: time of the first hit; ``None`` without hits.
        end: time of the last.
        at: when the display period or the run ended; ``None``: nothing was ever read.
        period: length of the display period.
        late: hits older than the watermark when they came.
        reject_reasons: rejects by reason; at the end, of those that no display period has told.
        panels: in the order of output.
        panel_hits: all hits of the time that the panels are of.
        panel_window: how much of the latest time that is; 0: the display period or all of the
            logs; ``None``: all since the start.
        sections: of a display period, all of them, most hits first; ``(other)`` last where
            keys were evicted.
        leaders: of a display period, the first rows of other panels.
        since_start: what became of every line since the start.
        rules: how each rule stands.
        alerts: those that would have fired over whole logs; at the end of a run those that
            still last.
        alerts_fired: how many alerts have fired.
        sources: the inputs.
        trend: hits over time; ``None`` where there is nothing that changes.
        highlights: what stands out.
        gaps: the longest stretches without any hit: (from, to).
        histogram: durations: (upper end in seconds, hits).
        latency: durations over time; ``None`` where none are known.
        previous: what it compares with; ``None``: nothing.
        judged_from: the first bucket end at which the rule could be judged; ``None``: at none.
        reach: how much log before it the rule needs.
        absent: columns that are counted by and that none of the inputs has.
        complete: whether everything was read that should have been.
        elapsed_s: how long it took to read and count.
        backfilled: how many of the lines were read back at the start.
        zone: in which times are shown; keys of days and hours are of it.
        state: figures by name, by part of the program, where it follows logs.
        sample: which lines were read, where they were not all; ``None``: all.
        of_upstreams: whether durations are those of upstreams, for the logs have no others.

    """

    kind: Kind
    totals: Totals
    start: Instant | None = None
    end: Instant | None = None
    at: Instant | None = None
    period: Duration = 0
    late: int = 0
    reject_reasons: Mapping[str, int] = field(default_factory=dict)
    panels: tuple[PanelRows, ...] = ()
    panel_hits: int = 0
    panel_window: Duration | None = 0
    sections: PanelRows | None = None
    leaders: tuple[PanelRows, ...] = ()
    since_start: Balance = NOTHING
    rules: tuple[RuleStatus, ...] = ()
    alerts: tuple[Alert, ...] = ()
    alerts_fired: int = 0
    sources: tuple[SourceRow, ...] = ()
    trend: Trend | None = None
    highlights: Highlights = Highlights()
    gaps: tuple[tuple[Instant, Instant], ...] = ()
    histogram: tuple[tuple[float, int], ...] = ()
    latency: Latency | None = None
    previous: PreviousPeriod | None = None
    judged_from: Instant | None = None
    reach: Duration = 0
    absent: frozenset[str] = frozenset()
    complete: bool = True
    elapsed_s: float = 0.0
    backfilled: int = 0
    zone: Zone = IN_UTC
    state: Mapping[str, Mapping[str, int | float | str | None]] | None = None
    sample: Sample | None = None
    of_upstreams: bool = False

    @property
    def lines(self) -> int:
        """Lines read."""
        return self.totals.balance.lines

    def with_rows(self, top: int, but: Collection[str]) -> Report:
        """The same with fewer rows.

        Args:
            top: rows of a panel.
            but: panels that keep all.

        """
        panels = (each if each.name in but else each.first(top) for each in self.panels)
        return replace(self, panels=tuple(panels))

    def with_names(self, panel: str, names: Mapping[str, str]) -> Report:
        """The same; rows of a panel have the names of their keys as notes."""
        panels = (each.with_names(names) if each.name == panel else each for each in self.panels)
        return replace(self, panels=tuple(panels))

    def with_panel(self, name: str, rows: Sequence[PanelRow], bounds: Bounds) -> Report:
        """The same; a panel has these rows, where it is shown."""
        keys = replace(bounds, keys=len(rows))
        panels = (
            replace(each, rows=tuple(rows), bounds=keys, compared=False)
            if each.name == name
            else each
            for each in self.panels
        )
        return replace(self, panels=tuple(panels))

    @property
    def hits(self) -> int:
        """Hits counted."""
        return self.totals.balance.hits

    @property
    def rejects(self) -> int:
        """Lines that did not parse."""
        return self.totals.balance.rejects

    @property
    def excluded(self) -> int:
        """Hits left out by a filter."""
        return self.totals.balance.excluded

    @property
    def bytes(self) -> int:
        """Bytes sent, of the hits that say so."""
        return self.totals.bytes

    @property
    def visitors(self) -> int:
        """Distinct visitors."""
        return self.totals.visitors

    @property
    def statuses(self) -> Mapping[str, int]:
        """Hits by status."""
        return self.totals.statuses

    @property
    def unjudged(self) -> tuple[SurgeRule, ...]:
        """Rules that were never judged, for there was too little of the log."""
        if self.alerts_fired:
            return ()
        return tuple(each.rule for each in self.rules if each.state is State.WARMING_UP)


def panel_rows(
    breakdown: Breakdown,
    view: View,
    trend: Trend | None = None,
    base: Breakdown | None = None,
    scale: float = 1.0,
) -> tuple[PanelRows, ...]:
    """The panels that have rows, as they are shown.

    Args:
        breakdown: what was counted.
        view: how rows are ordered, and how many are shown.
        trend: of all hits, along whose steps those of rows are told.
        base: the same of another time, to compare with.
        scale: how much longer this time is than the other.

    """
    axis = trend.axis if trend else None
    found: list[PanelRows] = []
    for panel in breakdown.panels:
        if panel.name in view.left_out:
            continue
        rows, bounds = view.rows(breakdown, panel, axis)
        compared = base is not None and panel.timeless
        if base and compared:
            rows = base.beside(panel, rows)
        if rows:
            found.append(PanelRows(panel.name, panel.title, tuple(rows), bounds, compared))
    if base and "what_grew" not in view.left_out:
        top = view.tops.get("what_grew", view.top)
        rows = rank_movers(breakdown, base, scale, top, axis)
        if rows:
            found.insert(
                0, PanelRows("what_grew", "What grew", tuple(rows), Bounds(len(rows)), True)
            )
    return tuple(sorted(found, key=lambda panel: view.place(panel.name)))
