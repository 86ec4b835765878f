"""Writes simulated lines to a log: as fast as can be, or at the pace of the clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

from hitwatch.errors import OutputClosedError, OutputError
from hitwatch.instants import DAY, SECOND, Duration, Instant, parse_duration, to_datetime
from hitwatch.simulate.scenario import Rotation
from hitwatch.simulate.traffic import Block, GroundTruth

_PORTION: Duration = SECOND // 10


class Timekeeper(Protocol):
    """A clock that can be waited on."""

    def now(self) -> Instant:
        """The instant it is."""

    def wait(self, duration: Duration) -> None:
        """Let time pass."""


class Sink(Protocol):
    """What takes a log's bytes."""

    @property
    def rotates(self) -> bool:
        """Whether it can be rotated; streams cannot."""

    def write(self, data: bytes) -> None:
        """Write all of it."""

    def rotate(self, *, rename: bool, suffix: str | None, compress: bool) -> None:
        """Keep what was written under another name, and begin anew."""

    def close(self) -> None:
        """Give it back."""


class LogWriter:
    """The log that is written.

    Args:
        sink: takes its bytes.
        name: of it, for messages.
        rotation: how it is rotated; a stream is not.
        start: time of the beginning, by which rotated files are named.
    """

    def __init__(
        self, sink: Sink, name: str, rotation: Rotation | None, start: Instant = 0
    ) -> None:
        self._sink, self._name = sink, name
        self._rotation = rotation if sink.rotates else None
        self._start = start
        self.rotations = 0
        self._next = parse_duration(self._rotation.every) if self._rotation else None

    def write(self, data: bytes) -> None:
        """Write all of it.

        Raises:
            OutputError: the disk is full, or the like.
            OutputClosedError: nobody reads the output any more.
        """
        try:
            self._sink.write(data)
        except BrokenPipeError as error:
            raise OutputClosedError("the output was closed by its reader; ended") from error
        except OSError as error:
            why = error.strerror or str(error)
            raise OutputError("cannot be written", where=self._name, why=why) from error

    def rotation_due(self, at: Duration) -> bool:
        """Whether the log is to be rotated by a time of the scenario."""
        return self._next is not None and at >= self._next

    def rotate(self) -> None:
        """Rotate it: what was written is kept under the name that the rotation gives.

        Raises:
            OutputError: that cannot be done.
        """
        rotation = self._rotation
        if rotation is None or self._next is None:
            return
        at, every = to_datetime(self._start + self._next), parse_duration(rotation.every)
        self._next += every
        self.rotations += 1
        suffix = None
        if rotation.names == "dated":
            suffix = f"-{at:%Y%m%d}" if every % DAY == 0 else f"-{at:%Y%m%d-%H%M%S}"
        self._sink.rotate(rename=rotation.by == "rename", suffix=suffix, compress=rotation.compress)

    def close(self) -> None:
        """Give it back."""
        self._sink.close()


def write_fast(
    blocks: Iterator[Block], log: LogWriter, truth: GroundTruth, stopped: Callable[[], bool]
) -> None:
    """Write blocks as fast as the log takes them; the truth counts what was written."""
    for block in blocks:
        begin = 0
        while begin < len(block.due):
            end = len(block.due)
            if log.rotation_due(int(block.due[-1])):
                end = _rotation_index(block, log, begin)
            _write_slice(block, begin, end, log, truth)
            if end < len(block.due):
                log.rotate()
            begin = end
        if stopped():
            break
    truth.rotations = log.rotations


def _rotation_index(block: Block, log: LogWriter, begin: int) -> int:
    for index in range(begin, len(block.due)):
        if log.rotation_due(int(block.due[index])):
            return index
    return len(block.due)


def _write_slice(block: Block, begin: int, end: int, log: LogWriter, truth: GroundTruth) -> None:
    if end > begin:
        log.write(_encode(block, begin, end))
        truth.count(block.facts.slice(begin, end - begin))


def _encode(block: Block, begin: int, end: int) -> bytes:
    lines = block.lines.slice(begin, end - begin)
    text: str = lines.str.join("\n").item()
    return text.encode() + b"\n"


def write_live(
    blocks: Iterator[Block],
    log: LogWriter,
    truth: GroundTruth,
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
                _write_in_two_parts(_encode(block, begin, end), log)
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


def _write_in_two_parts(data: bytes, log: LogWriter) -> None:
    """Write in two pieces, cut anywhere, as a server's buffer would be."""
    cut = len(data) * 2 // 3
    log.write(data[:cut])
    log.write(data[cut:])
