"""Reports of display periods and transitions as plain text; alerts stand out in colour."""

from __future__ import annotations

from collections.abc import Mapping

from hitwatch.alerting.alert import RuleStatus, State, Transition
from hitwatch.instants import SECOND, format_duration
from hitwatch.readmodel import Kind, PanelRows, Report
from hitwatch.render import units
from hitwatch.render.contributors import contributor_lines
from hitwatch.render.panels import key_of, keys_wording, table
from hitwatch.stats.rows import PanelRow
from hitwatch.zones import IN_UTC, Zone

_NAME_WIDTH, _LEADER_WIDTH = 32, 40
_LATENCIES = ("p50", "p95", "p99", "max")
BOLD_RED, BOLD_GREEN, BOLD, _PLAIN = "\x1b[1;31m", "\x1b[1;32m", "\x1b[1m", "\x1b[0m"


def to_text(
    shown: Report | Transition,
    *,
    lag: int,
    top: int = 8,
    color: bool = False,
    zone: Zone = IN_UTC,
) -> str:
    """What is shown, as lines of text that end with a line feed.

    Args:
        shown: the report of a display period or of a run that ends, or a transition.
        lag: bytes between what was read and the ends of the files.
        top: how many sections to list.
        color: whether to mark headings and alerts with a terminal's colours.
        zone: in which times are shown.

    """
    if isinstance(shown, Transition):
        lines = _transition(shown, color, zone)
    elif shown.kind is Kind.END:
        lines = _end(shown, color, zone)
    else:
        lines = _period(shown, lag, top, color, zone)
    return "\n".join(lines) + "\n"


def marked(text: str, mark: str, color: bool) -> str:
    """A text with a terminal's colours, where it takes them."""
    return f"{mark}{text}{_PLAIN}" if color else text


def _period(report: Report, lag: int, top: int, color: bool, zone: Zone) -> list[str]:
    when = units.clock_time(report.at or 0, zone)
    if not report.hits or report.sections is None:
        quiet = f"{when}  No request in the last {format_duration(report.period)}"
        return [
            marked(quiet, BOLD, color),
            *(_rule(status, zone) for status in report.rules),
            _health(report, lag),
            "",
        ]
    first = report.sections.rows[0]
    heading = (
        f"{when}  {units.sanitize(units.decoded(first.key), _NAME_WIDTH)} has the most hits:"
        f" {first.hits:,} of {report.hits:,}"
    )
    return [
        marked(heading, BOLD, color),
        *_table(report, report.sections, top),
        *map(_leaders, report.leaders),
        *(text for panel in report.panels for text in _panel(panel, report, color)),
        _totals(report),
        _more(report),
        *(_rule(status, zone) for status in report.rules),
        _health(report, lag),
        "",
    ]


def _table(report: Report, sections: PanelRows, top: int) -> list[str]:
    rows = sections.rows[:top]
    names = [units.sanitize(units.decoded(row.key), _NAME_WIDTH) for row in rows]
    lines = [
        f"  {'section':<{_NAME_WIDTH}} {'hits':>9} {'share':>8} {'bytes':>9} {'4xx':>7} {'5xx':>7}"
    ]
    lines += [_row(name, row, report) for name, row in zip(names, rows, strict=True)]
    if sections.bounds.keys > top:
        lines.append(f"  … and {units.count(sections.bounds.keys - top, 'more section')}")
    return lines


def _leaders(panel: PanelRows) -> str:
    """The keys of a panel with the most hits, in a line."""
    named = (
        f"{units.sanitize(key_of(panel, row), _LEADER_WIDTH)} {row.hits:,}" for row in panel.rows
    )
    return f"  {panel.title.lower()}: {', '.join(named)}"


def _panel(panel: PanelRows, report: Report, color: bool) -> list[str]:
    window = report.panel_window
    of = "" if window == 0 else f", last {format_duration(window)}" if window else ", in total"
    title = marked(f"{panel.title}{of} ({keys_wording(panel)})", BOLD, color)
    return [f"  {title}", *table(panel, report.panel_hits)]


def _row(name: str, row: PanelRow, report: Report) -> str:
    share = units.percent(row.hits / report.hits)
    return (
        f"  {units.padded(name, _NAME_WIDTH)} {row.hits:>9,} {share:>8} {units.size(row.bytes):>9}"
        f" {row.errors_4xx:>7,} {row.errors_5xx:>7,}"
    )


