"""Whole files as one finite stream, in the order of their first times; paces nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from hitwatch.errors import InputError
from hitwatch.follow.chunk import Chunk
from hitwatch.sources.files import read_file
from hitwatch.sources.places import STDIN
from hitwatch.sources.stdin import read_stdin


class WholeFiles:
    """Reads files one after the other.

    A file that cannot be read is passed over and kept as a failure, so that the others
    are not lost.

    Args:
        paths: in the order in which they are to be read; ``-`` is standard input.
        tell: called with the error of a file that cannot be read.
        warn: told of what was skipped in one.
        stopped: whether somebody asked to end.

    """

    def __init__(
        self,
        paths: list[str],
        tell: Callable[[InputError], None],
        warn: Callable[[str], None] | None = None,
        stopped: Callable[[], bool] = lambda: False,
    ) -> None:
        self.ended = not paths
        self.failures: list[InputError] = []
        self._tell = tell
        self._warn = warn
        self._stopped = stopped
        self._chunks = self._all(paths)

    @property
    def lag(self) -> int:
        """Nothing lags behind: a replay takes its time."""
        return 0

    def poll(self) -> list[Chunk]:
        """Read the next chunk."""
        chunk = next(self._chunks, None)
        self.ended = chunk is None
        return [chunk] if chunk else []

    def close(self) -> list[Chunk]:
        """Nothing is left: the last line of each file has been given with it."""
        return []

    def _all(self, paths: list[str]) -> Iterator[Chunk]:
        for path in paths:
            try:
                if path == STDIN:
                    yield from read_stdin(warn=self._warn, stopped=self._stopped)
                else:
                    yield from read_file(path, warn=self._warn)
            except InputError as error:
                self.failures.append(error)
                self._tell(error)
