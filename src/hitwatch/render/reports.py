"""A report as text, JSON, JSON lines, CSV and Markdown."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

import msgspec

from hitwatch.readmodel import SCHEMA_VERSION, Fired, PanelRows, Report
from hitwatch.render.units import (
    clock_time,
    duration,
    harmless,
    markdown,
    padded,
    percent,
    printable,
    size,
)
from hitwatch.spans import Instant, format_duration, rfc3339
from hitwatch.stats.panels import PanelRow

_KEY_WIDTH = 44
_BAR_WIDTH = 14
_BOLD, _DIM, _PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[0m"


def to_text(report: Report, *, color: bool = False) -> str:
    """A report for people.

    Args:
        report: the report.
        color: whether for a terminal that shows colours.

    """
    lines = _head(report)
    for panel in report.panels:
        title = f"{panel.title} ({_keys(panel)})"
        lines += ["", f"{_BOLD}{title}{_PLAIN}" if color else title]
        lines += _table(panel, report.hits)
    if report.histogram:
        lines += ["", "Durations", *_histogram(report.histogram)]
    lines += ["", *_alerts(report.alerts)]
    return "\n".join(lines) + "\n"


def _head(report: Report) -> list[str]:
    lines = [
        f"{report.lines:,} lines = {report.hits:,} hits + {report.rejects:,} rejects"
        f" + {report.excluded:,} excluded"
    ]
    if report.start is not None and report.end is not None:
        length = format_duration(report.end - report.start)
        lines.append(f"from {clock_time(report.start)} to {clock_time(report.end)} UTC ({length})")
    lines.append(
        f"{size(report.bytes)} sent; {report.visitors:,} visitors, {report.clients:,} clients,"
        f" {report.sections:,} sections, {report.paths:,} paths"
    )
    for begin, end in report.gaps:
        lines.append(
            f"no hit for {format_duration(end - begin)}, from {clock_time(begin)}"
            f" to {clock_time(end)}"
        )
    for reason, count in sorted(report.reasons.items(), key=lambda item: -item[1])[:3]:
        lines.append(f"{count:,} rejects: {printable(reason)}")
    if len(report.sources) > 1:
        lines += [
            f"  {printable(source.origin)}: {source.log_format}, {source.hits:,} hits,"
            f" {source.rejects:,} rejects"
            for source in report.sources
        ]
    if not report.complete:
        lines.append("not everything was read; the figures cover what was")
    return lines


def _keys(panel: PanelRows) -> str:
    bounds = panel.bounds
    about = "about " if bounds.hits_error else ""
    said = f"{about}{bounds.keys:,}"
    if bounds.hits_error:
        said += f"; a key may have up to {bounds.hits_error:,} hits more"
    if bounds.visitors_error:
        said += f"; visitors ± {bounds.visitors_error:.1%}"
    return said


def _table(panel: PanelRows, hits: int) -> list[str]:
    timed = any(row.duration for row in panel.rows)
    head = f"  {padded('', _KEY_WIDTH)} {'hits':>11} {'share':>7} {'visitors':>9} {'bytes':>9}"
    head += f" {'4xx':>8} {'5xx':>8}" + (f" {'p50':>8} {'p95':>8}" if timed else "")
    return [head, *(_line(row, hits, timed=timed) for row in panel.rows)]


def _line(row: PanelRow, hits: int, *, timed: bool) -> str:
    key = f"{row.key} {row.note}" if row.note else row.key
    line = (
        f"  {padded(harmless(key, _KEY_WIDTH), _KEY_WIDTH)} {row.hits:>11,}"
        f" {percent(row.hits / hits if hits else 0):>7} {row.visitors:>9,} {size(row.bytes):>9}"
        f" {row.errors_4xx:>8,} {row.errors_5xx:>8,}"
    )
    if timed and row.duration:
        line += f" {duration(row.duration['p50_s']):>8} {duration(row.duration['p95_s']):>8}"
    return line


def _histogram(buckets: Sequence[tuple[float, int]]) -> list[str]:
    """Durations by power of ten and its 1-2-5 steps."""
    edges = [10.0**power * step for power in range(-4, 4) for step in (1, 2, 5)]
    counts = dict.fromkeys([*edges, float("inf")], 0)
    for upper, count in buckets:
        counts[next((edge for edge in edges if upper <= edge * 1.01), float("inf"))] += count
    total, most = sum(counts.values()), max(counts.values())
    return [
        f"  up to {duration(edge) if edge != float('inf') else 'more':>8} {count:>11,}"
        f" {percent(count / total):>7}  {'█' * round(count / most * _BAR_WIDTH)}"
        for edge, count in counts.items()
        if count
    ]


def _alerts(alerts: Sequence[Fired]) -> list[str]:
    if not alerts:
        return ["Alerts: none would have fired"]
    lines = [f"Alerts that would have fired ({len(alerts)})"]
    for alert in alerts:
        until = clock_time(alert.resolved_at) if alert.resolved_at else "still firing"
        lines.append(
            f"  {alert.rule}: {clock_time(alert.fired_at)} to {until};"
            f" peak {_amount(alert.peak, alert.unit)},"
            f" {alert.peak / alert.baseline if alert.baseline else float('inf'):.3g} times"
            f" the {_amount(alert.baseline, alert.unit)} before"
        )
    return lines


def _amount(value: float, unit: str) -> str:
    return f"{size(value)}/s" if unit == "bytes/s" else f"{value:,.1f} {unit}"


def to_object(report: Report) -> dict[str, Any]:
    """A report as plain values, under the keys of the JSON output."""
    return {
        "schema_version": SCHEMA_VERSION,
        "sources": [
            {
                "origin": source.origin,
                "log_format": source.log_format,
                "lines": source.lines,
                "hits": source.hits,
                "rejects": source.rejects,
                "excluded": source.excluded,
                "bytes_read": source.bytes_read,
            }
            for source in report.sources
        ],
        "range": {
            "start": _time(report.start),
            "end": _time(report.end),
            "gaps": [{"start": rfc3339(a), "end": rfc3339(b)} for a, b in report.gaps],
        },
        "complete": report.complete,
        "totals": {
            "lines": report.lines,
            "hits": report.hits,
            "rejects": report.rejects,
            "excluded": report.excluded,
            "bytes": report.bytes,
            "visitors": report.visitors,
            "sections": report.sections,
            "paths": report.paths,
            "clients": report.clients,
            "statuses": report.statuses,
            "reject_reasons": report.reasons,
        },
        "panels": {panel.name: [_row(row) for row in panel.rows] for panel in report.panels},
        "bounds": {
            panel.name: {
                "keys": panel.bounds.keys,
                "hits_error": panel.bounds.hits_error,
                "visitors_error": panel.bounds.visitors_error,
            }
            for panel in report.panels
        },
        "durations": [{"up_to_s": upper, "hits": hits} for upper, hits in report.histogram],
        "alerts": [
            {
                "rule": alert.rule,
                "fired_at": rfc3339(alert.fired_at),
                "resolved_at": _time(alert.resolved_at),
                "peak": alert.peak,
                "baseline": alert.baseline,
                "threshold": alert.threshold,
                "unit": alert.unit,
            }
            for alert in report.alerts
        ],
    }


def _time(instant: Instant | None) -> str | None:
    return None if instant is None else rfc3339(instant)


def _row(row: PanelRow) -> dict[str, Any]:
    found: dict[str, Any] = {
        "key": row.key,
        "hits": row.hits,
        "visitors": row.visitors,
        "bytes": row.bytes,
        "errors_4xx": row.errors_4xx,
        "errors_5xx": row.errors_5xx,
        "bots": row.bots,
        "largest": row.largest,
    }
    if row.note:
        found["name"] = row.note
    if row.duration:
        found["duration"] = row.duration
    return found


def to_json(report: Report) -> str:
    """One JSON object, indented."""
    encoded: bytes = msgspec.json.format(msgspec.json.encode(to_object(report)), indent=1)
    return encoded.decode() + "\n"


def to_jsonl(report: Report) -> str:
    """A row of a panel a line, with the panel's name; the totals first."""
    found = to_object(report)
    first = {"type": "totals", **found["range"], **found["totals"]}
    rows = [
        {"type": "row", "panel": panel, **row}
        for panel, rows in found["panels"].items()
        for row in rows
    ]
    alerts = [{"type": "alert", **alert} for alert in found["alerts"]]
    lines = [msgspec.json.encode(line).decode() for line in (first, *rows, *alerts)]
    return "\n".join(lines) + "\n"


