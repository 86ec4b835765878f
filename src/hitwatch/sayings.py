"""The read-model: what there is to show, as values; drawn elsewhere, in several ways."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hitwatch.alerting.alert import Change, State, Status
from hitwatch.alerting.rule import SurgeRule
from hitwatch.spans import Duration, Instant
from hitwatch.stats.quantiles import Quantiles
from hitwatch.stats.top import OTHER
from hitwatch.tally import Balance, Tally


@dataclass(frozen=True, slots=True)
class SectionRow:
    """Figures of one section in a period."""

    section: str
    hits: int
    bytes: int
    errors_4xx: int
    errors_5xx: int


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

    """

    at: Instant
    period: Duration
    balance: Balance
    bytes: int
    sized: int
    late: int
    statuses: dict[str, int]
    sections: tuple[SectionRow, ...]
    sections_seen: int
    clients: int
    clients_exact: bool
    durations: Durations | None
    rules: tuple[Status, ...]
    reasons: dict[str, int]
    total: Balance


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
    firing: tuple[Change, ...] = field(default=())
    first_at: Instant | None = None
    last_at: Instant | None = None
    unjudged: tuple[SurgeRule, ...] = ()
    reasons: Mapping[str, int] = field(default_factory=dict)


def stats(tally: Tally, *, at: Instant, period: Duration, rules: tuple[Status, ...]) -> Stats:
    """Read a tally's display period.

    Args:
        tally: what has been counted.
        at: end of the period.
        period: its length.
        rules: how each rule stands.

    """
    summary = tally.summary
    ranked = summary.sections.ranked()
    return Stats(
        at=at,
        period=period,
        balance=tally.period,
        bytes=summary.bytes,
        sized=summary.sized,
        late=summary.late,
        statuses=_classes(summary.statuses),
        sections=tuple(
            SectionRow(key, f.hits, f.bytes, f.errors_4xx, f.errors_5xx) for key, f in ranked
        ),
        sections_seen=sum(1 for key, _ in ranked if key != OTHER),
        clients=summary.clients.count,
        clients_exact=summary.clients.exact,
        durations=_durations(summary.durations),
        rules=rules,
        reasons=dict(tally.reasons),
        total=tally.total,
    )


def end(
    tally: Tally,
    *,
    at: Instant | None,
    alerts: int,
    firing: tuple[Change, ...] = (),
    rules: tuple[Status, ...] = (),
) -> End:
    """Read a tally at the end of a run.

    Args:
        tally: what has been counted.
        at: when it ended.
        alerts: how many alerts fired.
        firing: alerts that still last.
        rules: how each rule stands.

    """
    return End(
        at=at,
        total=tally.total,
        bytes=tally.bytes,
        late=tally.late,
        backfilled=tally.backfilled,
        alerts=alerts,
        firing=firing,
        first_at=tally.first_at,
        last_at=tally.last_at,
        unjudged=tuple(
            status.rule for status in rules if status.state is State.WARMING_UP and not alerts
        ),
        reasons=dict(tally.reasons),
    )


def _classes(statuses: dict[int | None, int]) -> dict[str, int]:
    classes: dict[str, int] = {}
    for status, count in statuses.items():
        known = status is not None and 100 <= status <= 599
        name = f"{status // 100}xx" if known and status is not None else "other"
        classes[name] = classes.get(name, 0) + count
    return dict(sorted(classes.items()))


def _durations(sketch: Quantiles) -> Durations | None:
    if not sketch.counts:
        return None
    p50, p95, p99, largest = (sketch.quantile(q) for q in (0.5, 0.95, 0.99, 1.0))
    return Durations(sketch.count, p50, p95, p99, largest)
