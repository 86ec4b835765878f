"""A log format as a value, and how a format file is read; parses no lines itself.

A format file is TOML. Where values stand in a fixed order, its ``line`` is the line as the
server writes it, each field in braces: ``{client} {ident} {user} [{time}] "{request}" {status}``.

- A field between double quotes may hold the server's escapes.
- ``{"referrer"}`` is quoted or not, as the value needs.
- ``{client*}`` may hold the text that ends it: of the places where it could end, the first
  counts behind which the rest of the line fits.
- Two blanks stand for any number of them; ``{{`` and ``}}`` are braces of the line itself.
- ``lines`` in place of ``line`` lists several ways, of which the first that fits counts.
- ``optional`` lists texts that may follow the line, each only after the one before it.

Where ``layout`` is ``regex``, ``pattern`` is a regular expression whose named groups are the
fields (``patterns.py``).

Where values stand under names, ``keys`` maps the names to fields, nested names with points.
Of several names for one column the first that has a value counts; ``"duration_s|time"`` is
read as a time where it is no duration.

- ``telling`` lists names of which two must stand on a line: they tell a product from others.
- ``scopes`` names objects that hold what belongs to the request, or to the response: ``names``
  of the object, the ``columns`` that are looked for in it, and its own ``keys``.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import Enum
from functools import cache, lru_cache
from typing import Any

from hitwatch.errors import FormatError
from hitwatch.formats.columns import BY_NAME, REQUEST_PARTS, Column, ColumnType
from hitwatch.formats.fields import FIELDS, OWN_KINDS, FieldSpec, Kind

INFERRED = "clf-like"
"""What a layout is called that was inferred from lines."""

_FIELD = re.compile(r'\{\{|\}\}|\{("?)([a-z][a-z_0-9]*)(?::([a-z]+))?(\*?)\1\}')
_ESCAPES = ("none", "backslash", "doubled", "json", "percent", "plus", "hash")
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


@dataclass(frozen=True, slots=True)
class Field:
    """A field at its place in the line.

    Attributes:
        name: as in the format file.
        spec: how its text is read, and where the value goes.
        before: the literal text in front of it.
        or_end: what ends the line where this field and all behind it are missing;
            ``None`` where the field must be there.
        quotes: when it is quoted; ``ALWAYS``: by quotes that are literal text around it.
        greedy: whether it may hold the text that ends it, so that the rest of the line tells.
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


