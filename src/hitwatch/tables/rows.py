"""Hits as rows of one schema, whatever their format, and rows as bytes; opens no files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import IO, TYPE_CHECKING, TypeAlias

from hitwatch.formats.columns import Column, ColumnType
from hitwatch.hits.batch import Hits

if TYPE_CHECKING:
    import polars as pl

ORIGIN = Column("origin", ColumnType.TEXT, "which input the line came from")

Schema: TypeAlias = Mapping[str, "pl.DataType"]
"""Names and types of columns, in order."""


Rows: TypeAlias = "pl.DataFrame"
"""Hits as a table of plain columns."""


def schema_of(columns: Iterable[Column]) -> dict[str, pl.DataType]:
    """The schema of some columns; of two with one name the first counts."""
    import polars as pl

    types: dict[ColumnType, pl.DataType] = {
        ColumnType.TEXT: pl.String(),
        ColumnType.INTEGER: pl.Int64(),
        ColumnType.FLOAT: pl.Float64(),
        ColumnType.TIME: pl.Datetime("us", "UTC"),
    }
    schema: dict[str, pl.DataType] = {}
    for column in columns:
        schema.setdefault(column.name, types[column.type])
    return schema


def conform(
    hits: Hits | None, origin: str, schema: Schema, further: Mapping[str, pl.Series] | None = None
) -> pl.DataFrame:
    """Hits brought to a schema.

    Args:
        hits: the hits; ``None``: no rows.
        origin: which input they came from.
        schema: of the rows; columns that the format lacks are null.
        further: columns by name that no log has.

    """
    import polars as pl

    if hits is None:
        return pl.DataFrame(schema=schema)
    built = hits.frame([name for name in schema if hits.has(name)])
    made = {ORIGIN.name: origin}
    columns = {name: built[name] for name in built.columns} | dict(further or {})
    return pl.DataFrame(
        [
            columns[name].cast(kind)
            if name in columns
            else pl.repeat(made.get(name), len(hits), dtype=kind, eager=True).alias(name)
            for name, kind in schema.items()
        ]
    )


def format_times(rows: pl.DataFrame) -> pl.DataFrame:
    """Rows with times as RFC 3339 text."""
    import polars as pl

    return rows.with_columns(pl.col(pl.Datetime("us", "UTC")).dt.strftime("%Y-%m-%dT%H:%M:%S%.fZ"))


def to_csv(rows: pl.DataFrame, *, header: bool) -> bytes:
    """Rows as CSV (RFC 4180), times as RFC 3339, absent values empty."""
    return format_times(rows).write_csv(include_header=header).encode()


def to_jsonl(rows: pl.DataFrame) -> bytes:
    """Rows as JSON lines, times as RFC 3339, absent values null."""
    return format_times(rows).write_ndjson().encode() if len(rows) else b""


def write_parquet(
    rows: Iterable[Mapping[str, object]], columns: Iterable[Column], output: IO[bytes]
) -> None:
    """Write rows that are plain values as Parquet.

    Args:
        rows: a value by name of each column.
        columns: their names and types.
        output: where to.

    """
    import polars as pl

    pl.DataFrame(list(rows), schema=schema_of(columns)).write_parquet(output)


def sink(frames: Iterator[pl.DataFrame], kind: str, output: IO[bytes]) -> None:
    """Write rows as they come; nothing is collected.

    Args:
        frames: at least one, all of one schema.
        kind: ``parquet`` or ``arrow`` (the IPC file format).
        output: where to.

    Raises:
        OSError: it cannot be written.

    """
    from polars.io.plugins import register_io_source

    # The formats are known once the first rows are, and with them the columns.
    first = next(frames)

    def source(
        _columns: list[str] | None, _where: pl.Expr | None, _rows: int | None, _size: int | None
    ) -> Iterator[pl.DataFrame]:
        yield first
        yield from frames

    sink_lazy(register_io_source(source, schema=first.schema), kind, output)


def sink_lazy(rows: pl.LazyFrame, kind: str, output: IO[bytes]) -> None:
    """Write rows that are read as they are written; ``kind`` is as of ``sink``.

    Raises:
        OSError: it cannot be written.

    """
    import polars as pl

    try:
        if kind == "parquet":
            rows.sink_parquet(output)
        else:
            rows.sink_ipc(output)
    except pl.exceptions.ComputeError as error:
        # Polars says so of Parquet files; of others it raises OSError itself.
        found = re.search(r"IO error: (.+) \(os error (\d+)\)", str(error))
        if found is None:
            raise
        raise OSError(int(found[2]), found[1]) from error
