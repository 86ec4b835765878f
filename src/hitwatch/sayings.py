"""The read-model: what there is to show, as values; drawn elsewhere, in several ways."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from hitwatch.alerting.alert import RuleStatus, Transition
from hitwatch.alerting.rule import SurgeRule
from hitwatch.instants import Duration, Instant
from hitwatch.readmodel import PanelRows
from hitwatch.stats.panels import Bounds, Breakdown, PanelRow
from hitwatch.tally import Balance, Tally


@dataclass(frozen=True, slots=True)
class Durations:
    """How long requests took, in seconds; quantiles within 1 %."""

    count: int
    p50_s: float
    p95_s: float
    p99_s: float
    max_s: float


@dataclass(frozen=True, slots=True)
class Stats:
    """What happened in one display period.

    Attributes:
        at: its end.
        period: its length.
        balance: of the lines read in it.
        bytes: sent, of the hits that say so.
        sized: how many hits said so.
        late: hits older than the watermark when they came.
        statuses: hits by class: ``2xx`` … ``5xx``, ``other``; empty classes left out.
        sections: the top ones, most hits first; ``(other)`` last where keys were dropped.
        sections_seen: how many sections there were.
        clients: distinct clients.
        clients_exact: whether that is exact, or within about 1 %.
        durations: ``None`` where no hit had one.
        rules: how each rule stands.
        reasons: rejects of the period by reason.
        total: the balance since the start.
        panels: those that are shown beside the sections.
        panel_hits: all hits of the time that the panels are of.
        panel_window: how much of the latest time that is; 0: this period; ``None``: all since
            the start.

    """

    at: Instant
    period: Duration
    balance: Balance
    bytes: int
    sized: int
    late: int
    statuses: dict[str, int]
    sections: tuple[PanelRow, ...]
    sections_seen: int
    clients: int
    clients_exact: bool
    durations: Durations | None
    rules: tuple[RuleStatus, ...]
    reasons: dict[str, int]
    total: Balance
    panels: tuple[PanelRows, ...] = ()
    panel_hits: int = 0
    panel_window: Duration | None = 0


@dataclass(frozen=True, slots=True)
class End:
    """The last word of a run.

    Attributes:
        at: when it ended, on the clock of the run; ``None`` when nothing was ever read.
        total: of all lines this run read, those read back at its start included.
        bytes: sent, of all hits.
        late: late hits.
        backfilled: how many of the lines were read back at the start.
        alerts: how many alerts fired.
        firing: alerts that still last.
        first_at: time of the earliest event; ``None`` when there was none.
        last_at: time of the latest event; ``None`` when there was none.
        unjudged: rules that were never judged, for there was too little of the log.
        reasons: rejects by reason, of those that no display period has told.

    """

    at: Instant | None
    total: Balance
    bytes: int
    late: int
    backfilled: int
    alerts: int
    firing: tuple[Transition, ...] = field(default=())
    first_at: Instant | None = None
    last_at: Instant | None = None
    unjudged: tuple[SurgeRule, ...] = ()
    reasons: Mapping[str, int] = field(default_factory=dict)


def stats(
    tally: Tally,
    *,
    at: Instant,
    period: Duration,
    rules: tuple[RuleStatus, ...],
    total: Balance,
) -> Stats:
    """Read the tally of a display period.

    Args:
        tally: what has been counted in it.
        at: its end.
        period: its length.
        rules: how each rule stands.
        total: the balance since the start.

    """
    counts = tally.counts
    sections, bounds = _rows(counts, "sections")
    statuses, _ = _rows(counts, "statuses")
    clients, clients_exact = counts.distinct("client")
    figures = counts.figures()
    return Stats(
        at=at,
        period=period,
        balance=tally.balance,
        bytes=figures.bytes if figures else 0,
        sized=tally.hits_with_bytes,
        late=tally.late,
        statuses=_classes(statuses, tally.balance.hits),
        sections=tuple(sections),
        sections_seen=bounds.keys,
        clients=clients,
        clients_exact=clients_exact,
        durations=_durations(figures),
        rules=rules,
        reasons=dict(tally.reject_reasons),
        total=total,
    )


def _rows(counts: Breakdown, name: str) -> tuple[list[PanelRow], Bounds]:
    panel = counts.panel(name)
    return counts.rows(panel, "hits", None) if panel else ([], Bounds(0))


def _classes(rows: Iterable[PanelRow], hits: int) -> dict[str, int]:
    """Hits by class of status; those without a status are ``other``."""
    classes: dict[str, int] = {}
    for row in rows:
        known = row.raw.isdigit() and 100 <= int(row.raw) <= 599
        name = f"{row.raw[0]}xx" if known else "other"
        classes[name] = classes.get(name, 0) + row.hits
    without = hits - sum(classes.values())
    if without:
        classes["other"] = classes.get("other", 0) + without
    return dict(sorted(classes.items()))


def _durations(total: PanelRow | None) -> Durations | None:
    if total is None or total.duration is None:
        return None
    of = total.duration
    return Durations(total.timed, of["p50_s"], of["p95_s"], of["p99_s"], of["max_s"])
