"""The units of durations, resolved once for a source; reads no files.

Where a format leaves a unit open (``FieldSpec.units``), single lines cannot show it: a
program that writes 30.004 s and 30 s means the same unit by both. What speaks for a unit, in
this order: the unit written behind the number, the unit in the name (``elapsedMillis``), other
durations of the same lines (a total is never below a part of it), a decimal point anywhere in
the source, and the size of the numbers. What the last two say is a guess, and reported as one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import pairwise

from msgspec import Struct
from msgspec.structs import replace

from hitwatch.formats.fields import FIELDS, PER_SECOND, FieldSpec, Kind
from hitwatch.formats.format import Format, Guess, Key, Layout, normalize_key
from hitwatch.formats.unit_names import unit_from_name
from hitwatch.hits.batch import Hits
from hitwatch.hits.parser import Parser
from hitwatch.instants import Instant, from_datetime
from hitwatch.patterns import Pattern

UNITS = tuple(PER_SECOND)
"""Names of units, the coarsest first."""

WORDS = {"s": "seconds", "ms": "milliseconds", "us": "microseconds", "ns": "nanoseconds"}
"""Units as people call them."""

_SHORTEST, _LONGEST = 5e-5, 120.0
"""Between which the median of durations is taken for one of requests, in seconds."""
_SLOW = 5.0
_ENOUGH_LINES = 5
_NAMES_OF = 20
"""In how many lines names are looked for."""


def is_open(log_format: Format) -> bool:
    """Whether the unit of a duration is still open."""
    return any(spec.units for _, spec in log_format.specs)


def resolve_units(log_format: Format, lines: bytes, unit: str | None = None) -> Format:
    """Resolve the units that a format leaves open, as far as lines show them.

    Args:
        log_format: the format.
        lines: whole lines of one source, as the format reads them.
        unit: the unit of durations that are open, where the user knows it.

    Returns:
        The format with fixed units, and with what is a guess among its ``guesses``. Durations
        of which the lines have none stay open.

    """
    if log_format.parts:
        parts = tuple(resolve_units(part, lines, unit) for part in log_format.parts)
        if all(part is was for part, was in zip(parts, log_format.parts, strict=True)):
            return log_format
        guesses = tuple(dict.fromkeys(guess for part in parts for guess in part.guesses))
        return replace(log_format, parts=parts, guesses=guesses)
    named = _add_keys_with_units(log_format, lines)
    if not is_open(named):
        return named
    if unit is not None:
        return _fix_units(named, dict.fromkeys(_open_specs(named), unit), ())
    return _infer_units(named, lines)


def _add_keys_with_units(log_format: Format, lines: bytes) -> Format:
    """The format with the names of durations that lines have and the format does not know."""
    if not log_format.keys:
        return log_format
    known = {normalize_key(key.path[-1]) for key in log_format.keys}
    found: dict[tuple[str, ...], Key] = {}
    for path in _names(log_format, lines):
        named = None if normalize_key(path[-1]) in known else unit_from_name(path[-1])
        if named is not None:
            column, unit = named
            name = f"{column.removesuffix('s')}{unit}"
            found.setdefault(path, Key(path, name, FIELDS[name]))
    return replace(log_format, keys=(*found.values(), *log_format.keys)) if found else log_format


_LOGFMT_NAME = Pattern(rb'(?:^|[ "])([A-Za-z_][^\s="]{0,63})=')
_LTSV_NAME = Pattern(rb"(?:^|\t)([^\t:]{1,64}):")


def _names(log_format: Format, lines: bytes) -> Iterator[tuple[str, ...]]:
    for line in lines[: 64 * 1024].splitlines()[:_NAMES_OF]:
        if log_format.layout is Layout.JSON:
            # Few logs have durations under names.
            import json

            try:
                value = json.loads(line)
            except (ValueError, RecursionError):
                continue
            yield from _names_in(value, ())
        else:
            pattern = _LTSV_NAME if log_format.layout is Layout.LTSV else _LOGFMT_NAME
            for match in pattern.finditer(line):
                yield (match[1].decode("utf-8", "replace"),)


def _names_in(value: object, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    if not isinstance(value, dict) or len(path) > 3:
        return
    for name, inner in value.items():
        if isinstance(inner, dict):
            yield from _names_in(inner, (*path, name))
        elif name:
            yield (*path, name)


def _open_specs(log_format: Format) -> list[int]:
    return [place for place, (_, spec) in enumerate(log_format.specs) if spec.units]


class _Number(Struct, frozen=True):
    """A duration as it is written: the number, and its digits behind the point."""

    value: float
    decimals: int

    @property
    def rounding(self) -> float:
        return 10.0**-self.decimals


_PLAIN = Pattern(r"\d{1,18}(?:\.(\d{0,18}))?", re.ASCII)


def _parse_number(text: str | None) -> _Number | None:
    """A plain number above zero; zero is zero in every unit."""
    match = _PLAIN.fullmatch(text) if text else None
    if match is None or not (value := float(match[0])):
        return None
    return _Number(value, len(match[1] or ""))


def _infer_units(log_format: Format, lines: bytes) -> Format:
    """Look at the durations as they are written, and settle those that lines have."""
    durations = [
        (place, spec)
        for place, (_, spec) in enumerate(log_format.specs)
        if spec.kind is Kind.SECONDS
    ]
    raw = {place: FieldSpec(Kind.TEXT, f"written_{place}") for place, _ in durations}
    hits = Parser(_times_first(_with_specs(log_format, raw))).parse(lines)
    texts = {place: _texts(hits, f"written_{place}") for place, _ in durations}
    parts = [
        [None if number is None else number.value / spec.per_second for number in texts[place]]
        for place, spec in durations
        if not spec.units and any(texts[place])
    ]
    units: dict[int, str] = {}
    guesses: list[Guess] = []
    times = hits.times() if log_format.integer_units_since else []
    for place, spec in durations:
        if not spec.units or not any(texts[place]):
            continue
        possible = _exclude_later_units(spec, log_format, texts[place], times)
        unit, why = _choose_unit(possible, texts[place], parts)
        units[place] = unit
        first = spec.column not in {guess.what.rpartition(" ")[2] for guess in guesses}
        if why and first:
            why += _later_units_hint(log_format, unit)
            guesses.append(_guess(str(spec.column), unit, why, possible.units))
    return _fix_units(log_format, units, tuple(guesses)) if units else log_format


def _exclude_later_units(
    spec: FieldSpec,
    log_format: Format,
    written: Sequence[_Number | None],
    times: Sequence[Instant],
) -> FieldSpec:
    """A reading without the units that whole numbers had not yet when the lines were written."""
    if not times or any(number.decimals for number in written if number is not None):
        return spec
    first = min(times)
    later = {
        unit
        for unit, day in log_format.integer_units_since
        if first < from_datetime(datetime(day.year, day.month, day.day, tzinfo=UTC))
    }
    return replace(spec, units=tuple(u for u in spec.units if u not in later))


def _later_units_hint(log_format: Format, unit_taken: str) -> str:
    """What speaks against a unit: those that are written since some day."""
    others = [
        f"{WORDS[u]} since {day}" for u, day in log_format.integer_units_since if u != unit_taken
    ]
    return f"; versions write {' or '.join(others)}" if others else ""


def _times_first(log_format: Format) -> Format:
    """The format with values read as times where they are times: any value is a text."""
    keys = list(log_format.keys)
    for at, (key, other) in enumerate(pairwise(log_format.keys)):
        same = (key.scope, key.path) == (other.scope, other.path)
        if same and other.spec.kind is Kind.TIME:
            keys[at], keys[at + 1] = other, key
    return replace(log_format, keys=tuple(keys))


def _texts(hits: Hits, column: str) -> list[_Number | None]:
    """The numbers of a column; of a list, as of upstreams that were tried, the first."""
    texts = hits.texts(column) if hits.has_values(column) else []
    return [_parse_number(text.partition(",")[0].strip()) if text else None for text in texts]


def _choose_unit(
    spec: FieldSpec, written: Sequence[_Number | None], parts: Sequence[Sequence[float | None]]
) -> tuple[str, str]:
    """The unit of written durations, and why it is a guess; empty: it is certain."""
    numbers = [number for number in written if number is not None]
    units, compared = _possible_units(spec, written, parts)
    if len(units) == 1:
        return units[0], ""
    if compared >= _ENOUGH_LINES:
        # Most of a request's time is spent in its parts.
        return max(units, key=UNITS.index), ""
    # It brings along much, and few logs have durations whose unit is open.
    from statistics import median

    middle = median(number.value for number in numbers)
    pointed = [number for number in numbers if number.decimals]
    if pointed:
        exact = all(number.decimals == 3 for number in pointed)
        if "s" in units and (middle < 1 or (exact and middle < _LONGEST)):
            return "s", ""
        unit = "s" if "s" in units and middle < _SLOW else _plausible_unit(units, middle, but="s")
        return unit, f"its numbers have a point, and half of them are below {middle:g}"
    unit = _plausible_unit(units, middle)
    return unit, f"whole numbers only, and half of them are below {middle + 1:g}"


def _possible_units(
    spec: FieldSpec, written: Sequence[_Number | None], parts: Sequence[Sequence[float | None]]
) -> tuple[tuple[str, ...], int]:
    """The units by which totals are not below their parts, and how many pairs showed that."""
    pairs = [
        (number, part)
        for of_part in parts
        for number, part in zip(written, of_part, strict=True)
        if number is not None and part
    ]
    if not pairs:
        return spec.units, 0
    whole = spec.column == "duration_s"

    def holds(number: _Number, part: float, unit: str) -> bool:
        per_second = PER_SECOND[unit]
        if whole:
            return (number.value + number.rounding) / per_second >= part * 0.999
        return (number.value - number.rounding) / per_second <= part * 1.001

    fitting = tuple(
        unit
        for unit in spec.units
        if sum(holds(number, part, unit) for number, part in pairs) >= 0.95 * len(pairs)
    )
    return (fitting, len(pairs) if whole else 0) if fitting else (spec.units, 0)


def _plausible_unit(units: Sequence[str], middle: float, but: str = "") -> str:
    """The first unit that makes durations of requests out of numbers."""
    for unit in units:
        if unit != but and _SHORTEST <= middle / PER_SECOND[unit] <= _LONGEST:
            return unit
    return units[0]


def _guess(column: str, unit: str, why: str, units: Sequence[str]) -> Guess:
    others = " or ".join(known for known in units if known != unit)
    return Guess(f"unit of {column}", WORDS[unit], why, f"--duration-unit {others}")


def _fix_units(log_format: Format, units: dict[int, str], guesses: tuple[Guess, ...]) -> Format:
    specs = [spec for _, spec in log_format.specs]
    fixed = {
        place: replace(specs[place], per_second=PER_SECOND[unit], by_point=False, units=())
        for place, unit in units.items()
    }
    result = _with_specs(log_format, fixed)
    return replace(result, guesses=(*log_format.guesses, *guesses))


def _with_specs(log_format: Format, specs: dict[int, FieldSpec]) -> Format:
    """The format with other readings at places of ``Format.specs``."""
    place = 0
    lines = []
    for line in log_format.lines:
        fields = []
        for field in line.fields:
            fields.append(replace(field, spec=specs.get(place, field.spec)))
            place += 1
        lines.append(replace(line, fields=tuple(fields)))
    keys = tuple(
        replace(key, spec=specs.get(at, key.spec)) for at, key in enumerate(log_format.keys, place)
    )
    return replace(log_format, lines=tuple(lines), keys=keys)
