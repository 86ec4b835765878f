"""What is said as JSON lines, one object each; keys and units are a contract."""

from __future__ import annotations

import json
from typing import Any

from hitwatch.alerting.alert import State, Transition
from hitwatch.instants import SECOND, Duration, rfc3339
from hitwatch.render.panels import row_object
from hitwatch.sayings import End, Stats


def to_line(saying: Stats | Transition | End, *, lag: int = 0) -> str:
    """One JSON object on one line. Text from the log is escaped to plain ASCII."""
    return json.dumps(to_object(saying, lag=lag), separators=(",", ":"))


def to_object(saying: Stats | Transition | End, *, lag: int = 0) -> dict[str, Any]:
    """The object of what is said; times are RFC 3339 UTC, numbers are raw."""
    if isinstance(saying, Stats):
        return _stats(saying, lag)
    if isinstance(saying, Transition):
        return _change(saying)
    return _end(saying)


def _seconds(duration: Duration) -> int | float:
    whole, rest = divmod(duration, SECOND)
    return duration / SECOND if rest else whole


def _stats(stats: Stats, lag: int) -> dict[str, Any]:
    durations = stats.durations
    return {
        "type": "stats",
        "at": rfc3339(stats.at),
        "period_s": _seconds(stats.period),
        "lines": stats.balance.lines,
        "hits": stats.balance.hits,
        "bytes": stats.bytes,
        "rejects": stats.balance.rejects,
        "excluded": stats.balance.excluded,
        "late": stats.late,
        "statuses": stats.statuses,
        "sections": [
            {
                "section": row.key,
                "hits": row.hits,
                "bytes": row.bytes,
                "errors_4xx": row.errors_4xx,
                "errors_5xx": row.errors_5xx,
            }
            for row in stats.sections
        ],
        **_panels(stats),
        "clients": stats.clients,
        "clients_exact": stats.clients_exact,
        "duration": durations
        and {
            "count": durations.count,
            "p50_s": durations.p50_s,
            "p95_s": durations.p95_s,
            "p99_s": durations.p99_s,
            "max_s": durations.max_s,
        },
        "reject_reasons": stats.reasons,
        "lag_bytes": lag,
        "rules": [
            {
                "rule": status.rule.name,
                "state": status.state.value,
                "value": status.value,
                "baseline": status.baseline,
                "armed_at": None if status.armed_at is None else rfc3339(status.armed_at),
            }
            for status in stats.rules
        ],
        "total": {
            "lines": stats.total.lines,
            "hits": stats.total.hits,
            "rejects": stats.total.rejects,
            "excluded": stats.total.excluded,
        },
    }


def _panels(stats: Stats) -> dict[str, Any]:
    """The panels that are shown, if any."""
    if not stats.panels:
        return {}
    window = stats.panel_window
    return {
        "panels": {panel.name: list(map(row_object, panel.rows)) for panel in stats.panels},
        "panel_window_s": None if window is None else _seconds(window or stats.period),
    }


def _change(change: Transition) -> dict[str, Any]:
    fired = change.state is State.FIRING
    said: dict[str, Any] = {
        "type": "alert",
        "rule": change.rule,
        "state": "firing" if fired else "resolved",
        "at": rfc3339(change.at),
        "value": change.value,
        "baseline": change.baseline,
        "threshold": change.threshold,
        "unit": change.unit,
    }
    if not fired:
        said["fired_at"] = rfc3339(change.fired_at)
        said["duration_s"] = _seconds(change.lasted)
        said["peak"] = change.peak
        said["peak_at"] = rfc3339(change.peak_at)
    said["sections"] = [
        {
            "section": part.section,
            "value": part.value,
            "baseline": part.baseline,
            "share": round(part.share, 4),
        }
        for part in change.contributors
    ]
    return said


def _end(end: End) -> dict[str, Any]:
    return {
        "type": "end",
        "at": None if end.at is None else rfc3339(end.at),
        "lines": end.total.lines,
        "hits": end.total.hits,
        "rejects": end.total.rejects,
        "excluded": end.total.excluded,
        "backfilled": end.backfilled,
        "bytes": end.bytes,
        "late": end.late,
        "alerts": end.alerts,
        "firing": [change.rule for change in end.firing],
        "unjudged": [rule.name for rule in end.unjudged],
        "first_at": None if end.first_at is None else rfc3339(end.first_at),
        "last_at": None if end.last_at is None else rfc3339(end.last_at),
    }
