"""All outputs of one run: none is an input, none is named twice, none destroys anything."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import IO, TypeVar

from hitwatch.errors import OutputError, UsageError
from hitwatch.follow.tracker import Identity
from hitwatch.outputs.appending import GrowingLog, LineFile, ends_in_mid_line, open_for_append
from hitwatch.outputs.replacing import Replacement
from hitwatch.outputs.streams import file_of, open_stream, write_all
from hitwatch.outputs.target import STDOUT, Known, Target, target_of, unwritable

_HEAD = 64 * 1024

Added = TypeVar("Added", LineFile, GrowingLog)
Earlier = Callable[[bytes], bool]
"""Whether a file that begins so is an earlier output of the same kind."""


class Outputs:
    """Opens the outputs of one run.

    What replaces files takes its place by ``commit``; without it, at the end of the ``with``
    block all files are as they were.

    Args:
        stopped: whether the run was asked to end.

    """

    def __init__(self, stopped: Callable[[], bool] = lambda: False) -> None:
        self._stopped = stopped
        self._inputs: dict[Known, str] = {}
        self._opened: dict[Known, Target] = {}
        self._unfinished: list[Replacement] = []
        self._streams: list[IO[bytes]] = []

    def __enter__(self) -> Outputs:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.discard()

    def register_inputs(self, paths: Iterable[str | os.PathLike[str]]) -> None:
        """Say what the run reads, which then is never written, under whatever name.

        Args:
            paths: files that need not be there; ``-`` is standard input.

        Raises:
            UsageError: an output, or standard output, is one of them.

        """
        for path in paths:
            name = os.fspath(path)
            try:
                status = os.fstat(0) if name == STDOUT else os.stat(name)  # noqa: PTH116 - "" is no folder
                identity: Known = Identity.of(status)
                if stat.S_ISCHR(status.st_mode):
                    continue
            except (OSError, ValueError):
                identity = os.path.realpath(name)
            self._inputs[identity] = name
            if opened := self._opened.get(identity):
                raise _input_error(opened.named, name)
            # A shell's >> makes a log longer by what is read of it, without end.
            if _stdout_file() == identity:
                raise _input_error(STDOUT, name)

    def open_replacement(self, named: Path, earlier: Earlier, *, overwrite: bool) -> IO[bytes]:
        """Open an output that is written as a whole.

        Args:
            named: as the user wrote it; ``-`` is standard output.
            earlier: what need not be asked for to be replaced.
            overwrite: whether anything may be replaced.

        Raises:
            OutputError: it cannot be written.
            UsageError: it must not be written.

        """
        target = self._resolve(named)
        if target.is_stream:
            file = file_of(open_stream(target, self._stopped), target)
            self._streams.append(file)
            return file
        if target.identity == _stdout_file():
            raise UsageError(
                "is already standard output",
                where=str(named),
                hint="name a file for each",
            )
        if not overwrite and not _is_earlier_output(target, earlier):
            raise UsageError(
                "exists and is not an earlier output of this kind",
                where=str(named),
                hint="name another file, or replace it with --overwrite",
            )
        return self._replacement(target).file

    def open_lines(self, named: Path, what: str) -> LineFile:
        """Open an output that is added to; ``what`` begins an error.

        Raises:
            OutputError: it cannot be written.
            UsageError: it must not be written.

        """
        target = self._resolve(named, what)
        try:
            file = LineFile(target, self._stopped)
        except OutputError as error:
            error.what = what
            raise
        return self._register_new(target, file)

    def open_log(
        self, named: Path, *, overwrite: bool, append: bool, in_place: bool
    ) -> GrowingLog | WholeLog:
        """Open a log that is simulated.

        Args:
            named: as the user wrote it; ``-`` is standard output.
            overwrite: whether an existing log may be erased.
            append: whether one is continued.
            in_place: whether one that is erased begins anew at once, so that it can be
                followed and rotated, rather than when the new one is whole.

        Raises:
            OutputError: it cannot be written.
            UsageError: it must not be written.

        """
        target = self._resolve(named)
        if target.is_stream:
            return GrowingLog(target, open_stream(target, self._stopped))
        if target.status is None:
            new = open_for_append(target, os.O_CREAT | os.O_EXCL)
            return self._register_new(target, GrowingLog(target, new))
        if target.status.st_size and not (overwrite or append):
            raise UsageError(
                "the log already exists",
                where=str(named),
                hint="continue it with --append, erase it with --overwrite, or name another file",
            )
        if target.status.st_size and overwrite and not in_place:
            return WholeLog(self._replacement(target))
        descriptor = open_for_append(target)
        try:
            if overwrite:
                os.ftruncate(descriptor, 0)
            elif ends_in_mid_line(target.path):
                write_all(descriptor, b"\n")
        except OSError as error:
            raise unwritable(named, error) from error
        return GrowingLog(target, descriptor)

    def commit(self) -> None:
        """Let all files take their places.

        Raises:
            OutputError: one could not.

        """
        while self._unfinished:
            self._unfinished.pop(0).commit()
        self.discard()

    def discard(self) -> None:
        """Leave all files as they were; streams end."""
        while self._unfinished:
            self._unfinished.pop().discard()
        while self._streams:
            try:
                self._streams.pop().close()
            except OSError:
                # Bytes without a reader: writing them has reported it.
                continue

    @property
    def is_unfinished(self) -> bool:
        """Whether a file waits for ``commit``."""
        return bool(self._unfinished)

    def _replacement(self, target: Target) -> Replacement:
        replacement = Replacement(target)
        self._unfinished.append(replacement)
        return replacement

    def _register_new(self, target: Target, file: Added) -> Added:
        """Know a file that was made just now by its inode too."""
        self._opened[Identity.of(os.fstat(file.fileno()))] = target
        return file

    def _resolve(self, named: Path, what: str = "cannot be written") -> Target:
        target = target_of(named, what)
        if target.is_shared:
            return target
        if (name := self._inputs.get(target.identity)) is not None:
            raise _input_error(named, name)
        # A descriptor was handed over by who started the run: 2>&1 makes one of two.
        if target.descriptor is not None:
            return target
        if other := self._opened.get(target.identity):
            raise UsageError(
                "two outputs are the same file",
                where=str(named),
                why=f"{other.named} is the same",
                hint="name a file for each",
            )
        self._opened[target.identity] = target
        return target


class WholeLog:
    """A log that takes the place of an existing one when it is whole."""

    rotates = False

    def __init__(self, replacement: Replacement) -> None:
        self._replacement = replacement

    def write(self, data: bytes | memoryview) -> None:
        """Write all of it.

        Raises:
            OSError: the disk is full, or the like.

        """
        write_all(self._replacement.file.fileno(), data)

    def rotate(self, *, rename: bool, suffix: str | None, compress: bool) -> None:
        """Never asked for: a log that rotates grows in its place."""
        raise NotImplementedError

    def close(self) -> None:
        """Nothing to do: ``Outputs`` lets it take its place, or drops it."""


def _stdout_file() -> Identity | None:
    try:
        status = os.fstat(1)
    except OSError:
        return None
    return Identity.of(status) if stat.S_ISREG(status.st_mode) else None


def _input_error(named: Path | str, read: str) -> UsageError:
    name = "standard output" if str(named) == STDOUT else str(named)
    source = "standard input" if read == STDOUT else read
    return UsageError(
        "an output cannot be one of the inputs",
        where=name,
        why=f"it is {source} under another name" if name != source else "it is read by this run",
        hint="name another file for the output",
    )


def _is_earlier_output(target: Target, earlier: Earlier) -> bool:
    if target.status is None or not target.status.st_size:
        return True
    try:
        with target.path.open("rb") as file:
            return earlier(file.read(_HEAD))
    except OSError:
        return False
