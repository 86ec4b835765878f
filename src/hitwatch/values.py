"""What durations and numbers a setting takes, alike from flags, environment, files and Python.

Each check names the setting, says what is expected, and raises nothing but SettingsError.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from fractions import Fraction

from hitwatch.errors import SettingsError, did_you_mean
from hitwatch.instants import DAY, Duration, parse_duration

LONGEST: Duration = 36_525 * DAY
"""A hundred years: what is longer is a slip of the keyboard, and would leave the calendar."""

MOST = 1_000_000_000
"""The largest whole number that counts anything which is shown or made."""


MOST_STEPS = 100_000
"""The most buckets in a window; each is held in memory."""

_TINY = 1e-9


def suggestion(wrong: object, known: Iterable[str]) -> str:
    """What was probably meant, in parentheses behind a blank; empty when nothing is near."""
    hint = did_you_mean(str(wrong), list(known), repr)
    return f" ({hint})" if hint else ""


def duration(name: str, text: str) -> Duration:
    """Read a duration that is longer than nothing.

    Args:
        name: of the setting.
        text: as ``10s``.

    Raises:
        SettingsError: it is none, no longer than nothing, or longer than a hundred years.

    """
    length = duration_or_none(name, text)
    if not length:
        raise SettingsError(f"{_short(text)} must be longer than nothing", where=name)
    return length


def duration_or_none(name: str, text: str) -> Duration:
    """Read a duration that may also be ``0s``.

    Args:
        name: of the setting.
        text: as ``10s``.

    Raises:
        SettingsError: it is none, or longer than a hundred years.

    """
    try:
        length = parse_duration(text)
    except ValueError as error:
        raise SettingsError(str(error), where=name) from error
    except OverflowError:
        length = LONGEST + 1
    if length > LONGEST:
        raise SettingsError(f"{_short(text)} is longer than 100 years", where=name)
    return length


def whole(name: str, number: int | str, *, least: int = 1, most: int = MOST) -> int:
    """Read a whole number.

    Args:
        name: of the setting.
        number: the number, or its digits.
        least: the smallest that will do.
        most: the largest that will do.

    Raises:
        SettingsError: it is none, or out of bounds.

    """
    try:
        found = int(number)
    except (ValueError, OverflowError, TypeError):  # Also digits without end.
        found = None
    if isinstance(number, bool | float):
        found = None
    if found is None or found < min(least, 1):
        kind = "a positive integer" if least > 0 else "zero or a positive integer"
        raise SettingsError(f"{name} must be {kind}, not {_short(number)}")
    if not least <= found <= most:
        bound = f"at least {least:,}" if found < least else f"at most {most:,}"
        raise SettingsError(f"{name} must be {bound}, not {_short(number)}")
    return found


def exact(name: str, number: float | str, *, most: int = MOST) -> Fraction:
    """Read a number as its decimals stand, so that 1.1 means eleven tenths.

    Args:
        name: of the setting.
        number: the number, or its text; ``3/2`` will do, too.
        most: the largest that will do.

    Raises:
        SettingsError: it is not a number, or too large.

    """
    text = str(number)
    try:
        near = float(Fraction(text)) if "/" in text else float(text)
    except (ValueError, ZeroDivisionError):
        near = math.nan
    except OverflowError:
        near = math.inf
    if math.isnan(near):
        raise SettingsError(f"{_short(number)} is not a number", where=name)
    if abs(near) > most:
        raise SettingsError(f"{_short(number)} must be at most {most:,}", where=name)
    # As a fraction, 1e-999999999 would fill the memory.
    return Fraction(text) if abs(near) > _TINY else Fraction(near)


def _short(value: object) -> str:
    """A value as it was written, cut where it goes on and on."""
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:36]}…{text[-1]}"
