"""The W3C extended log format: a line says which fields the lines behind it have.

A log of IIS can have several ``#Fields`` blocks with different layouts, and may leave the date of
its lines to ``#Date``.

Source: https://www.w3.org/TR/WD-logfile.html; what names mean beyond it, and how values are
written, differs by product (``w3c_names``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from msgspec.structs import replace

from hitwatch.formats.fields import FIELDS, OWN_KINDS, FieldSpec, Kind
from hitwatch.formats.format import Delimited, Field, Format, Guess, Line, Quotes
from hitwatch.formats.w3c_names import TIMES, USUAL, Product, detect_product
from hitwatch.instants import Instant, from_datetime

FIELDS_DIRECTIVE = b"#Fields:"
DATE_DIRECTIVE = (b"#Date:", b"#Start-Date:", b"#StartDate:")
SOFTWARE_DIRECTIVE = b"#Software:"
_DIRECTIVES = (FIELDS_DIRECTIVE, SOFTWARE_DIRECTIVE, *DATE_DIRECTIVE)
_REQUEST_FIELDS = ("method", "target", "path", "query", "protocol")
"""Fields in which no server escapes blanks: they are the request's own text."""


def with_fields(
    log_format: Format, header: str, software: str = "", unit: str | None = None
) -> Format:
    """The format as a ``#Fields`` line lays it out.

    Args:
        log_format: what was known before.
        header: the line, its ``#Fields:`` included or not.
        software: what ``#Software`` says, when it does.
        unit: the unit of durations that the names leave open, where the user knows it.

    Returns:
        The format, of lines with as many values as the header has names.

    """
    header = header.removeprefix(FIELDS_DIRECTIVE.decode()).strip()
    names, separators = _split_header(header)
    product = detect_product([name.lower() for name in names], software)
    missing = _undeclared_names(names, product)
    labels = [*names, *missing]
    fields = [
        Field(name, spec, separators[0] if place else "", quotes=_quotes(product), label=label)
        for place, ((name, spec), label) in enumerate(
            zip(_assign_specs(labels, product, unit), labels, strict=True)
        )
    ]
    if not fields:
        return replace(log_format, lines=())
    delimited = Delimited(
        separators, len(names), open=bool(product.appended), quotes=product.quotes
    )
    guesses = tuple(g for g in log_format.guesses if not g.what.startswith("unit"))
    if product.open_unit and unit is None:
        guesses += _unit_guess(names)
    return replace(
        log_format,
        lines=(Line(tuple(fields), delimited=delimited),),
        escape="doubled",
        guesses=guesses,
    )


def _split_header(header: str) -> tuple[list[str], str]:
    """Names, and what may separate values: that of the header first."""
    if "\t" in header:
        # Names may hold blanks then: `IPS scan result` (Forefront TMG).
        names = [name.strip() for name in header.split("\t")]
        # CloudFront's own header has blanks; copies of any may have either.
        return names, "\t "
    if "," in header and " " not in header.replace(", ", ","):
        return [name.strip() for name in header.split(",")], ","
    names = header.split()
    cloudfront = any(name.lower().startswith("x-edge-") for name in names)
    return names, "\t " if cloudfront else " \t"


def _undeclared_names(names: Sequence[str], product: Product) -> tuple[str, ...]:
    """Names of newer fields that lines have behind those of the header."""
    known = product.appended[: len(names)]
    same = tuple(name.lower() for name in names) == known
    return product.appended[len(names) :] if same else ()


def _quotes(product: Product) -> Quotes:
    return Quotes.OPTIONAL if product.quotes else Quotes.NEVER


def _unit_guess(names: Sequence[str]) -> tuple[Guess, ...]:
    if "time-taken" not in (name.lower() for name in names):
        return ()
    return (
        Guess(
            what="unit of duration_s",
            assumed="milliseconds",
            why="time-taken is in milliseconds in IIS and most others, in seconds by the draft",
            remedy="--duration-unit s",
        ),
    )


