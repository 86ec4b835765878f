"""The times of Apache's strings, and of those of servers that borrow its letters.

A string may write a time in parts, or several times: one is chosen that makes an instant. httpd
takes ``%t`` when the request is received and writes the line at its end, hence lines whose times
are out of order; ``%{end:...}t`` is the end.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec.structs import replace

from hitwatch.errors import FormatError
from hitwatch.formats.directives import Directive, as_text, snake
from hitwatch.formats.fields import FieldSpec, Kind
from hitwatch.formats.format import Field, Format, Line, has_instant
from hitwatch.formats.times import time_items

_TIMES = {
    "": "clf",
    "sec": "epoch:s",
    "msec": "epoch:ms",
    "usec": "epoch:us",
    "msec_frac": "%L",
    "usec_frac": "%f",
}
_LOCAL = {"%c": "%a %b %e %H:%M:%S %Y", "%x": "%m/%d/%y", "%X": "%H:%M:%S", "%P": "%p"}
"""What strftime writes in the C locale, which httpd runs in."""

_FINEST = ("epoch:us", "epoch:ms", "clf", "any", "epoch:s")


def time_directive(argument: str) -> Directive:
    """The time that ``%{...}t`` writes, of what stands between its braces."""
    side, colon, rest = argument.partition(":")
    at_end = side == "end"
    text = argument
    if side in ("begin", "end") and (colon or side == argument):
        text = rest
    for short, long in _LOCAL.items():
        text = re.sub(rf"(?<!%)((?:%%)*){short}", rf"\g<1>{long}", text)
    directive = Directive(
        "end_time" if at_end else "start_time",
        FieldSpec(Kind.TIME, "time", time_format=_TIMES.get(text, text)),
        free=text not in _TIMES,
        at_end=at_end,
    )
    if text in _TIMES or ("%" in text and _is_readable(text)):
        return directive
    return replace(as_text(directive), name=f"time_{snake(text)}")


def _is_readable(time_format: str) -> bool:
    try:
        return bool(time_items(time_format))
    except FormatError:
        return False


def choose_times(directives: Sequence[Directive]) -> tuple[list[Directive], str]:
    """Choose the directives that make the time; the others are read as texts.

    Returns:
        The directives, and whether their time is the start or the end of the request.

    """
    times = [directive for directive in directives if directive.spec.kind is Kind.TIME]
    started = [directive for directive in times if not directive.at_end]
    ended = [directive for directive in times if directive.at_end]
    at_end = _is_complete(ended) and not _is_complete(started)
    chosen = _finest(ended if at_end else started)
    complete = _is_complete(chosen)
    # Parts of two different moments make none.
    mixed = not complete and bool(started) and _is_complete(times)

    def is_kept(directive: Directive) -> bool:
        if complete:
            return any(directive is one for one in chosen)
        # What makes no instant still has to look like a time, unless it may be missing.
        return not directive.may_be_dash and not (mixed and directive.at_end)

    gaps = complete and any(directive.may_be_dash for directive in chosen)
    spare = [
        directive
        for directive in times
        if gaps and directive.at_end == at_end and _is_complete([directive])
    ]
    kept = [
        _with_fallback(directive, chosen)
        if any(directive is one for one in spare)
        else as_text(directive)
        if directive.spec.kind is Kind.TIME and not is_kept(directive)
        else directive
        for directive in directives
    ]
    return kept, "end" if at_end else "start"


def _with_fallback(directive: Directive, chosen: Sequence[Directive]) -> Directive:
    """A whole time that fills the column, or does so where the chosen one is a dash."""
    first = any(directive is one for one in chosen)
    return replace(directive, spec=replace(directive.spec, shared=True, spare=not first))


def _is_complete(times: Sequence[Directive]) -> bool:
    fields = tuple(Field(directive.name, directive.spec, " ") for directive in times)
    return has_instant(Format("", lines=(Line(fields),)))


def _finest(times: Sequence[Directive]) -> list[Directive]:
    """One whole time and the fraction it lacks, or all parts where no one is whole."""
    by_format = {directive.spec.time_format: directive for directive in reversed(times)}
    fraction = by_format.get("%f") or by_format.get("%L")
    for whole in _FINEST:
        if whole in by_format:
            lacks = whole in ("clf", "any", "epoch:s") and fraction is not None
            return [by_format[whole], *([fraction] if fraction and lacks else [])]
    doubled = by_format.get("%L") if fraction is not by_format.get("%L") else None
    return [directive for directive in times if directive is not doubled]