def _totals(report: Report) -> str:
    seconds, totals = report.period / SECOND, report.totals
    line = f"  total {units.count(report.hits, 'hit')}, {units.rate(report.hits / seconds)}/s"
    if totals.hits_with_bytes:
        outflow = units.size(totals.bytes / seconds)
        line += f"; {units.size(totals.bytes)} sent, outflow {outflow}/s"
    else:
        line += "; no bytes in this log"
    about = "about " if totals.errors["clients"] else ""
    return f"{line}; {about}{units.count(totals.clients, 'client')}"


def _more(report: Report) -> str:
    classes = report.totals.status_classes
    line = "  status " + "  ".join(f"{name} {count:,}" for name, count in classes.items())
    if of := report.totals.duration:
        named = (f"{name} {units.duration(of[f'{name}_s'])}" for name in _LATENCIES)
        name = "upstream latency" if report.of_upstreams else "latency"
        line += f"; {name} {'  '.join(named)}"
    return line


def _rule(status: RuleStatus, zone: Zone) -> str:
    rule = status.rule
    if status.value is None or status.baseline is None:
        armed = status.armed_at
        ready = "" if armed is None else f", armed at {units.clock_time(armed, zone)}"
        needed = format_duration(rule.short + rule.long)
        return f"  {rule.name}: warming up, needs {needed} of traffic{ready}"
    ratio = f", {units.ratio(status.value, status.baseline)}" if status.baseline else ""
    line = (
        f"  {rule.name}: {units.amount(status.value, rule.unit)} over"
        f" {format_duration(rule.short)}, {units.amount(status.baseline, rule.unit)} over the"
        f" {format_duration(rule.long)} before{ratio} (threshold {float(rule.threshold):g}x)"
    )
    if status.state is State.FIRING and status.fired_at is not None:
        line += f"; ALERT since {units.clock_time(status.fired_at, zone)}"
    return line


def _health(report: Report, lag: int) -> str:
    total = report.since_start
    line = f"  read {units.count(total.lines, 'line')}, lag {units.size(lag)}"
    if total.excluded:
        line += f", {total.excluded:,} excluded"
    line += f", {units.count(total.rejects, 'reject')}"
    if report.reject_reasons:
        reason = units.sanitize(_most_frequent(report.reject_reasons), 60)
        line += f" ({report.rejects:,} now: {reason})"
    if report.late:
        line += f", {report.late:,} late"
    return line


def _most_frequent(reasons: Mapping[str, int]) -> str:
    return max(reasons, key=lambda reason: reasons[reason])


def _transition(transition: Transition, color: bool, zone: Zone) -> list[str]:
    unit, when = transition.unit, units.clock_time(transition.at, zone)
    value, baseline = (units.amount(each, unit) for each in (transition.value, transition.baseline))
    if transition.state is State.FIRING:
        of = f" of {baseline}" if transition.baseline else ""
        heading = (
            f"*** ALERT {transition.rule}, {when}: {value},"
            f" {units.ratio(transition.value, transition.baseline)}{of}"
            f" (threshold {transition.threshold:g}x)"
        )
        lines = [marked(heading, BOLD_RED, color)]
        lines += contributor_lines(transition)
        return [*lines, ""]
    peak_at = units.clock_time(transition.peak_at, zone)
    heading = (
        f"*** RESOLVED {transition.rule}, {when}: lasted {format_duration(transition.lasted)},"
        f" peak {units.amount(transition.peak, unit)} at {peak_at};"
        f" now {value}, baseline {baseline}"
    )
    return [marked(heading, BOLD_GREEN, color), ""]


def _end(report: Report, color: bool, zone: Zone) -> list[str]:
    heading = f"Total: {units.balance(report.totals.balance)}; {units.size(report.bytes)} sent"
    lines = [marked(heading, BOLD, color)]
    if report.reject_reasons:
        reason = units.sanitize(_most_frequent(report.reject_reasons), 60)
        lines.append(f"  most frequent reject: {reason}")
    if report.start is not None and report.end is not None:
        lines.append(f"  from {units.time_span(report.start, report.end, zone)}")
    if report.backfilled:
        lines.append(f"  {units.count(report.backfilled, 'line')} read back at the start")
    if report.late:
        late = units.count(report.late, "late hit")
        lines.append(f"  {late}: edges that had been judged before were not judged again")
    alerts = f"  {units.count(report.alerts_fired, 'alert')} fired"
    if report.alerts:
        alerts += f"; still firing: {', '.join(alert.rule for alert in report.alerts)}"
    lines.append(alerts)
    for rule in report.unjudged:
        needed = format_duration(rule.short + rule.long)
        lines.append(f"  {rule.name} was not judged: it needs more than {needed} of log")
    return lines
