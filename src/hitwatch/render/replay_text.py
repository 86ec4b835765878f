"""What a replay found, as a screenful: the alerts, and how often and how long rules fired."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TextIO

from msgspec.structs import replace

from hitwatch.alerting.alert import Alert, Transition, add_transition
from hitwatch.instants import DAY, Duration, Instant, format_duration
from hitwatch.readmodel import Kind, Report
from hitwatch.render import text, units
from hitwatch.render.outputs import write
from hitwatch.zones import IN_UTC, Zone

_LISTED = 20
"""Alerts that are listed; of more, those with the most above what was usual."""

_MOST_WEEKS = 12
"""Weeks of which each is said how often a rule fired."""

_WIDEST_KEY = 40


class ReplayDisplay:
    """Shows what a replay found when it ends, and nothing of display periods.

    Args:
        stream: where to.
        color: whether the stream understands a terminal's colours.
        zone: in which times are shown.

    """

    def __init__(self, stream: TextIO, *, color: bool, zone: Zone = IN_UTC) -> None:
        self._stream, self._color, self._zone = stream, color, zone
        self._alerts: list[Alert] = []

    def show(self, shown: Report | Transition, *, lag: int) -> None:
        """Keep alerts, and write all of it when the run has ended."""
        if isinstance(shown, Transition):
            add_transition(self._alerts, shown)
        elif shown.kind is Kind.END:
            # What has not ended has had its peak since it began.
            for lasting in shown.alerts:
                self._alerts[-1] = replace(self._alerts[-1], peak=lasting.peak)
            ended = text.to_text(shown, lag=lag, color=self._color, zone=self._zone)
            alerts = alerts_text(self._alerts, shown, color=self._color, zone=self._zone)
            write(self._stream, alerts + ended)


def alerts_text(
    alerts: Sequence[Alert], ended: Report, *, color: bool = False, zone: Zone = IN_UTC
) -> str:
    """The alerts of a run that has ended, and how often and how long they were.

    Args:
        alerts: in the order of time.
        ended: the report of the run.
        color: whether to mark the heading with a terminal's colours.
        zone: in which times are shown.

    Returns:
        Lines of text; nothing where there was no alert.

    """
    if not alerts:
        return ""
    largest = sorted(alerts, key=_times, reverse=True)[:_LISTED]
    listed = sorted(largest, key=lambda alert: alert.fired_at)
    heading = units.count(len(alerts), "alert")
    if len(listed) < len(alerts):
        heading += f", of which these {len(listed)} rose highest above what was usual"
    lines = [text.marked(heading, text.BOLD_RED, color), *(_line(alert, zone) for alert in listed)]
    if len(listed) < len(alerts):
        lines.append("  --alert-log FILE keeps all of them, --output-format jsonl says them")
    for rule in dict.fromkeys(alert.rule for alert in alerts):
        of_rule = [alert for alert in alerts if alert.rule == rule]
        lines += ["", *_of_rule(rule, of_rule, ended, zone)]
    return "\n".join([*lines, "", ""])


def _times(alert: Alert) -> float:
    """How many times what was usual the most was."""
    baseline = alert.fired.baseline
    return alert.peak / baseline if baseline else float("inf")


def _line(alert: Alert, zone: Zone) -> str:
    fired, ended = alert.fired, alert.resolved
    lasted = format_duration(ended.lasted) if ended else "still firing"
    peak = units.amount(alert.peak, fired.unit)
    line = f"  {units.clock_time(fired.at, zone)}  {lasted:<12}  peak {peak}"
    if fired.baseline:
        line += f", {units.ratio(alert.peak, fired.baseline)}"
    if fired.contributors:
        first = fired.contributors[0]
        key = units.sanitize(first.key, _WIDEST_KEY)
        line += f"; {key} {units.percent(first.share)} of it"
    return line


def _of_rule(rule: str, alerts: Sequence[Alert], ended: Report, zone: Zone) -> list[str]:
    """How often and how long a rule fired."""
    lengths = sorted(_length(alert, ended) for alert in alerts)
    start, stop = ended.start or 0, ended.end or 0
    span = max(stop - start, 1)
    said = f"{rule} fired {'once' if len(alerts) == 1 else units.count(len(alerts), 'time')}"
    if span >= DAY:
        said += f", {_rate(len(alerts) * DAY / span)} a day"
    lines = [f"{said}, {units.small_percent(min(1.0, sum(lengths) / span))} of the time"]
    if len(alerts) > 1:
        half, longest = lengths[(len(lengths) - 1) // 2], lengths[-1]
        lines.append(
            f"  half of the alerts lasted {format_duration(half)} or less, the longest"
            f" {format_duration(longest)}"
        )
    weeks = _by_week([alert.fired_at for alert in alerts], start, stop, zone)
    if len(weeks) > 1:
        lines.append(f"  by week: {', '.join(weeks)}")
    return lines


def _length(alert: Alert, ended: Report) -> Duration:
    until = ended.end if alert.resolved_at is None else alert.resolved_at
    return 0 if until is None else max(0, until - alert.fired_at)


def _rate(number: float) -> str:
    return f"{number:.1f}" if number < 10 else f"{number:,.0f}"


def _by_week(instants: Sequence[Instant], start: Instant, stop: Instant, zone: Zone) -> list[str]:
    """How many instants lie in each of the weeks since the beginning, the latest ones at most."""
    counts = [0] * ((stop - start) // (7 * DAY) + 1)
    for instant in instants:
        counts[min(max(0, instant - start) // (7 * DAY), len(counts) - 1)] += 1
    first = max(0, len(counts) - _MOST_WEEKS)
    return [
        f"{units.wall_time(start + week * 7 * DAY, zone)[:10]} {count:,}"
        for week, count in enumerate(counts)
        if week >= first
    ]
