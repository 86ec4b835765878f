"""What became of some lines: hits as columns, and rejects; parses nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct

from hitwatch import _kernel
from hitwatch.formats.columns import Column, ColumnType
from hitwatch.instants import Instant

if TYPE_CHECKING:
    import polars as pl

    from hitwatch.hits.parser import Parser

WITHHELD = b"REDACTED"
"""What stands in place of a rejected line that may not be shown."""

ClockState: TypeAlias = tuple[int | None, int | None]
"""What the clock times so far say about those of the next lines: the latest time of day of
lines without a date, and the latest instant."""

CLOCK_UNKNOWN: ClockState = (None, None)
"""Before the first line of a log."""

LINE_NUMBER = Column("line_number", ColumnType.INTEGER, "1-based line in its origin")


class Reject(Struct, frozen=True):
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

    def hit_batch(
        self,
        chosen: bytes | None,
        kinds: _kernel.AgentKinds | None,
        clock: _kernel.Clock | None = None,
    ) -> _kernel.HitBatch:
        """The hits as rollups count them.

        Args:
            chosen: a byte a hit: whether it counts; all when ``None``.
            kinds: tells of which kind programs are; nobody asks when ``None``.
            clock: tells on which day visitors came and when hits were; UTC's when ``None``.

        """
        return self._batch.hit_batch(chosen, kinds, clock)

    @property
    def parser(self) -> Parser:
        """What has read them."""
        return self._parser

    def times(self) -> list[Instant]:
        """The column ``time``, in the order of the lines."""
        return self._batch.times()

    def has_values(self, column: str) -> bool:
        """Whether a column was built and holds a value in any row."""
        return self._batch.holds(column)

    def texts(self, column: str) -> list[str | None]:
        """A text column, in the order of the lines."""
        return self._batch.texts(column)

    @property
    def data(self) -> bytes | None:
        """The lines themselves; ``None`` where they may not be shown."""
        return self._data

    @property
    def clock_state(self) -> ClockState:
        """What their times say about those of the next lines."""
        return self._batch.course

    @property
    def ambiguous_times(self) -> int:
        """How many have a clock time that came twice, as when clocks go back.

        Which of the two it was is known from the lines before them.
        """
        return self._batch.twice

    @property
    def columns_present(self) -> int:
        """Number of columns that hold a value in any row."""
        return self._batch.columns_present

    def limit_rejects(self, rejects: int) -> Hits:
        """Keep no more than so many of the rejected lines; returns these hits."""
        self._keep = rejects
        return self

    def select(self, mask: pl.Series) -> Hits:
        """The selected hits; the others are counted as excluded.

        Args:
            mask: a boolean a hit, never null.

        """
        return self if mask.all() else self._with_batch(self._batch.select(mask_bytes(mask)))

    def replace_texts(self, column: str, places: pl.Series, texts: Sequence[str | None]) -> Hits:
        """The same hits with other texts in a text column.

        Args:
            column: its name.
            places: of each hit the index of its text, as ``UInt32``, beyond all texts where it
                has none.
            texts: need not be distinct.

        """
        return self._with_batch(
            self._batch.replace_texts(column, places.to_numpy().tobytes(), texts)
        )

    def withhold_lines(self) -> Hits:
        """The same hits; rejects keep their place and reason, but not the line."""
        hits = self._with_batch(self._batch)
        hits._data = None
        return hits

    def _with_batch(self, batch: _kernel.Batch) -> Hits:
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
        """The first rejects, as many as the parser keeps."""
        data = self._data
        return [
            Reject(
                number,
                column,
                self._parser.describe_reject(reason, field),
                WITHHELD if data is None else data[start:end],
            )
            for number, column, reason, field, start, end in self._batch.rejects[: self._keep]
        ]

    @property
    def reasons(self) -> dict[str, int]:
        """Number of rejects by reason, all of them."""
        counts: dict[str, int] = {}
        for reason, field, count in self._batch.reasons:
            text = self._parser.describe_reject(reason, field)
            counts[text] = counts.get(text, 0) + count
        return counts


def mask_bytes(mask: pl.Series) -> bytes:
    """Booleans as the kernel takes them, a byte each."""
    import polars as pl

    return mask.cast(pl.UInt8).to_numpy().tobytes()
