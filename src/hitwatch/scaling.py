"""A report of one line in so many, as one of all lines: hits and bytes are so many times those.

What is distinct, what is largest and how long things took stays as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from msgspec.structs import replace

from hitwatch.readmodel import PanelRows, PreviousPeriod, Report, SourceRow
from hitwatch.stats.latency import Latency
from hitwatch.stats.rows import Bounds, OfKind, PanelRow
from hitwatch.stats.trend import Trend
from hitwatch.tally import Balance
from hitwatch.totals import Totals

_Key = TypeVar("_Key")
_Figures = TypeVar("_Figures", Totals, PanelRow)


def scaled(report: Report, times: int) -> Report:
    """The report of so many times the lines."""
    previous, highlights = report.previous, report.highlights
    return replace(
        report,
        totals=_totals(report.totals, times),
        reject_reasons=_counts(report.reject_reasons, times),
        panels=tuple(_panel(panel, times) for panel in report.panels),
        panel_hits=report.panel_hits * times,
        sources=tuple(_source(source, times) for source in report.sources),
        trend=_trend(report.trend, times) if report.trend else None,
        highlights=replace(
            highlights,
            failing=_row(highlights.failing, times) if highlights.failing else None,
            slowest=_row(highlights.slowest, times) if highlights.slowest else None,
        ),
        histogram=tuple((upper, hits * times) for upper, hits in report.histogram),
        latency=_latency(report.latency, times) if report.latency else None,
        previous=_previous(previous, times) if previous else None,
    )


def scaled_balance(balance: Balance, times: int) -> Balance:
    """What became of so many times the lines."""
    return Balance(
        lines=balance.lines * times,
        hits=balance.hits * times,
        rejects=balance.rejects * times,
        excluded=balance.excluded * times,
    )


def _totals(totals: Totals, times: int) -> Totals:
    return replace(
        _shared(totals, times),
        balance=scaled_balance(totals.balance, times),
        hits_with_bytes=totals.hits_with_bytes * times,
        statuses=_counts(totals.statuses, times),
    )


def _row(row: PanelRow, times: int) -> PanelRow:
    return replace(
        _shared(row, times),
        hits=row.hits * times,
        errors_4xx=row.errors_4xx * times,
        errors_5xx=row.errors_5xx * times,
        trend=tuple(hits * times for hits in row.trend),
        previous=_row(row.previous, times) if row.previous else None,
    )


def _shared(of: _Figures, times: int) -> _Figures:
    """The same with all that totals and rows both tell."""
    return replace(
        of,
        bytes=of.bytes * times,
        bots=of.bots * times,
        timed=of.timed * times,
        duration=_duration(of.duration, times),
        upstream=_duration(of.upstream, times),
        bytes_received=of.bytes_received * times,
        kinds=_kinds(of.kinds, times),
    )


def _panel(panel: PanelRows, times: int) -> PanelRows:
    rows = tuple(_row(row, times) for row in panel.rows)
    return replace(panel, rows=rows, bounds=_bounds(panel.bounds, times))


def _bounds(bounds: Bounds, times: int) -> Bounds:
    return replace(
        bounds,
        hits_error=bounds.hits_error * times,
        left_out_hits=bounds.left_out_hits * times,
        ranked_from=bounds.ranked_from * times,
    )


def _source(source: SourceRow, times: int) -> SourceRow:
    return replace(source, balance=scaled_balance(source.balance, times))


def _previous(previous: PreviousPeriod, times: int) -> PreviousPeriod:
    return replace(previous, totals=_totals(previous.totals, times))


def _trend(trend: Trend, times: int) -> Trend:
    return replace(trend, hits=tuple(hits * times for hits in trend.hits))


def _latency(latency: Latency, times: int) -> Latency:
    hits = tuple(tuple(some * times for some in step) for step in latency.hits)
    return replace(latency, hits=hits)


def _kinds(kinds: Mapping[str, OfKind], times: int) -> dict[str, OfKind]:
    return {
        name: replace(of, hits=of.hits * times, bytes=of.bytes * times)
        for name, of in kinds.items()
    }


def _duration(of: Mapping[str, float] | None, times: int) -> dict[str, float] | None:
    return {**of, "total_s": of["total_s"] * times} if of else None


def _counts(counts: Mapping[_Key, int], times: int) -> dict[_Key, int]:
    return {key: count * times for key, count in counts.items()}
