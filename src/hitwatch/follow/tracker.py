"""What to do about a followed path, given what is seen of it; looks at nothing itself."""

from __future__ import annotations

from enum import Enum
from typing import Protocol, Self

from msgspec import Struct

HEAD = 256
"""How many bytes at the beginning of a file show whether it is still the same text."""


class _Status(Protocol):
    """What the system says of a file."""

    @property
    def st_dev(self) -> int: ...

    @property
    def st_ino(self) -> int: ...


class Identity(Struct, frozen=True):
    """Which file a path leads to, whatever its name."""

    device: int
    inode: int

    @classmethod
    def of(cls, status: _Status) -> Self:
        """The file that a status is of."""
        return cls(status.st_dev, status.st_ino)


class Opened(Struct, frozen=True):
    """The file we hold open.

    Attributes:
        identity: which file it is.
        offset: how far it has been read.
        size: its size now.
        head_changed: whether its first bytes differ from when it was opened.

    """

    identity: Identity
    offset: int
    size: int
    head_changed: bool


class Action(Enum):
    """What to do next."""

    WAIT = "wait for the file to appear"
    OPEN = "open the file at its beginning"
    READ = "read on"
    IDLE = "nothing is new"
    RESTART = "the file was truncated: read it from its beginning"
    SWITCH = "the path leads to another file: finish this one, then open that"
    HOLD = "the path is gone: keep the open file until it comes back"


def decide(opened: Opened | None, at_path: Identity | None) -> Action:
    """Decide what to do about a path.

    What has been written to the open file is always read before anything else, so that
    the last lines before a rotation are not lost.

    Args:
        opened: the file held open; ``None`` when there is none.
        at_path: the file the path leads to now; ``None`` when it leads nowhere.

    >>> decide(None, Identity(1, 2)).name
    'OPEN'

    """
    if opened is None:
        return Action.WAIT if at_path is None else Action.OPEN
    if opened.size < opened.offset or opened.head_changed:
        return Action.RESTART
    if opened.size > opened.offset:
        return Action.READ
    if at_path is None:
        return Action.HOLD
    return Action.IDLE if at_path == opened.identity else Action.SWITCH
