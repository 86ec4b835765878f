"""Formats made ready for the kernel, and what it gives back; opens no files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any, TypeAlias

from hitwatch import _kernel
from hitwatch.hits.columns import Column, ColumnType
from hitwatch.hits.fields import Kind, Reading
from hitwatch.hits.format import Field, Format, Key, Layout, Line, Quotes, folded_name
from hitwatch.hits.times import Zone, time_items
from hitwatch.spans import Instant

if TYPE_CHECKING:
    import polars as pl

WITHHELD = b"REDACTED"
"""What stands in place of a rejected line that may not be shown."""

TELLING = 2
"""How many of a format's telling names must stand on a line."""

Course: TypeAlias = tuple[int | None, int | None]
"""What the times of hits tell of the lines behind them, as the kernel has it: the latest clock
time of lines without a date, and the latest instant."""

UNKNOWN: Course = (None, None)
"""Of the first lines of a log."""

LINE_NUMBER = Column("line_number", ColumnType.INTEGER, "1-based line in its origin")


@dataclass(frozen=True, slots=True)
class Reject:
    """A line that did not parse.

    Attributes:
        line_number: 1-based line in its origin, as far as the caller knew.
        column: 1-based byte of the line at which reading stopped.
        reason: why, for people.
        line: the line itself, without its line end; or ``REDACTED``.

    """

    line_number: int
    column: int
    reason: str
    line: bytes


