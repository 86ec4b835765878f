"""Units of durations, from their names."""

from __future__ import annotations

import re

from hitwatch.formats.format import normalize_key


def unit_from_name(name: str) -> tuple[str, str] | None:
    """The column and the unit that the name of a duration implies, in any spelling.

    Args:
        name: such as ``request_time_in_ms``, ``elapsedMillis`` or ``upstream-latency-usec``.

    Returns:
        ``None`` where the name is not one of a whole duration, or implies no unit.

    """
    normalized = normalize_key(name)
    for suffix, unit in _SUFFIXES:
        if not normalized.endswith(suffix) or (suffix == "s" and not _LONE_S.search(name)):
            continue
        stem = normalized.removesuffix(suffix).removesuffix("in")
        if stem in _STEMS:
            return "duration_s", unit
        for place in _PARTS:
            if stem.startswith(place) and stem.removeprefix(place) in _STEMS:
                return "upstream_duration_s", unit
    return None


_SPELLINGS = {
    "s": ("s", "sec", "secs", "second", "seconds"),
    "ms": ("ms", "msec", "msecs", "milli", "millis", "millisec", "millisecond", "milliseconds"),
    "us": ("us", "µs", "usec", "usecs", "micro", "micros", "microsec", "microsecond"),
    "ns": ("ns", "nsec", "nsecs", "nano", "nanos", "nanosec", "nanosecond", "nanoseconds"),
}
_SPELLINGS["us"] = (*_SPELLINGS["us"], "microsecs", "microseconds")
_SUFFIXES = sorted(
    ((suffix, unit) for unit, suffixes in _SPELLINGS.items() for suffix in suffixes),
    key=lambda known: -len(known[0]),
)
_LONE_S = re.compile(r"(?:[_\-. ]s|[a-z]S)$", re.ASCII)
_WHOSE = ("", "request", "req", "response", "resp", "res", "total", "http", "httprequest")
_WHAT = ("duration", "latency", "elapsed", "took", "taken", "time", "rt", "runtime")
_STEMS = {whose + what for whose in _WHOSE for what in _WHAT} | {
    whose + what
    for whose in _WHOSE
    for what in ("timetaken", "elapsedtime", "timeelapsed", "processingtime", "processtime")
}
_STEMS |= {"totaltimetaken", "executiontime", "exectime", "servicetime", "handletime", "timetotal"}
_PARTS = ("upstream", "backend", "origin", "target")
