"""What a source's first lines say about its times: their zone, and the order of day and month.

Units of durations are resolved in ``duration_units.py``. What stays ambiguous is a guess, and
reported as one. Reads no files.
"""

from __future__ import annotations

from msgspec.structs import replace

from hitwatch.formats.fields import Kind
from hitwatch.formats.format import Format, Guess, Layout, Line
from hitwatch.formats.registry import name_only
from hitwatch.hits.parser import Parser
from hitwatch.instants import SECOND, Instant
from hitwatch.patterns import Pattern
from hitwatch.zones import Zone, fixed_zone

_HEAD_SIZE = 8 * 1024
"""How much of the first lines is read for their zone: a source has one."""

_SHIFTED = fixed_zone(3_600)
_ODD = fixed_zone(7)
"""What no offset is: times that are the same in it as written are counts since 1970."""
_ZONE = Guess(
    what="zone of time",
    assumed="UTC",
    why="its times have no offset, and are often the server's own",
    remedy="--tz ZONE, such as --tz Europe/Berlin",
)
_REPEATED_HOUR = Guess(
    what="which pass the first times are of, of the hour that came twice",
    assumed="the first",
    why="the log begins within that hour, and only earlier lines would show it",
    remedy="a log that begins earlier, or times with offsets",
)
_MONTH_FIRST = Pattern(r"%m/%d/%[yY]")
_DAY_FIRST = Pattern(r"%d/%m/%[yY]")


def resolve_date(log_format: Format, lines: bytes, zone: Zone | None) -> Format:
    """Resolve how the times of a source are read, as far as its lines show it.

    Args:
        log_format: the format that was recognised or given.
        lines: whole lines of one source, as the format reads them.
        zone: of times without an offset; ``None``: unknown.

    Returns:
        The format with one order of day and month, and with what is a guess among its
        ``guesses``. W3C logs are in UTC unless their ``#Fields`` say otherwise.

    """
    if log_format.layout is Layout.W3C:
        return log_format
    ordered = _resolve_order(log_format, lines)
    guess = _ZONE if zone is None else _REPEATED_HOUR
    if guess in ordered.guesses or not _lacks_offset(ordered, lines):
        return ordered
    if zone is not None and not _begins_in_repeated_hour(ordered, lines, zone):
        return ordered
    return replace(ordered, guesses=(*ordered.guesses, guess))


_ABSOLUTE = Pattern(rb'"[A-Z]{3,10} https?://')
_LOCAL = Pattern(rb'"[A-Z]{3,10} /')


def resolve_host(log_format: Format, lines: bytes) -> Format:
    """Resolve whether targets hold the host: they do where most of them are absolute.

    Varnish writes each request so, with the host that was asked for (varnishncsa's ``%r``). In
    the log of a web server an absolute target is rare, and the host of another site.
    """
    if log_format.fills("host") or log_format.host_in_target:
        return log_format
    absolute = len(_ABSOLUTE.findall(lines))
    if absolute == 0 or absolute < len(_LOCAL.findall(lines)):
        return log_format
    return replace(log_format, host_in_target=True)


def written_offsets(log_format: Format, lines: bytes, zone: Zone | None) -> frozenset[int]:
    """Find out with which offsets times are written.

    Args:
        log_format: of the lines.
        lines: whole lines, as the format reads them.
        zone: of times without an offset; UTC when ``None``.

    Returns:
        Seconds east of UTC; those of ``zone`` where times carry none. Counts since 1970 are
        written in no zone at all.

    """
    if not log_format.fills("time"):
        return frozenset()
    at = _first_times(log_format, lines, zone)
    shown = _first_times(log_format, lines, _ODD, without_offsets=True)
    if len(at) != len(shown):
        return frozenset()
    odd = _ODD.offsets[0][1]
    both = zip(at, shown, strict=True)
    offsets = {wall // SECOND + odd - instant // SECOND for instant, wall in both}
    return frozenset(offsets - {odd})


def _lacks_offset(log_format: Format, lines: bytes) -> bool:
    """Whether lines have times without an offset: another zone makes other times of them."""
    if not log_format.fills("time") or _tells_offset(log_format):
        return False
    here, there = (_first_times(log_format, lines, zone) for zone in (None, _SHIFTED))
    return here != there


def _begins_in_repeated_hour(log_format: Format, lines: bytes, zone: Zone) -> bool:
    """Whether the first time is one that the clock on the wall showed twice."""
    return any(zone.is_repeated(first) for first in _first_times(log_format, lines, zone)[:1])


def _first_times(
    log_format: Format, lines: bytes, zone: Zone | None, *, without_offsets: bool = False
) -> list[Instant]:
    head = lines[:_HEAD_SIZE]
    head = head[: head.rfind(b"\n") + 1] or head
    parser = Parser(
        _with_times_only(log_format), columns=["time"], zone=zone, without_offsets=without_offsets
    )
    return parser.parse(head).times()


def _with_times_only(log_format: Format) -> Format:
    """The format without the names that hold no time: making a parser of all takes long."""
    if log_format.parts or not log_format.keys or log_format.pattern:
        return log_format
    keys = tuple(key for key in log_format.keys if key.spec.kind is Kind.TIME)
    return replace(log_format, keys=keys, required=(), identifying_keys=())


def _tells_offset(log_format: Format) -> bool:
    """Whether a format says itself that its times have an offset, or need none."""
    if log_format.parts:
        return all(_tells_offset(part) for part in log_format.parts)
    written = [
        spec.time_format or log_format.time_format
        for _, spec in log_format.specs
        if spec.kind is Kind.TIME
    ]
    return bool(written) and all(
        text == "clf" or text.startswith("epoch:") or "%z" in text for text in written
    )


def _resolve_order(log_format: Format, lines: bytes) -> Format:
    """The format with one order of day and month, where it has lines of both."""
    month_first = tuple(line for line in log_format.lines if not _has_date(line, _DAY_FIRST))
    day_first = tuple(line for line in log_format.lines if not _has_date(line, _MONTH_FIRST))
    if len(month_first) == len(log_format.lines) or len(day_first) == len(log_format.lines):
        return log_format
    formats = [replace(log_format, lines=kept) for kept in (month_first, day_first)]
    fitting = [len(Parser(known, columns=["time"]).parse(lines)) for known in formats]
    if fitting[0] != fitting[1]:
        # A month above 12 is none: those lines fit one order alone.
        return formats[fitting[0] < fitting[1]]
    other = f"{log_format.name}-day-first"
    guess = Guess(
        what="order of day and month",
        assumed="month first",
        why="no number in their places is above 12",
        remedy=f"--log-format {other if other in name_only() else 'FILE with one order of them'}",
    )
    return replace(formats[0], guesses=(*log_format.guesses, guess))


def _has_date(line: Line, dates: Pattern[str]) -> bool:
    return any(dates.fullmatch(field.spec.time_format or "") for field in line.fields)
