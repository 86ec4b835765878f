"""A report as JSON and as JSON lines. The types below are its schema; keys are a contract."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal, TypeAlias

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from hitwatch.alerting.alert import Alert, Contributor, Transition
from hitwatch.instants import SECOND, rfc3339, rfc3339_or_none
from hitwatch.readmodel import PanelRows, PreviousPeriod, Report, SourceRow
from hitwatch.render.guesses import guess_object
from hitwatch.stats.rows import Bounds, PanelRow
from hitwatch.stats.trend import Trend

SCHEMA_VERSION = 1

Time: TypeAlias = Annotated[str, Meta(description="RFC 3339, UTC")]
Share: TypeAlias = Annotated[float, Meta(description="a share of one")]
Error: TypeAlias = Annotated[
    float, Meta(description="how far it may be off, as a share; 0: it is exact")
]


class DurationObject(Struct, frozen=True):
    """How long requests took, in seconds."""

    mean_s: float
    p50_s: float
    p95_s: float
    p99_s: float
    max_s: float
    total_s: Annotated[float, Meta(description="of all hits that say how long they took")]


class MetricsObject(Struct, frozen=True):
    """The metrics of one key."""

    hits: int
    visitors: Annotated[int, Meta(description="distinct (client, user agent, day)")]
    bytes: Annotated[int, Meta(description="sent")]
    errors_4xx: int
    errors_5xx: int
    bots: Annotated[int, Meta(description="hits by what is no human's browser")]
    largest: Annotated[int, Meta(description="bytes of the largest answer")]
    error_ratio: Share
    duration: DurationObject | None


class RowObject(Struct, frozen=True, omit_defaults=True):
    """One row of a panel; ``(other)`` is what its evicted keys have together."""

    key: str
    hits: int
    visitors: int
    bytes: int
    errors_4xx: int
    errors_5xx: int
    bots: int
    largest: int
    error_ratio: float
    name: Annotated[str | UnsetType, Meta(description="more on the key")] = UNSET
    duration: DurationObject | UnsetType = UNSET
    previous: MetricsObject | UnsetType = UNSET


class GuessObject(Struct, frozen=True):
    """What the lines of an input leave open."""

    what: str
    taken: Annotated[str, Meta(description="as what it was taken")]
    why: str
    settle: Annotated[str, Meta(description="how to settle it")]


class SourceObject(Struct, frozen=True):
    """What was read of one input; lines = hits + rejects + excluded."""

    origin: str
    log_format: str
    lines: int
    hits: int
    rejects: int
    excluded: int
    bytes_read: Annotated[int, Meta(description="after decompression")]
    bytes_passed_over: Annotated[int, Meta(description="of other times than those asked for")]
    guesses: list[GuessObject]


class GapObject(Struct, frozen=True):
    """A stretch without any hit."""

    start: Time
    end: Time


class RangeObject(Struct, frozen=True):
    """When the hits were."""

    start: Time | None
    end: Time | None
    gaps: Annotated[list[GapObject], Meta(description="the longest")]


class PreviousObject(Struct, frozen=True):
    """The time that the report compares with."""

    start: Time | None
    end: Time | None
    hits: int
    bytes: int
    visitors: int
    visitors_error: Error
    bots: int
    clients: int
    errors_4xx: int
    errors_5xx: int
    duration: DurationObject | None


class TotalsObject(Struct, frozen=True):
    """The metrics of all hits."""

    lines: int
    hits: int
    rejects: int
    excluded: int
    bytes: int
    visitors: int
    sections: int
    paths: int
    clients: int
    static_files: int
    not_found: int
    referrers: int
    bots: int
    bytes_read: int
    elapsed_s: float
    duration: DurationObject | None
    statuses: Annotated[dict[str, int], Meta(description="hits by status")]
    reject_reasons: Annotated[dict[str, int], Meta(description="rejects by reason")]
    errors: Annotated[dict[str, float], Meta(description="how far each total may be off")]


class BoundsObject(Struct, frozen=True):
    """How exact the rows of a panel are."""

    keys: Annotated[int, Meta(description="distinct keys; an estimate once any was evicted")]
    hits_error: Annotated[int, Meta(description="hits that a key of these may lack")]
    left_out_hits: Annotated[int, Meta(description="hits that an evicted key had at most")]
    visitors_error: Error
    durations_error: Error
    ranked_from: Annotated[int, Meta(description="hits below which keys come last; 0: none do")]


class HistogramObject(Struct, frozen=True):
    """Hits that took up to so long, and longer than those before."""

    up_to_s: float
    hits: int


class ContributorObject(Struct, frozen=True):
    """What grew, per second."""

    dimension: str
    key: str
    excess: Annotated[float, Meta(description="above what is usual")]
    share: Annotated[float, Meta(description="of everything that grew")]
    usual: Annotated[float, Meta(description="over the long window")]


class ExpectedObject(Struct, frozen=True):
    """Between what a value may be without an alert."""

    low: float | None
    high: float | None


class AlertObject(Struct, frozen=True):
    """An alert that would have fired; averages are per second."""

    rule: str
    fired_at: Time
    resolved_at: Annotated[str | None, Meta(description="null while it lasts")]
    value: Annotated[float, Meta(description="short average when it fired")]
    peak: Annotated[float, Meta(description="highest short average")]
    baseline: Annotated[float, Meta(description="long average when it fired")]
    threshold: float
    unit: str
    severity: Annotated[str, Meta(description="info, warning or page")]
    kind: Annotated[str, Meta(description="of the rule")]
    labels: dict[str, str]
    expected: Annotated[
        ExpectedObject, Meta(description="what the short average could be when it fired")
    ]
    lasted_s: Annotated[float | None, Meta(description="null while it lasts")]
    excess: Annotated[
        float | None,
        Meta(description="how much more there was than at the baseline; null while it lasts"),
    ]
    contributors: list[ContributorObject]


class TrendObject(Struct, frozen=True):
    """Hits over time, in steps as clocks of the zone show them."""

    step_s: int
    starts: list[Time]
    hits: list[int]


class ReportObject(Struct, frozen=True):
    """What ``hitwatch report --output-format json`` gives."""

    schema_version: int
    sources: list[SourceObject]
    range: RangeObject
    display_tz: Annotated[str, Meta(description="zone of the keys of days and hours")]
    complete: Annotated[bool, Meta(description="whether everything was read")]
    judged_from: Annotated[
        str | None, Meta(description="first bucket end at which the rule could be judged")
    ]
    previous: PreviousObject | None
    totals: TotalsObject
    trend: TrendObject | None
    panels: dict[str, list[RowObject]]
    bounds: dict[str, BoundsObject]
    durations: list[HistogramObject]
    durations_of: Annotated[
        Literal["requests", "upstreams"],
        Meta(description="whose durations all are: upstreams' where the logs have no others"),
    ]
    alerts: list[AlertObject]


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of a report."""
    found = msgspec.json.schema(ReportObject)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **found}


