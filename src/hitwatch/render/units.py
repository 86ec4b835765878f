"""Numbers and strange texts made fit for people's eyes and terminals."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from re import Match
from urllib.parse import quote

from hitwatch.instants import Instant, to_datetime
from hitwatch.patterns import Pattern
from hitwatch.tally import Balance
from hitwatch.zones import Zone

_ENCODED = Pattern(r"(?:%[0-9A-Fa-f]{2})+")
_DELIMITERS = frozenset("/?#%&=+;")
"""Characters that divide a path and its query, or would be taken for what encodes another."""


def size(amount: float) -> str:
    """Bytes in decimal units, three figures: ``512 B``, ``1.84 MB``.

    >>> size(512), size(1_843_200), size(50_000), size(999_950)
    ('512 B', '1.84 MB', '50.0 kB', '1.00 MB')
    """
    if amount < 1000:
        return f"{amount:.0f} B"
    for unit in ("kB", "MB", "GB", "TB"):
        amount /= 1000
        if amount < 999.5:
            return f"{_three(amount)} {unit}"
    return f"{amount / 1000:.2f} PB"


def rate(amount: float) -> str:
    """A number a second, with a decimal only when it is small.

    >>> rate(3.14), rate(1234.5)
    ('3.1', '1,234')
    """
    return f"{amount:.1f}" if amount < 100 else f"{amount:,.0f}"


def duration(seconds: float) -> str:
    """A request's duration.

    >>> duration(0.0123), duration(2.5), duration(0.0000042), duration(0)
    ('12.3 ms', '2.50 s', '4.20 µs', '0 s')
    """
    if seconds <= 0:
        return "0 s"
    if seconds < 0.0009995:
        return f"{_three(seconds * 1e6)} µs"
    if seconds < 0.9995:
        return f"{_three(seconds * 1e3)} ms"
    return f"{_three(seconds)} s"


def count(number: int, noun: str) -> str:
    """A number of things.

    >>> count(1, "reject"), count(2_000, "reject")
    ('1 reject', '2,000 rejects')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def balance(of: Balance) -> str:
    """What became of every line.

    >>> balance(Balance(4, 1, 1, 2))
    '4 lines = 1 hit + 1 reject + 2 excluded'
    """
    parts = f"{count(of.hits, 'hit')} + {count(of.rejects, 'reject')} + {of.excluded:,} excluded"
    return f"{count(of.lines, 'line')} = {parts}"


def amount(value: float, unit: str) -> str:
    """A value in the unit of a rule.

    >>> amount(1_843_200, "bytes/s"), amount(12.34, "hits/s")
    ('1.84 MB/s', '12.3 hits/s')
    """
    return f"{size(value)}/s" if unit == "bytes/s" else f"{rate(value)} {unit}"


def ratio(value: float, baseline: float) -> str:
    """How many times its baseline a value is.

    >>> ratio(30, 4), ratio(30_000, 2), ratio(30, 0)
    ('7.5x baseline', '15,000x baseline', 'nothing before')
    """
    if not baseline:
        return "nothing before"
    times = value / baseline
    return f"{times:,.0f}x baseline" if times >= 1000 else f"{times:.3g}x baseline"


def percent(share: float) -> str:
    """A share of one, in per cent with one decimal."""
    return f"{share * 100:.1f} %"


def small_percent(share: float) -> str:
    """The same of what is more than nothing.

    >>> small_percent(0.0001), small_percent(0.5)
    ('under 0.1 %', '50.0 %')
    """
    return percent(share) if share >= 0.001 else "under 0.1 %"


def clock_time(instant: Instant, zone: Zone) -> str:
    """Date and time to the second, and the zone they are of.

    >>> clock_time(0, IN_UTC), clock_time(0, fixed_zone(7_200))
    ('1970-01-01 00:00:00 UTC', '1970-01-01 02:00:00 +02:00')
    """
    return f"{wall_time(instant, zone)} {zone.designation(instant)}"


_SPARKS = "▁▂▃▄▅▆▇█"


