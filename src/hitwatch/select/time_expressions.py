"""Points in time as people write them; reads no clock.

Not a library's work: those that read dates in many languages guess where this must not (one takes
``2026-10`` for a day of that month), know no stretches, and take longer to load than a report of a
small log.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, tzinfo
from re import Match
from typing import TypeAlias

from msgspec import Struct

from hitwatch.errors import UsageError
from hitwatch.instants import SECOND, Instant, from_datetime, parse_duration, to_datetime
from hitwatch.patterns import Pattern

_ISO = Pattern(
    r"(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{8})"
    r"(?:(?:[Tt]|[ ]+)(?P<time>[0-9]{2}(?::[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?)?)"
    r"[ ]*(?P<offset>[Zz]|[+-][0-9]{2}(?::?[0-9]{2})?)?)?"
)
_HINT = (
    "write 2026-01-31, 2026-01-31T10:00+01:00, 2026-01 (the month), 31 Jan 2026, 2 days ago,"
    " 1 hour, today 9:00, yesterday, monday, this week, last month, now, or seconds since 1970"
)


class Stretch(Struct, frozen=True):
    """What a phrase names.

    Attributes:
        begin: when it begins.
        end: when it ended, of what is over and has a name, such as a month; a day is named by its
            beginning alone.
        before: when what came before it began, such as the month before.

    """

    begin: Instant
    end: Instant | None = None
    before: Instant | None = None


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
    """When what a phrase names begins. Arguments and errors: as of ``parse_stretch``.

    >>> parse_when("10s ago", 15 * SECOND), parse_when("@5", 0)
    (5000000, 5000000)

    """
    return parse_stretch(text, now, zone).begin


def parse_stretch(text: str, now: Instant, zone: tzinfo = UTC) -> Stretch:
    """Read what ``--since`` and ``--until`` take.

    Args:
        text: one of the phrases of docs/filters.md, in any case.
        now: the present, or what counts as it.
        zone: of days, and of times without an offset.

    Raises:
        UsageError: it is none of these.

    """
    plain = " ".join(text.split())
    try:
        found = _phrase(plain.lower(), _Calendar(now, zone))
        found = found or Stretch(parse_iso(plain, zone))
        # Whatever cannot be shown is a slip of the keyboard.
        to_datetime(found.begin)
    except (ValueError, OverflowError) as error:
        raise UsageError(f"invalid time {text!r}", hint=_HINT) from error
    return found


_CALENDAR_UNITS = Pattern(r"([0-9]{1,4})[ ]?(month|year)s?")


class _Calendar(Struct, frozen=True):
    """The present, and the zone whose days are meant."""

    now: Instant
    zone: tzinfo

    @property
    def today(self) -> date:
        return to_datetime(self.now).astimezone(self.zone).date()

    def at(self, day: date, time: str = "") -> Stretch:
        """A time of a day; its midnight where none is said."""
        hour, minute, second = _time_of_day(time)
        moment = datetime(day.year, day.month, day.day, hour, minute, tzinfo=self.zone)
        return Stretch(from_datetime(moment) + round(second * SECOND))

    def stretch(self, before: date, begin: date, end: date) -> Stretch:
        """The days from one on and before another, and where what came before them began."""
        over = self.at(end).begin
        ended = over if over <= self.now else None
        return Stretch(self.at(begin).begin, ended, self.at(before).begin)

    def month(self, year: int, month: int) -> Stretch:
        """A month; 0 is the last one of the year before, 13 the first one of the next."""
        return self.stretch(*(_first(year, month + place) for place in (-1, 0, 1)))

    def year(self, year: int) -> Stretch:
        return self.stretch(*(_first(year + place, 1) for place in (-1, 0, 1)))

    def ago(self, length: str) -> Stretch:
        """A duration before the present; months and years by the calendar."""
        if months := _CALENDAR_UNITS.fullmatch(length):
            count = int(months[1]) * (12 if months[2] == "year" else 1)
            return Stretch(self.months_before(count))
        return Stretch(self.now - parse_duration(length))

    def months_before(self, count: int) -> Instant:
        """The same time of the day some months ago; on the last day of a month that is shorter."""
        local = to_datetime(self.now).astimezone(self.zone)
        first = _first(local.year, local.month - count)
        last = _first(local.year, local.month - count + 1) - timedelta(days=1)
        return from_datetime(
            local.replace(year=first.year, month=first.month, day=min(local.day, last.day))
        )


def _first(year: int, month: int) -> date:
    """The first day of a month, which may be counted from another year."""
    years, month = divmod(month - 1, 12)
    return date(year + years, month + 1, 1)


_TIME = (
    r"(?P<time>noon|midnight|[0-9]{1,2}(?::[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?)?(?:[ ]?[ap]m)?)"
)
_CLOCK = Pattern(r"([0-9]{1,2})(?::([0-9]{2})(?::([0-9.,]+))?)?[ ]?([ap]m)?")


def _time_of_day(text: str) -> tuple[int, int, float]:
    """Hour, minute and second of a time of day; midnight where none is said."""
    if text in ("", "midnight", "noon"):
        return 12 if text == "noon" else 0, 0, 0.0
    found = _CLOCK.fullmatch(text)
    if found is None:
        raise ValueError(f"invalid time of day {text!r}")
    hour, half = int(found[1]), found[4]
    if half and not 1 <= hour <= 12:
        raise ValueError(f"there is no hour {hour} {half}")
    if half:
        hour = hour % 12 + (12 if half == "pm" else 0)
    second = float((found[3] or "0").replace(",", "."))
    if second >= 60:
        raise ValueError(f"there is no second {second}")
    return hour, int(found[2] or 0), second


_MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july"),
    *("august", "september", "october", "november", "december"),
)
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_WEEKDAY = rf"(?P<weekday>mon|tue|wed|thu|fri|sat|sun|{'|'.join(_WEEKDAYS)})"
_MONTH = rf"(?P<month>jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec|{'|'.join(_MONTHS)})"
_DAY = r"(?P<day>[0-9]{1,2})(?:st|nd|rd|th)?"
_YEAR = r"(?P<year>19[7-9][0-9]|2[01][0-9]{2})"
_LOGGED = (
    rf"\[?{_DAY}/{_MONTH}/{_YEAR}:(?P<hour>[0-9]{{2}}):(?P<minute>[0-9]{{2}}):(?P<second>[0-9]{{2}})"
    r"[ ](?P<offset>[+-][0-9]{4})\]?"
)
_AT = rf"(?:,?(?:[ ]at)?[ ]{_TIME})?"


def _ago(found: Match[str], calendar: _Calendar) -> Stretch:
    article, _, unit = found["length"].partition(" ")
    return calendar.ago(f"1 {unit}" if article in ("a", "an", "one") else found["length"])


def _last_one(found: Match[str], calendar: _Calendar) -> Stretch:
    return calendar.ago(f"1 {found['unit']}")


def _named_day(found: Match[str], calendar: _Calendar) -> Stretch:
    back = int(found["name"] == "yesterday")
    return calendar.at(calendar.today - timedelta(days=back), found["time"] or "")


def _time_alone(found: Match[str], calendar: _Calendar) -> Stretch:
    """The latest such time: of today, or of yesterday where it is still to come."""
    today = calendar.at(calendar.today, found["time"])
    if today.begin <= calendar.now:
        return today
    return calendar.at(calendar.today - timedelta(days=1), found["time"])


def _weekday(found: Match[str], calendar: _Calendar) -> Stretch:
    """The latest such day, today among them; with "last" one that is over."""
    today = calendar.today
    names = [name.startswith(found["weekday"]) for name in _WEEKDAYS]
    back = (today.weekday() - names.index(True)) % 7
    if found["last"] and back == 0:
        back = 7
    return calendar.at(today - timedelta(days=back), found["time"] or "")


def _this_or_last(found: Match[str], calendar: _Calendar) -> Stretch:
    today, back = calendar.today, int(found["which"] != "this")
    if found["unit"] == "month":
        return calendar.month(today.year, today.month - back)
    if found["unit"] == "year":
        return calendar.year(today.year - back)
    monday = today - timedelta(days=today.weekday() + 7 * back)
    return calendar.stretch(*(monday + timedelta(days=days) for days in (-7, 0, 7)))


def _month_of(found: Match[str]) -> int:
    return [name.startswith(found["month"][:3]) for name in _MONTHS].index(True) + 1


def _numbered_month(found: Match[str], calendar: _Calendar) -> Stretch:
    number = int(found["number"])
    if not 1 <= number <= 12:
        raise ValueError(f"there is no month {number}")
    return calendar.month(int(found["year"]), number)


def _named_month(found: Match[str], calendar: _Calendar) -> Stretch:
    """A month of a year, else the latest one of that name that has begun."""
    month, today = _month_of(found), calendar.today
    year = int(found["year"] or today.year - (month > today.month))
    return calendar.month(year, month)


def _date(found: Match[str], calendar: _Calendar) -> Stretch:
    """A day of a year, else the latest one of that name that has begun."""
    month, day, today = _month_of(found), int(found["day"]), calendar.today
    if found["year"]:
        return calendar.at(date(int(found["year"]), month, day), found["time"] or "")
    later = (month, day) > (today.month, today.day)
    return calendar.at(date(today.year - later, month, day), found["time"] or "")


def _logged(found: Match[str], _: _Calendar) -> Stretch:
    """A time as logs in the common format have it."""
    hour, minute, second = (int(found[part]) for part in ("hour", "minute", "second"))
    year, month, day = int(found["year"]), _month_of(found), int(found["day"])
    moment = datetime(year, month, day, hour, minute, second)
    offset = datetime.strptime(found["offset"], "%z").tzinfo
    return Stretch(from_datetime(moment.replace(tzinfo=offset)))


def _epoch(found: Match[str], _: _Calendar) -> Stretch:
    whole, fraction = found[1] or found[3], found[2] or found[4] or ""
    micros = int((fraction[1:] + "000000")[:6])
    return Stretch(int(whole) * SECOND + (-micros if whole.startswith("-") else micros))


_Reading: TypeAlias = Callable[[Match[str], _Calendar], Stretch]

_PHRASES: tuple[tuple[Pattern[str], _Reading], ...] = (
    (Pattern(r"now"), lambda _, calendar: Stretch(calendar.now)),
    (Pattern(r"(?P<length>.+?)[ ]*\bago"), _ago),
    (Pattern(rf"(?P<name>today|yesterday){_AT}"), _named_day),
    (Pattern(rf"(?P<last>last[ ])?{_WEEKDAY}{_AT}"), _weekday),
    (Pattern(r"(?P<which>this|last|previous)[ ](?P<unit>week|month|year)"), _this_or_last),
    (Pattern(rf"{_YEAR}-(?P<number>[0-9]{{2}})"), _numbered_month),
    (Pattern(_YEAR), lambda found, calendar: calendar.year(int(found["year"]))),
    (Pattern(rf"{_MONTH}(?:[ ]{_YEAR})?"), _named_month),
    (Pattern(rf"{_DAY}[ ]{_MONTH}(?:,?[ ]{_YEAR})?{_AT}"), _date),
    (Pattern(rf"{_MONTH}[ ]{_DAY}(?:,?[ ]{_YEAR})?{_AT}"), _date),
    (Pattern(_LOGGED), _logged),
    (Pattern(r"@(-?[0-9]{1,12})(\.[0-9]+)?|([0-9]{9,12})(\.[0-9]+)?"), _epoch),
    (Pattern(rf"(?=.*[:mn]){_TIME}"), _time_alone),
    (Pattern(r"(?:(?:last|past)[ ])?(?P<length>[0-9].*[a-zµ])"), _ago),
    (Pattern(r"(?:last|past)[ ](?P<unit>[a-z]+)"), _last_one),
)
"""Phrases, and how each is read; the first that fits counts."""


def _phrase(plain: str, calendar: _Calendar) -> Stretch | None:
    """What is said in words, or counts from 1970; ``None``: neither."""
    if _ISO.fullmatch(plain):
        return None
    for pattern, read in _PHRASES:
        if found := pattern.fullmatch(plain):
            return read(found, calendar)
    return None
