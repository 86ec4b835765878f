"""Writes made-up lines to a log: as fast as can be, or at the pace of the clock."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

from hitwatch.errors import OutputClosedError, OutputError
from hitwatch.sources.scenario import Rotation
from hitwatch.sources.simulate import Block, Truth
from hitwatch.spans import SECOND, Duration, Instant, parse_duration

_PORTION: Duration = SECOND // 10


class Timekeeper(Protocol):
    """Tells the time and lets it pass."""

    def now(self) -> Instant:
        """The instant it is."""

    def wait(self, duration: Duration) -> None:
        """Let time pass."""


class Log:
    """The log that is written: a file that can be rotated, or a stream.

    Args:
        path: the file; ``None`` for standard output.
        rotation: how it is rotated.
        fresh: whether to begin an empty file rather than add to what is there.

    Raises:
        OutputError: the file cannot be written.
    """

    def __init__(self, path: Path | None, rotation: Rotation | None, *, fresh: bool) -> None:
        self._path, self._rotation = path, rotation
        self.rotations = 0
        if fresh and path:
            path.unlink(missing_ok=True)
        self._file = 1 if path is None else self._open(path)
        self._next = parse_duration(rotation.every) if rotation else None

    def write(self, data: bytes) -> None:
        """Write all of it.

        Raises:
            OutputError: the disk is full, or the like.
            OutputClosedError: nobody reads standard output any more.
        """
        view = memoryview(data)
        try:
            while view:
                view = view[os.write(self._file, view) :]
        except BrokenPipeError as error:
            raise OutputClosedError("the output was closed by its reader; ended") from error
        except OSError as error:
            raise self._error(error) from error

    def rotation_due(self, at: Duration) -> bool:
        """Whether the log is to be rotated by a time of the scenario."""
        return self._next is not None and at >= self._next

    def rotate(self) -> None:
        """Rotate it: what was written is kept in ``.1``, older ones in ``.2`` and so on."""
        rotation, path = self._rotation, self._path
        if rotation is None or path is None or self._next is None:
            return
        self._next += parse_duration(rotation.every)
        self.rotations += 1
        _make_room(path, 1)
        if rotation.by == "rename":
            path.rename(f"{path}.1")
            os.close(self._file)
            self._file = self._open(path)
        else:
            shutil.copyfile(path, f"{path}.1")
            os.ftruncate(self._file, 0)

    def close(self) -> None:
        """Give the file back."""
        if self._path is not None:
            os.close(self._file)

    def _open(self, path: Path) -> int:
        try:
            return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise self._error(error) from error

    def _error(self, error: OSError) -> OutputError:
        where = str(self._path or "standard output")
        return OutputError("cannot be written", where=where, why=error.strerror or str(error))


def _make_room(path: Path, number: int) -> None:
    taken = Path(f"{path}.{number}")
    if taken.exists():
        _make_room(path, number + 1)
        taken.rename(f"{path}.{number + 1}")


def write_fast(
    blocks: Iterator[Block], log: Log, truth: Truth, stopped: Callable[[], bool]
) -> None:
    """Write blocks as fast as the log takes them; the truth counts what was written."""
    for block in blocks:
        begin = 0
        while begin < len(block.due):
            end = len(block.due)
            if log.rotation_due(int(block.due[-1])):
                end = _first_due(block, log, begin)
            _put(block, begin, end, log, truth)
            if end < len(block.due):
                log.rotate()
            begin = end
        if stopped():
            break
    truth.rotations = log.rotations


def _first_due(block: Block, log: Log, begin: int) -> int:
    for index in range(begin, len(block.due)):
        if log.rotation_due(int(block.due[index])):
            return index
    return len(block.due)


def _put(block: Block, begin: int, end: int, log: Log, truth: Truth) -> None:
    if end > begin:
        log.write(_bytes(block, begin, end))
        truth.count(block.facts.slice(begin, end - begin))


def _bytes(block: Block, begin: int, end: int) -> bytes:
    lines = block.lines.slice(begin, end - begin)
    text: str = lines.str.join("\n").item()
    return text.encode() + b"\n"


def write_live(
    blocks: Iterator[Block],
    log: Log,
    truth: Truth,
    clock: Timekeeper,
    stopped: Callable[[], bool],
) -> None:
    """Write each line when it is due, in small portions, some of them ending in mid-line.

    Time has priority: when lines are due faster than they can be made or written, what is
    left when the time is up stays unwritten, and the truth says how much it was.
    """
    began = clock.now()
    length = truth.scenario.duration
    for block in blocks:
        begin, count = 0, len(block.due)
        while begin < count:
            elapsed = clock.now() - began
            if stopped() or elapsed >= length + SECOND:
                truth.behind += 0 if stopped() else count - begin
                break
            end = int(block.due.searchsorted(min(elapsed, length), side="right"))
            if end > begin:
                _write_in_two(_bytes(block, begin, end), log)
                begin = end
                if log.rotation_due(elapsed):
                    log.rotate()
            else:
                clock.wait(min(_PORTION, max(1, int(block.due[begin]) - elapsed)))
        truth.count(block.facts.head(begin))
        if begin < count and stopped():
            break
    if not stopped():
        clock.wait(began + length - clock.now())
    truth.rotations = log.rotations


def _write_in_two(data: bytes, log: Log) -> None:
    """Write in two pieces, cut anywhere, as a server's buffer would be."""
    cut = len(data) * 2 // 3
    log.write(data[:cut])
    log.write(data[cut:])