class Hits:
    """What became of some lines: hits as columns, and the rejects.

    Text columns are dictionary-encoded: ``codes`` has a number a row, ``values`` the
    distinct texts they stand for. Work on codes is many times cheaper than on text.
    Polars' own categoricals would serve, but keep every text they ever saw.
    """

    def __init__(self, batch: _kernel.Batch, data: bytes | None, parser: Parser) -> None:
        self._batch = batch
        self._data = data
        self._parser = parser
        self.lines: int = batch.lines
        self.directives: int = batch.directives
        self.rejected: int = batch.rejected
        self.doubtful: int = batch.doubtful
        # Whether a hit has a duration whose unit is open: a plain number above zero.
        self.open_units: bool = batch.open_units
        self.excluded: int = batch.excluded

        self._keep: int | None = None

    def __len__(self) -> int:
        return self.lines - self.rejected - self.excluded

    @property
    def certain(self) -> int:
        """Hits of which every value looks like what it was taken for."""
        return len(self) - self.doubtful

    @property
    def text_columns(self) -> tuple[str, ...]:
        """Names of the text columns that were built."""
        return tuple(c.name for c in self._parser.columns if c.type is ColumnType.TEXT)

    def has(self, column: str) -> bool:
        """Whether a column was built."""
        return column in self._parser.names

    def countable(self, chosen: bytes | None, marks: _kernel.Marks | None) -> _kernel.Countable:
        """The hits as rollups count them.

        Args:
            chosen: a byte a hit: whether it counts; all when ``None``.
            marks: which values of a column are marked; it has been told of those that are
                ``unmarked``.

        """
        return self._batch.countable(chosen, marks)

    def unmarked(self, marks: _kernel.Marks) -> list[str]:
        """Values of which nobody has said whether they are marked."""
        return self._batch.unmarked(marks)

    @property
    def parser(self) -> Parser:
        """What has read them."""
        return self._parser

    def times(self) -> list[Instant]:
        """The column ``time``, in the order of the lines."""
        return self._batch.times()

    def holds(self, column: str) -> bool:
        """Whether a column was built and holds a value in any row."""
        return self._batch.holds(column)

    def texts_of(self, column: str) -> list[str | None]:
        """A text column, in the order of the lines."""
        return self._batch.texts(column)

    @property
    def data(self) -> bytes | None:
        """The lines themselves; ``None`` where they may not be shown."""
        return self._data

    @property
    def course(self) -> Course:
        """What their times tell of the lines behind them."""
        return self._batch.course

    @property
    def twice(self) -> int:
        """How many of them have a clock time that came twice: the lines before them told which."""
        return self._batch.twice

    @property
    def told(self) -> int:
        """Number of columns that hold a value in any row."""
        return self._batch.told

    def keeping(self, rejects: int) -> Hits:
        """These hits, with no more than so many rejected lines."""
        self._keep = rejects
        return self

    def chosen(self, mask: pl.Series) -> Hits:
        """The hits that are chosen; the others are counted as excluded.

        Args:
            mask: a boolean a hit, never null.

        """
        return self if mask.all() else self._made_of(self._batch.chosen(marks_of(mask)))

    def replaced(self, column: str, places: pl.Series, texts: Sequence[str | None]) -> Hits:
        """The same hits with other texts in a text column.

        Args:
            column: its name.
            places: of each hit the index of its text, as ``UInt32``, beyond all texts where it
                has none.
            texts: need not be distinct.

        """
        return self._made_of(self._batch.replaced(column, places.to_numpy().tobytes(), texts))

    def withholding_lines(self) -> Hits:
        """The same hits; of rejected lines is told where they stand and why, not what they say."""
        hits = self._made_of(self._batch)
        hits._data = None
        return hits

    def _made_of(self, batch: _kernel.Batch) -> Hits:
        hits = Hits(batch, self._data, self._parser)
        hits._keep = self._keep
        return hits

    @cached_property
    def codes(self) -> pl.DataFrame:
        """One row a hit, in the order of the lines; text columns as ``UInt32`` codes."""
        import polars as pl

        return pl.DataFrame(self._batch.codes())

    def values(self, column: str) -> pl.Series:
        """The distinct texts of a text column, at the positions that its codes name."""
        import polars as pl

        return pl.DataFrame(self._batch.values(column)).to_series()

    def hashes(self, column: str) -> pl.Series:
        """A 64-bit hash of each distinct text, the same in every run and release."""
        import polars as pl

        return pl.DataFrame(self._batch.hashes(column)).to_series()

    def frame(self, columns: Iterable[str] | None = None) -> pl.DataFrame:
        """Columns with texts in place of codes.

        Args:
            columns: names of this parser's columns; all when ``None``.

        Returns:
            One row a hit, in the order of the lines.

        """
        import polars as pl

        wanted = self._parser.columns if columns is None else [self._column(c) for c in columns]
        series = [
            self.values(column.name).gather(self.codes[column.name]).alias(column.name)
            if column.type is ColumnType.TEXT
            else self.codes[column.name]
            for column in wanted
        ]
        return pl.DataFrame(series)

    def _column(self, name: str) -> Column:
        return next(column for column in self._parser.columns if column.name == name)

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """The hits as Arrow, text columns dictionary-encoded (Arrow PyCapsule interface)."""
        return self._batch.__arrow_c_stream__(requested_schema)

    @property
    def rejects(self) -> list[Reject]:
        """The first rejects, as many as the parser was told to keep."""
        data = self._data
        return [
            Reject(
                number,
                column,
                self._parser.word(reason, field),
                WITHHELD if data is None else data[start:end],
            )
            for number, column, reason, field, start, end in self._batch.rejects[: self._keep]
        ]

    @property
    def reasons(self) -> dict[str, int]:
        """Number of rejects by reason, all of them."""
        counts: dict[str, int] = {}
        for reason, field, count in self._batch.reasons:
            worded = self._parser.word(reason, field)
            counts[worded] = counts.get(worded, 0) + count
        return counts


def marks_of(mask: pl.Series) -> bytes:
    """Booleans as the kernel takes them, a byte each."""
    import polars as pl

    return mask.cast(pl.UInt8).to_numpy().tobytes()


