"""Conditions on hits as a tree, and which hits meet them.

Two-valued logic: a test of an absent value is false, also a negated one (``!=``,
``not in``); ``Not`` around it is true.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Sequence
from functools import reduce
from typing import TYPE_CHECKING, Any, TypeAlias

from msgspec import Struct

from hitwatch.formats.columns import Column, ColumnType
from hitwatch.hits.batch import Hits
from hitwatch.select.derived import codes_of, sources_of, texts_of
from hitwatch.select.networks import Networks
from hitwatch.stats.urls import referring_site

if TYPE_CHECKING:
    import polars as pl

Value: TypeAlias = str | int | float
"""A text, a number, or an instant (microseconds since 1970)."""

OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}

_SPECIAL = frozenset("\\.+*?()|[]{}^$#&-~")


class Compare(Struct, frozen=True):
    """The value stands so to another; texts by code points."""

    operator: str
    value: Value


class OneOf(Struct, frozen=True):
    """The value is one of these."""

    values: tuple[Value, ...]


class Like(Struct, frozen=True):
    """All of the text fits a glob.

    Attributes:
        glob: ``*`` is any text, also with slashes, ``?`` one character; a backslash takes
            the meaning of what follows.
        fold: whether upper and lower case are the same.

    """

    glob: str
    fold: bool = False


class Matches(Struct, frozen=True):
    """A regular expression (Rust's, linear time) is found in the text."""

    pattern: str


class Within(Struct, frozen=True):
    """The text is an address, maybe with a port, in one of the networks."""

    networks: Networks


class OfSites(Struct, frozen=True):
    """The text is the address of a page of one of some sites, or of a site under one.

    Attributes:
        sites: hosts in lower case, without ``www.``.

    """

    sites: frozenset[str]

    def holds(self, text: str | None) -> bool:
        """Whether it is of one of them; what is no address is of none."""
        site = referring_site(text)
        labels = site.split(".") if site else []
        return any(".".join(labels[first:]) in self.sites for first in range(len(labels)))


Condition: TypeAlias = Compare | OneOf | Like | Matches | Within | OfSites


class Predicate(Struct, frozen=True):
    """Says of every hit whether it counts."""

    @property
    def columns(self) -> frozenset[str]:
        """Names of the columns that are looked at."""
        raise NotImplementedError


class _Compound(Predicate, frozen=True):
    """Several predicates as one."""

    parts: tuple[Predicate, ...] = ()

    @property
    def columns(self) -> frozenset[str]:
        """Names of the columns that are looked at."""
        return frozenset().union(*(part.columns for part in self.parts))


class And(_Compound, frozen=True):
    """Every part holds; without parts everything does."""


class Or(_Compound, frozen=True):
    """Any part holds; without parts nothing does."""


class Not(Predicate, frozen=True):
    """The part does not hold."""

    part: Predicate

    @property
    def columns(self) -> frozenset[str]:
        """Names of the columns that are looked at."""
        return self.part.columns


class _OfColumn(Predicate, frozen=True):
    """A predicate on one column."""

    column: Column

    @property
    def columns(self) -> frozenset[str]:
        """Names of the columns that are looked at."""
        return frozenset({self.column.name})


class IsNull(_OfColumn, frozen=True):
    """The column has no value."""


class Satisfies(_OfColumn, frozen=True):
    """The column has a value, and the condition holds of it, or does not if negated."""

    condition: Condition
    negated: bool = False


def combine(conditions: Sequence[Predicate]) -> Predicate:
    """One condition that holds where all of these do; where there are none, everywhere."""
    if len(conditions) == 1:
        return conditions[0]
    parts: list[Predicate] = []
    for condition in conditions:
        parts += condition.parts if isinstance(condition, And) else [condition]
    return And(tuple(parts))


def glob_regex(glob: str, *, fold: bool = False) -> str:
    """The regular expression of a glob; see ``Like``.

    >>> glob_regex("/a/*.js")
    '(?s)\\\\A/a/.*\\\\.js\\\\z'

    """
    pieces = re.findall(r"\\.|\*+|.|\\", glob, re.DOTALL)
    return rf"(?s{'i' if fold else ''})\A{''.join(map(_piece_regex, pieces))}\z"


def _piece_regex(piece: str) -> str:
    if piece.startswith("*"):
        return ".*"
    if piece == "?":
        return "."
    character = piece[-1]
    return f"\\{character}" if character in _SPECIAL else character


def mask(where: Predicate, hits: Hits) -> pl.Series:
    """Which hits meet a condition.

    What looks at one text column only is decided once per distinct text. Columns that the
    hits lack are null.

    Args:
        where: the condition.
        hits: the hits.

    Returns:
        A boolean a hit, never null.

    """
    names = where.columns
    if len(names) == 1:
        (name,) = names
        return (
            _mask_distinct(where, name, hits)
            if _is_dictionary_encoded(name, hits)
            else mask_rows(where, hits.codes)
        )
    return _combine_masks(where, lambda part: mask(part, hits), len(hits))


def mask_rows(where: Predicate, rows: pl.DataFrame) -> pl.Series:
    """Which rows of plain columns (texts, not codes) meet a condition.

    Args:
        where: the condition.
        rows: the rows; columns they lack are null.

    Returns:
        A boolean a row, never null.

    """
    if isinstance(where, IsNull | Satisfies):
        return _mask_test(where, rows)
    return _combine_masks(where, lambda part: mask_rows(part, rows), len(rows))


def _is_dictionary_encoded(name: str, hits: Hits) -> bool:
    import polars as pl

    return hits.codes.schema.get(*sources_of([name])) == pl.UInt32


def _mask_distinct(where: Predicate, name: str, hits: Hits) -> pl.Series:
    import polars as pl

    places = pl.DataFrame({name: texts_of(hits, name)})
    return mask_rows(where, places).gather(codes_of(hits, name)).alias("")


def _combine_masks(
    where: Predicate, part_mask: Callable[[Predicate], pl.Series], rows: int
) -> pl.Series:
    if isinstance(where, Not):
        return ~part_mask(where.part)
    assert isinstance(where, And | Or)  # noqa: S101 - there are no other kinds
    masks = map(part_mask, where.parts)
    joined = next(masks, None)
    if joined is None:
        return _constant(isinstance(where, And), rows)
    return reduce(operator.and_ if isinstance(where, And) else operator.or_, masks, joined)


def _constant(value: bool, rows: int) -> pl.Series:
    import polars as pl

    return pl.repeat(value, rows, dtype=pl.Boolean, eager=True).alias("")


def _mask_test(where: IsNull | Satisfies, rows: pl.DataFrame) -> pl.Series:
    name = where.column.name
    if name not in rows.columns:
        return _constant(isinstance(where, IsNull), len(rows))
    series = rows[name].alias("")
    if isinstance(where, IsNull):
        return series.is_null()
    if where.column.type is ColumnType.TIME:
        series = series.to_physical()
    holds = _evaluate(where.condition, series)
    return (~holds if where.negated else holds).fill_null(False)


def _evaluate(condition: Condition, series: pl.Series) -> pl.Series:
    import polars as pl

    match condition:
        case Compare(name, value):
            compared: pl.Series = OPERATORS[name](series, value)
            return compared
        case OneOf(values):
            return series.is_in(pl.Series(values, dtype=series.dtype))
        case Like(glob, fold):
            return series.str.contains(glob_regex(glob, fold=fold))
        case Matches(pattern):
            return series.str.contains(pattern)
        case OfSites():
            held = [condition.holds(text) for text in series]
            return pl.Series(held, dtype=pl.Boolean)
        case Within(networks):
            return _mask_networks(networks, series)


_FOUR = r"\A" + r"\.".join([r"(0|[1-9][0-9]{0,2})"] * 4) + r"(?::[0-9]{1,5})?\z"


def _mask_networks(networks: Networks, series: pl.Series) -> pl.Series:
    """Which texts are addresses in networks: IPv4 all at once, whatever else one by one."""
    import polars as pl

    parts = series.str.extract_groups(_FOUR).struct.unnest().cast(pl.UInt32)
    a, b, c, d = parts.get_columns()
    valid = (a < 256) & (b < 256) & (c < 256) & (d < 256)
    held = _in_ranges(((a * 256 + b) * 256 + c) * 256 + d, *networks.bounds[4]) & valid
    others = series.filter(valid.is_null())
    if others.null_count() == len(others):
        return held
    singly = [None if text is None else networks.contains(text) for text in others]
    return held.scatter(valid.is_null().arg_true(), pl.Series(singly, dtype=pl.Boolean))


def _in_ranges(numbers: pl.Series, firsts: list[int], lasts: list[int]) -> pl.Series:
    """Which numbers lie between a first and its last; these are sorted and do not overlap."""
    import polars as pl

    # Before the first range stands an empty one, so that every number has one.
    starts, ends = pl.Series([-1, *firsts]), pl.Series([-1, *lasts])
    numbers = numbers.cast(pl.Int64)
    at = starts.search_sorted(numbers.fill_null(-1), side="right") - 1
    return numbers <= ends.gather(at)


def pattern_error(pattern: str) -> str | None:
    """Why a regular expression is refused; ``None``: it is not."""
    import polars as pl

    try:
        pl.Series([""]).str.contains(pattern)
    except pl.exceptions.PolarsError as error:
        lines = str(error).splitlines()
        reasons = [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]
        return reasons[0] if reasons else lines[0].removeprefix("regex error: ")
    return None
