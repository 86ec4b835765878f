"""What became of some lines: hits as columns, and rejects; parses nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

from hitwatch import _kernel
from hitwatch.formats.columns import Column, ColumnType
from hitwatch.instants import Instant

if TYPE_CHECKING:
    import polars as pl

    from hitwatch.hits.parser import Parser

WITHHELD = b"REDACTED"
"""What stands in place of a rejected line that may not be shown."""

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

    def hit_batch(self, chosen: bytes | None, flags: _kernel.ValueFlags | None) -> _kernel.HitBatch:
        """The hits as rollups count them.

        Args:
            chosen: a byte a hit: whether it counts; all when ``None``.
            flags: which values of a column are marked; it has been told of those that are
                ``unflagged``.

        """
        return self._batch.hit_batch(chosen, flags)

    def unflagged(self, flags: _kernel.ValueFlags) -> list[str]:
        """Values of which nobody has said whether they are marked."""
        return self._batch.unflagged(flags)

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
        return self._batch.columns_present

    def keeping(self, rejects: int) -> Hits:
        """These hits, with no more than so many rejected lines."""
        self._keep = rejects
        return self

    def chosen(self, mask: pl.Series) -> Hits:
        """The hits that are chosen; the others are counted as excluded.

        Args:
            mask: a boolean a hit, never null.

        """
        return self if mask.all() else self._made_of(self._batch.select(flags_of(mask)))

    def replaced(self, column: str, places: pl.Series, texts: Sequence[str | None]) -> Hits:
        """The same hits with other texts in a text column.

        Args:
            column: its name.
            places: of each hit the index of its text, as ``UInt32``, beyond all texts where it
                has none.
            texts: need not be distinct.

        """
        return self._made_of(self._batch.replace_texts(column, places.to_numpy().tobytes(), texts))

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


def flags_of(mask: pl.Series) -> bytes:
    """Booleans as the kernel takes them, a byte each."""
    import polars as pl

    return mask.cast(pl.UInt8).to_numpy().tobytes()
