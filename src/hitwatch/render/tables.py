"""Rows as an aligned table for people, and as a Markdown table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from hitwatch.render.units import columns, markdown, padded, printable, sanitize
from hitwatch.tables.rows import format_times

if TYPE_CHECKING:
    from hitwatch.tables.rows import Rows

_ABSENT = "-"
_NARROW = 60


def to_text(batches: Iterable[Rows], *, cut: bool) -> Iterator[str]:
    """Rows for people, numbers to the right.

    Columns are as wide as the first batch needs them; a later row may stick out.

    Args:
        batches: all of one schema.
        cut: whether to shorten long texts, as for a terminal.

    """
    widths: list[int] = []
    for rows in batches:
        lines = list(_cells(rows, cut=cut))
        if not widths:
            lines.insert(0, [printable(name) for name in rows.columns])
            widths = [max(map(columns, column)) for column in zip(*lines, strict=True)]
        numbers = _numbers(rows)
        for line in lines:
            aligned = (
                padded("", width - columns(cell)) + cell if number else padded(cell, width)
                for cell, width, number in zip(line, widths, numbers, strict=True)
            )
            yield "  ".join(aligned).rstrip() + "\n"


def to_markdown(batches: Iterable[Rows]) -> Iterator[str]:
    """Rows as one table (GitHub-flavoured), whatever their texts hold."""
    headed = False
    for rows in batches:
        if not headed:
            rules = ["---:" if number else "---" for number in _numbers(rows)]
            yield _row(map(markdown, rows.columns)) + _row(rules)
            headed = True
        yield "".join(_row(map(markdown, line)) for line in _cells(rows, cut=False))


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |\n"


def _numbers(rows: Rows) -> list[bool]:
    return [kind.is_numeric() for kind in rows.dtypes]


def _cells(rows: Rows, *, cut: bool) -> Iterator[list[str]]:
    for row in format_times(rows).iter_rows():
        yield [_cell(value, cut=cut) for value in row]


def _cell(value: Any, *, cut: bool) -> str:
    if value is None:
        return _ABSENT
    if isinstance(value, float):
        return f"{value:.3f}".rstrip("0").rstrip(".") if abs(value) >= 0.0005 else f"{value:.3g}"
    return sanitize(str(value), _NARROW) if cut else printable(str(value))
