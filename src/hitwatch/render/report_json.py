"""A report as JSON and as JSON lines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec
from msgspec import UNSET

from hitwatch.alerting.alert import Alert, Contributor, Transition
from hitwatch.instants import SECOND, rfc3339, rfc3339_or_none
from hitwatch.readmodel import PanelRows, PreviousPeriod, Report, SourceRow
from hitwatch.render.guesses import guess_object
from hitwatch.render.report_schema import (
    SCHEMA_VERSION,
    AlertObject,
    BoundsObject,
    ContributorObject,
    DurationObject,
    ExpectedObject,
    GapObject,
    GuessObject,
    HistogramObject,
    KindObject,
    LatencyObject,
    MetricsObject,
    PreviousObject,
    RangeObject,
    ReportObject,
    RowObject,
    SampleObject,
    SourceObject,
    TotalsObject,
    TrendObject,
)
from hitwatch.select.sample import Sample
from hitwatch.stats.latency import Latency
from hitwatch.stats.rows import Bounds, OfKind, PanelRow
from hitwatch.stats.trend import Trend


def to_object(report: Report) -> ReportObject:
    """A report under the keys of the JSON output."""
    gaps = [GapObject(rfc3339(start), rfc3339(end)) for start, end in report.gaps]
    return ReportObject(
        schema_version=SCHEMA_VERSION,
        sources=[_source(source) for source in report.sources],
        range=RangeObject(rfc3339_or_none(report.start), rfc3339_or_none(report.end), gaps),
        display_tz=report.zone.name,
        complete=report.complete,
        sample=_sample(report),
        judged_from=rfc3339_or_none(report.judged_from),
        previous=_previous(report.previous) if report.previous else None,
        totals=_totals(report),
        trend=trend_object(report.trend) if report.trend else None,
        panels={panel.name: row_objects(panel, report.sample) for panel in report.panels},
        bounds={panel.name: _bounds(panel.bounds) for panel in report.panels},
        durations=[HistogramObject(upper, hits) for upper, hits in report.histogram],
        latency=_latency(report.latency) if report.latency else None,
        durations_of="upstreams" if report.of_upstreams else "requests",
        alerts=[_alert(alert) for alert in report.alerts],
    )


def trend_object(trend: Trend) -> TrendObject:
    """Hits over time."""
    return TrendObject(trend.step // SECOND, list(map(rfc3339, trend.starts)), list(trend.hits))


def _latency(latency: Latency) -> LatencyObject:
    return LatencyObject(
        latency.step // SECOND,
        list(map(rfc3339, latency.starts)),
        list(latency.up_to),
        list(map(list, latency.hits)),
    )


def row_objects(panel: PanelRows, sample: Sample | None = None) -> list[RowObject]:
    """The rows of a panel; where they are of a sample, with their errors."""
    return [_row(row, sample) for row in panel.rows]


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


def _row(row: PanelRow, sample: Sample | None) -> RowObject:
    return RowObject(
        row.key,
        *_metrics(row),
        name=row.note or UNSET,
        bytes_received=row.bytes_received or UNSET,
        duration=_duration(row.duration) or UNSET,
        upstream=_duration(row.upstream) or UNSET,
        kinds=_kinds(row.kinds) or UNSET,
        trend=list(row.trend) or UNSET,
        previous=_previous_row(row.previous) if row.previous else UNSET,
        hits_error=round(sample.hits_error(row.hits), 4) if sample else UNSET,
    )


def _previous_row(row: PanelRow) -> MetricsObject:
    return MetricsObject(*_metrics(row), duration=_duration(row.duration))


def _metrics(row: PanelRow) -> tuple[int, int, int, int, int, int, int, float]:
    errors = row.errors_4xx, row.errors_5xx
    ratio = round(row.error_ratio, 4)
    return (row.hits, row.visitors, row.bytes, *errors, row.bots, row.largest, ratio)


def _kinds(of: Mapping[str, OfKind]) -> dict[str, KindObject]:
    """What is told of each kind; nothing where no program says what it is."""
    if of.keys() <= {"unknown"}:
        return {}
    return {name: KindObject(each.hits, each.visitors, each.bytes) for name, each in of.items()}


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


def _sample(report: Report) -> SampleObject | None:
    sample = report.sample
    if sample is None:
        return None
    hits_error = round(sample.hits_error(report.hits), 6)
    return SampleObject(sample.one_in, hits_error, round(sample.bytes_error, 6))


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
        bytes_received=totals.bytes_received,
        bytes_read=sum(source.bytes_read for source in report.sources),
        elapsed_s=report.elapsed_s,
        duration=_duration(totals.duration),
        upstream=_duration(totals.upstream),
        kinds=_kinds(totals.kinds),
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
    return indented(to_object(report))


def indented(value: object) -> str:
    """A value as JSON that people can read, too."""
    encoded: bytes = msgspec.json.format(msgspec.json.encode(value), indent=1)
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
