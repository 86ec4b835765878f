"""Logs as a table that is read when it is asked for."""

from __future__ import annotations

import atexit
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager

from msgspec import Struct, field
from msgspec.structs import replace

from hitwatch.hits.batch import LINE_NUMBER
from hitwatch.options.groups import Options
from hitwatch.run.filters import filter_of
from hitwatch.run.parse import Parsing
from hitwatch.select.filter import Filter
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
            UsageError: a condition or time makes no sense.

        """
        parsing = self.parsing
        hit_filter = filter_of(self.options, parsing.own_columns(), zone=parsing.zone)
        schema = parsing.schema()
        return lazy(schema, lambda names: self._read(hit_filter, {n: schema[n] for n in names}))

    def _read(self, hit_filter: Filter, schema: Schema) -> Iterator[Rows]:
        numbered, known = LINE_NUMBER.name in schema, self.parsing
        reading = replace(
            known,
            reader_of=known.reader_of.building(sorted(schema), hit_filter, line_numbers=numbered),
            balance=Balance(),
            reasons={},
        )
        with scans.one():
            try:
                yield from reading.frames_of(known.logs.paths, schema)
            finally:
                self.scans.append(reading.balance)
                if reading.reasons and reading.on_reject is None:
                    _warn(reading)


def _warn(reading: Parsing) -> None:
    reason = max(reading.reasons, key=lambda known: reading.reasons[known])
    log.warning(
        "%d of %d lines could not be read and are no rows, most often: %s",
        reading.balance.rejects,
        reading.balance.lines,
        reason,
    )
