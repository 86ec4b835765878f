"""Reports of display periods and transitions as JSON lines; keys and units are a contract."""

from __future__ import annotations

import json
from typing import Any

from msgspec import to_builtins

from hitwatch.alerting.alert import State, Transition
from hitwatch.alerting.causes import SECTION
from hitwatch.instants import SECOND, Duration, rfc3339, rfc3339_or_none
from hitwatch.readmodel import Kind, Report
from hitwatch.render.report_json import (
    contributor_objects,
    expected_object,
    row_objects,
    trend_object,
)
from hitwatch.tally import Balance


def to_line(shown: Report | Transition, *, lag: int = 0) -> str:
    """One JSON object on one line. Text from the log is escaped to plain ASCII."""
    return json.dumps(to_object(shown, lag=lag), separators=(",", ":"))


def to_object(shown: Report | Transition, *, lag: int = 0) -> dict[str, Any]:
    """The object of what is shown; times are RFC 3339 UTC, numbers are raw."""
    if isinstance(shown, Transition):
        return _transition(shown)
    return _end(shown) if shown.kind is Kind.END else _period(shown, lag)


def _seconds(duration: Duration) -> int | float:
    whole, rest = divmod(duration, SECOND)
    return duration / SECOND if rest else whole


def _balance(balance: Balance) -> dict[str, int]:
    return {
        "lines": balance.lines,
        "hits": balance.hits,
        "rejects": balance.rejects,
        "excluded": balance.excluded,
    }


def _period(report: Report, lag: int) -> dict[str, Any]:
    totals, balance = report.totals, report.totals.balance
    return {
        "type": report.kind.value,
        "at": rfc3339_or_none(report.at),
        "period_s": _seconds(report.period),
        "lines": balance.lines,
        "hits": balance.hits,
        "bytes": totals.bytes,
        "rejects": balance.rejects,
        "excluded": balance.excluded,
        "late": report.late,
        "statuses": totals.status_classes,
        "sections": [
            {
                "section": row.key,
                "hits": row.hits,
                "bytes": row.bytes,
                "errors_4xx": row.errors_4xx,
                "errors_5xx": row.errors_5xx,
            }
            for row in (report.sections.rows if report.sections else ())
        ],
        "leaders": {
            panel.name: [{"key": row.key, "hits": row.hits} for row in panel.rows]
            for panel in report.leaders
        },
        **_panels(report),
        "clients": totals.clients,
        "clients_exact": not totals.errors["clients"],
        "duration": _duration(report),
        "reject_reasons": dict(report.reject_reasons),
        "lag_bytes": lag,
        "rules": [
            {
                "rule": status.rule.name,
                "state": status.state.value,
                "value": status.value,
                "baseline": status.baseline,
                "armed_at": rfc3339_or_none(status.armed_at),
            }
            for status in report.rules
        ],
        "total": _balance(report.since_start),
        **({} if report.state is None else {"state": report.state}),
    }


def _duration(report: Report) -> dict[str, Any] | None:
    of = report.totals.duration
    if of is None:
        return None
    named = {name: of[name] for name in ("p50_s", "p95_s", "p99_s", "max_s")}
    return {"count": report.totals.timed, **named}


def _panels(report: Report) -> dict[str, Any]:
    """The panels that are shown, if any."""
    if not report.panels:
        return {}
    window = report.panel_window
    return {
        "panels": {panel.name: to_builtins(row_objects(panel)) for panel in report.panels},
        "panel_window_s": None if window is None else _seconds(window or report.period),
        **({"trend": to_builtins(trend_object(report.trend))} if report.trend else {}),
        "display_tz": report.zone.name,
    }


def _transition(transition: Transition) -> dict[str, Any]:
    found: dict[str, Any] = {
        "type": "alert",
        "rule": transition.rule,
        "state": transition.state.value,
        "at": rfc3339(transition.at),
        "value": transition.value,
        "baseline": transition.baseline,
        "threshold": transition.threshold,
        "unit": transition.unit,
        "severity": transition.severity.value,
        "kind": transition.kind,
        "labels": {},
        "expected": to_builtins(expected_object(transition)),
        "reason": transition.reason.value,
    }
    if transition.state is State.RESOLVED:
        found["fired_at"] = rfc3339(transition.fired_at)
        found["duration_s"] = found["lasted_s"] = _seconds(transition.lasted)
        found["peak"] = transition.peak
        found["peak_at"] = rfc3339(transition.peak_at)
        found["excess"] = transition.excess
    found["sections"] = [
        {
            "section": each.key,
            "value": each.value,
            "baseline": each.baseline,
            "share": round(each.share, 4),
        }
        for each in transition.contributors
        if each.dimension == SECTION
    ]
    found["contributors"] = to_builtins(contributor_objects(transition.contributors))
    return found


def _end(report: Report) -> dict[str, Any]:
    return {
        "type": report.kind.value,
        "at": rfc3339_or_none(report.at),
        **_balance(report.totals.balance),
        "backfilled": report.backfilled,
        "bytes": report.totals.bytes,
        "late": report.late,
        "alerts": report.alerts_fired,
        "firing": [alert.rule for alert in report.alerts],
        "unjudged": [rule.name for rule in report.unjudged],
        "first_at": rfc3339_or_none(report.start),
        "last_at": rfc3339_or_none(report.end),
    }
