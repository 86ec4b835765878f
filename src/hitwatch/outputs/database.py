"""Rows as an SQLite database: one table, ``hits``."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from shutil import copyfileobj
from tempfile import TemporaryDirectory
from typing import IO, TYPE_CHECKING

from hitwatch.errors import OutputError
from hitwatch.tables.rows import format_times

if TYPE_CHECKING:
    from sqlite3 import Connection

    from hitwatch.tables.rows import Rows

APPLICATION = int.from_bytes(b"hitw", "big")
"""What the file says of who made it, at offset 68 (https://www.sqlite.org/fileformat.html)."""

TABLE = "hits"


def write_database(batches: Iterator[Rows], output: IO[bytes]) -> None:
    """Write rows as they come; nothing is collected in memory.

    The database is made in a folder of its own (``TMPDIR``) and then copied.

    Args:
        batches: of rows of one schema, at least one. Times become texts as of RFC 3339.
        output: where to.

    Raises:
        OutputError: it cannot be written.

    """
    # Few ask for it.
    import sqlite3

    with TemporaryDirectory(prefix="hitwatch-") as folder:
        path = Path(folder) / "rows.sqlite"
        try:
            with closing(sqlite3.connect(path)) as database:
                _fill(database, batches)
            with path.open("rb") as made:
                copyfileobj(made, output)
        except (sqlite3.Error, OSError) as error:
            raise OutputError(
                "cannot write the database",
                where=str(getattr(output, "name", "")),
                why=str(error),
                hint=f"it is made in {Path(folder).parent}; TMPDIR names another folder",
            ) from error
        output.flush()


def _fill(database: Connection, batches: Iterator[Rows]) -> None:
    # The file is thrown away when making it fails.
    database.execute("PRAGMA journal_mode = OFF")
    database.execute("PRAGMA synchronous = OFF")
    database.execute(f"PRAGMA application_id = {APPLICATION}")
    insert = ""
    for rows in batches:
        if not insert:
            insert = _create(database, rows)
        plain = format_times(rows)
        # Dates, times of day and durations, which a query can have.
        others = (name for name, kind in plain.schema.items() if kind.is_temporal())
        texts = plain.with_columns(plain[name].dt.to_string() for name in others)
        database.executemany(insert, texts.iter_rows())
    database.commit()


def _create(database: Connection, rows: Rows) -> str:
    """Make the table; returns the statement that adds a row."""
    columns = ", ".join(
        f"{_quoted(name)} {_type_of(kind.is_integer(), kind.is_float())}"
        for name, kind in rows.schema.items()
    )
    database.execute(f"CREATE TABLE {TABLE} ({columns})")
    return f"INSERT INTO {TABLE} VALUES ({', '.join('?' * len(rows.schema))})"  # noqa: S608 - no text of anybody's


def _type_of(integer: bool, real: bool) -> str:
    return "INTEGER" if integer else "REAL" if real else "TEXT"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
