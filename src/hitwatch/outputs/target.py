"""What a path that is to be written leads to; opens and changes nothing."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

from msgspec import Struct

from hitwatch.errors import OutputError
from hitwatch.follow.tracker import Identity

STDOUT = "-"

Known = Identity | str
"""What two spellings of one file have in common: device and inode, or the path of a new one."""

_MOST_LINKS = 40
"""As many links as Linux follows (``path_resolution(7)``)."""


class Target(Struct, frozen=True):
    """What a path leads to.

    Attributes:
        named: the path as the user wrote it.
        path: where it leads, links followed.
        status: of what is there; ``None``: nothing is.
        descriptor: the descriptor of this process that the path names, as ``/dev/stdout``
            and ``/dev/fd/63`` do.

    """

    named: Path
    path: Path
    status: os.stat_result | None
    descriptor: int | None = None

    @property
    def is_new(self) -> bool:
        """Whether nothing is there yet."""
        return self.status is None

    @property
    def is_stream(self) -> bool:
        """Whether it takes bytes and is not a file that could be replaced or erased."""
        regular = self.status is None or stat.S_ISREG(self.status.st_mode)
        return self.descriptor is not None or not regular

    @property
    def identity(self) -> Known:
        """What it has in common with other spellings of it."""
        return Identity.of(self.status) if self.status else str(self.path)

    @property
    def is_shared(self) -> bool:
        """Whether it may be written and read by many at once, as terminals and /dev/null."""
        return self.status is not None and stat.S_ISCHR(self.status.st_mode)

    @property
    def name(self) -> str:
        """The name the user gave, for messages."""
        return display_name(self.named)


def target_of(named: Path, what: str = "cannot be written") -> Target:
    """Follow a path that is to be written.

    Args:
        named: as the user wrote it; ``-`` is standard output.
        what: the first words of an error.

    Raises:
        OutputError: it is a directory, its folder is missing, or it cannot be followed.

    """
    try:
        descriptor = 1 if str(named) == STDOUT else _descriptor(named)
        if descriptor is not None:
            return Target(named, named, os.fstat(descriptor), descriptor)
        # Nothing is not there for good: a link may lead to a file that is to be made.
        path = Path(os.path.realpath(named))
        status = named.stat() if named.exists() else None
    except (OSError, ValueError, RuntimeError) as error:
        raise unwritable(named, error, what) from error
    if status is None:
        _check_folder(named, path, what)
    elif stat.S_ISDIR(status.st_mode):
        raise OutputError(
            what, where=str(named), why="it is a directory", hint=f"name a file: {named}/NAME"
        )
    return Target(named, path, status)


def _descriptor(named: Path) -> int | None:
    """The descriptor of this process that a path leads to.

    It must not be opened by its path: that would begin a redirected file anew, and sockets
    cannot be opened at all (``proc_pid_fd(5)``).
    """
    own = re.compile(rf"(/proc/{os.getpid()}(/task/\d+)?|/dev)/fd")
    path = os.path.abspath(named)  # noqa: PTH100 - keeps links
    for _ in range(_MOST_LINKS):
        folder, name = os.path.split(path)
        folder = os.path.realpath(folder)
        if name.isdecimal() and own.fullmatch(folder):
            return int(name)
        path = os.path.join(folder, name)  # noqa: PTH118 - texts are walked here
        if not os.path.islink(path):  # noqa: PTH114 - a text
            return None
        path = os.path.join(folder, os.readlink(path))  # noqa: PTH115, PTH118 - texts
    return None


def _check_folder(named: Path, path: Path, what: str) -> None:
    # One that leads back to itself.
    if path.is_symlink():
        raise OutputError(what, where=str(named), why="the link leads to itself")
    folder = path.parent
    if not folder.exists():
        raise OutputError(
            what,
            where=str(named),
            why=f"the directory {folder} does not exist",
            hint=f"make it first: mkdir -p {folder}",
        )
    if not folder.is_dir():
        raise OutputError(what, where=str(named), why=f"{folder} is not a directory")


def unwritable(
    named: Path | str, error: BaseException, what: str = "cannot be written"
) -> OutputError:
    """The error of a target that cannot be written."""
    why = error.strerror if isinstance(error, OSError) else None
    return OutputError(what, where=display_name(named), why=why or str(error))


def display_name(named: Path | str) -> str:
    """A path as messages have it."""
    return "standard output" if str(named) == STDOUT else str(named)


def accepts_any_extension(named: Path) -> bool:
    """Whether a path leads to a stream, whose name says nothing of what it takes."""
    try:
        return target_of(named).is_stream
    except OutputError:
        return False
