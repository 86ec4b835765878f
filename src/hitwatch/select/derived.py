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
    told = told_of_texts(hits, derived.source, hits.codes[derived.source], derived.of)
    return pl.Series([*told, derived.of(None)], dtype=pl.String)


def told_of_texts(
    hits: Hits, column: str, codes: pl.Series, of: Callable[[str], str]
) -> list[str | None]:
    """What the texts of a column tell, by code.

    Args:
        hits: the hits; they have it.
        column: its name.
        codes: of the texts that are in use, and nulls: few of those that a parser knows need be.
        of: what a text tells; it is asked once per distinct text. The others tell nothing.

    """
    known = hits.values(column)
    told: list[str | None] = [None] * len(known)
    used = codes.drop_nulls().unique()
    for code, text in zip(used, known.gather(used), strict=True):
        told[code] = of(text)
    return told


def codes_of(hits: Hits, name: str) -> pl.Series:
    """Of each row the place of its text in ``texts_of``."""
    derived = DERIVED.get(name)
    source = name if derived is None else derived.source
    return hits.codes[source].fill_null(len(hits.values(source)))


def series_of(hits: Hits, name: str) -> pl.Series:
    """A derived column, a text a row."""
    return texts_of(hits, name).gather(codes_of(hits, name)).alias(name)
