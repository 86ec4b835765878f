"""A named pipe, followed through writers that come and go; what has been read of it is gone."""

from __future__ import annotations

import os
from collections.abc import Callable

from hitwatch.follow.chunk import Chunk
from hitwatch.follow.splitter import Splitter
from hitwatch.sources.tail import FileEvent, Followed

_BLOCK = 1024 * 1024


class Pipe(Followed):
    """Follows a named pipe.

    Args:
        path: of the pipe.
        on_event: called with what happens to it.

    Raises:
        OSError: it cannot be opened.

    """

    def __init__(self, path: str, on_event: Callable[[FileEvent], None]) -> None:
        super().__init__(path)
        # Writers wait in open() for a reader, and this one for none of them.
        self._descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        self._on_event = on_event
        self._splitter = Splitter()
        self._reported = 0

    @property
    def lag(self) -> int:
        """What waits in a pipe is not known: 0."""
        return 0

    def read(self, limit: int) -> list[Chunk]:
        """Read what is there.

        Args:
            limit: about how many bytes to read at most.

        """
        found: list[Chunk] = []
        while limit > 0:
            try:
                data = os.read(self._descriptor, min(limit, _BLOCK))
            except BlockingIOError:
                # A writer has it open, and has written nothing more yet.
                break
            limit -= len(data)
            if not data:
                # None has it open: a line that lacks its end gets none.
                found += self._splitter.chunks(self.path, self._splitter.flush())
                break
            found += self._splitter.chunks(self.path, self._splitter.feed(data))
        if self._splitter.skipped.runs > self._reported:
            self._reported = self._splitter.skipped.runs
            self._on_event(FileEvent(self.path, self._splitter.skipped.wording, wrong=True))
        return found

    def close(self) -> list[Chunk]:
        """Give the pipe back, and its last line if that lacks a line end."""
        os.close(self._descriptor)
        return self._splitter.chunks(self.path, self._splitter.flush())
