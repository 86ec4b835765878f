"""Standard input as chunks of lines, read without blocking."""

from __future__ import annotations

import io
import os
import select
import threading
from collections.abc import Callable, Collection, Iterator
from queue import Empty, Full, Queue
from typing import TYPE_CHECKING

from hitwatch.errors import InputError
from hitwatch.follow.chunk import Chunk
from hitwatch.follow.splitter import Splitter
from hitwatch.sources.codec import detect_codec
from hitwatch.sources.discovery import STDIN
from hitwatch.sources.files import read_stream

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_POLL_SECONDS = 0.1
"""How many seconds it may take to notice that the run was asked to end."""

_BLOCK = 1024 * 1024
_BUDGET = 8 * _BLOCK
_WAITING = 8
"""How many decompressed chunks may wait."""


class _InterruptibleInput(io.FileIO):
    """A descriptor whose reader can be stopped while nothing arrives.

    Args:
        descriptor: of the input.
        stopped: whether the run was asked to end.
        begun: what has been read of it.

    """

    def __init__(self, descriptor: int, stopped: Callable[[], bool], begun: bytes = b"") -> None:
        super().__init__(descriptor, closefd=False)
        self._stopped = stopped
        self._begun = begun

    def readinto(self, buffer: WriteableBuffer, /) -> int | None:
        """Read what is there; nothing more, as at the end, once the run was asked to end."""
        if self._begun:
            room = memoryview(buffer)
            first, self._begun = self._begun[: len(room)], self._begun[len(room) :]
            room[: len(first)] = first
            return len(first)
        while not select.select([self], [], [], _POLL_SECONDS)[0]:
            if self._stopped():
                return 0
        return super().readinto(buffer)


def read_stdin(
    descriptor: int = 0,
    *,
    numbered: bool = True,
    warn: Callable[[str], None] | None = None,
    stopped: Callable[[], bool] = lambda: False,
    begun: bytes = b"",
) -> Iterator[Chunk]:
    """Read standard input to its end, as chunks of whole lines; it may be compressed.

    Args:
        descriptor: of the input.
        numbered: whether chunks know the numbers of their lines.
        warn: called with what was skipped.
        stopped: whether the run was asked to end, which an idle pipe must not delay.
        begun: what has been read of it.

    Raises:
        DamageError: a part of it could not be read; what could be has been given by then.

    """
    with _InterruptibleInput(descriptor, stopped, begun) as file:
        yield from read_stream(file, STDIN, "standard input", numbered=numbered, warn=warn)


class Stdin:
    """Reads a pipe, a file or a terminal; what is compressed is decompressed in a thread.

    Args:
        descriptor: of the input.
        warn: called with what was skipped and what could not be read, when reading ends.
        stopped: whether the run was asked to end.

    """

    def __init__(
        self,
        descriptor: int = 0,
        *,
        warn: Callable[[str], None] | None = None,
        stopped: Callable[[], bool] = lambda: False,
    ) -> None:
        self.descriptor = descriptor
        self._warn = warn
        self._stopped = stopped
        self.ended = False
        self._splitter = Splitter()
        self._is_known = False
        self._decompressed: _Decompressed | None = None

    def poll(self, held: Collection[str] = ()) -> list[Chunk]:
        """Read what is there now, up to a few megabytes; waits for nothing.

        Args:
            held: whether standard input is not to be read now.

        """
        if held:
            return []
        if self._decompressed is not None:
            return self._poll(self._decompressed)
        lines: list[bytes] = []
        first_line = self._splitter.lines + 1
        budget = _BUDGET
        while budget > 0 and not self.ended and self._ready():
            block = os.read(self.descriptor, _BLOCK)
            budget -= len(block)
            self.ended = not block
            if self._is_compressed(block):
                return []
            lines.append(self._splitter.feed(block) if block else self._splitter.flush())
        data = b"".join(lines)
        return [Chunk(STDIN, data, first_line)] if data else []

    def _is_compressed(self, block: bytes) -> bool:
        """Whether the first bytes are those of something compressed."""
        if self._is_known:
            return False
        self._is_known = True
        if detect_codec(block) is None:
            return False
        self._decompressed = _Decompressed(self.descriptor, block, self._warn, self._stopped)
        return True

    def _poll(self, decompressed: _Decompressed) -> list[Chunk]:
        chunks: list[Chunk] = []
        while sum(len(chunk.data) for chunk in chunks) < _BUDGET:
            try:
                chunk = decompressed.chunks.get_nowait()
            except Empty:
                break
            if chunk is None:
                self.ended = True
                break
            chunks.append(chunk)
        return chunks

    @property
    def lag(self) -> int:
        """Bytes known to be unread; unknown for a pipe, so 0."""
        return 0

    def lag_of(self, origin: str) -> int:
        """The same of its only origin."""
        return self.lag

    def close(self) -> list[Chunk]:
        """Give the last line, if it lacks its line end."""
        first_line = self._splitter.lines + 1
        last = self._splitter.flush()
        if self._warn and self._splitter.skipped.runs:
            self._warn(f"standard input: {self._splitter.skipped.wording}")
        return [Chunk(STDIN, last, first_line)] if last else []

    def _ready(self) -> bool:
        return bool(select.select([self.descriptor], [], [], 0)[0])


class _Decompressed:
    """A compressed input, decompressed beside all else: how much comes of it is not known before.

    Attributes:
        chunks: what has come out of it, ``None`` behind the last one.

    """

    def __init__(
        self,
        descriptor: int,
        begun: bytes,
        warn: Callable[[str], None] | None,
        stopped: Callable[[], bool],
    ) -> None:
        self.chunks: Queue[Chunk | None] = Queue(_WAITING)
        self._warn, self._stopped = warn, stopped
        self._input = read_stdin(descriptor, warn=warn, stopped=stopped, begun=begun)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        try:
            for chunk in self._input:
                self._put(chunk)
        except InputError as error:
            if self._warn:
                self._warn(str(error))
        self._put(None)

    def _put(self, chunk: Chunk | None) -> None:
        while not self._stopped():
            try:
                self.chunks.put(chunk, timeout=_POLL_SECONDS)
            except Full:
                continue
            return
