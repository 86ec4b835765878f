"""Standard input as chunks of lines, read without holding anybody up."""

from __future__ import annotations

import os
import select
from collections.abc import Callable, Iterator

from hitwatch.follow.chunk import Chunk
from hitwatch.follow.splitter import Splitter
from hitwatch.sources.places import STDIN

_BLOCK = 1024 * 1024
_BUDGET = 8 * _BLOCK


def read_stdin(
    descriptor: int = 0, *, numbered: bool = True, warn: Callable[[str], None] | None = None
) -> Iterator[Chunk]:
    """Read standard input to its end, as chunks of whole lines.

    Args:
        descriptor: of the input.
        numbered: whether chunks know the numbers of their lines.
        warn: told of what was skipped.

    """
    splitter = Splitter(numbered=numbered)
    block = b"-"
    while block:
        block = os.read(descriptor, _BLOCK)
        first_line = splitter.lines + 1
        if data := splitter.feed(block) if block else splitter.flush():
            yield Chunk(STDIN, data, first_line)
    if warn and splitter.skipped.runs:
        warn(f"standard input: {splitter.skipped.wording}")


class Stdin:
    """Reads a pipe, a file or a terminal.

    Args:
        descriptor: of the input.
        warn: told of what was skipped, when reading ends.

    """

    def __init__(self, descriptor: int = 0, *, warn: Callable[[str], None] | None = None) -> None:
        self.descriptor = descriptor
        self._warn = warn
        self.ended = False
        self._splitter = Splitter()

    def poll(self) -> list[Chunk]:
        """Read what is there now, up to a few megabytes; waits for nothing."""
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
        """Bytes known to wait; a pipe does not tell."""
        return 0

    def close(self) -> list[Chunk]:
        """Give the last line, if it lacks its line end."""
        first_line = self._splitter.lines + 1
        last = self._splitter.flush()
        if self._warn and self._splitter.skipped.runs:
            self._warn(f"standard input: {self._splitter.skipped.wording}")
        return [Chunk(STDIN, last, first_line)] if last else []

    def _ready(self) -> bool:
        return bool(select.select([self.descriptor], [], [], 0)[0])