@dataclass(frozen=True, slots=True)
class Counted:
    """Values that are told by counting them, as many as a header names.

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


@dataclass(frozen=True, slots=True)
class Line:
    """One way to write a line.

    Attributes:
        fields: the fields in the order of the line.
        after: literal text that ends the line, behind the last field.
        ignore_rest: whether text behind the last field is left unread.
        counted: how values stand that are told by their number alone; ``None``: by the text
            between them.

    """

    fields: tuple[Field, ...]
    after: str = ""
    ignore_rest: bool = False
    counted: Counted | None = None


@dataclass(frozen=True, slots=True)
class Key:
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


@dataclass(frozen=True, slots=True)
class Scope:
    """Objects whose names mean something of their own, as ``size`` of a request.

    Attributes:
        name: what the scope is called in the format file.
        objects: names of the objects.
        columns: of the names that stand outside, those that fill these count inside as well.

    """

    name: str
    objects: tuple[str, ...]
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sample:
    """A line and the column values it must give.

    Attributes:
        line: as it stands in a log, without its line end; lines that say something about it,
            such as ``#Fields:``, go before it.
        expect: values by column; times as RFC 3339 text.

    """

    line: str
    expect: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Guess:
    """Something that a source's lines do not settle, and how it was taken.

    Attributes:
        what: what is open: ``unit of duration_s``, ``zone of time``, ``layout``.
        taken: how it was taken: ``microseconds``.
        why: what speaks for that.
        remedy: the option that settles it: ``--duration-unit ms``.

    """

    what: str
    taken: str
    why: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Format:
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
        telling: names of which two must stand on a line; empty: none need to.
        required: columns without which a line of named values says nothing; of several
            with ``|`` between them one is enough.
        escape: how fields are escaped: ``none``, ``backslash``, ``doubled``, ``json``,
            ``percent``, ``plus`` or ``hash``.
        time_format: ``clf``, ``iso``, ``any``, ``epoch:UNIT``, or a strftime text.
        time_means: ``start`` or ``end`` of the request.
        bytes_mean: ``body`` or ``wire``.
        directives: beginnings of lines that are no log lines.
        glued: whether the blank beside a value in quotes may be missing.
        sample_text: lines with the hits they must give, as they stand in the format file.
        evidence: a regular expression on some lines; among formats that fit alike, finding it
            speaks for this one, not finding it against.
        source: where the layout is documented.
        server: the programs that write it.
        versions: of these programs.
        notes: what a reader of its figures should know, beyond what the fields say.
        host_in_target: whether targets are absolute and tell the host that was asked for, where
            no field of its own does. Of a web server they are a proxy's or an attacker's.
        whole_since: units that whole numbers of an open duration have only since some day, and
            that day: older lines hold another.
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
    telling: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    title: str = ""
    aliases: tuple[str, ...] = ()
    escape: str = "backslash"
    time_format: str = "clf"
    time_means: str = "end"
    bytes_mean: str = "body"
    directives: tuple[str, ...] = ()
    glued: bool = False
    sample_text: str = field(default="", repr=False)
    evidence: str = ""
    server: str = ""
    versions: str = ""
    notes: str = ""
    host_in_target: bool = False
    whole_since: tuple[tuple[str, date], ...] = ()
    guesses: tuple[Guess, ...] = ()
    source: str = ""
    parts: tuple[Format, ...] = ()

    @property
    def samples(self) -> tuple[Sample, ...]:
        """Lines with the hits they must give.

        Raises:
            FormatError: they are no TOML, or something else stands behind them.

        """
        try:
            table = tomllib.loads(self.sample_text)
            found = tuple(Sample(s["line"], s["expect"]) for s in table.pop("samples", ()))
        except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
            raise FormatError("no valid samples", where=self.name, why=str(error)) from error
        if table:
            raise FormatError(
                f"{min(table)!r} stands behind the samples",
                where=self.name,
                hint="samples stand last in a format file",
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
        if self.tells_host_in_target:
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
    def tells_host_in_target(self) -> bool:
        """Whether an absolute-form target tells the host: always where values have names."""
        named = self.layout in (Layout.JSON, Layout.LOGFMT, Layout.LTSV)
        whole = any(r.kind in (Kind.REQUEST, Kind.TARGET) for _, r in self.specs)
        if self.parts:
            return any(part.tells_host_in_target for part in self.parts)
        return whole and (named or self.host_in_target)

    def fills(self, column: str) -> bool:
        """Whether lines of this format carry a value for a column."""
        return any(known.name == column for known in self.columns)


def mixed(formats: Sequence[Format]) -> Format:
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

    The year may be missing where month and day are there: it is told otherwise.
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


def read_line(
    line: str,
    *,
    where: str,
    own: Mapping[str, FieldSpec] | None = None,
    ignore_rest: bool = False,
) -> Line:
    """Take a line template apart.

    Args:
        line: literal text with fields in braces.
        where: what to name in errors.
        own: readings that go before the usual ones, by field name.
        ignore_rest: whether text behind the last field is left unread.

    Raises:
        FormatError: a field has no known name and no kind, or the braces do not match.

    """
    fields: list[Field] = []
    end, literal = 0, ""
    for match in _FIELD.finditer(line):
        literal += _literal(line[end : match.start()], where)
        end = match.end()
        if match[0] in ("{{", "}}"):
            literal += match[0][0]
            continue
        quotes = Quotes.OPTIONAL if match[1] else Quotes.NEVER
        leading_blanks = literal.endswith("  ")
        before = literal.rstrip(" ") + " " if leading_blanks else literal
        spec = (own or {}).get(match[2]) or read_spec(match[2], match[3], where)
        greedy = bool(match[4])
        fields.append(Field(match[2], spec, before, None, quotes, greedy, leading_blanks))
        literal = ""
    return placed(fields, literal + _literal(line[end:], where), ignore_rest=ignore_rest)


def placed(fields: Sequence[Field], after: str, *, ignore_rest: bool = False) -> Line:
    """Make a line of its fields: those between literal quotes are marked as quoted."""
    followers = [*(item.before for item in fields[1:]), after]
    return Line(
        tuple(
            replace(item, quotes=Quotes.ALWAYS)
            if item.before.endswith('"') and follower.startswith('"')
            else item
            for item, follower in zip(fields, followers, strict=True)
        ),
        after,
        ignore_rest,
    )


def _literal(text: str, where: str) -> str:
    if "{" in text or "}" in text:
        raise FormatError(
            f"a brace in {text!r} belongs to no field",
            where=where,
            hint="write {{ or }} for a brace of the line itself",
        )
    return text


def read_spec(name: str, kind: str | None, where: str) -> FieldSpec:
    """How a field is read, by its name, or by its kind where the name is its own.

    Raises:
        FormatError: the name or the kind is not known.

    """
    if kind is None:
        if name in FIELDS:
            return FIELDS[name]
        raise FormatError(
            f"unknown field {name!r}",
            where=where,
            hint=f"known fields: {', '.join(sorted(FIELDS))}; or give it a kind: {{{name}:text}}",
        )
    if kind not in OWN_KINDS:
        raise FormatError(
            f"unknown kind {kind!r} of field {name!r}",
            where=where,
            hint=f"known kinds: {', '.join(OWN_KINDS)}",
        )
    return _own_spec(name, kind)


@cache
def _own_spec(name: str, kind: str) -> FieldSpec:
    return replace(OWN_KINDS[kind], column=name)


def read_format(text: str, *, where: str) -> Format:
    """Read a format file.

    Args:
        text: its TOML.
        where: its name, for errors.

    Raises:
        FormatError: the file is no TOML, lacks a key, or holds one that is not known.

    """
    try:
        # Samples take half of the time, and few ask for them.
        begun = _SAMPLES.search(text)
        head = text[: begun.start()] if begun else text
        table = tomllib.loads(head)
    except tomllib.TOMLDecodeError as error:
        raise FormatError("no valid TOML", where=where, why=str(error)) from error
    samples = text[begun.start() :] if begun else ""
    if begun:
        table["samples"] = ()
    _check_keys(table, where)
    layout = Layout(table.get("layout", "positional"))
    escapes: Mapping[str, str] = table.get("escapes", {})
    own = {
        name: replace(read_spec(name, None if name in FIELDS else "text", where), escape=escape)
        for name, escape in escapes.items()
    }
    scopes: Mapping[str, Mapping[str, Any]] = table.get("scopes", {})
    keys = [
        replace(key, spec=own.get(key.name, key.spec))
        for key in _read_keys(table.get("keys", {}), where)
    ]
    keys += [
        replace(key, scope=scope, path=(inside["names"][0], *key.path))
        for scope, inside in scopes.items()
        for key in _read_keys(inside.get("keys", {}), where)
    ]
    pattern = table.get("pattern", "")
    if layout is Layout.REGEX:
        # What reads expressions is loaded when one is given.
        from hitwatch.formats.patterns import pattern_keys

        keys = list(pattern_keys(pattern, where=where, own=own))
    return Format(
        name=table["name"],
        title=table["title"],
        aliases=tuple(table.get("aliases", ())),
        layout=layout,
        lines=read_lines(table, own, where),
        keys=tuple(keys),
        pattern=pattern,
        normalized_keys=table.get("normalized_keys", False),
        flattened=tuple(table.get("flattened", ())),
        scopes=tuple(
            Scope(name, tuple(inside["names"]), tuple(inside.get("columns", ())))
            for name, inside in scopes.items()
        ),
        telling=tuple(table.get("telling", ())),
        required=tuple(table.get("required", ())),
        escape=table.get("escape", "backslash"),
        time_format=table.get("time_format", "clf" if layout is Layout.POSITIONAL else "any"),
        time_means=table.get("time_means", "end"),
        bytes_mean=table.get("bytes_mean", "body"),
        directives=tuple(table.get("directives", ())),
        glued=table.get("glued", False),
        sample_text=samples,
        source=table["source"],
        evidence=table.get("evidence", ""),
        server=table.get("server", ""),
        versions=table.get("versions", ""),
        notes=table.get("notes", ""),
        host_in_target=table.get("host_in_target", False),
        whole_since=tuple(table.get("whole_since", {}).items()),
    )


def _read_keys(table: Mapping[str, str], where: str) -> list[Key]:
    """The names of a table; of several readings of one name the first that fits counts."""
    return [
        read_key(path, name, where) for path, names in table.items() for name in names.split("|")
    ]


def read_key(path: str, field_name: str, where: str) -> Key:
    """Read one name and what stands under it: ``request.uri`` and ``target``.

    Raises:
        FormatError: the field is not known.

    """
    name, _, kind = field_name.partition(":")
    return Key(tuple(path.split(".")), name, read_spec(name, kind or None, where))


def read_lines(
    table: Mapping[str, Any], own: Mapping[str, FieldSpec], where: str
) -> tuple[Line, ...]:
    """Read the ways to write a line: ``line`` or ``lines``, and what is ``optional`` behind.

    Args:
        table: of a format file.
        own: readings that go before the usual ones, by field name.
        where: what to name in errors.

    Raises:
        FormatError: as ``read_line``.

    """
    templates = table.get("lines", [table["line"]] if "line" in table else [])
    ignore_rest = table.get("ignore_rest", False)
    tails = [read_line(tail, where=where, own=own) for tail in table.get("optional", ())]
    lines = []
    for template in templates:
        line = read_line(template, where=where, own=own, ignore_rest=ignore_rest)
        for more in tails:
            # What ends the line so far stands in front of the fields that may follow.
            first, *others = more.fields
            joint = replace(first, before=line.after + first.before, or_end=line.after)
            line = Line((*line.fields, joint, *others), more.after, ignore_rest)
        lines.append(line)
    return tuple(lines)


_SAMPLES = re.compile(r"^[ \t]*\[\[samples\]\]", re.MULTILINE)
_REQUIRED = {"name", "title", "source", "samples"}
_KNOWN = _REQUIRED | {
    "layout",
    "line",
    "lines",
    "keys",
    "pattern",
    "normalized_keys",
    "flattened",
    "scopes",
    "telling",
    "required",
    "aliases",
    "optional",
    "escape",
    "escapes",
    "time_format",
    "time_means",
    "bytes_mean",
    "directives",
    "glued",
    "ignore_rest",
    "evidence",
    "server",
    "versions",
    "notes",
    "host_in_target",
    "whole_since",
}


def _check_keys(table: Mapping[str, Any], where: str) -> None:
    missing, unknown = _REQUIRED - table.keys(), table.keys() - _KNOWN
    if not table.keys() & {"line", "lines", "keys", "layout"}:
        missing = missing | {"line"}
    if missing or unknown:
        raise FormatError(
            f"missing {', '.join(sorted(missing))}" if missing else f"unknown key {min(unknown)!r}",
            where=where,
            hint=f"a format has the keys {', '.join(sorted(_KNOWN))}",
        )
    for escape in (table.get("escape", "backslash"), *table.get("escapes", {}).values()):
        if escape not in _ESCAPES:
            raise FormatError(
                f"unknown escape {escape!r}", where=where, hint=f"known: {', '.join(_ESCAPES)}"
            )
    for name, inside in table.get("scopes", {}).items():
        if not isinstance(inside, dict) or not inside.get("names"):
            raise FormatError(f"scope {name!r} has no names", where=where)
    layouts = [layout.value for layout in Layout]
    if table.get("layout", "positional") not in layouts:
        raise FormatError(
            f"unknown layout {table['layout']!r}", where=where, hint=f"known: {', '.join(layouts)}"
        )
    if (table.get("layout") == Layout.REGEX.value) != ("pattern" in table):
        raise FormatError(
            "a pattern and layout = 'regex' go together",
            where=where,
            hint="write both, or a line with fields in braces",
        )