def sparkline(values: Sequence[int]) -> str:
    """A bar a value, as high as it is beside the highest; a point where there is nothing.

    >>> sparkline([1, 4, 8, 0])
    '▁▄█·'
    """
    most = max(values, default=0)
    return "".join(
        _SPARKS[-(-value * len(_SPARKS) // most) - 1] if value else "·" for value in values
    )


def merged_steps(values: Sequence[int], most: int) -> tuple[int, list[int]]:
    """Sums of as many values each as it takes to be no more than so many; and how many that is.

    >>> merged_steps([1, 2, 3, 4, 5], 3)
    (2, [3, 7, 5])
    """
    each = max(1, -(-len(values) // most))
    return each, [sum(values[place : place + each]) for place in range(0, len(values), each)]


def time_span(begin: Instant, end: Instant, zone: Zone) -> str:
    """Two times; what both are of is said once.

    >>> time_span(0, 1_000_000, IN_UTC)
    '1970-01-01 00:00:00 to 1970-01-01 00:00:01 UTC'
    """
    same = zone.designation(begin) == zone.designation(end)
    return f"{(wall_time if same else clock_time)(begin, zone)} to {clock_time(end, zone)}"


def wall_time(instant: Instant, zone: Zone) -> str:
    """The same where the zone is said beside.

    >>> wall_time(0, IN_UTC)
    '1970-01-01 00:00:00'
    """
    return f"{to_datetime(zone.wall(instant)):%Y-%m-%d %H:%M:%S}"


def sanitize(text: str, width: int) -> str:
    """Text from a log, fit for a terminal and cut to a width.

    Control characters, line breaks and marks that turn the direction of writing are spelled
    out, for the sender of a request writes the log line.

    >>> sanitize("/a" + chr(27) + "[31m", 20), sanitize("/abcdefgh", 6)
    ('/a\\\\x1b[31m', '/abcd…')
    """
    shown = printable(text[: width * 2])
    # Marks take no column of their own, and any number of them can be piled up.
    while max(columns(shown), len(shown)) > width:
        shown = shown[: max(0, len(shown) - 2)] + "…"
    return shown


def decoded(path: str) -> str:
    """A path as people read it: what is percent-encoded is spelled out where that changes nothing.

    What would read as another path, as nothing, or as no text stays as it was sent: delimiters, a
    per cent sign, control characters and bytes that are no UTF-8.

    >>> decoded("/caf%C3%A9/my%20file"), decoded("/a%2Fb%3Fc%25"), decoded("/%00%ff%E2%80%AE")
    ('/café/my file', '/a%2Fb%3Fc%25', '/%00%ff%E2%80%AE')
    """
    return _ENCODED.sub(_decoded, path) if "%" in path else path


def _decoded(found: Match[str]) -> str:
    try:
        text = bytes.fromhex(found[0].replace("%", "")).decode()
    except UnicodeDecodeError:
        return found[0]
    kept = (char if _is_readable(char) else quote(char, safe="") for char in text)
    spelled = "".join(kept)
    # Where nothing is spelled out, letters stay as large or small as they were sent.
    return found[0] if "%" in spelled and spelled.upper() == found[0].upper() else spelled


def _is_readable(char: str) -> bool:
    return char.isprintable() and char not in _DELIMITERS


def printable(text: str) -> str:
    """Text from a log in full, control characters and their like spelled out."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        char if unicodedata.category(char)[0] not in "CZ" or char == " " else _spelled(char)
        for char in text
    )


def markdown(text: str) -> str:
    """Text from a log that neither ends a cell of a Markdown table nor becomes markup.

    >>> markdown("/a|b_c")
    '/a\\\\|b\\\\_c'
    """
    return "".join(f"\\{char}" if char in "\\|`*_[]<>" else char for char in printable(text))


def padded(text: str, width: int) -> str:
    """Text filled up with blanks to so many columns of the terminal."""
    return text + " " * max(0, width - columns(text))


def columns(text: str) -> int:
    """How many columns of the terminal a text takes."""
    if text.isascii():
        return len(text)
    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in text)
    flags = sum(unicodedata.combining(char) != 0 for char in text)
    return len(text) + wide - flags


def _spelled(char: str) -> str:
    code = ord(char)
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"


def _three(number: float) -> str:
    digits = 2 if number < 9.995 else 1 if number < 99.95 else 0
    return f"{number:.{digits}f}"
