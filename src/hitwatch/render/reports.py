"""A report as text, JSON, JSON lines, CSV and Markdown."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from hitwatch.formats.columns import Column, ColumnType
from hitwatch.instants import Instant, format_duration, rfc3339
from hitwatch.readmodel import SCHEMA_VERSION, Fired, PanelRows, PreviousPeriod, Report
from hitwatch.render.guesses import guess_object, guess_wording
from hitwatch.render.panels import FIGURES, USUAL_ERROR, change, keys_wording, row_object, table
from hitwatch.render.spreadsheets import no_formula
from hitwatch.render.units import (
    clock_time,
    duration,
    markdown,
    percent,
    printable,
    size,
)
from hitwatch.stats.panels import TIMED, PanelRow
from hitwatch.tables.rows import write_parquet

_BAR_WIDTH = 14
_ALERTS = 10
_BOLD, _DIM, _PLAIN = "\x1b[1m", "\x1b[2m", "\x1b[0m"


def to_text(report: Report, *, color: bool = False) -> str:
    """A report for people.

    Args:
        report: the report.
        color: whether for a terminal that shows colours.

    """
    lines = _head(report)
    for panel in report.panels:
        title = f"{panel.title} ({keys_wording(panel)})"
        lines += ["", f"{_BOLD}{title}{_PLAIN}" if color else title]
        lines += table(panel, report.hits)
    if report.histogram:
        lines += ["", "Durations", *_histogram(report.histogram)]
    lines += ["", *_alerts(report)]
    return "\n".join(lines) + "\n"


def _head(report: Report) -> list[str]:
    lines = [
        f"{report.lines:,} lines = {report.hits:,} hits + {report.rejects:,} rejects"
        f" + {report.excluded:,} excluded"
    ]
    if report.start is not None and report.end is not None:
        length = format_duration(report.end - report.start)
        lines.append(f"from {clock_time(report.start)} to {clock_time(report.end)} UTC ({length})")
    lines += [
        f"{size(report.bytes)} sent; {_total(report, 'visitors')} visitors,"
        f" {_total(report, 'clients')} clients, {_total(report, 'sections')} sections,"
        f" {_total(report, 'paths')} paths",
        f"{_total(report, 'static_files')} static files,"
        f" {_total(report, 'not_found')} paths not found" + _senders(report),
    ]
    if report.duration:
        said = (f"{name[:-2]} {duration(report.duration[name])}" for name in TIMED)
        error = report.errors["duration"]
        bound = f"  (percentiles ± {error:.1%})" if error > USUAL_ERROR else ""
        lines.append(f"took {'  '.join(said)}{bound}")
    passed_over = sum(source.bytes_passed_over for source in report.sources)
    lines.append(
        f"{size(sum(source.bytes_read for source in report.sources))} of logs"
        f" read in {report.elapsed_s:.2f} s"
        + (f"; {size(passed_over)} of other times passed over" if passed_over else "")
    )
    if report.previous:
        lines.append(_previous(report, report.previous))
    for begin, end in report.gaps:
        lines.append(
            f"no hit for {format_duration(end - begin)}, from {clock_time(begin)}"
            f" to {clock_time(end)}"
        )
    for reason, count in sorted(report.reasons.items(), key=lambda item: -item[1])[:3]:
        lines.append(f"{count:,} rejects: {printable(reason)}")
    guesses = dict.fromkeys(guess for source in report.sources for guess in source.guesses)
    lines += [printable(guess_wording(guess)) for guess in guesses]
    if len(report.sources) > 1:
        lines += [
            f"  {printable(source.origin)}: {source.log_format}, {source.hits:,} hits,"
            f" {source.rejects:,} rejects"
            for source in report.sources
        ]
    if not report.complete:
        lines.append("not everything was read; the figures cover what was")
    return lines


def _total(report: Report, name: str) -> str:
    """How many there are in all, and how far that may be off where it is an estimate."""
    return f"{getattr(report, name):,}{_bound(report.errors[name])}"


def _bound(error: float) -> str:
    """How far an estimate may be off; nothing, where it is none."""
    return f" ± {error:.1%}" if error else ""


def _senders(report: Report) -> str:
    """What is told of referrers and bots, as far as it is logged."""
    said, unlogged = "", []
    if "referrer" in report.absent:
        unlogged.append("referrers")
    else:
        said += f", {_total(report, 'referrers')} referrers"
    if "user_agent" in report.absent:
        unlogged.append("user agents")
    else:
        bots = percent(report.bots / report.hits if report.hits else 0)
        said += f"; {bots} of the hits by bots and tools"
    return f"{said}; {' and '.join(unlogged)} are not logged" if unlogged else said


def _previous(report: Report, previous: PreviousPeriod) -> str:
    when = " to ".join(
        clock_time(at) if at is not None else "the end" for at in (previous.start, previous.end)
    )
    changes = (
        f"{name} {change(now, before)} ({before:,}{bound})"
        for name, now, before, bound in (
            ("hits", report.hits, previous.hits, ""),
            ("bytes", report.bytes, previous.bytes, ""),
            ("visitors", report.visitors, previous.visitors, _bound(previous.visitors_error)),
        )
    )
    return f"against {when} UTC: {', '.join(changes)}"


def _times(row: PanelRow) -> list[str]:
    return [duration(row.duration[name]) if row.duration else "" for name in ("p50_s", "p95_s")]


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


def _alerts(report: Report) -> list[str]:
    alerts, judged_from, end = report.alerts, report.judged_from, report.end
    needs = f"the rule needs {format_duration(report.reach)} of log before it"
    unjudged = judged_from is None or end is None or judged_from > end
    if not alerts and unjudged:
        return [f"Alerts: not judged; {needs}"]
    late = judged_from is not None and report.start is not None and judged_from > report.start
    since = f"; not judged before {clock_time(judged_from or 0)}: {needs}" if late else ""
    if not alerts:
        return [f"Alerts: none would have fired{since}"]
    most = sorted(alerts, key=lambda alert: -alert.peak)[:_ALERTS]
    more = f"; the {len(most)} with the highest peaks" if len(most) < len(alerts) else ""
    lines = [f"Alerts that would have fired ({len(alerts)}{more}){since}"]
    for alert in sorted(most, key=lambda alert: alert.fired_at):
        until = clock_time(alert.resolved_at) if alert.resolved_at else "still firing"
        lines.append(
            f"  {alert.rule}: {clock_time(alert.fired_at)} to {until};"
            f" peak {_amount(alert.peak, alert.unit)}, {_times_before(alert)}"
        )
    return lines


def _times_before(alert: Fired) -> str:
    if not alert.baseline:
        return "nothing before"
    before = _amount(alert.baseline, alert.unit)
    return f"{alert.peak / alert.baseline:.3g} times the {before} before"


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
                "bytes_passed_over": source.bytes_passed_over,
                "guesses": [guess_object(guess) for guess in source.guesses],
            }
            for source in report.sources
        ],
        "range": {
            "start": _time(report.start),
            "end": _time(report.end),
            "gaps": [{"start": rfc3339(a), "end": rfc3339(b)} for a, b in report.gaps],
        },
        "complete": report.complete,
        "judged_from": _time(report.judged_from),
        "previous": _compared(report.previous) if report.previous else None,
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
            "static_files": report.static_files,
            "not_found": report.not_found,
            "referrers": report.referrers,
            "bots": report.bots,
            "bytes_read": sum(source.bytes_read for source in report.sources),
            "elapsed_s": report.elapsed_s,
            "duration": report.duration,
            "statuses": report.statuses,
            "reject_reasons": report.reasons,
            "errors": report.errors,
        },
        "panels": {panel.name: [row_object(row) for row in panel.rows] for panel in report.panels},
        "bounds": {
            panel.name: {
                "keys": panel.bounds.keys,
                "hits_error": panel.bounds.hits_error,
                "left_out_hits": panel.bounds.left_out_hits,
                "visitors_error": panel.bounds.visitors_error,
                "durations_error": panel.bounds.durations_error,
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


def _compared(previous: PreviousPeriod) -> dict[str, Any]:
    return {
        "start": _time(previous.start),
        "end": _time(previous.end),
        "hits": previous.hits,
        "bytes": previous.bytes,
        "visitors": previous.visitors,
        "visitors_error": previous.visitors_error,
    }


def _time(instant: Instant | None) -> str | None:
    return None if instant is None else rfc3339(instant)


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


def to_csv(report: Report) -> str:
    """All panels in one table (RFC 4180).

    What a spreadsheet would take for a formula stands behind an apostrophe.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(["panel", "key", *FIGURES, *TIMED, "previous_hits"])
    for row in to_rows(report):
        writer.writerow([row["panel"], no_formula(row["key"]), *list(row.values())[3:]])
    return out.getvalue()


