"""A log format as a value; reads no files and parses no lines (``toml.py``, ``template.py``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from enum import Enum
from functools import lru_cache
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from hitwatch.errors import FormatError
from hitwatch.formats.columns import BY_NAME, REQUEST_PARTS, Column, ColumnType
from hitwatch.formats.fields import FieldSpec, Kind

INFERRED = "clf-like"
"""What a layout is called that was inferred from lines."""

_OWN_COLUMN = {
    Kind.TEXT: ColumnType.TEXT,
    Kind.INTEGER: ColumnType.INTEGER,
    Kind.SECONDS: ColumnType.FLOAT,
}


class Layout(Enum):
    """How the values of a line are laid out."""

    POSITIONAL = "positional"
    W3C = "w3c"
    JSON = "json"
    LOGFMT = "logfmt"
    LTSV = "ltsv"
    REGEX = "regex"


class Quotes(Enum):
    """When a field is quoted."""

    NEVER = "never"
    ALWAYS = "always"
    OPTIONAL = "optional"


class Field(Struct, frozen=True, omit_defaults=True):
    """A field at its place in the line.

    Attributes:
        name: as in the format file.
        spec: how its text is read, and where the value goes.
        before: the literal text in front of it.
        or_end: what ends the line where this field and all behind it are missing;
            ``None`` where the field must be there.
        quotes: when it is quoted; ``ALWAYS``: by quotes that are literal text around it.
        greedy: whether it may hold the text that ends it, so that the rest of the line decides.
        leading_blanks: whether blanks may stand before it.
        label: what the server or the log's header calls it; empty: as the format does.

    """

    name: str
    spec: FieldSpec
    before: str
    or_end: str | None = None
    quotes: Quotes = Quotes.NEVER
    greedy: bool = False
    leading_blanks: bool = False
    label: str = ""


class Delimited(Struct, frozen=True, omit_defaults=True):
    """Values between separators, as many as a header names.

    Attributes:
        separators: what may stand between values; of several the first by which their number
            agrees. Runs of one count as one where the number agrees so.
        least: how many values a line must have.
        open: whether it may have more than there are fields.
        quotes: whether a value between quotes may hold what separates values.

    """

    separators: str
    least: int
    open: bool = False
    quotes: bool = True


class Line(Struct, frozen=True, omit_defaults=True):
    """One way to write a line.

    Attributes:
        fields: the fields in the order of the line.
        after: literal text that ends the line, behind the last field.
        ignore_rest: whether text behind the last field is left unread.
        delimited: how values are separated, where only their number says which is which;
            ``None``: by the text between them.

    """

    fields: tuple[Field, ...]
    after: str = ""
    ignore_rest: bool = False
    delimited: Delimited | None = None


class Key(Struct, frozen=True, omit_defaults=True):
    """A name under which a value stands.

    Attributes:
        path: the name, and the names of the objects around it.
        name: the field.
        spec: how its text is read, and where the value goes.
        scope: the scope in which it is looked for; empty: outside of all.

    """

    path: tuple[str, ...]
    name: str
    spec: FieldSpec
    scope: str = ""


class Scope(Struct, frozen=True, omit_defaults=True):
    """Objects whose names mean something of their own, as ``size`` of a request.

    Attributes:
        name: what the scope is called in the format file.
        objects: names of the objects.
        columns: of the names that stand outside, those that fill these count inside as well.

    """

    name: str
    objects: tuple[str, ...]
    columns: tuple[str, ...]


class Sample(Struct, frozen=True):
    """A line and the column values it must give.

    Attributes:
        line: as it stands in a log, without its line end; lines that say something about it,
            such as ``#Fields:``, go before it.
        expect: values by column; times as RFC 3339 text.

    """

    line: str
    expect: Mapping[str, Any]


class Guess(Struct, frozen=True, omit_defaults=True):
    """Something that is ambiguous in a source's lines, and what is assumed.

    Attributes:
        what: what is ambiguous: ``unit of duration_s``, ``zone of time``, ``layout``.
        assumed: what is assumed: ``microseconds``.
        why: what speaks for that.
        remedy: the option that settles it: ``--duration-unit ms``.

    """

    what: str
    assumed: str
    why: str
    remedy: str


class Format(Struct, frozen=True, omit_defaults=True):
    """How one kind of log line is written and what its parts mean.

    Attributes:
        name: the public name.
        title: one line for people.
        aliases: other names people use.
        layout: how the values are laid out.
        lines: of a positional layout the ways to write a line; of W3C the one that holds
            until a ``#Fields`` line says another.
        keys: of named values their names; of a pattern its groups.
        pattern: a regular expression that lines match from their beginning.
        normalized_keys: whether names are compared without case and punctuation.
        flattened: names of objects whose names count as if they stood outside.
        scopes: objects in which names mean something of their own.
        identifying_keys: names of which two must stand on a line; empty: none need to.
        required: columns without which a line of named values says nothing; of several
            with ``|`` between them one is enough.
        escape: how fields are escaped: ``none``; ``backslash`` (``\\xHH``, ``\\"``: httpd,
            nginx); ``doubled`` (``""``: CSV, W3C); ``json``; ``percent`` (Squid, CloudFront);
            ``plus`` (blanks as ``+``: IIS); ``hash`` (``#22``: HAProxy).
        time_format: ``clf``, ``iso``, ``any``, ``epoch:UNIT``, or a strftime text.
        time_means: ``start`` or ``end`` of the request.
        bytes_mean: ``body`` or ``wire``.
        directives: beginnings of lines that are not log lines.
        widespread: whether so many logs are in it that it is tried before others.
        glued: whether the blank beside a value in quotes may be missing.
        sample_text: lines with the hits they must give, as they stand in the format file.
        evidence: a regular expression on some lines; among formats that fit alike, finding it
            speaks for this one, not finding it against.
        source: where the layout is documented.
        server: the programs that write it.
        versions: of these programs.
        notes: what a reader of its figures should know, beyond what the fields say.
        host_in_target: whether targets are absolute and hold the host that was asked for, where
            no field of its own does. Of a web server they are a proxy's or an attacker's.
        integer_units_since: units that whole numbers of an open duration have only since some
            day, and that day: older lines hold another.
        guesses: what the lines of this source leave open; filled when the format is recognised.
        parts: of a log in which several formats stand, those formats; a line is in the first
            of them that fits it.

    """

    name: str
    layout: Layout = Layout.POSITIONAL
    lines: tuple[Line, ...] = ()
    keys: tuple[Key, ...] = ()
    pattern: str = ""
    normalized_keys: bool = False
    flattened: tuple[str, ...] = ()
    scopes: tuple[Scope, ...] = ()
    identifying_keys: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    title: str = ""
    aliases: tuple[str, ...] = ()
    escape: str = "backslash"
    time_format: str = "clf"
    time_means: str = "end"
    bytes_mean: str = "body"
    directives: tuple[str, ...] = ()
    widespread: bool = False
    glued: bool = False
    sample_text: str = ""
    evidence: str = ""
    server: str = ""
    versions: str = ""
    notes: str = ""
    host_in_target: bool = False
    integer_units_since: tuple[tuple[str, date], ...] = ()
    guesses: tuple[Guess, ...] = ()
    source: str = ""
    parts: tuple[Format, ...] = ()

    @property
    def samples(self) -> tuple[Sample, ...]:
        """Lines with the hits they must give.

        Raises:
            FormatError: they are not TOML, or something else follows them.

        """
        # Lines are read without their samples.
        import tomllib

        try:
            table = tomllib.loads(self.sample_text)
            found = tuple(Sample(s["line"], s["expect"]) for s in table.pop("samples", ()))
        except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
            raise FormatError("invalid samples", where=self.name, why=str(error)) from error
        if table:
            raise FormatError(
                f"{min(table)!r} follows the samples",
                where=self.name,
                hint="[[samples]] must come last in a format file",
            )
        return found

    @property
    def specs(self) -> tuple[tuple[str, FieldSpec], ...]:
        """Name and reading of every field, in the order of the lines and keys."""
        if self.parts:
            return tuple(spec for part in self.parts for spec in part.specs)
        placed = [(item.name, item.spec) for line in self.lines for item in line.fields]
        return (*placed, *((key.name, key.spec) for key in self.keys))

    def escape_of(self, field: Field) -> str:
        """How a field is escaped at its place in a line.

        A server that escapes what clients send escapes their names as well, which stand
        without quotes. A single backslash in one stands behind a domain: ``DOM\\ann``.
        """
        bare = field.quotes is Quotes.NEVER
        escape = field.spec.escape or self.escape
        if bare and field.spec.check == "user" and escape == "backslash":
            return "name"
        return "none" if bare and not field.spec.escape else escape

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns this format can fill, in the order of output; its own come last."""
        own: dict[str, Column] = {}
        filled: set[str] = set()
        timed = has_instant(self)
        if self.has_host_in_target:
            filled.add("host")
        for name, spec in self.specs:
            filled.update(_REQUEST_COLUMNS.get(spec.kind, ()))
            for column, kind in (
                (spec.column, spec.kind),
                (spec.port_column, Kind.INTEGER),
            ):
                if column is None or (kind is Kind.TIME and not timed):
                    continue
                filled.add(column)
                if column not in BY_NAME and kind in _OWN_COLUMN:
                    own[column] = Column(column, _OWN_COLUMN[kind], f"{name} as logged")
        known = [column for column in BY_NAME.values() if column.name in filled]
        return (*known, *own.values())

    @property
    def has_host_in_target(self) -> bool:
        """Whether absolute-form targets give the host: always where values have names."""
        named = self.layout in (Layout.JSON, Layout.LOGFMT, Layout.LTSV)
        whole = any(r.kind in (Kind.REQUEST, Kind.TARGET) for _, r in self.specs)
        if self.parts:
            return any(part.has_host_in_target for part in self.parts)
        return whole and (named or self.host_in_target)

    def fills(self, column: str) -> bool:
        """Whether lines of this format carry a value for a column."""
        return any(known.name == column for known in self.columns)


def combine_formats(formats: Sequence[Format]) -> Format:
    """The format of a log in which lines of several formats stand."""
    return replace(
        formats[0],
        name=" + ".join(known.name for known in formats),
        parts=tuple(formats),
        directives=tuple(start for known in formats for start in known.directives),
    )


@lru_cache(4096)
def normalize_key(name: str) -> str:
    """A name without case and punctuation, as formats that are ``normalized_keys`` compare them."""
    return "".join(char for char in name.lower() if char.isalnum())


_REQUEST_COLUMNS: dict[Kind, tuple[str, ...]] = {
    Kind.REQUEST: REQUEST_PARTS,
    Kind.METHOD: ("method", "section"),
    Kind.TARGET: ("target", "path", "query", "section"),
    Kind.PATH: ("target", "path", "query", "section"),
    Kind.QUERY: ("query",),
    Kind.PROTOCOL: ("protocol",),
}
"""Columns that fields of the request fill."""

_WHOLE = ("clf", "iso", "any")
_CLUES = {"year": "Yy", "month": "mbBh", "day": "de"}


def has_instant(log_format: Format) -> bool:
    """Whether the parts of the time that lines carry make an instant.

    The year may be missing where month and day are there: it is found in another way.
    """
    if log_format.parts:
        return any(has_instant(part) for part in log_format.parts)
    if log_format.layout is Layout.W3C or log_format.keys:
        return any(spec.kind is Kind.TIME for _, spec in log_format.specs)
    for line in log_format.lines:
        formats = [
            item.spec.time_format or log_format.time_format
            for item in line.fields
            if item.spec.kind is Kind.TIME
        ]
        if any(text in _WHOLE or text.startswith("epoch:") for text in formats):
            return True
        text = "".join(formats)
        for short, long in (("%D", "%m%d%y"), ("%F", "%Y%m%d")):
            text = text.replace(short, long)
        if "%s" in text:
            return True
        known = {part for part, letters in _CLUES.items() if any(f"%{c}" in text for c in letters)}
        if {"month", "day", "year"} <= known or ("year" in known and "%j" in text):
            return True
    return False
