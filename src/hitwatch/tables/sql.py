"""SQL over hits; opens no files, and runs no query that would."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

from hitwatch.errors import UsageError, did_you_mean, point_at
from hitwatch.tables.lazyframe import LazyRows

if TYPE_CHECKING:
    import polars as pl

TABLE = "hits"
"""What a query calls the logs."""

_FIRST_WORD = re.compile(r"(?:\s|\(|--[^\n]*\n|/\*.*?\*/)*(\w*)", re.DOTALL)
_HINT = f"the logs are the table {TABLE}"
_NO_COLUMN = re.compile(r"unable to find column \"([^\"]*)\"|no column named '([^']*)' found")
_NO_TABLE = re.compile(r"relation '([^']*)' was not found")
_PLACE = re.compile(r" at Line: (\d+), Column: (\d+)")


def plan(sql: str, rows: LazyRows) -> LazyRows:
    """Make ready to run a query; nothing is read yet.

    Args:
        sql: one SELECT, as Polars understands it.
        rows: the table that it calls ``hits``.

    Returns:
        The result, to be collected.

    Raises:
        UsageError: it is not a SELECT, is invalid, or would read something else.

    """
    import polars as pl

    _check(sql)
    with translate_errors(sql, rows):
        result = pl.SQLContext({TABLE: rows}).execute(sql, eager=False)
        result.collect_schema()
        return result


def collect(result: LazyRows) -> Iterator[pl.DataFrame]:
    """The rows of a query as they come about, at least one batch, maybe of no rows."""
    import polars as pl

    batches = result.collect_batches(engine="streaming", lazy=True)
    first = next(batches, None)
    yield pl.DataFrame(schema=result.collect_schema()) if first is None else first
    yield from batches


@contextmanager
def translate_errors(sql: str, rows: LazyRows) -> Iterator[None]:
    """Turn Polars' errors on a query into words for its author.

    Args:
        sql: the query.
        rows: the table that it asks for.

    Raises:
        UsageError: in place of an error of Polars.

    """
    import polars as pl

    try:
        yield
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        raise _translate(sql, str(error), rows.collect_schema().names()) from error


def _check(sql: str) -> None:
    """Refuse what is not a SELECT, or names a function that reads files.

    Such names are looked for everywhere, also where they would be harmless, in a text: what is
    a text and what is not is then nothing that a query could be cunning about.
    """
    match = _FIRST_WORD.match(sql)
    word = match[1] if match else ""
    if word.upper() not in ("SELECT", "WITH", "FROM"):
        what = f"only SELECT is allowed, not {word}" if word else "not a SELECT statement"
        raise UsageError(what, where="query", hint=f"{_HINT}: write SELECT …")
    if reader := _file_readers().search(sql):
        raise UsageError(
            f"{reader[0]} reads files, but a query can read only the given logs",
            where="query",
            hint=point_at(sql, reader.start()),
        )
    if not re.search(r"\bfrom\b", sql, re.IGNORECASE):
        raise UsageError("no FROM clause", where="query", hint=f"{_HINT}: add FROM {TABLE}")


@cache
def _file_readers() -> re.Pattern[str]:
    """All that Polars reads with: its SQL functions have the names of its own."""
    import polars as pl

    names = [name for name in dir(pl) if name.startswith(("read_", "scan_"))]
    return re.compile(rf"\b(?:{'|'.join(names)})\b", re.IGNORECASE)


def _translate(sql: str, message: str, columns: Sequence[str]) -> UsageError:
    what = _sanitize(message.partition("\n")[0]).removeprefix("sql parser error: ")
    if match := _NO_COLUMN.search(message):
        name = match[1] or match[2]
        advice = did_you_mean(name.lower(), columns) or f"known columns: {', '.join(columns)}"
        return _error_at(f"unknown column {name!r}", sql, sql.find(name), advice)
    if match := _NO_TABLE.search(message):
        what = f"unknown table {match[1]!r}"
        return _error_at(what, sql, sql.find(match[1]), _HINT)
    if match := _PLACE.search(message):
        before = sql.splitlines(keepends=True)[: int(match[1]) - 1]
        at = sum(map(len, before)) + int(match[2]) - 1
        return _error_at(_PLACE.sub("", what), sql, at)
    return UsageError(what, where="query")


def _error_at(what: str, sql: str, at: int, advice: str = "") -> UsageError:
    hint = advice if at < 0 else point_at(sql, at, advice)
    return UsageError(what, where="query", hint=hint)


def _sanitize(text: str) -> str:
    """A message that may quote log lines, control characters escaped."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)
