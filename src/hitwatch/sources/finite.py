"""Whole files, each to its end; paces nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from hitwatch.errors import InputError
from hitwatch.follow.chunk import Chunk


def as_far_as_readable(
    chunks: Iterator[Chunk], failed: Callable[[InputError], None]
) -> Iterator[Chunk]:
    """The lines of a file, as far as it can be read: others are not lost with it.

    Args:
        chunks: what reads it.
        failed: called with the error of one that cannot be read to its end.

    """
    try:
        yield from chunks
    except InputError as error:
        failed(error)
