"""Lines to structured rows: JSON lines, CSV, Parquet and Arrow, a batch at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING

import msgspec
from msgspec import Struct, field

from hitwatch.errors import DamageError, InputError, UsageError
from hitwatch.follow.chunk import Chunk
from hitwatch.formats.columns import COLUMNS, Column
from hitwatch.hits.batch import LINE_NUMBER, Hits
from hitwatch.outputs.database import write_database
from hitwatch.render.outputs import unwritable, write
from hitwatch.render.spreadsheets import to_safe_csv
from hitwatch.run.inputs import unknown_format
from hitwatch.run.logs import Logs
from hitwatch.run.readers import Readers
from hitwatch.select.derived import DERIVED, DERIVED_COLUMNS, has, series_of
from hitwatch.sources.discovery import STDIN
from hitwatch.tables.rows import ORIGIN, Schema, conform, schema_of, sink, to_csv, to_jsonl
from hitwatch.tally import Balance
from hitwatch.zones import IN_UTC, Zone

if TYPE_CHECKING:
    from hitwatch.tables.rows import Rows

ENDINGS = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".csv": "csv",
    ".parquet": "parquet",
    ".arrow": "arrow",
    ".feather": "arrow",
    ".ipc": "arrow",
    ".sqlite": "sqlite",
    ".sqlite3": "sqlite",
    ".db": "sqlite",
}
"""Which output a file's name asks for."""


class RejectedLine(Struct, frozen=True):
    """A line that is no hit.

    Attributes:
        origin: which input it came from.
        line_number: its 1-based number there.
        column: 1-based byte at which reading stopped.
        reason: why, for people.
        line: the line itself; bytes that are no UTF-8 are spelled ``\\xHH``.

    """

    origin: str
    line_number: int
    column: int
    reason: str
    line: str


