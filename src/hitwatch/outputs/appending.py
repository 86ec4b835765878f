"""Files that are only appended to: alerts, hitwatch's own log, simulated logs."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from hitwatch.errors import OutputError
from hitwatch.outputs.streams import open_stream, write_all
from hitwatch.outputs.target import Target, target_of, unwritable

_ADDING = os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC | os.O_NOCTTY


class LineFile:
    """A file that whole lines are added to, for a long time.

    When another program renames or removes it, as logrotate does, a new one is begun under its
    name (as Python's ``WatchedFileHandler`` does). Nothing is ever cut from it.

    Args:
        target: what it is.
        stopped: whether the run was asked to end.

    Raises:
        OutputError: it cannot be opened.

    """

    def __init__(self, target: Target, stopped: Callable[[], bool]) -> None:
        self._target, self._stopped = target, stopped
        self._file, self._torn = self._open()

    def fileno(self) -> int:
        """The descriptor of the file as it is now."""
        return self._file

    def add(self, lines: bytes) -> None:
        """Add whole lines.

        Raises:
            OSError: they could not be written.
            OutputError: nor could the file be opened again.

        """
        if self._is_replaced():
            self.close()
            self._target = target_of(self._target.named)
            self._file, self._torn = self._open()
        # What a full disk cut short must not run into the next line.
        data = b"\n" + lines if self._torn else lines
        self._torn = not self._target.is_stream
        write_all(self._file, data)
        self._torn = False

    def close(self) -> None:
        """Give the file back.

        Raises:
            OSError: not everything was written.

        """
        file, self._file = self._file, -1
        if file >= 0:
            os.close(file)

    def _open(self) -> tuple[int, bool]:
        if self._target.is_stream:
            return open_stream(self._target, self._stopped), False
        return open_for_append(self._target, os.O_CREAT), ends_in_mid_line(self._target.path)

    def _is_replaced(self) -> bool:
        if self._file < 0:
            return True
        if self._target.is_stream:
            return False
        try:
            return not os.path.samestat(self._target.named.stat(), os.fstat(self._file))
        except OSError:
            return True


def open_for_append(target: Target, flags: int = 0) -> int:
    """Open a regular file, to write at its end.

    Raises:
        OutputError: it cannot be opened.

    """
    try:
        return os.open(target.path, _ADDING | flags, 0o666)
    except OSError as error:
        raise unwritable(target.named, error) from error


def ends_in_mid_line(path: Path) -> bool:
    """Whether the last line of a file lacks its end; no, where that cannot be seen."""
    with suppress(OSError), path.open("rb") as file:
        if file.seek(0, os.SEEK_END):
            file.seek(-1, os.SEEK_END)
            return file.read(1) != b"\n"
    return False


class GrowingLog:
    """A log that grows in its place as a server's does, and can be rotated; or a stream.

    Args:
        target: what it is.
        descriptor: of it, opened.

    """

    def __init__(self, target: Target, descriptor: int) -> None:
        self._target, self._file = target, descriptor
        self._rotated: Path | None = None

    @property
    def rotates(self) -> bool:
        """Whether there is a file that can be renamed."""
        return not self._target.is_stream

    def fileno(self) -> int:
        """The descriptor of the file as it is now."""
        return self._file

    def write(self, data: bytes | memoryview) -> None:
        """Write all of it.

        Raises:
            OSError: the disk is full, or the like.

        """
        write_all(self._file, data)

    def rotate(self, *, rename: bool, suffix: str | None, compress: bool) -> None:
        """Keep what was written under another name, and begin anew.

        Where the log was named by a link, what it leads to is rotated, and the link stays.

        Args:
            rename: whether the file is renamed and a new one begun; else it is copied and emptied.
            suffix: of its new name; ``None``: ``.1``, older ones being moved to ``.2`` and so on.
            compress: whether the one that was rotated before is compressed, with gzip.

        Raises:
            OutputError: a name is taken, too long, or the like.

        """
        path = self._target.path
        first = Path(f"{path}.1" if suffix is None else f"{path}{suffix}")
        try:
            if suffix is None:
                _shift_rotated(path, 1)
            elif os.path.lexists(first):
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
            if compress and (before := self._before_of(first)):
                _compress(before)
            self._rotated = first
            if rename:
                path.rename(first)
                os.close(self._file)
                self._file = -1
                self._file = os.open(path, _ADDING | os.O_CREAT | os.O_EXCL, 0o666)
            else:
                from shutil import copyfileobj

                with path.open("rb") as written, first.open("xb") as kept:
                    copyfileobj(written, kept)
                os.ftruncate(self._file, 0)
        except OSError as error:
            raise unwritable(first, error, "cannot keep the rotated log") from error

    def _before_of(self, first: Path) -> Path | None:
        """The file that was rotated before, under the name that it has now."""
        if self._rotated is None:
            return None
        return Path(f"{self._target.path}.2") if self._rotated == first else self._rotated

    def close(self) -> None:
        """Give the file back."""
        file, self._file = self._file, -1
        if file >= 0:
            os.close(file)


def _shift_rotated(path: Path, number: int) -> None:
    for ending in ("", ".gz"):
        taken = Path(f"{path}.{number}{ending}")
        if not os.path.lexists(taken):
            continue
        if taken.is_dir() and not taken.is_symlink():
            raise OutputError(
                "cannot keep the rotated log", where=str(taken), why="it is a directory"
            )
        _shift_rotated(path, number + 1)
        taken.rename(f"{path}.{number + 1}{ending}")


def _compress(path: Path) -> None:
    """Put a compressed file in the place of one."""
    # Few logs are compressed here.
    import gzip
    from shutil import copyfileobj

    with path.open("rb") as plain, gzip.open(f"{path}.gz", "xb", compresslevel=6) as packed:
        copyfileobj(plain, packed)
    path.unlink()
