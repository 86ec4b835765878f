"""A log format as a value, and how a format file is read; parses no lines itself.

A format file is TOML. Its ``line`` is the line as the server writes it, each field in
braces: ``{client} {ident} {user} [{time}] "{request}" {status} {bytes}``. A field that stands
between double quotes may hold the server's escapes. ``optional`` lists texts that may
follow the line, each only after the one before it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hitwatch.errors import FormatError
from hitwatch.hits.columns import BY_NAME, REQUEST_PARTS, Column, ColumnType
from hitwatch.hits.fields import FIELDS, Kind, Reading

_FIELD = re.compile(r"\{([a-z_0-9]+)(?::([a-z]+))?\}")
_ESCAPES = ("none", "backslash", "doubled")
_OWN_COLUMN = {
    Kind.TEXT: ColumnType.TEXT,
    Kind.INTEGER: ColumnType.INTEGER,
    Kind.SECONDS: ColumnType.FLOAT,
}


@dataclass(frozen=True, slots=True)
class Field:
    """A field at its place in the line.

    Attributes:
        name: as in the format file.
        reading: how its text is read, and where the value goes.
        before: the literal text in front of it.
        or_end: what ends the line where this field and all behind it are missing;
            ``None`` where the field must be there.

    """

    name: str
    reading: Reading
    before: str
    or_end: str | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """A line and the column values it must give.

    Attributes:
        line: as it stands in a log, without its line end.
        expect: values by column; times as RFC 3339 text.

    """

    line: str
    expect: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Format:
    """How one kind of log line is written and what its parts mean.

    Attributes:
        name: the public name.
        title: one line for people.
        aliases: other names people use.
        fields: the fields in the order of the line.
        after: literal text that ends the line, behind the last field.
        escape: how quoted fields are escaped: ``none``, ``backslash`` or ``doubled``.
        time_format: ``clf``, ``iso``, ``epoch:UNIT``, or a strftime text.
        time_means: ``start`` or ``end`` of the request.
        bytes_mean: ``body`` or ``wire``.
        ignore_rest: whether text behind the last field is left unread.
        samples: lines with the hits they must give.
        source: where the layout is documented.

    """

    name: str
    fields: tuple[Field, ...]
    title: str = ""
    aliases: tuple[str, ...] = ()
    after: str = ""
    escape: str = "backslash"
    time_format: str = "clf"
    time_means: str = "end"
    bytes_mean: str = "body"
    ignore_rest: bool = False
    samples: tuple[Sample, ...] = field(default=(), repr=False)
    source: str = ""

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns this format can fill, in the order of output; its own come last."""
        own: list[Column] = []
        filled: set[str] = set()
        for item in self.fields:
            reading = item.reading
            if reading.kind is Kind.REQUEST:
                filled.update(REQUEST_PARTS)
            for name, kind in (
                (reading.column, reading.kind),
                (reading.port_column, Kind.INTEGER),
            ):
                if name is None:
                    continue
                filled.add(name)
                if name not in BY_NAME and kind in _OWN_COLUMN:
                    own.append(Column(name, _OWN_COLUMN[kind], f"{item.name} as logged"))
        known = [column for column in BY_NAME.values() if column.name in filled]
        return (*known, *own)

    def fills(self, column: str) -> bool:
        """Whether lines of this format carry a value for a column."""
        return any(known.name == column for known in self.columns)


def read_line(line: str, *, where: str) -> tuple[tuple[Field, ...], str]:
    """Take a line template apart.

    Args:
        line: literal text with fields in braces.
        where: what to name in errors.

    Returns:
        The fields in order, and the literal text behind the last one.

    Raises:
        FormatError: a field has no known name and no kind, or the braces do not match.

    """
    fields: list[Field] = []
    end = 0
    for match in _FIELD.finditer(line):
        before = line[end : match.start()]
        reading = _reading(match[1], match[2], where)
        fields.append(Field(match[1], reading, _literal(before, where)))
        end = match.end()
    return tuple(fields), _literal(line[end:], where)


def _literal(text: str, where: str) -> str:
    if "{" in text or "}" in text:
        raise FormatError(f"a brace in {text!r} belongs to no field", where=where)
    return text


def _reading(name: str, kind: str | None, where: str) -> Reading:
    if kind is None:
        if name in FIELDS:
            return FIELDS[name]
        raise FormatError(
            f"unknown field {name!r}",
            where=where,
            hint=f"known fields: {', '.join(sorted(FIELDS))}; or give it a kind: {{{name}:text}}",
        )
    kinds = {known.value: known for known in (Kind.TEXT, Kind.INTEGER, Kind.SECONDS)}
    if kind not in kinds:
        raise FormatError(
            f"unknown kind {kind!r} of field {name!r}",
            where=where,
            hint=f"known kinds: {', '.join(kinds)}",
        )
    return Reading(kinds[kind], name, per_second=1 if kind == "seconds" else None)


def read_format(text: str, *, where: str) -> Format:
    """Read a format file.

    Args:
        text: its TOML.
        where: its name, for errors.

    Raises:
        FormatError: the file is no TOML, lacks a key, or holds one that is not known.

    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise FormatError("no valid TOML", where=where, why=str(error)) from error
    _check_keys(table, where)
    fields, after = read_line(table["line"], where=where)
    for tail in table.get("optional", ()):
        # What ends the line so far stands in front of the fields that may follow.
        (first, *others), rest = read_line(tail, where=where)
        joint = Field(first.name, first.reading, after + first.before, or_end=after)
        fields, after = (*fields, joint, *others), rest
    return Format(
        name=table["name"],
        title=table["title"],
        aliases=tuple(table.get("aliases", ())),
        fields=fields,
        after=after,
        escape=table.get("escape", "backslash"),
        time_format=table.get("time_format", "clf"),
        time_means=table.get("time_means", "end"),
        bytes_mean=table.get("bytes_mean", "body"),
        ignore_rest=table.get("ignore_rest", False),
        samples=tuple(Sample(s["line"], s["expect"]) for s in table.get("samples", ())),
        source=table["source"],
    )


_REQUIRED = {"name", "title", "line", "source", "samples"}
_KNOWN = _REQUIRED | {
    "aliases",
    "optional",
    "escape",
    "time_format",
    "time_means",
    "bytes_mean",
    "ignore_rest",
}


def _check_keys(table: Mapping[str, Any], where: str) -> None:
    missing, unknown = _REQUIRED - table.keys(), table.keys() - _KNOWN
    if missing or unknown:
        raise FormatError(
            f"missing {', '.join(sorted(missing))}" if missing else f"unknown key {min(unknown)!r}",
            where=where,
            hint=f"a format has the keys {', '.join(sorted(_KNOWN))}",
        )
    if table.get("escape", "backslash") not in _ESCAPES:
        raise FormatError(
            f"unknown escape {table['escape']!r}", where=where, hint=f"known: {', '.join(_ESCAPES)}"
        )
