"""Logs as a table that is read when it is asked for."""

from __future__ import annotations

import atexit
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from msgspec import Struct, field
from msgspec.structs import replace

from hitwatch.errors import UsageError
from hitwatch.follow.chunk import Chunk
from hitwatch.hits.batch import LINE_NUMBER
from hitwatch.hits.reader import Reader
from hitwatch.options.groups import Options
from hitwatch.run.filters import filter_of
from hitwatch.run.inputs import chunks_of, unknown_format
from hitwatch.run.parse import Parsing
from hitwatch.select.filter import Filter
from hitwatch.sources.discovery import STDIN
from hitwatch.tables.lazyframe import LazyRows, drain_polars_threads, lazy
from hitwatch.tables.rows import Rows, Schema
from hitwatch.tally import Balance

log = logging.getLogger("hitwatch")

_PATIENCE = 2.0
"""Seconds after which a reading that does not end is left to itself."""


class _OpenScans:
    """Readings that have begun and not ended.

    A query that has enough leaves its reading to a thread of Polars' own. Python must not end
    before that is through with it: a thread that comes back to a Python that has ended takes
    the process down.
    """

    def __init__(self) -> None:
        self._running: set[object] = set()

    @contextmanager
    def one(self) -> Iterator[None]:
        """Count a reading as running."""
        mark = object()
        self._running.add(mark)
        try:
            yield
        finally:
            self._running.discard(mark)

    def wait(self) -> None:
        """Wait until all have ended."""
        end = time.monotonic() + _PATIENCE
        while self._running and time.monotonic() < end:
            drain_polars_threads()
            time.sleep(0.002)


scans = _OpenScans()
"""Those of this process."""

atexit.register(scans.wait)


class Scan(Struct):
    """Logs whose formats are known, read anew each time their rows are collected.

    Attributes:
        parsing: how the logs are read; what it says of columns are those that may be asked for.
        options: which hits are rows.
        scans: what became of the lines, of each time that they were read.

    """

    parsing: Parsing
    options: Options
    scans: list[Balance] = field(default_factory=list)

    @property
    def balance(self) -> Balance:
        """What became of all lines that were read, once reading has ended."""
        scans.wait()
        return sum(self.scans, Balance())

    def table(self) -> LazyRows:
        """The rows.

        Raises:
            InputError: a log cannot be read, or is in no known format, and ``strict`` is set.
            UsageError: a condition or time makes no sense.

        """
        parsing = self.parsing
        if parsing.paths == [STDIN]:
            parsing.chunks = _looked_at(parsing.reader_of(STDIN), parsing.warn)
        known = replace(parsing, paths=parsing.in_order())
        hit_filter, schema = filter_of(self.options, parsing.own_columns()), known.schema()
        return lazy(
            schema, lambda names: self._read(known, hit_filter, {n: schema[n] for n in names})
        )

    def _read(self, known: Parsing, hit_filter: Filter, schema: Schema) -> Iterator[Rows]:
        numbered = LINE_NUMBER.name in schema
        reading = replace(
            known,
            reader_of=known.reader_of.building(sorted(schema), hit_filter, line_numbers=numbered),
            balance=Balance(),
            reasons={},
        )
        with scans.one():
            try:
                yield from reading.frames_of(known.paths, schema)
            finally:
                self.scans.append(reading.balance)
                if reading.reasons and reading.on_reject is None:
                    _warn(reading)


def _looked_at(
    reader: Reader, warn: Callable[[str], None] | None
) -> Callable[[str], Iterator[Chunk]]:
    """Standard input, its format found from its first lines; it can be read once.

    Raises:
        InputError: its format is not known.

    """
    chunks = chunks_of(STDIN, warn=warn)
    first = next(chunks, None)
    if first and not reader.recognise(first.data):
        raise unknown_format(reader, STDIN)
    untouched: list[Chunk] | None = [first] if first else []

    def read(_origin: str) -> Iterator[Chunk]:
        nonlocal untouched
        if untouched is None:
            raise UsageError(
                "standard input can be read only once, and is asked for again",
                hint="write it to a file, and name that",
            )
        head, untouched = untouched, None
        yield from head
        yield from chunks

    return read


def _warn(reading: Parsing) -> None:
    reason = max(reading.reasons, key=lambda known: reading.reasons[known])
    log.warning(
        "%d of %d lines could not be read and are no rows, most often: %s",
        reading.balance.rejects,
        reading.balance.lines,
        reason,
    )
