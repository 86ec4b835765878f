"""Standard input as chunks of lines, read without blocking."""

from __future__ import annotations

import io
import os
import select
from collections.abc import Callable, Collection, Iterator
from typing import TYPE_CHECKING

from hitwatch.follow.chunk import Chunk
from hitwatch.follow.splitter import Splitter
from hitwatch.sources.discovery import STDIN
from hitwatch.sources.files import read_stream

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_POLL_SECONDS = 0.1
"""How many seconds it may take to notice that the run was asked to end."""

_BLOCK = 1024 * 1024
_BUDGET = 8 * _BLOCK


class _InterruptibleInput(io.FileIO):
    """A descriptor whose reader can be stopped while nothing arrives."""

    def __init__(self, descriptor: int, stopped: Callable[[], bool]) -> None:
        super().__init__(descriptor, closefd=False)
        self._stopped = stopped

    def readinto(self, buffer: WriteableBuffer, /) -> int | None:
        """Read what is there; nothing more, as at the end, once the run was asked to end."""
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
) -> Iterator[Chunk]:
    """Read standard input to its end, as chunks of whole lines; it may be compressed.

    Args:
        descriptor: of the input.
        numbered: whether chunks know the numbers of their lines.
        warn: called with what was skipped.
        stopped: whether the run was asked to end, which an idle pipe must not delay.

    Raises:
        DamageError: a part of it could not be read; what could be has been given by then.

    """
    with _InterruptibleInput(descriptor, stopped) as file:
        yield from read_stream(file, STDIN, "standard input", numbered=numbered, warn=warn)


class Stdin:
    """Reads a pipe, a file or a terminal.

    Args:
        descriptor: of the input.
        warn: called with what was skipped, when reading ends.

    """

    def __init__(self, descriptor: int = 0, *, warn: Callable[[str], None] | None = None) -> None:
        self.descriptor = descriptor
        self._warn = warn
        self.ended = False
        self._splitter = Splitter()

    def poll(self, held: Collection[str] = ()) -> list[Chunk]:
        """Read what is there now, up to a few megabytes; waits for nothing.

        Args:
            held: whether standard input is not to be read now.

        """
        if held:
            return []
        lines: list[bytes] = []
        first_line = self._splitter.lines + 1
        budget = _BUDGET
        while budget > 0 and not self.ended and self._ready():
            block = os.read(self.descriptor, _BLOCK)
            budget -= len(block)
            self.ended = not block
            lines.append(self._splitter.feed(block) if block else self._splitter.flush())
        data = b"".join(lines)
        return [Chunk(STDIN, data, first_line)] if data else []

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
