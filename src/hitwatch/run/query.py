"""SQL over logs, its rows written as they come about."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING

from hitwatch.errors import UsageError
from hitwatch.outputs.database import write_database
from hitwatch.outputs.target import accepts_any_extension
from hitwatch.render.outputs import unwritable, write
from hitwatch.render.spreadsheets import to_safe_csv
from hitwatch.render.tables import to_markdown, to_text
from hitwatch.run.parse import ENDINGS
from hitwatch.tables import sql
from hitwatch.tables.lazyframe import LazyRows
from hitwatch.tables.rows import sink_lazy, to_csv, to_jsonl

if TYPE_CHECKING:
    from hitwatch.tables.rows import Rows

KINDS = ("table", "jsonl", "json", "csv", "md", "parquet", "arrow", "sqlite")
"""What a result can be written as."""

_ENDINGS = {**ENDINGS, ".json": "json", ".md": "md", ".txt": "table"}


class Query:
    """A query that makes sense, and the logs it asks.

    Args:
        text: one SELECT over the table ``hits``.
        rows: the logs.
        stopped: whether somebody asked the run to end; then no more rows are written.

    Raises:
        UsageError: the text is no SELECT, makes no sense, or would read something else.

    """

    def __init__(self, text: str, rows: LazyRows, stopped: Callable[[], bool]) -> None:
        self._text, self._rows, self._stopped = text, rows, stopped
        self._result = sql.plan(text, rows)

    def write(
        self,
        kind: str,
        output: IO[bytes],
        *,
        terminal: bool = False,
        spreadsheet_safe: bool = False,
    ) -> None:
        """Run it, and write the rows of the result.

        Args:
            kind: one of ``KINDS``.
            output: where to.
            terminal: whether that is one, on which long texts are cut.
            spreadsheet_safe: whether in CSV no text is a formula.

        Raises:
            InputError: a log cannot be read to its end, and the scan is strict.
            OutputError: the rows cannot be written.
            UsageError: the query fails on what the logs hold.

        """
        with sql.translate_errors(self._text, self._rows):
            if kind in ("parquet", "arrow"):
                try:
                    sink_lazy(self._result, kind, output)
                except OSError as error:
                    raise unwritable(output, error) from error
                return
            if kind == "sqlite":
                write_database(self._batches(), output)
                return
            if kind == "csv":
                as_csv = to_safe_csv if spreadsheet_safe else to_csv
                for rows, first in _marked(self._batches()):
                    write(output, as_csv(rows, header=first))
                return
            for piece in self._pieces(kind, cut=terminal):
                write(output, piece)

    def _pieces(self, kind: str, *, cut: bool) -> Iterator[bytes]:
        batches = self._batches()
        if kind == "jsonl":
            return map(to_jsonl, batches)
        if kind == "json":
            return _array(batches)
        lines = to_markdown(batches) if kind == "md" else to_text(batches, cut=cut)
        return (line.encode("utf-8", "backslashreplace") for line in lines)

    def _batches(self) -> Iterator[Rows]:
        for rows in sql.collect(self._result):
            # What was counted when the reading was cut short is not the answer.
            if self._stopped():
                return
            yield rows


def _marked(batches: Iterator[Rows]) -> Iterator[tuple[Rows, bool]]:
    first = True
    for rows in batches:
        yield rows, first
        first = False


def _array(batches: Iterator[Rows]) -> Iterator[bytes]:
    """One JSON array, an object a line."""
    begun = False
    for rows in batches:
        if objects := to_jsonl(rows).rstrip(b"\n").replace(b"\n", b",\n"):
            yield (b",\n" if begun else b"[\n") + objects
            begun = True
    yield b"\n]\n" if begun else b"[]\n"


def kind_of_result(output: Path | None, named: str | None) -> str:
    """What to write a result as: what is named, else by the file's ending, else a table.

    Raises:
        UsageError: nothing is known to end like the file.

    """
    if named or output is None:
        return named or "table"
    ending = output.suffix.lower()
    if ending not in _ENDINGS and accepts_any_extension(output):
        return "table"
    if ending not in _ENDINGS:
        raise UsageError(
            f"no output ends in {ending!r}",
            where=str(output),
            hint=f"known: {', '.join(_ENDINGS)}; or say --output-format",
        )
    return _ENDINGS[ending]
