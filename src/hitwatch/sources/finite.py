"""Whole files, each to its end; paces nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from hitwatch.errors import InputError
from hitwatch.follow.chunk import Chunk
from hitwatch.sources.discovery import STDIN
from hitwatch.sources.files import read_file
from hitwatch.sources.stdin import read_stdin


def read_to_end(
    path: str,
    failed: Callable[[InputError], None],
    warn: Callable[[str], None],
    stopped: Callable[[], bool],
) -> Iterator[Chunk]:
    """The lines of a file, as far as it can be read: others are not lost with it.

    Args:
        path: the file; ``-`` is standard input.
        failed: called with the error of one that cannot be read to its end.
        warn: called with what was skipped in it.
        stopped: whether the run was asked to end.

    """
    try:
        if path == STDIN:
            yield from read_stdin(warn=warn, stopped=stopped)
        else:
            yield from read_file(path, warn=warn)
    except InputError as error:
        failed(error)
