"""What is said as plain text for people; on a terminal, alerts stand out in colour."""

from __future__ import annotations

from collections.abc import Mapping

from hitwatch.alerting.alert import RuleStatus, State, Transition
from hitwatch.instants import SECOND, format_duration
from hitwatch.readmodel import PanelRows
from hitwatch.render import units
from hitwatch.render.panels import keys_wording, table
from hitwatch.sayings import End, Stats
from hitwatch.stats.panels import PanelRow

_NAME_WIDTH = 32
_BOLD_RED, _BOLD_GREEN, _BOLD, _PLAIN = "\x1b[1;31m", "\x1b[1;32m", "\x1b[1m", "\x1b[0m"


def to_text(
    saying: Stats | Transition | End, *, lag: int, top: int = 8, color: bool = False
) -> str:
    """What is said, as lines of text that end with a line feed.

    Args:
        saying: what there is to say.
        lag: bytes between what was read and the ends of the files.
        top: how many sections to list.
        color: whether to mark headings and alerts with a terminal's colours.

    """
    if isinstance(saying, Stats):
        lines = _stats(saying, lag, top, color)
    elif isinstance(saying, Transition):
        lines = _change(saying, color)
    else:
        lines = _end(saying, color)
    return "\n".join(lines) + "\n"


def _marked(text: str, mark: str, color: bool) -> str:
    return f"{mark}{text}{_PLAIN}" if color else text


def _stats(stats: Stats, lag: int, top: int, color: bool) -> list[str]:
    hits = stats.balance.hits
    when = units.clock_time(stats.at)
    if not hits:
        quiet = f"{when}  No request in the last {format_duration(stats.period)}"
        return [
            _marked(quiet, _BOLD, color),
            *(_rule(status) for status in stats.rules),
            _health(stats, lag),
            "",
        ]
    first = stats.sections[0]
    heading = (
        f"{when}  {units.sanitize(first.key, _NAME_WIDTH)} has the most hits:"
        f" {first.hits:,} of {hits:,}"
    )
    return [
        _marked(heading, _BOLD, color),
        *_table(stats, top),
        *(text for panel in stats.panels for text in _panel(panel, stats, color)),
        _totals(stats),
        _more(stats),
        *(_rule(status) for status in stats.rules),
        _health(stats, lag),
        "",
    ]


def _table(stats: Stats, top: int) -> list[str]:
    rows = stats.sections[:top]
    names = [units.sanitize(row.key, _NAME_WIDTH) for row in rows]
    lines = [
        f"  {'section':<{_NAME_WIDTH}} {'hits':>9} {'share':>8} {'bytes':>9} {'4xx':>7} {'5xx':>7}"
    ]
    lines += [_row(name, row, stats) for name, row in zip(names, rows, strict=True)]
    if stats.sections_seen > top:
        lines.append(f"  … and {stats.sections_seen - top:,} more sections")
    return lines


def _panel(panel: PanelRows, stats: Stats, color: bool) -> list[str]:
    window = stats.panel_window
    of = "" if window == 0 else f", last {format_duration(window)}" if window else ", in all"
    title = _marked(f"{panel.title}{of} ({keys_wording(panel)})", _BOLD, color)
    return [f"  {title}", *table(panel, stats.panel_hits)]


def _row(name: str, row: PanelRow, stats: Stats) -> str:
    share = units.percent(row.hits / stats.balance.hits)
    return (
        f"  {units.padded(name, _NAME_WIDTH)} {row.hits:>9,} {share:>8} {units.size(row.bytes):>9}"
        f" {row.errors_4xx:>7,} {row.errors_5xx:>7,}"
    )


def _totals(stats: Stats) -> str:
    seconds = stats.period / SECOND
    hits = stats.balance.hits
    line = f"  total {hits:,} hits, {units.rate(hits / seconds)}/s"
    if stats.sized:
        line += f"; {units.size(stats.bytes)} sent, outflow {units.size(stats.bytes / seconds)}/s"
    else:
        line += "; no bytes in this log"
    about = "" if stats.clients_exact else "about "
    return f"{line}; {about}{stats.clients:,} clients"


def _more(stats: Stats) -> str:
    line = "  status " + "  ".join(f"{name} {count:,}" for name, count in stats.statuses.items())
    if stats.durations:
        d = stats.durations
        named = (("p50", d.p50_s), ("p95", d.p95_s), ("p99", d.p99_s), ("max", d.max_s))
        line += "; took " + "  ".join(f"{name} {units.duration(value)}" for name, value in named)
    return line


