"""Lines to structured rows: JSON lines, CSV, Parquet and Arrow, a batch at a time."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING

import msgspec

from hitwatch.errors import InputError, OutputClosedError, OutputError, UsageError
from hitwatch.hits.columns import COLUMNS
from hitwatch.hits.compile import LINE_NUMBER, Hits
from hitwatch.hits.reader import Reader
from hitwatch.hits.rows import ORIGIN, Schema, schema_of, shaped, sink, to_csv, to_jsonl
from hitwatch.run.inputs import chunks_of, in_order, unknown_format
from hitwatch.sources.places import STDIN
from hitwatch.tally import Balance

if TYPE_CHECKING:
    from hitwatch.hits.rows import Rows

log = logging.getLogger("hitwatch")

ENDINGS = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".csv": "csv",
    ".parquet": "parquet",
    ".arrow": "arrow",
    ".feather": "arrow",
    ".ipc": "arrow",
}
"""Which output a file's name asks for."""


@dataclass(slots=True)
class Parsing:
    """One conversion of logs to rows.

    Attributes:
        paths: files, or ``-`` alone.
        reader_of: makes the reader of an origin's lines.
        notify: tells the user something about the run itself.
        stopped: whether somebody asked the run to end.
        columns: the columns to give, in that order; those of every format when ``None``.
        further: whether to add the formats' own columns.
        line_numbers: whether to add ``line_number``.
        rejects: where rejected lines go, as JSON lines.
        balance: what became of the lines so far.
        failures: inputs that could not be read.

    """

    paths: list[str]
    reader_of: Callable[[str], Reader]
    notify: Callable[[str], None]
    stopped: Callable[[], bool]
    columns: list[str] | None = None
    further: bool = False
    line_numbers: bool = False
    rejects: IO[bytes] | None = None
    balance: Balance = field(default_factory=Balance)
    failures: list[InputError] = field(default_factory=list)

    def frames(self) -> Iterator[Rows]:
        """The rows, a batch at a time, all of one schema."""
        schema: Schema | None = None
        for origin in in_order(self.paths, self.reader_of, self.notify, self._failed):
            try:
                for hits in self._hits(origin):
                    schema = schema or self._schema()
                    yield shaped(hits, origin, schema)
            except InputError as error:
                self._failed(error)
        if schema is None:
            yield shaped(None, "", self._schema())

    def _schema(self) -> Schema:
        """Names and types of the columns given, in order."""
        known = list(COLUMNS)
        if self.further or self.columns:
            for path in self.paths:
                log_format = self.reader_of(path).log_format
                known += log_format.columns if log_format else ()
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

    def _hits(self, origin: str) -> Iterator[Hits]:
        reader = self.reader_of(origin)
        for chunk in chunks_of(origin):
            if self.stopped():
                return
            if origin == STDIN and not reader.recognise(chunk.data):
                raise unknown_format(reader, origin)
            keep = 1 << 30 if self.rejects else 0
            for hits in reader.read(chunk.data, chunk.first_line, keep):
                self.balance += Balance(hits.lines, len(hits), hits.rejected, hits.excluded)
                self._keep_rejects(hits, origin)
                yield hits

    def _keep_rejects(self, hits: Hits, origin: str) -> None:
        if self.rejects is None or not hits.rejected:
            return
        rows = (
            {
                "origin": origin,
                "line_number": reject.line_number,
                "column": reject.column,
                "reason": reject.reason,
                "line": reject.line.decode("utf-8", "backslashreplace"),
            }
            for reject in hits.rejects
        )
        write(self.rejects, b"".join(msgspec.json.encode(row) + b"\n" for row in rows))

    def _failed(self, error: InputError) -> None:
        self.failures.append(error)
        log.error("%s", error)
        self.notify(str(error))


def convert(parsing: Parsing, kind: str, output: IO[bytes]) -> None:
    """Write all rows.

    Args:
        parsing: gives the rows.
        kind: ``jsonl``, ``csv``, ``parquet`` or ``arrow``.
        output: where to; Parquet and Arrow need a file.

    Raises:
        UsageError: a column that was asked for is in no format.
        OutputError: it cannot be written.

    """
    if kind in ("parquet", "arrow"):
        try:
            sink(parsing.frames(), kind, output)
        except OSError as error:
            raise _unwritable(output, error) from error
        return
    headed = False
    for frame in parsing.frames():
        write(output, to_csv(frame, header=not headed) if kind == "csv" else to_jsonl(frame))
        headed = True


def write(output: IO[bytes], data: bytes) -> None:
    """Write bytes.

    Raises:
        OutputClosedError: nobody reads any more.
        OutputError: it cannot be written.

    """
    try:
        output.write(data)
        output.flush()
    except BrokenPipeError as error:
        raise OutputClosedError("the output was closed by its reader; ended") from error
    except OSError as error:
        raise _unwritable(output, error) from error


def _unwritable(output: IO[bytes], error: OSError) -> OutputError:
    return OutputError(
        "cannot write the rows",
        where=str(getattr(output, "name", "")),
        why=error.strerror or str(error),
    )


def kind_of(output: Path | None, named: str | None) -> str:
    """Which output is wanted: the one named, else by the file's ending, else JSON lines."""
    if named:
        return named
    return ENDINGS.get(output.suffix.lower(), "jsonl") if output else "jsonl"