def to_rows(report: Report) -> list[dict[str, Any]]:
    """All rows of all panels, each with the same columns; what is not known is ``None``."""
    return [
        {
            "panel": panel.name,
            "key": row.key,
            "name": row.note or None,
            **{name: getattr(row, name) for name in FIGURES},
            **{name: row.duration[name] if row.duration else None for name in TIMED},
            "previous_hits": row.previous.hits if row.previous else None,
        }
        for panel in report.panels
        for row in panel.rows
    ]


def to_parquet(report: Report) -> bytes:
    """All panels in one table, as Parquet."""
    types = dict.fromkeys(("panel", "key", "name"), ColumnType.TEXT)
    types |= dict.fromkeys(FIGURES, ColumnType.INTEGER)
    types |= dict.fromkeys(TIMED, ColumnType.FLOAT) | {"previous_hits": ColumnType.INTEGER}
    columns = [Column(name, kind, "") for name, kind in types.items()]
    out = io.BytesIO()
    write_parquet(to_rows(report), columns, out)
    return out.getvalue()


def to_markdown(report: Report) -> str:
    """Headings and tables (GitHub-flavoured)."""
    lines = ["# Access log report", "", *(f"- {markdown(line.strip())}" for line in _head(report))]
    for panel in report.panels:
        timed = any(row.duration for row in panel.rows)
        heads = ["hits", *(["change"] if panel.compared else [])]
        heads += ["visitors", "bytes", "4xx", "5xx", "bots", *(["p50", "p95"] if timed else [])]
        lines += ["", f"## {panel.title}", "", f"| | {' | '.join(heads)} |"]
        lines.append("|---|" + "---:|" * len(heads))
        lines += [_markdown(panel, row, timed=timed) for row in panel.rows]
    first, *rest = _alerts(report)
    lines += ["", "## Alerts", "", first, *(f"- {line.strip()}" for line in rest)]
    return "\n".join(lines) + "\n"


def _markdown(panel: PanelRows, row: PanelRow, *, timed: bool) -> str:
    cells = [markdown(f"{row.key} {row.note}".strip()), f"{row.hits:,}"]
    if panel.compared:
        cells.append(change(row.hits, row.previous.hits if row.previous else 0))
    cells += [f"{row.visitors:,}", size(row.bytes), f"{row.errors_4xx:,}", f"{row.errors_5xx:,}"]
    cells.append(percent(row.bots / row.hits if row.hits else 0))
    if timed:
        cells += _times(row)
    return f"| {' | '.join(cells)} |"


def _encoded(draw: Callable[[Report], str]) -> Callable[[Report], bytes]:
    return lambda report: draw(report).encode("utf-8", "backslashreplace")


OUTPUTS: dict[str, Callable[[Report], bytes]] = {
    "text": _encoded(to_text),
    "json": _encoded(to_json),
    "jsonl": _encoded(to_jsonl),
    "csv": _encoded(to_csv),
    "md": _encoded(to_markdown),
    "parquet": to_parquet,
}
"""Outputs by name; a file's ending names one too."""
