"""Rows that are read when they are asked for, as a Polars ``LazyFrame``; opens no files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TypeAlias

from hitwatch.tables.rows import Rows, Schema

if TYPE_CHECKING:
    import polars as pl

LazyRows: TypeAlias = "pl.LazyFrame"
"""A table that is read when it is collected."""


def lazy(schema: Schema, batches: Callable[[list[str]], Iterator[Rows]]) -> pl.LazyFrame:
    """Make a table that is read a batch at a time, each time it is collected.

    Only the columns that a query needs are asked for, rows that it leaves out are dropped
    batch by batch, and once it has enough, nothing more is read.

    Args:
        schema: of all columns.
        batches: gives the rows with the columns named, in that order.

    """
    from polars.io.plugins import register_io_source

    def source(
        columns: list[str] | None, where: pl.Expr | None, count: int | None, _size: int | None
    ) -> Iterator[pl.DataFrame]:
        for rows in batches(list(schema) if columns is None else columns):
            # Polars means the first rows of the table, before any are left out.
            first = rows if count is None else rows.head(count)
            yield first if where is None else first.filter(where)
            if count is not None and (count := count - len(first)) <= 0:
                return

    return register_io_source(source, schema=dict(schema), is_pure=True)


def drain_polars_threads() -> None:
    """Have Polars give up what its threads have dropped; that waits for its next call."""
    import polars as pl

    len(pl.Series())
