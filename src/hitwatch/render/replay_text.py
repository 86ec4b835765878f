"""What a replay found, as a screenful: the alerts, and how often and how long rules fired."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TextIO

from hitwatch.alerting.alert import State, Transition
from hitwatch.instants import DAY, Duration, Instant, format_duration
from hitwatch.readmodel import Kind, Report
from hitwatch.render import text, units
from hitwatch.render.outputs import write

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

    """

    def __init__(self, stream: TextIO, *, color: bool) -> None:
        self._stream, self._color = stream, color
        self._fired: list[Transition] = []
        self._resolved: list[Transition] = []

    def show(self, shown: Report | Transition, *, lag: int) -> None:
        """Keep alerts, and write all of it when the run has ended."""
        if isinstance(shown, Transition):
            (self._fired if shown.state is State.FIRING else self._resolved).append(shown)
        elif shown.kind is Kind.END:
            ended = text.to_text(shown, lag=lag, color=self._color)
            found = alerts_text(self._fired, self._resolved, shown, color=self._color)
            write(self._stream, found + ended)


def alerts_text(
    fired: Sequence[Transition],
    resolved: Sequence[Transition],
    ended: Report,
    *,
    color: bool = False,
) -> str:
    """The alerts of a run that has ended, and how often and how long they were.

    Args:
        fired: how each began.
        resolved: how each ended, in the same order; the last one may not have.
        ended: the report of the run, whose alerts still fire.
        color: whether to mark the heading with a terminal's colours.

    Returns:
        Lines of text; nothing where there was no alert.

    """
    if not fired:
        return ""
    # What has not ended says its peak so far.
    ends = [*resolved, *(alert.fired for alert in ended.alerts)]
    pairs = list(zip(fired, ends, strict=False))
    largest = sorted(pairs, key=lambda pair: _times(*pair), reverse=True)[:_LISTED]
    listed = sorted(largest, key=lambda pair: pair[0].at)
    heading = units.count(len(pairs), "alert")
    if len(listed) < len(pairs):
        heading += f", of which these {len(listed)} rose highest above what was usual"
    lines = [text.marked(heading, text.BOLD_RED, color), *(_alert(*pair) for pair in listed)]
    if len(listed) < len(pairs):
        lines.append("  --alert-log FILE keeps all of them, --output-format jsonl says them")
    for rule in dict.fromkeys(each.rule for each in fired):
        lines += ["", *_of_rule(rule, [pair for pair in pairs if pair[0].rule == rule], ended)]
    return "\n".join([*lines, "", ""])


def _times(fired: Transition, end: Transition) -> float:
    """How many times what was usual the most was."""
    return end.peak / fired.baseline if fired.baseline else float("inf")


def _alert(fired: Transition, end: Transition) -> str:
    lasts = end.state is State.FIRING
    lasted = "still firing" if lasts else format_duration(end.lasted)
    peak = units.amount(end.peak, fired.unit)
    line = f"  {units.clock_time(fired.at)}  {lasted:<12}  peak {peak}"
    if fired.baseline:
        line += f", {units.ratio(end.peak, fired.baseline)}"
    if fired.contributors:
        first = fired.contributors[0]
        key = units.sanitize(first.key, _WIDEST_KEY)
        line += f"; {key} {units.percent(first.share)} of it"
    return line


def _of_rule(rule: str, pairs: Sequence[tuple[Transition, Transition]], ended: Report) -> list[str]:
    """How often and how long a rule fired."""
    lengths = sorted(_length(fired, end, ended) for fired, end in pairs)
    start, stop = ended.start or 0, ended.end or 0
    span = max(stop - start, 1)
    said = f"{rule} fired {'once' if len(pairs) == 1 else units.count(len(pairs), 'time')}"
    if span >= DAY:
        said += f", {_rate(len(pairs) * DAY / span)} a day"
    lines = [f"{said}, {units.small_percent(min(1.0, sum(lengths) / span))} of the time"]
    if len(pairs) > 1:
        half, longest = lengths[(len(lengths) - 1) // 2], lengths[-1]
        lines.append(
            f"  half of the alerts lasted {format_duration(half)} or less, the longest"
            f" {format_duration(longest)}"
        )
    weeks = _by_week([fired.at for fired, _ in pairs], start, stop)
    if len(weeks) > 1:
        lines.append(f"  by week: {', '.join(weeks)}")
    return lines


def _length(fired: Transition, end: Transition, ended: Report) -> Duration:
    until = (ended.end or fired.at) if end.state is State.FIRING else end.at
    return max(0, until - fired.at)


def _rate(number: float) -> str:
    return f"{number:.1f}" if number < 10 else f"{number:,.0f}"


def _by_week(instants: Sequence[Instant], start: Instant, stop: Instant) -> list[str]:
    """How many instants lie in each of the weeks since the beginning, the latest ones at most."""
    counts = [0] * ((stop - start) // (7 * DAY) + 1)
    for instant in instants:
        counts[min(max(0, instant - start) // (7 * DAY), len(counts) - 1)] += 1
    first = max(0, len(counts) - _MOST_WEEKS)
    return [
        f"{units.clock_time(start + week * 7 * DAY)[:10]} {count:,}"
        for week, count in enumerate(counts)
        if week >= first
    ]
