"""Instants, durations and bucket edges, as whole microseconds; no clock, no zone table.

An *instant* is an ``int``: microseconds since 1970-01-01T00:00:00Z, as in the ``time``
column. A *duration* is an ``int`` of microseconds. Whole numbers keep bucket edges exact.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

Instant: TypeAlias = int
"""Microseconds since 1970-01-01T00:00:00Z."""

Duration: TypeAlias = int
"""Microseconds."""

SECOND: Duration = 1_000_000
MINUTE: Duration = 60 * SECOND
HOUR: Duration = 60 * MINUTE
DAY: Duration = 24 * HOUR

_UNITS: dict[str, Duration] = {
    "us": 1,
    "µs": 1,
    "ms": 1_000,
    "s": SECOND,
    "m": MINUTE,
    "h": HOUR,
    "d": DAY,
    "w": 7 * DAY,
}
_WORDS = {
    "ms": ("msec", "msecs", "millisecond", "milliseconds"),
    "s": ("sec", "secs", "second", "seconds"),
    "m": ("min", "mins", "minute", "minutes"),
    "h": ("hr", "hrs", "hour", "hours"),
    "d": ("day", "days"),
    "w": ("week", "weeks"),
}
_SPELLED = {
    **{unit: unit for unit in _UNITS},
    **{w: u for u, words in _WORDS.items() for w in words},
}
_PIECE = re.compile(
    rf"(\d+(?:\.\d+)?)\s*({'|'.join(sorted(_SPELLED, key=len, reverse=True))})(?![a-zµ])"
)
_BETWEEN = ("", ",", "and")
"""What may stand between two pieces, and the first of it before them."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def parse_duration(text: str) -> Duration:
    """Read a duration such as ``10s``, ``2m``, ``1h30m``, ``1.5h`` or ``1 hour 30 minutes``.

    Args:
        text: numbers each with a unit out of us, ms, s, m, h, d, w, or the words for them.

    Returns:
        Microseconds.

    Raises:
        ValueError: the text is not a duration; the message says what is expected.

    >>> parse_duration("1h30m") == 90 * MINUTE
    True

    """
    compact = text.strip().lower()
    total = 0.0
    end = 0
    for piece in _PIECE.finditer(compact):
        if compact[end : piece.start()].strip() not in _BETWEEN[: 3 if end else 1]:
            break
        total += float(piece[1]) * _UNITS[_SPELLED[piece[2]]]
        end = piece.end()
    if not compact or end != len(compact):
        raise ValueError(
            f"invalid duration {text!r}: expected numbers with units, such as 10s, 2m or 1h30m"
        )
    return round(total)


def format_duration(duration: Duration) -> str:
    """Write a duration for people, with at most two units and nothing lost below a second.

    >>> format_duration(90 * MINUTE), format_duration(10 * SECOND), format_duration(1_500_000)
    ('1h30m', '10s', '1.5s')
    """
    if duration < 0:
        return "-" + format_duration(-duration)
    if duration < MINUTE:
        return f"{duration / SECOND:.3f}".rstrip("0").rstrip(".") + "s"
    seconds = round(duration / SECOND)
    units = ((86_400, "d"), (3_600, "h"), (60, "m"), (1, "s"))
    pieces: list[str] = []
    for size, unit in units:
        count, seconds = divmod(seconds, size)
        if count or pieces:
            pieces.append(f"{count}{unit}" if count else "")
    return "".join(pieces[:2])


def bucket_start(instant: Instant, resolution: Duration) -> Instant:
    """Start of the bucket ``[k·r, (k+1)·r)`` that holds an instant.

    >>> bucket_start(19 * SECOND, 10 * SECOND) == 10 * SECOND
    True
    """
    return instant - instant % resolution


def rfc3339(instant: Instant) -> str:
    """Write an instant as RFC 3339 in UTC, with a fraction only when there is one.

    >>> rfc3339(0), rfc3339(1_500_000)
    ('1970-01-01T00:00:00Z', '1970-01-01T00:00:01.500000Z')
    """
    moment = to_datetime(instant)
    return moment.isoformat().replace("+00:00", "Z")


def rfc3339_or_none(instant: Instant | None) -> str | None:
    """The same of an instant that may not be known."""
    return None if instant is None else rfc3339(instant)


def to_datetime(instant: Instant) -> datetime:
    """Return the aware UTC datetime of an instant."""
    return _EPOCH + timedelta(microseconds=instant)


def from_datetime(moment: datetime) -> Instant:
    """Return the instant of an aware datetime."""
    return (moment - _EPOCH) // timedelta(microseconds=1)