def to_object(report: Report) -> ReportObject:
    """A report under the keys of the JSON output."""
    gaps = [GapObject(rfc3339(start), rfc3339(end)) for start, end in report.gaps]
    return ReportObject(
        schema_version=SCHEMA_VERSION,
        sources=[_source(source) for source in report.sources],
        range=RangeObject(rfc3339_or_none(report.start), rfc3339_or_none(report.end), gaps),
        display_tz=report.zone.name,
        complete=report.complete,
        judged_from=rfc3339_or_none(report.judged_from),
        previous=_previous(report.previous) if report.previous else None,
        totals=_totals(report),
        trend=_trend(report.trend) if report.trend else None,
        panels={panel.name: row_objects(panel) for panel in report.panels},
        bounds={panel.name: _bounds(panel.bounds) for panel in report.panels},
        durations=[HistogramObject(upper, hits) for upper, hits in report.histogram],
        durations_of="upstreams" if report.of_upstreams else "requests",
        alerts=[_alert(alert) for alert in report.alerts],
    )


def _trend(trend: Trend) -> TrendObject:
    return TrendObject(trend.step // SECOND, list(map(rfc3339, trend.starts)), list(trend.hits))


def row_objects(panel: PanelRows) -> list[RowObject]:
    """The rows of a panel."""
    return [_row(row) for row in panel.rows]


def expected_object(transition: Transition) -> ExpectedObject:
    """Between what the short average could be without an alert."""
    low, high = transition.expected
    return ExpectedObject(low, high)


def contributor_objects(contributors: Iterable[Contributor]) -> list[ContributorObject]:
    """What explains an alert."""
    return [
        ContributorObject(
            dimension=each.dimension,
            key=each.key,
            excess=each.excess,
            share=round(each.share, 4),
            usual=each.baseline,
        )
        for each in contributors
    ]


def _row(row: PanelRow) -> RowObject:
    return RowObject(
        row.key,
        *_metrics(row),
        name=row.note or UNSET,
        duration=_duration(row.duration) or UNSET,
        previous=_previous_row(row.previous) if row.previous else UNSET,
    )


def _previous_row(row: PanelRow) -> MetricsObject:
    return MetricsObject(*_metrics(row), duration=_duration(row.duration))


def _metrics(row: PanelRow) -> tuple[int, int, int, int, int, int, int, float]:
    errors = row.errors_4xx, row.errors_5xx
    ratio = round(row.error_ratio, 4)
    return (row.hits, row.visitors, row.bytes, *errors, row.bots, row.largest, ratio)


def _duration(of: Mapping[str, float] | None) -> DurationObject | None:
    return DurationObject(**of) if of else None


def _source(source: SourceRow) -> SourceObject:
    balance = source.balance
    return SourceObject(
        origin=source.origin,
        log_format=source.log_format,
        lines=balance.lines,
        hits=balance.hits,
        rejects=balance.rejects,
        excluded=balance.excluded,
        bytes_read=source.bytes_read,
        bytes_passed_over=source.bytes_passed_over,
        guesses=[GuessObject(**guess_object(guess)) for guess in source.guesses],
    )


def _previous(previous: PreviousPeriod) -> PreviousObject:
    totals, classes = previous.totals, previous.totals.status_classes
    return PreviousObject(
        start=rfc3339_or_none(previous.start),
        end=rfc3339_or_none(previous.end),
        hits=totals.balance.hits,
        bytes=totals.bytes,
        visitors=totals.visitors,
        visitors_error=totals.errors["visitors"],
        bots=totals.bots,
        clients=totals.clients,
        errors_4xx=classes.get("4xx", 0),
        errors_5xx=classes.get("5xx", 0),
        duration=_duration(totals.duration),
    )


def _totals(report: Report) -> TotalsObject:
    totals, balance = report.totals, report.totals.balance
    return TotalsObject(
        lines=balance.lines,
        hits=balance.hits,
        rejects=balance.rejects,
        excluded=balance.excluded,
        bytes=totals.bytes,
        visitors=totals.visitors,
        sections=totals.sections,
        paths=totals.paths,
        clients=totals.clients,
        static_files=totals.static_files,
        not_found=totals.not_found,
        referrers=totals.referrers,
        bots=totals.bots,
        bytes_read=sum(source.bytes_read for source in report.sources),
        elapsed_s=report.elapsed_s,
        duration=_duration(totals.duration),
        statuses=dict(totals.statuses),
        reject_reasons=dict(report.reject_reasons),
        errors=dict(totals.errors),
    )


def _bounds(bounds: Bounds) -> BoundsObject:
    return BoundsObject(
        keys=bounds.keys,
        hits_error=bounds.hits_error,
        left_out_hits=bounds.left_out_hits,
        visitors_error=bounds.visitors_error,
        durations_error=bounds.durations_error,
        ranked_from=bounds.ranked_from,
    )


def _alert(alert: Alert) -> AlertObject:
    return AlertObject(
        rule=alert.rule,
        fired_at=rfc3339(alert.fired_at),
        resolved_at=rfc3339_or_none(alert.resolved_at),
        value=alert.fired.value,
        peak=alert.peak,
        baseline=alert.fired.baseline,
        threshold=alert.fired.threshold,
        unit=alert.fired.unit,
        severity=alert.fired.severity.value,
        kind=alert.fired.kind,
        labels={},
        expected=expected_object(alert.fired),
        lasted_s=alert.resolved.lasted / SECOND if alert.resolved else None,
        excess=alert.resolved.excess if alert.resolved else None,
        contributors=contributor_objects(alert.fired.contributors),
    )


def to_json(report: Report) -> str:
    """One JSON object, indented."""
    encoded: bytes = msgspec.json.format(msgspec.json.encode(to_object(report)), indent=1)
    return encoded.decode() + "\n"


def to_jsonl(report: Report) -> str:
    """A row of a panel a line, with the panel's name; the totals first."""
    found = to_object(report)
    plain = msgspec.to_builtins
    first = {"type": "totals", **plain(found.range), **plain(found.totals)}
    rows = [
        {"type": "row", "panel": panel, **plain(row)}
        for panel, rows in found.panels.items()
        for row in rows
    ]
    alerts = [{"type": "alert", **plain(alert)} for alert in found.alerts]
    lines = [msgspec.json.encode(line).decode() for line in (first, *rows, *alerts)]
    return "\n".join(lines) + "\n"
