"""The read-model of a report: one value that every output draws differently."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from hitwatch.alerting.alert import Change, State
from hitwatch.alerting.judge import Judge
from hitwatch.alerting.rule import SurgeRule
from hitwatch.spans import HOUR, Duration, Instant
from hitwatch.stats.panels import Bounds, PanelRow

SCHEMA_VERSION = 1

_GAPS = 10


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

    """

    origin: str
    log_format: str
    lines: int = 0
    hits: int = 0
    rejects: int = 0
    excluded: int = 0
    bytes_read: int = 0


@dataclass(frozen=True, slots=True)
class PanelRows:
    """A panel's rows.

    Attributes:
        name: the panel.
        title: for people.
        rows: the rows shown.
        bounds: how exact they are.

    """

    name: str
    title: str
    rows: tuple[PanelRow, ...]
    bounds: Bounds


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
        panels: in the order of output.
        histogram: durations: (upper end in seconds, hits).
        alerts: that would have fired.
        reasons: rejects by reason.
        complete: whether everything was read that should have been.

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
    panels: tuple[PanelRows, ...]
    histogram: tuple[tuple[float, int], ...] = ()
    alerts: tuple[Fired, ...] = ()
    reasons: dict[str, int] = field(default_factory=dict)
    complete: bool = True

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


def judged(rule: SurgeRule, steps: dict[Instant, int]) -> tuple[Fired, ...]:
    """The alerts that a rule would have raised over a finished time line.

    Args:
        rule: the rule.
        steps: sums of its metric by start of bucket.

    """
    judge, changes = Judge(rule), list[Change]()
    for start in sorted(steps):
        changes += judge.advance(start)
        judge.add(start, steps[start])
    if steps:
        changes += judge.advance(max(steps) + rule.resolution)
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


def gaps(steps: Sequence[Instant], width: Duration) -> tuple[tuple[Instant, Instant], ...]:
    """The longest stretches of more than an hour without a hit, in the order of time."""
    ordered = sorted(steps)
    found = [
        (before + width, after)
        for before, after in pairwise(ordered)
        if after - before - width > HOUR
    ]
    longest = sorted(found, key=lambda gap: gap[0] - gap[1])[:_GAPS]
    return tuple(sorted(longest))