class Parsing(Struct):
    """One conversion of logs to rows.

    Attributes:
        logs: what is read; what cannot be is among its failures.
        reader_of: makes the reader of an origin's lines.
        notify: tells the user something about the run itself.
        warn: tells the user of what could not be read, also one who wants no progress told.
        stopped: whether somebody asked the run to end.
        columns: the columns to give, in that order; those of every format when ``None``.
        further: whether to add the formats' own columns.
        line_numbers: whether to add ``line_number``.
        on_reject: told of every rejected line.
        strict: whether an input that cannot be read ends it all; else the others are read. Of a
            damaged one is given what can be read in either case.
        balance: what became of the lines so far.
        reasons: rejects by reason.
        zone: in which times are said.

    """

    logs: Logs
    reader_of: Readers
    notify: Callable[[str], None]
    stopped: Callable[[], bool]
    columns: list[str] | None = None
    further: bool = False
    line_numbers: bool = False
    on_reject: Callable[[RejectedLine], None] | None = None
    strict: bool = False
    warn: Callable[[str], None] | None = None
    balance: Balance = field(default_factory=Balance)
    reasons: dict[str, int] = field(default_factory=dict)
    zone: Zone = IN_UTC
    _said: set[str] = field(default_factory=set)

    @property
    def failures(self) -> list[InputError]:
        """What could not be read."""
        return self.logs.failures

    def frames(self) -> Iterator[Rows]:
        """The rows, a batch at a time, all of one schema."""
        yield from self.frames_of(self.logs.paths)

    def frames_of(self, origins: list[str], schema: Schema | None = None) -> Iterator[Rows]:
        """The rows of some inputs, in their order, at least one batch, maybe of no rows.

        Args:
            origins: inputs that can be read.
            schema: of the rows; that of the formats as they are once the first rows are read
                when ``None``.

        """
        batches = 0
        for origin in origins:
            try:
                for hits in self._hits(origin):
                    schema = schema or self.schema()
                    yield self._rows(hits, origin, schema)
                    batches += 1
            except InputError as error:
                self._failed(error)
        if not batches:
            yield conform(None, "", schema or self.schema())

    def schema(self) -> Schema:
        """Names and types of the columns given, in order, as far as formats are known.

        Raises:
            UsageError: a column that was asked for is in no format.

        """
        known = list(COLUMNS)
        if self.further or self.columns:
            known += [*self.own_columns(), *DERIVED_COLUMNS]
        numbered = (LINE_NUMBER,) if self.line_numbers else ()
        schema = schema_of((*known, ORIGIN, *numbered))
        if self.columns is None:
            return schema
        unknown = [name for name in self.columns if name not in schema]
        if unknown:
            raise UsageError(
                f"there is no column {unknown[0]!r}", why=f"known: {', '.join(schema)}"
            )
        return {name: schema[name] for name in self.columns}

    def own_columns(self) -> list[Column]:
        """All columns of the formats that are known."""
        formats = (self.reader_of(path).log_format for path in self.logs.paths)
        return [column for known in formats if known for column in known.columns]

    def _hits(self, origin: str) -> Iterator[Hits]:
        reader = self.reader_of(origin)
        keep = 1 << 30 if self.on_reject else 0
        chunks = self.logs.chunks(origin, warn=self._warned, stopped=self.stopped)
        damages: list[DamageError] = []
        for chunk in _until_damaged(chunks, damages):
            if self.stopped():
                return
            if origin == STDIN and not reader.recognise(chunk.data):
                raise unknown_format(reader, origin)
            yield from reader.read(chunk.data, chunk.first_line, keep)
        yield from reader.finish(keep)
        if damages:
            raise damages[0]

    def _rows(self, hits: Hits, origin: str, schema: Schema) -> Rows:
        made = {
            name: series_of(hits, name) for name in DERIVED if name in schema and has(hits, name)
        }
        rows = conform(hits, origin, schema, made)
        self.balance += Balance(hits.lines, len(hits), hits.rejected, hits.excluded)
        if hits.rejected:
            self._tell_rejects(hits, origin)
        return rows

    def _tell_rejects(self, hits: Hits, origin: str) -> None:
        for reason, count in hits.reasons.items():
            self.reasons[reason] = self.reasons.get(reason, 0) + count
        if self.on_reject is None:
            return
        for reject in hits.rejects:
            line = reject.line.decode("utf-8", "backslashreplace")
            self.on_reject(
                RejectedLine(origin, reject.line_number, reject.column, reject.reason, line)
            )

    def _failed(self, error: InputError) -> None:
        if self.strict and not isinstance(error, DamageError):
            raise error
        self.logs.fail(error, self._warned)

    def _warned(self, text: str) -> None:
        """Say it, once: a query can read an input several times."""
        if text not in self._said:
            self._said.add(text)
            (self.warn or self.notify)(text)


def _until_damaged(chunks: Iterator[Chunk], damages: list[DamageError]) -> Iterator[Chunk]:
    """What can be read of an input; the damage comes last, when all before it has been given."""
    try:
        yield from chunks
    except DamageError as error:
        damages.append(error)


def rejects_to(output: IO[bytes]) -> Callable[[RejectedLine], None]:
    """What writes rejected lines as JSON lines."""
    return lambda rejected: write(output, msgspec.json.encode(rejected) + b"\n")


def convert(
    parsing: Parsing, kind: str, output: IO[bytes], *, spreadsheet_safe: bool = False
) -> None:
    """Write all rows.

    Args:
        parsing: gives the rows.
        kind: ``jsonl``, ``csv``, ``parquet``, ``arrow`` or ``sqlite``.
        output: where to; Parquet and Arrow need a file.
        spreadsheet_safe: whether in CSV no text is a formula.

    Raises:
        UsageError: a column that was asked for is in no format.
        OutputError: it cannot be written.

    """
    if kind in ("parquet", "arrow"):
        try:
            sink(parsing.frames(), kind, output)
        except OSError as error:
            raise unwritable(output, error) from error
        return
    if kind == "sqlite":
        write_database(parsing.frames(), output)
        return
    as_csv = to_safe_csv if spreadsheet_safe else to_csv
    headed = False
    for frame in parsing.frames():
        write(output, as_csv(frame, header=not headed) if kind == "csv" else to_jsonl(frame))
        headed = True


def kind_of(output: Path | None, named: str | None) -> str:
    """Which output is wanted: the one named, else by the file's ending, else JSON lines."""
    if named:
        return named
    return ENDINGS.get(output.suffix.lower(), "jsonl") if output else "jsonl"