class Parser:
    """Reads lines of one format into columns.

    Args:
        log_format: the format.
        columns: names of the columns to build; all the format can fill when ``None``. A
            column that is not built costs next to nothing. Where the format has none of
            them its first one is built, for hits are the rows of something.
        section_depth: how many path segments make a section.
        zone: where wall-clock times without an offset were written; UTC when ``None``.
        year: the year of times that carry none.
        begun: when the log was begun, as it says itself: the day of times that carry none.
        line_numbers: whether to build the column ``line_number`` too.

    """

    def __init__(
        self,
        log_format: Format,
        *,
        columns: Sequence[str] | None = None,
        section_depth: int = 1,
        zone: Zone | None = None,
        year: int | None = None,
        begun: Instant | None = None,
        line_numbers: bool = False,
    ) -> None:
        self.log_format = log_format
        available = log_format.columns
        asked = [column for column in available if columns is None or column.name in columns]
        self.columns: tuple[Column, ...] = (
            *(asked or available[:1]),
            *((LINE_NUMBER,) if line_numbers else ()),
        )
        self.names = frozenset(column.name for column in self.columns)
        built = {column.name: column for column in self.columns}
        # Whether `-` means no bytes or no answer is told by the status.
        hidden = [c for c in available if c.name == "status" and "bytes" in built]
        built |= {column.name: column for column in hidden}
        self._words = _words(log_format)
        layouts, fields = _layouts(log_format)
        self._program = _kernel.Program(
            {
                "layouts": layouts,
                "fields": fields,
                "directives": [start.encode() for start in log_format.directives],
                "columns": [(column.name, column.type.value) for column in built.values()],
                "section_depth": section_depth,
                "host_in_target": log_format.tells_host_in_target,
                "timed": any(column.name == "time" for column in available),
                "zone": list(zone.offsets) if zone else [],
                "year": year,
                "begun": begun,
            }
        )

    def parse(
        self,
        data: bytes,
        *,
        first_line: int = 1,
        keep_rejects: int = 10,
        course: Course = UNKNOWN,
    ) -> Hits:
        """Read whole lines; every line becomes one hit or one reject.

        Args:
            data: lines, each ended by a line feed; the last may lack it.
            first_line: number of the first line in its origin.
            keep_rejects: how many rejected lines to keep with their reasons.
            course: of the hits before these.

        """
        batch = self._program.parse(data, first_line, keep_rejects, course)
        return Hits(batch, data, self)

    def word(self, reason: str, field: int) -> str:
        """Say for people why a line was rejected.

        Args:
            reason: the kernel's name for it.
            field: index of the field that could not be read.

        """
        if reason == "values":
            counted = self.log_format.lines[0].counted
            return f"{field} values for {counted.least if counted else 0} fields"
        name, before, until, wanted = self._words[field] if self._words else ("", "", "", "")
        wordings = {
            "empty": "empty line",
            "prefix": f"does not begin with {before!r}",
            "unended": f"no {until!r} after {name}",
            "unquoted": f"no closing quote after {name}",
            "not_a_number": f"{name} is not a number",
            "not_a_time": f"{name} is not a time as the format writes it",
            "no_time": "no complete time",
            "trailing_text": f"text after {name}, where the line should end",
            "syntax": f"no {self.log_format.layout.value} from here on",
            "forbidden": f"{name} holds a character that cannot be part of it",
            "not_a_request": f"{name} is no request line",
            "missing": f"no {name}",
            "wrong_type": f"{name} is no {wanted}",
            "untold": f"it has not {TELLING} of the keys that tell {self.log_format.name}",
            "unmatched": "does not match the pattern",
        }
        return wordings[reason]


