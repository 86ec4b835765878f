"""How formats write times."""

from __future__ import annotations

from hitwatch.errors import FormatError

EPOCH_UNITS: dict[str, float] = {"s": 1e6, "ms": 1e3, "us": 1.0, "ns": 1e-3}
"""Microseconds of one unit, of times counted from 1970."""

_DIRECTIVES: dict[str, list[tuple[str, float]]] = {
    "Y": [("year", 0)],
    "y": [("short_year", 0)],
    "m": [("month", 0)],
    "b": [("month_name", 0)],
    "h": [("month_name", 0)],
    "d": [("day", 0)],
    "e": [("day", 0)],
    "a": [("weekday", 0)],
    "A": [("weekday", 0)],
    "j": [("day_of_year", 0)],
    "H": [("hour", 0)],
    "k": [("hour", 0)],
    "I": [("hour12", 0)],
    "l": [("hour12", 0)],
    "p": [("half_of_day", 0)],
    "M": [("minute", 0)],
    "S": [("second", 0)],
    "B": [("month_name", 0)],
    "w": [("weekday_number", 0)],
    "u": [("weekday_number", 0)],
    ".": [("fraction", 0)],
    "f": [("fraction_digits", 6)],
    "L": [("fraction_digits", 3)],
    "z": [("offset", 0)],
    "Z": [("zone_name", 0)],
    "s": [("epoch_seconds", 0)],
    # A line feed or tab of the pattern; logs show it as any blanks, or as none.
    "n": [("blanks", 0)],
    "t": [("blanks", 0)],
}
_SHORTHANDS = {
    "T": "%H:%M:%S",
    "D": "%m/%d/%y",
    "F": "%Y-%m-%d",
    "R": "%H:%M",
    "r": "%I:%M:%S %p",
}


def time_items(time_format: str) -> list[tuple[str, float]]:
    """The kernel's items for a time format.

    Args:
        time_format: ``clf``, ``iso``, ``any`` of these, ``epoch:UNIT`` (s, ms, us, ns), or
            strftime text, in which ``%.`` is a fraction with its point that may be missing,
            ``%f`` six and ``%L`` three digits of one.

    Raises:
        FormatError: an unknown directive or unit.

    >>> time_items("%H:%M")
    [('hour', 0), ('literal', 58), ('minute', 0)]

    """
    if time_format in ("clf", "iso", "any"):
        return [(time_format, 0)]
    if time_format.startswith("epoch:"):
        unit = time_format.removeprefix("epoch:")
        if unit not in EPOCH_UNITS:
            raise FormatError(
                f"unknown unit {unit!r} of {time_format!r}", hint="expected s, ms, us or ns"
            )
        return [("epoch", EPOCH_UNITS[unit])]
    items: list[tuple[str, float]] = []
    characters = iter(time_format)
    for character in characters:
        if character != "%":
            items += [("literal", byte) for byte in character.encode()]
            continue
        letter = next(characters, "")
        if letter == "%":
            items.append(("literal", ord("%")))
        elif letter in _SHORTHANDS:
            items += time_items(_SHORTHANDS[letter])
        elif letter in _DIRECTIVES:
            items += _DIRECTIVES[letter]
        else:
            raise FormatError(f"unknown time directive '%{letter}' in {time_format!r}")
    return items