def _assign_specs(
    names: Sequence[str], product: Product, unit: str | None
) -> list[tuple[str, FieldSpec]]:
    """Names and readings of the fields; of two that fill one column the first counts."""
    small = [name.lower() for name in names]
    known = {**USUAL, **product.names}
    if product.open_unit and unit is not None:
        known["time-taken"] = f"duration_{unit}"
    times = next((group for group in TIMES if all(name in small for name in group)), {})
    # The viewer's Host header goes before CloudFront's.
    filled: set[str] = {"host"} if "x-host-header" in small else set()
    specs = []
    for name in small:
        field_name = times.get(name) or known.get(name)
        first = name == "x-host-header" or field_name not in filled
        if field_name and first and not (name in times and name in filled):
            filled |= {field_name, name}
            specs.append(_known_spec(field_name, product))
        else:
            specs.append(_own_spec(name, filled, product))
    return specs


def _known_spec(field_name: str, product: Product) -> tuple[str, FieldSpec]:
    name, _, kind = field_name.partition(":")
    spec = replace(OWN_KINDS[kind], column=name) if kind else FIELDS[name]
    if spec.kind is Kind.TEXT:
        spec = replace(spec, escape=product.escape)
    return name, spec


def _own_spec(name: str, filled: set[str], product: Product) -> tuple[str, FieldSpec]:
    own = re.sub(r"[^a-z0-9]+", "_", name).strip("_") or "field"
    if own[0].isdigit():
        own = f"field_{own}"
    while own in filled or own in FIELDS:
        own += "_"
    filled.add(own)
    return own, FieldSpec(Kind.TEXT, own, escape=product.escape)


def find_directives(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Where ``#Fields``, ``#Date`` and ``#Software`` lines begin, and what they say."""
    at = 0 if data.startswith(b"#") else data.find(b"\n#") + 1
    while at or data.startswith(b"#"):
        end = data.find(b"\n", at)
        line = data[at : end if end >= 0 else len(data)].rstrip(b"\r")
        if line.startswith(_DIRECTIVES):
            yield at, line
        following = data.find(b"\n#", at)
        if following < 0:
            return
        at = following + 1


def split_sections(data: bytes) -> Iterator[tuple[bytes | None, bytes]]:
    """Each ``#Fields`` line, ``None`` before the first, and what stands up to the next one."""
    header, start = None, 0
    for at, line in find_directives(data):
        if line.startswith(FIELDS_DIRECTIVE):
            yield header, data[start:at]
            header, start = line, at
    yield header, data[start:]


def parse_software(line: bytes) -> str | None:
    """What a ``#Software`` line names."""
    if not line.startswith(SOFTWARE_DIRECTIVE):
        return None
    return line.removeprefix(SOFTWARE_DIRECTIVE).decode("utf-8", "replace").strip()


_DATE = re.compile(
    rb"#(?:Start-?)?Date:\s*"
    rb"(?:(\d{4})-(\d\d?)-(\d\d?)|(\d\d?)-([A-Za-z]{3})-(\d{4}))"
    rb"(?:[T\s]+(\d\d):(\d\d)(?::(\d\d))?)?"
)
_MONTHS = b"jan feb mar apr may jun jul aug sep oct nov dec".split()


def parse_date(line: bytes) -> Instant | None:
    """When a log was begun, as its ``#Date`` line says; ``None``: it does not.

    >>> parse_date(b"#Date: 12-Jan-1970 00:00:01") == parse_date(b"#Date: 1970-01-12T00:00:01Z")
    True

    """
    found = _DATE.match(line)
    if found is None:
        return None
    year, month, day, short_day, name, late_year = found.groups()[:6]
    hour, minute, second = (int(part or 0) for part in found.groups()[6:])
    try:
        months = _MONTHS.index(name.lower()) + 1 if name else int(month)
        date = datetime(int(year or late_year), months, int(day or short_day), tzinfo=UTC)
        return from_datetime(date.replace(hour=hour, minute=minute, second=min(second, 59)))
    except ValueError:
        return None