def _amount(value: float, unit: str) -> str:
    return f"{units.size(value)}/s" if unit == "bytes/s" else f"{units.rate(value)} hits/s"


def _rule(status: RuleStatus) -> str:
    rule = status.rule
    if status.value is None or status.baseline is None:
        ready = "" if status.armed_at is None else f", armed at {units.clock_time(status.armed_at)}"
        needed = format_duration(rule.short + rule.long)
        return f"  {rule.name}: warming up, needs {needed} of traffic{ready}"
    ratio = f", {_ratio(status.value, status.baseline)}" if status.baseline else ""
    line = (
        f"  {rule.name}: {_amount(status.value, rule.unit)} over {format_duration(rule.short)},"
        f" {_amount(status.baseline, rule.unit)} over the {format_duration(rule.long)} before"
        f"{ratio} (alert above {float(rule.threshold):g} times)"
    )
    if status.state is State.FIRING and status.fired_at is not None:
        line += f"; ALERT since {units.clock_time(status.fired_at)}"
    return line


def _ratio(value: float, baseline: float) -> str:
    return f"{value / baseline:.3g} times"


def _health(stats: Stats, lag: int) -> str:
    total = stats.total
    line = f"  read {total.lines:,} lines"
    line += f", {units.size(lag)} behind" if lag else ", up to date"
    if total.excluded:
        line += f", {total.excluded:,} excluded"
    line += f", {total.rejects:,} rejects"
    if stats.reasons:
        worst = units.sanitize(_worst(stats.reasons), 60)
        line += f" ({stats.balance.rejects:,} now: {worst})"
    if stats.late:
        line += f", {stats.late:,} late"
    return line


def _worst(reasons: Mapping[str, int]) -> str:
    return max(reasons, key=lambda reason: reasons[reason])


def _change(change: Transition, color: bool) -> list[str]:
    value, baseline = _amount(change.value, change.unit), _amount(change.baseline, change.unit)
    when = units.clock_time(change.at)
    if change.state is State.FIRING:
        ratio = _ratio(change.value, change.baseline) if change.baseline else "out of nothing, over"
        heading = (
            f"*** ALERT {change.rule}, {when}: {value}, {ratio} the {baseline} before"
            f" (threshold {change.threshold:g})"
        )
        parts = ", ".join(
            f"{units.sanitize(part.section, _NAME_WIDTH)}"
            f" +{_amount(part.value - part.baseline, change.unit)} ({units.percent(part.share)})"
            for part in change.contributors
        )
        lines = [_marked(heading, _BOLD_RED, color)]
        return [*lines, f"    grew most: {parts}", ""] if parts else [*lines, ""]
    heading = (
        f"*** RESOLVED {change.rule}, {when}: lasted {format_duration(change.lasted)},"
        f" peak {_amount(change.peak, change.unit)} at {units.clock_time(change.peak_at)};"
        f" now {value} against {baseline}"
    )
    return [_marked(heading, _BOLD_GREEN, color), ""]


def _end(end: End, color: bool) -> list[str]:
    total = end.total
    heading = (
        f"In all: {total.lines:,} lines = {total.hits:,} hits + {total.rejects:,} rejects"
        f" + {total.excluded:,} excluded; {units.size(end.bytes)} sent"
    )
    lines = [_marked(heading, _BOLD, color)]
    if end.reasons:
        lines.append(f"  rejects most often: {units.sanitize(_worst(end.reasons), 60)}")
    if end.first_at is not None and end.last_at is not None:
        span = f"{units.clock_time(end.first_at)} to {units.clock_time(end.last_at)}"
        lines.append(f"  from {span} UTC")
    if end.backfilled:
        lines.append(f"  {end.backfilled:,} of the lines were read back at the start")
    if end.late:
        lines.append(
            f"  {end.late:,} hits came late: judged edges before them were left as they were"
        )
    alerts = f"  {end.alerts:,} alert{'' if end.alerts == 1 else 's'} fired"
    if end.firing:
        alerts += f"; {', '.join(change.rule for change in end.firing)} still lasts"
    lines.append(alerts)
    for rule in end.unjudged:
        needed = format_duration(rule.short + rule.long)
        lines.append(f"  {rule.name} was not judged: it needs more than {needed} of log")
    return lines
