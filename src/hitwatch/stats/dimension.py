"""What hits are counted under, and panels: how people see it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import msgspec
from msgspec import Struct

Label: TypeAlias = Callable[[str], str | None]
"""Turns a value into the key that it is counted under; ``None`` leaves it out."""


class Dimension(msgspec.Struct, frozen=True):
    """What hits are counted under.

    Attributes:
        column: whose values are the keys.
        statuses: from and to; only hits with these count.
        divide: of a column of numbers or times, what they are divided by.
        without: only hits without a value in this text column count.
        absent: the key of hits without a value; they do not count when ``None``.

    """

    column: str
    statuses: tuple[int, int] | None = None
    divide: int = 0
    without: str | None = None
    absent: str | None = None


class Panel(Struct, frozen=True):
    """One panel.

    Attributes:
        name: in output.
        title: for people.
        dimension: what hits are counted under.
        also: what else they are counted under; a panel with this has a label.
        label: turns a value into a key of this panel.
        named: turns a number into a key.
        noted: says more on a key.
        sort: the figure by which rows are ordered, whatever the user chose; ``key``: by key.
        timeless: whether the same key of another time means the same.
        off: whether it is only shown when it is asked for.

    """

    name: str
    title: str
    dimension: Dimension
    label: Label | None = None
    also: Dimension | None = None
    named: Callable[[int], str] = str
    noted: Callable[[str], str] | None = None
    sort: str | None = None
    timeless: bool = True
    off: bool = False

    @property
    def dimensions(self) -> tuple[Dimension, ...]:
        """All that hits are counted under."""
        return (self.dimension,) if self.also is None else (self.dimension, self.also)


UNKNOWN = "(unknown)"
"""Key of what nobody knows."""
