"""What hits are counted under, and panels: how people see it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import msgspec
from msgspec import Struct

from hitwatch.zones import IN_UTC, Zone


class Label(Struct, frozen=True):
    """Turns a value into the key that it is counted under.

    Labels are values: those that label alike are equal, and are one wherever they were made, in
    another process or when a tally was written. Each has a ``tag``, which is its name in tallies.
    """

    def __call__(self, value: str) -> str | None:
        """The key of a value; ``None`` leaves it out."""
        # Every label has its own, and a Struct cannot be abstract: its metaclass is not ABC's.
        raise NotImplementedError

    @property
    def asked(self) -> Callable[[str], str | None]:
        """What the kernel asks for keys: this, or a label of its own that does the same."""
        return self

    @property
    def stated(self) -> object:
        """What a tally says of it: all that keys depend on, and no secret."""
        return self

    @property
    def written(self) -> str:
        """What it is, as a tally has it: the same text for what labels alike, and for that only."""
        return msgspec.json.encode(self.stated, order="deterministic").decode()


class KernelLabel(Label, frozen=True):
    """A label that the kernel gives without Python."""

    def __call__(self, value: str) -> str | None:
        """The key of a value; ``None`` leaves it out."""
        return self.asked(value)

    @property
    def asked(self) -> Callable[[str], str | None]:
        """The kernel's label: one for all that are equal."""
        return _made(self)

    def make(self) -> Callable[[str], str | None]:
        """A label of the kernel's that does the same."""
        # As above.
        raise NotImplementedError


@cache
def _made(label: KernelLabel) -> Callable[[str], str | None]:
    # Asked for in every display period; it may hold hundreds of texts.
    return label.make()


class Dimension(msgspec.Struct, frozen=True):
    """What hits are counted under.

    Attributes:
        column: whose values are the keys.
        statuses: from and to; only hits with these count.
        by_status: whether hits are counted by status too: keys are ``404 /a``.
        by_bots_from: another text column: only hits by bots count, and keys have a text of each,
            with a tab between them.
        divide: of a column of numbers or times, what they are divided by.
        zone: of times, that in which they are divided.
        absent: the key of hits without a value; they do not count when ``None``.
        made: of the column ``section``, what makes it, as text.

    """

    column: str
    statuses: tuple[int, int] | None = None
    by_status: bool = False
    by_bots_from: str | None = None
    divide: int = 0
    zone: Zone = IN_UTC
    absent: str | None = None
    made: str = ""


class Panel(Struct, frozen=True):
    """One panel.

    Attributes:
        name: in output.
        title: for people.
        dimension: what hits are counted under.
        label: turns a value into a key of this panel.
        only: a label that the keys have which are shown, where not all are.
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
    only: KernelLabel | None = None
    named: Callable[[int], str] = str
    noted: Callable[[str], str] | None = None
    sort: str | None = None
    timeless: bool = True
    off: bool = False


UNKNOWN = "(unknown)"
"""Key of what nobody knows."""
