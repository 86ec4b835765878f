"""Columns that no log has, told by another: each value is asked for once, however many rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from msgspec import Struct

from hitwatch.formats.columns import Column, ColumnType
from hitwatch.hits.batch import Hits
from hitwatch.stats.user_agents import classify

if TYPE_CHECKING:
    import polars as pl


class Derived(Struct, frozen=True):
    """A column that is told by another.

    Attributes:
        column: what it is.
        source: the text column that tells it.
        of: its value of a text, or of none.

    """

    column: Column
    source: str
    of: Callable[[str | None], str]


def _agent_kind(user_agent: str | None) -> str:
    return classify(user_agent).kind


DERIVED: dict[str, Derived] = {
    each.column.name: each
    for each in (
        Derived(
            Column(
                "agent_kind",
                ColumnType.TEXT,
                "human, search, ai, tool, monitor, bot or unknown, as the user agent says",
            ),
            source="user_agent",
            of=_agent_kind,
        ),
    )
}
"""By name."""

DERIVED_COLUMNS = tuple(each.column for each in DERIVED.values())


def sources_of(names: Iterable[str]) -> frozenset[str]:
    """The columns of logs that it takes to tell some columns."""
    return frozenset(DERIVED[name].source if name in DERIVED else name for name in names)


def has(hits: Hits, name: str) -> bool:
    """Whether a column can be told of hits."""
    return hits.has(DERIVED[name].source if name in DERIVED else name)


def texts_of(hits: Hits, name: str) -> pl.Series:
    """The distinct texts of a text column, and one more for rows without any.

    Args:
        hits: the hits; they have it.
        name: of the column.

    """
    import polars as pl

    derived = DERIVED.get(name)
    if derived is None:
        values = hits.values(name).cast(pl.String)
        return pl.concat([values, pl.Series([None], dtype=pl.String)])
    # Few of the texts that a parser knows need be in use.
    codes = hits.codes[derived.source]
    known = hits.values(derived.source)
    told: list[str | None] = [None] * (len(known) + 1)
    used = codes.drop_nulls().unique()
    for code, text in zip(used, known.gather(used), strict=True):
        told[code] = derived.of(text)
    told[-1] = derived.of(None)
    return pl.Series(told, dtype=pl.String)


def codes_of(hits: Hits, name: str) -> pl.Series:
    """Of each row the place of its text in ``texts_of``."""
    derived = DERIVED.get(name)
    source = name if derived is None else derived.source
    return hits.codes[source].fill_null(len(hits.values(source)))


def series_of(hits: Hits, name: str) -> pl.Series:
    """A derived column, a text a row."""
    return texts_of(hits, name).gather(codes_of(hits, name)).alias(name)