_COLUMNS = ("panel", "key", "hits", "visitors", "bytes", "errors_4xx", "errors_5xx", "bots")
_TIMES = ("mean_s", "p50_s", "p95_s", "p99_s", "max_s")


def to_csv(report: Report) -> str:
    """All panels in one table (RFC 4180).

    A key that a spreadsheet would take for a formula is written behind an apostrophe.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([*_COLUMNS, "largest", *_TIMES])
    for panel in report.panels:
        for row in panel.rows:
            key = f"'{row.key}" if row.key[:1] in ("=", "+", "-", "@", "\t", "\r") else row.key
            values = [getattr(row, name) for name in (*_COLUMNS[2:], "largest")]
            times = [row.duration[name] if row.duration else "" for name in _TIMES]
            writer.writerow([panel.name, key, *values, *times])
    return out.getvalue()


def to_markdown(report: Report) -> str:
    """Headings and tables (GitHub-flavoured)."""
    lines = ["# Access log report", "", *(f"- {markdown(line.strip())}" for line in _head(report))]
    for panel in report.panels:
        lines += ["", f"## {panel.title}", "", "| | hits | visitors | bytes | 4xx | 5xx |"]
        lines.append("|---|---:|---:|---:|---:|---:|")
        lines += [
            f"| {markdown(f'{row.key} {row.note}'.strip())} | {row.hits:,} | {row.visitors:,}"
            f" | {size(row.bytes)} | {row.errors_4xx:,} | {row.errors_5xx:,} |"
            for row in panel.rows
        ]
    first, *rest = _alerts(report.alerts)
    lines += ["", "## Alerts", "", first, *(f"- {line.strip()}" for line in rest)]
    return "\n".join(lines) + "\n"


OUTPUTS = {
    "text": to_text,
    "json": to_json,
    "jsonl": to_jsonl,
    "csv": to_csv,
    "md": to_markdown,
}
"""Outputs by name; a file's ending names one too."""