def _layouts(log_format: Format) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The layouts of all parts, and the fields that they share."""
    layouts: list[dict[str, Any]] = []
    fields: list[dict[str, Any]] = []
    for part in log_format.parts or (log_format,):
        first = len(fields)
        positional = part.layout in (Layout.POSITIONAL, Layout.W3C)
        layouts.append(
            {
                "layout": "positional" if positional else part.layout.value,
                "lines": _lines(part, first),
                "keys": key_tree(part, first),
                "folded": part.folded,
                "required": _required(part, first),
                "told_by": TELLING if part.telling else 0,
                "pattern": part.pattern,
                "groups": _groups(part, first),
            }
        )
        fields += _fields(part, first)
    return layouts, fields


_WANTED = {
    "client": "address or host name",
    "host": "host name",
    "user": "name of a user",
    "virtual_host": "host name",
    "status": "status of three digits",
}
"""What values are held against, for people."""


def _words(log_format: Format) -> list[tuple[str, str, str, str]]:
    """Of each field its name, what stands before it and after it, and what it should be."""
    if log_format.parts:
        return [words for part in log_format.parts for words in _words(part)]
    words = [
        (field.name, field.before, until, _WANTED.get(field.reading.check or "", ""))
        for line in log_format.lines
        for field, until in zip(line.fields, _untils(line), strict=True)
    ]
    return [*words, *((key.reading.column or key.name, "", "", "") for key in log_format.keys)]


def _untils(line: Line) -> list[str]:
    return [*(field.before for field in line.fields[1:]), line.after]


def _lines(log_format: Format, first: int) -> list[dict[str, Any]]:
    lines = []
    for line in log_format.lines:
        end = first + len(line.fields)
        prefix = line.fields[0].before if line.fields else line.after
        lines.append(
            {
                "prefix": prefix.encode(),
                "first": first,
                "end": end,
                "ignore_rest": line.ignore_rest,
                "table": _table(line),
            }
        )
        first = end
    return lines


def _table(line: Line) -> tuple[bytes, int, bool, bool] | None:
    counted = line.counted
    if counted is None:
        return None
    return counted.separators.encode(), counted.least, counted.open, counted.quotes


def _fields(log_format: Format, first: int) -> list[dict[str, Any]]:
    placed = [
        _placed(field, until, end, log_format)
        for line in log_format.lines
        for field, until, end in zip(
            line.fields, _untils(line), [*(f.or_end for f in line.fields[1:]), None], strict=True
        )
    ]
    groups: dict[str, int] = {}
    named = [_named(key, groups, log_format) for key in log_format.keys]
    for place, (key, other) in enumerate(pairwise(log_format.keys), 1):
        if (key.scope, key.path) == (other.scope, other.path):
            named[place - 1]["otherwise"] = (first + len(placed) + place, 2 * place + 2)
    return placed + named


def _placed(field: Field, until: str, end: str | None, log_format: Format) -> dict[str, Any]:
    reading = field.reading
    time_format = reading.time_format or log_format.time_format
    holds_end = reading.kind is Kind.TIME and bool(until) and until[0] in _written_by(time_format)
    escape = log_format.escape_of(field)
    # A server that does not escape leaves quotes inside quotes.
    unescaped = field.quotes is Quotes.ALWAYS and escape in ("none", "hash")
    if reading.check == "user" and field.quotes is Quotes.ALWAYS:
        # What quotes mark off may hold blanks.
        reading = replace(reading, check=None)
    return _read_as(reading, log_format) | {
        "group": 0,
        "otherwise": None,
        "until": until.encode(),
        "end": None if end is None else end.encode(),
        "quotes": field.quotes.value,
        "elastic": field.elastic or holds_end or unescaped,
        "padded": field.padded,
        "glued": log_format.glued and field.quotes is Quotes.OPTIONAL and until == " ",
        "escape": escape,
    }


def _named(key: Key, groups: dict[str, int], log_format: Format) -> dict[str, Any]:
    group = groups.setdefault(key.reading.column or key.name, len(groups))
    # What names or quotes mark off may hold blanks.
    free = key.reading.check in ("user", "forwarded")
    reading = replace(key.reading, check=None) if free else key.reading
    return _read_as(reading, log_format) | {
        "group": group,
        "otherwise": None,
        "until": b"",
        "end": None,
        "quotes": "never",
        "elastic": False,
        "padded": False,
        "glued": False,
        "escape": key.reading.escape or (log_format.escape if log_format.pattern else "none"),
    }


def _read_as(reading: Reading, log_format: Format) -> dict[str, Any]:
    time_format = reading.time_format or log_format.time_format
    return {
        "kind": reading.kind.value,
        "column": reading.column,
        "port_column": reading.port_column,
        "dash_is_zero": reading.dash_is_zero,
        "per_second": reading.per_second,
        "by_point": reading.by_point,
        "forbids": None if reading.forbids is None else ord(reading.forbids),
        "list": reading.listed,
        "check": reading.check or "",
        "lenient": reading.lenient,
        "shared": reading.shared,
        "spare": reading.spare,
        "time_format": time_items(time_format) if reading.kind is Kind.TIME else [],
    }


def _written_by(time_format: str) -> str:
    """Literal characters that a time format writes."""
    if time_format in ("clf", "iso", "any"):
        return " "
    return "".join(chr(int(n)) for name, n in time_items(time_format) if name == "literal")


_Value = tuple[int, int]
_Node = dict[bytes, tuple[_Value | None, int | None, int]]


def key_tree(log_format: Format, first: int) -> list[_Node]:
    """The names as a tree.

    Of each node by name: the field with its rank, the node below, the bit of a telling name.
    What stands in the scope it belongs to goes before what stands outside.
    """
    nodes: list[_Node] = [{}]

    def insert(
        node: int, path: Sequence[str], value: _Value | None, below: int | None, bit: int = 0
    ) -> None:
        for name in path[:-1]:
            known = nodes[node].get(_folded(name, log_format), (None, None, 0))
            inner = known[1]
            if inner is None:
                nodes.append({})
                inner = len(nodes) - 1
                nodes[node][_folded(name, log_format)] = (known[0], inner, known[2])
            node = inner
        last = _folded(path[-1], log_format)
        had, inner, bits = nodes[node].get(last, (None, None, 0))
        # The first of several readings of one name counts.
        nodes[node][last] = (had or value, below if inner is None else inner, bits | bit)

    for name in log_format.transparent:
        insert(0, [name], None, 0)
    for scope in log_format.scopes:
        nodes.append({})
        inside = len(nodes) - 1
        for name in scope.objects:
            insert(0, [name], None, inside)
        own = [at for at, key in enumerate(log_format.keys) if key.scope == scope.name]
        for rank in own:
            insert(inside, log_format.keys[rank].path[1:], (first + rank, 2 * rank + 1), None)
        for rank, key in enumerate(log_format.keys):
            about = key.reading.column or key.reading.kind.value
            if not key.scope and about in scope.columns:
                insert(inside, key.path, (first + rank, 2 * rank + 1), None)
    for rank, key in enumerate(log_format.keys):
        if not key.scope:
            insert(0, key.path, (first + rank, 2 * rank + 2), None)
    for number, name in enumerate(log_format.telling):
        insert(0, name.split("."), None, None, 1 << number)
    return nodes


def _groups(log_format: Format, first: int) -> list[tuple[str, int]]:
    """The groups of a pattern, and the field that each is."""
    if log_format.layout is not Layout.REGEX:
        return []
    return [(key.path[0], place) for place, key in enumerate(log_format.keys, first)]


def _folded(name: str, log_format: Format) -> bytes:
    if not log_format.folded:
        return name.encode()
    return folded_name(name).encode()


def _required(log_format: Format, first: int) -> list[list[int]]:
    places: dict[str, list[int]] = {}
    for place, key in enumerate(log_format.keys, first):
        places.setdefault(key.reading.column or key.name, []).append(place)
    return [
        [place for name in group.split("|") for place in places.get(name, ())]
        for group in log_format.required
    ]
