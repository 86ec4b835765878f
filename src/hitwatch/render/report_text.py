"""A report as text for people."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from hitwatch.alerting.alert import Alert
from hitwatch.instants import DAY, HOUR, MINUTE, SECOND, format_duration
from hitwatch.readmodel import PreviousPeriod, Report, SourceRow
from hitwatch.render.contributors import contributor_lines
from hitwatch.render.guesses import guess_wording
from hitwatch.render.panels import USUAL_ERROR, change, keys_wording, table, times
from hitwatch.render.units import (
    amount,
    balance,
    clock_time,
    columns,
    count,
    decoded,
    duration,
    merged_steps,
    percent,
    printable,
    ratio,
    sanitize,
    size,
    sparkline,
    time_span,
    wall_time,
)
from hitwatch.select.sample import Sample
from hitwatch.stats.latency import EDGES
from hitwatch.stats.rows import DURATIONS
from hitwatch.stats.user_agents import NO_BOTS
from hitwatch.zones import Zone

_BAR_WIDTH = 14
_HEAD_KEY = 40
_KINDS = 4
_ALERTS = 10
_FEW = 100
"""Lines of a sample by which it is said how far off rows with few hits may be."""
_LISTED_SOURCES = 5
"""Logs of which each is listed; of more it is said how many have which format."""

_BOLD, _PLAIN = "\x1b[1m", "\x1b[0m"


def to_text(report: Report, *, color: bool = False, width: int | None = None) -> str:
    """A report for people.

    Args:
        report: the report.
        color: whether for a terminal that shows colours.
        width: of the terminal, which no line is wider than; ``None``: as wide as they come.

    """
    lines = _wrapped(head_lines(report, width), width)
    for panel in report.panels:
        title = _wrapped([f"{panel.title} ({keys_wording(panel)})"], width)
        lines += ["", *(f"{_BOLD}{line}{_PLAIN}" if color else line for line in title)]
        lines += table(panel, report.hits, width)
    if report.histogram:
        of = " of upstreams" if report.of_upstreams else ""
        lines += ["", f"Durations{of}", *_histogram(report.histogram)]
    lines += ["", *_wrapped(alert_lines(report), width)]
    return "\n".join(lines) + "\n"


def _wrapped(lines: Iterable[str], width: int | None) -> list[str]:
    """Lines of which those that are too wide go on in the next, further to the right."""
    if width is None:
        return list(lines)
    found: list[str] = []
    for line in lines:
        if columns(line) <= width:
            found.append(line)
            continue
        indent = len(line) - len(line.lstrip()) + 2
        # What takes two columns of a terminal is rare in sentences, and counted as if all did.
        room = width if line.isascii() else width // 2
        found += textwrap.wrap(
            line, max(room, indent + 20), subsequent_indent=" " * indent, break_on_hyphens=False
        )
    return found


def head_lines(report: Report, width: int | None = None) -> list[str]:
    """What all hits have together, as lines.

    Args:
        report: the report.
        width: of the terminal, for as many bars as fit; others are wrapped where they are shown.

    """
    lines = [_balance(report)]
    if report.sample:
        lines.append(sample_wording(report, report.sample))
    if report.start is not None and report.end is not None:
        length = format_duration(report.end - report.start)
        lines.append(f"from {time_span(report.start, report.end, report.zone)} ({length})")
    lines += _trend(report, width)
    lines += [
        f"{size(report.bytes)} sent{_received(report)}; {_total(report, 'visitors', 'visitor')},"
        f" {_total(report, 'clients', 'client')}, {_total(report, 'sections', 'section')},"
        f" {_total(report, 'paths', 'path')}",
        f"{_total(report, 'static_files', 'static file')},"
        f" {_total(report, 'not_found', 'path')} not found" + _senders(report),
    ]
    lines += _failures(report)
    if of := report.totals.duration:
        said = [f"{name[:-2]} {duration(of[name])}" for name in DURATIONS]
        error = report.totals.errors["duration"]
        bound = f"  (percentiles ± {error:.1%})" if error > USUAL_ERROR else ""
        slow = report.highlights.slowest
        slowest = f"; slowest {_short(slow.key)}, p95 {times(slow)[1]}" if slow else ""
        name = "upstream latency" if report.of_upstreams else "latency"
        behind = report.totals.upstream
        apart = f"; upstream p50 {duration(behind['p50_s'])}" if behind else ""
        apart += f" p95 {duration(behind['p95_s'])}" if behind else ""
        lines.append(f"{name} {'  '.join(said)}{bound}{apart}{slowest}")
    if report.sources:
        lines.append(_reading(report))
    if report.previous:
        lines.append(_previous(report, report.previous))
    if report.gaps:
        lines.append(_gaps(report))
    for reason, rejects in sorted(report.reject_reasons.items(), key=lambda item: -item[1])[:3]:
        lines.append(f"{count(rejects, 'reject')}: {printable(reason)}")
    guesses = dict.fromkeys(guess for source in report.sources for guess in source.guesses)
    lines += [printable(guess_wording(guess)) for guess in guesses]
    if len(report.sources) > 1:
        lines += _sources(report.sources)
    if not report.complete:
        lines.append("not everything was read; the figures cover what was")
    return lines


def sample_wording(report: Report, sample: Sample) -> str:
    """What a report of some lines is of, and how far its figures may be off."""
    errors = f"hits ± {sample.hits_error(report.hits):.1%}, bytes ± {sample.bytes_error:.1%}"
    few = sample.one_in * _FEW
    return (
        f"estimates from one line in {sample.one_in:,}: {errors}, a row of {few:,} hits"
        f" ± {sample.hits_error(few):.0%} (in 95 of 100 samples); distinct counts, as of visitors,"
        " are those of the lines read"
    )


def _reading(report: Report) -> str:
    """How much was read, and what was not."""
    read = sum(source.bytes_read for source in report.sources)
    passed_over = sum(source.bytes_passed_over for source in report.sources)
    others = f"; {size(passed_over)} of other times passed over" if passed_over else ""
    return f"{size(read)} of logs read in {report.elapsed_s:.2f} s{others}"


def _balance(report: Report) -> str:
    """What became of every line; what was compared with is not left out."""
    whole = report.totals.balance
    compared = report.previous.totals.balance.hits if report.previous else 0
    compared = min(compared, whole.excluded)
    if not compared:
        return balance(whole)
    apart = replace(whole, excluded=whole.excluded - compared)
    return f"{balance(apart)} + {compared:,} compared with"


def _sources(sources: Sequence[SourceRow]) -> list[str]:
    """What came of each log, or where there are many of those of each format."""
    if len(sources) <= _LISTED_SOURCES:
        return [
            f"  {printable(each.origin)}: {_source(each.log_format, [each])}" for each in sources
        ]
    formats: dict[str, list[SourceRow]] = {}
    for source in sources:
        formats.setdefault(source.log_format, []).append(source)
    return [f"  {count(len(some), 'log')}: {_source(name, some)}" for name, some in formats.items()]


def _source(log_format: str, sources: Sequence[SourceRow]) -> str:
    hits = sum(source.balance.hits for source in sources)
    rejects = sum(source.balance.rejects for source in sources)
    return f"{log_format or 'unknown'}, {count(hits, 'hit')}, {count(rejects, 'reject')}"


def _total(report: Report, name: str, noun: str) -> str:
    """How many there are in all, and how far that may be off where it is an estimate."""
    total = getattr(report.totals, name)
    plural = "" if total == 1 else "s"
    return f"{total:,}{_bound(report.totals.errors[name])} {noun}{plural}"


def _bound(error: float) -> str:
    """How far an estimate may be off; nothing, where it is none."""
    return f" ± {error:.1%}" if error else ""


def _received(report: Report) -> str:
    """How large the requests were, where that is logged."""
    received = report.totals.bytes_received
    return f", {size(received)} received" if received else ""


def _senders(report: Report) -> str:
    """What is told of referrers and bots, as far as it is logged."""
    if not report.hits:
        return ""
    said, unlogged = "", []
    if "referrer" in report.absent:
        unlogged.append("referrers")
    else:
        said += f", {_total(report, 'referrers', 'referrer')}"
    if "user_agent" in report.absent:
        unlogged.append("user agents")
    else:
        bots = percent(report.totals.bots / report.hits)
        said += f"; {bots} of the hits by bots and tools{_kinds(report)}"
    return f"{said}; {' and '.join(unlogged)} are not logged" if unlogged else said


def _failures(report: Report) -> list[str]:
    """How much failed, and how many alerts there would have been; nothing where nothing did."""
    classes = report.totals.status_classes
    said = [
        f"{count(classes[name], noun)} ({percent(classes[name] / report.hits)})"
        for name, noun in (("4xx", "client error"), ("5xx", "server error"))
        if classes.get(name)
    ]
    most, often = report.highlights.failing, ""
    if said and most:
        often = f"; most often {_short(most.key)}: {most.hits:,}"
    failed = ", ".join(said) + often
    fired = f"{count(len(report.alerts), 'alert')} would have fired" if report.alerts else ""
    told = "; ".join(each for each in (failed, fired) if each)
    return [told] if told else []


def _kinds(report: Report) -> str:
    """Which kinds of programs those are, the most frequent first."""
    bots = {name: of.hits for name, of in report.totals.kinds.items() if name not in NO_BOTS}
    kinds = sorted(bots, key=lambda name: -bots[name])
    named = (f"{name} {percent(bots[name] / report.hits)}" for name in kinds[:_KINDS])
    return f" ({', '.join(named)})" if len(kinds) > 1 else ""


def _gaps(report: Report) -> str:
    """The longest stretch without any hit, and how many more there are."""
    begin, end = max(report.gaps, key=lambda gap: gap[1] - gap[0])
    span = time_span(begin, end, report.zone)
    said = f"no hit for {format_duration(end - begin)}, from {span}"
    more = len(report.gaps) - 1
    if not more:
        return said
    others = "another, shorter stretch" if more == 1 else f"{more} shorter stretches"
    return f"{said}; and in {others}"


def _trend(report: Report, width: int | None) -> list[str]:
    """How many hits there were in each hour, day or other step, as a line of bars."""
    trend = report.trend
    if trend is None:
        return []
    room = len(trend.hits) if width is None else max(_LEAST_BARS, width - _AROUND_BARS)
    each, hits = merged_steps(trend.hits, room)
    most = max(hits)
    step = each * trend.step
    length, name = next(unit for unit in _STEPS if step % unit[0] == 0)
    count = step // length
    by = name if count == 1 else f"{count} {name}s"
    start = wall_time(trend.starts[hits.index(most) * each], report.zone)
    shown = start[: 10 if step >= DAY else 16 if step >= MINUTE else 19]
    return [f"by {by} {sparkline(hits)}  most {most:,}, {shown}"]


_STEPS = ((7 * DAY, "week"), (DAY, "day"), (HOUR, "hour"), (MINUTE, "minute"), (SECOND, "second"))
"""What steps of a trend are counted in."""

_LEAST_BARS, _AROUND_BARS = 12, 48
"""Bars of a trend that there are at least, and columns of a terminal that its words take."""


def _short(key: str) -> str:
    return sanitize(decoded(key), _HEAD_KEY)


def _previous(report: Report, previous: PreviousPeriod) -> str:
    if previous.start is not None and previous.end is not None:
        when = time_span(previous.start, previous.end, report.zone)
    else:
        when = " to ".join(
            clock_time(at, report.zone) if at is not None else "the end"
            for at in (previous.start, previous.end)
        )
    totals = previous.totals
    changes = (
        f"{name} {change(now, before)} ({before:,}{bound})"
        for name, now, before, bound in (
            ("hits", report.hits, totals.balance.hits, ""),
            ("bytes", report.bytes, totals.bytes, ""),
            ("visitors", report.visitors, totals.visitors, _bound(totals.errors["visitors"])),
        )
    )
    return f"compared with {when}: {', '.join(changes)}"


def _histogram(buckets: Sequence[tuple[float, int]]) -> list[str]:
    """Durations by power of ten and its 1-2-5 steps."""
    counts = dict.fromkeys([*EDGES, float("inf")], 0)
    for upper, hits in buckets:
        counts[next((edge for edge in EDGES if upper <= edge * 1.01), float("inf"))] += hits
    total, most = sum(counts.values()), max(counts.values())
    return [
        f"  up to {duration(edge) if edge != float('inf') else 'more':>8} {hits:>11,}"
        f" {percent(hits / total):>7}  {'█' * round(hits / most * _BAR_WIDTH)}"
        for edge, hits in counts.items()
        if hits
    ]


def alert_lines(report: Report) -> list[str]:
    """The alerts, or why there are none, as lines."""
    if report.sample:
        return ["Alerts: not judged; the rule needs all lines, and these are a sample"]
    alerts, judged_from, end = report.alerts, report.judged_from, report.end
    needs = f"the rule needs {format_duration(report.reach)} of log before it"
    unjudged = judged_from is None or end is None or judged_from > end
    if not alerts and unjudged:
        return [f"Alerts: not judged; {needs}"]
    late = judged_from is not None and report.start is not None and judged_from > report.start
    begun = clock_time(judged_from or 0, report.zone)
    since = f"; not judged before {begun}: {needs}" if late else ""
    if not alerts:
        return [f"Alerts: none would have fired{since}"]
    most = sorted(alerts, key=lambda alert: -alert.peak)[:_ALERTS]
    more = f"; the {len(most)} with the highest peaks" if len(most) < len(alerts) else ""
    lines = [f"Alerts that would have fired ({len(alerts)}{more}){since}"]
    for alert in sorted(most, key=lambda alert: alert.fired_at):
        lines += _alert(alert, report.zone)
    return lines


def _alert(alert: Alert, zone: Zone) -> list[str]:
    fired = alert.fired
    when = f"{clock_time(alert.fired_at, zone)} to still firing"
    if alert.resolved_at is not None:
        when = time_span(alert.fired_at, alert.resolved_at, zone)
    baseline = f" of {amount(fired.baseline, fired.unit)}" if fired.baseline else ""
    lines = [
        f"  {alert.rule}: {when};"
        f" peak {amount(alert.peak, fired.unit)}, {ratio(alert.peak, fired.baseline)}{baseline}"
    ]
    return lines + contributor_lines(fired)
