"""Points in time as people write them; reads no clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo

from hitwatch.errors import UsageError
from hitwatch.instants import SECOND, Instant, from_datetime, parse_duration, to_datetime
from hitwatch.patterns import Pattern

_ISO = Pattern(
    r"(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{8})"
    r"(?:(?:[Tt]|[ ]+)(?P<time>[0-9]{2}(?::[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?)?)"
    r"[ ]*(?P<offset>[Zz]|[+-][0-9]{2}(?::?[0-9]{2})?)?)?"
)
_EPOCH = Pattern(r"@(-?[0-9]{1,12})(\.[0-9]+)?|([0-9]{9,12})(\.[0-9]+)?")
_DAY = Pattern(r"(?P<day>today|yesterday)(?:(?:[ ]+at)?[ ]+(?P<time>[0-9]{1,2}:[0-9:.]+))?")
_AGO = Pattern(r"(?P<duration>.+?)[ ]*\bago")
_HINT = (
    "write 2026-01-31, 2026-01-31T10:00, 2026-01-31T10:00+01:00, 2h ago, today, yesterday,"
    " yesterday 14:00, now, or seconds since 1970"
)


def parse_iso(text: str, zone: tzinfo = UTC) -> Instant:
    """Read an ISO 8601 date, or date and time.

    Args:
        text: the date may stand alone (its midnight), the time lack seconds, a blank stand
            for the ``T``.
        zone: of times without an offset.

    Raises:
        ValueError: the text is not one.

    >>> parse_iso("1970-01-01T01:00+01:00"), parse_iso("1970-01-01 00:00:01.5")
    (0, 1500000)

    """
    found = _ISO.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"invalid ISO 8601 time {text!r}")
    offset = (found["offset"] or "").upper()
    iso = f"{found['date']}T{found['time'] or '00:00'}{offset}"
    try:
        moment = datetime.fromisoformat(iso.replace(",", "."))
        return from_datetime(moment if moment.tzinfo else moment.replace(tzinfo=zone))
    except (ValueError, OverflowError) as error:
        raise ValueError(f"invalid date or time {text!r}") from error


def parse_when(text: str, now: Instant, zone: tzinfo = UTC) -> Instant:
    """Read what ``--since`` and ``--until`` take.

    Args:
        text: ISO 8601; ``now``; ``today`` or ``yesterday``, also with a time of day; a
            duration and ``ago``; or seconds since 1970, of 9 digits and more, or any
            number behind ``@``.
        now: the present, or what counts as it.
        zone: of days, and of times without an offset.

    Raises:
        UsageError: it is none of these.

    >>> parse_when("10s ago", 15 * SECOND), parse_when("@5", 0)
    (5000000, 5000000)

    """
    plain = " ".join(text.split())
    try:
        instant = _relative(plain.lower(), now, zone)
        instant = parse_iso(plain, zone) if instant is None else instant
        # Whatever cannot be shown is a slip of the keyboard.
        to_datetime(instant)
    except (ValueError, OverflowError) as error:
        raise UsageError(f"invalid time {text!r}", hint=_HINT) from error
    return instant


def _relative(plain: str, now: Instant, zone: tzinfo) -> Instant | None:
    """What needs the present, or counts from 1970; ``None``: neither."""
    if plain == "now":
        return now
    if found := _AGO.fullmatch(plain):
        return now - parse_duration(found["duration"])
    if found := _EPOCH.fullmatch(plain):
        whole, fraction = found[1] or found[3], found[2] or found[4] or ""
        micros = int((fraction[1:] + "000000")[:6])
        return int(whole) * SECOND + (-micros if whole.startswith("-") else micros)
    if found := _DAY.fullmatch(plain):
        return _day(now, zone, back=found["day"] == "yesterday", time=found["time"] or "00:00")
    return None


def _day(now: Instant, zone: tzinfo, *, back: bool, time: str) -> Instant:
    # A day before by the calendar: days on which clocks change are not 24 hours long.
    date = to_datetime(now).astimezone(zone).date() - timedelta(days=back)
    return parse_iso(f"{date.isoformat()}T{'0' if time[1] == ':' else ''}{time}", zone)
