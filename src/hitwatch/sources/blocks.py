"""Pieces of plain files: past holes without reading them, and around what a disk has lost."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator

from msgspec import Struct

from hitwatch.follow.splitter import Splitter
from hitwatch.sources.damage import Damage

_PAGE = 4096
_STEP = 1 << 20
SHRUNK = "{size} bytes at offset {offset} are gone: the file became shorter while it was being read"
_LOST = "{size} bytes at offset {offset} cannot be read (input/output error)"


class Hole(Struct, frozen=True):
    """NUL bytes that need not be looked at one by one."""

    size: int


Piece = bytes | Damage | Hole
"""What a file is read as: text, what was lost of it, and what was never written."""


def feed(splitter: Splitter, piece: bytes | Hole) -> bytes:
    """Feed a piece to a splitter; the lines that are whole now."""
    return splitter.hole(piece.size) if isinstance(piece, Hole) else splitter.feed(piece)


def past_hole(descriptor: int, offset: int, end: int) -> int:
    """Where the NUL bytes from an offset on end: the offset itself where there are none.

    What was never written to a sparse file is passed over without reading it.

    Raises:
        OSError: reading fails.

    """
    while offset < end:
        first = os.pread(descriptor, 1, offset)
        if first != b"\0":
            return offset
        offset = min(end, _data_from(descriptor, offset))
        block = os.pread(descriptor, min(_STEP, end - offset), offset)
        rest = block.lstrip(b"\0")
        offset += len(block) - len(rest)
        if rest:
            return offset
    return offset


def _data_from(descriptor: int, offset: int) -> int:
    """Where the next bytes of a sparse file stand that were written."""
    try:
        return os.lseek(descriptor, offset, os.SEEK_DATA)
    except AttributeError:
        return offset
    except OSError as error:
        # There are none.
        return os.fstat(descriptor).st_size if error.errno == errno.ENXIO else offset


def has_holes(descriptor: int, size: int) -> bool:
    """Whether a file has stretches that were never written, as far as its file system says."""
    try:
        return os.lseek(descriptor, 0, os.SEEK_HOLE) < size
    except (AttributeError, OSError):
        return False


def read_through(
    descriptor: int, start: int, end: int | None, size: int
) -> Iterator[bytes | Damage | Hole]:
    """Read a file from an offset on.

    Args:
        descriptor: of the open file.
        start: the offset.
        end: where to end; where the file ends when ``None``.
        size: bytes to read at once.

    Yields:
        What stands there; what the disk has lost as damage, in pages of 4 KiB.

    Raises:
        OSError: reading fails in another way.

    """
    at = start
    while end is None or at < end:
        want = size if end is None else min(size, end - at)
        try:
            block = os.pread(descriptor, want, at)
        except OSError as error:
            stop = at + want if end is not None else min(at + want, os.fstat(descriptor).st_size)
            if error.errno != errno.EIO or stop <= at:
                raise
            yield from _salvage(descriptor, at, stop)
            at = stop
            continue
        if not block:
            return
        if block.strip(b"\0"):
            yield block
            at += len(block)
        else:
            known = os.fstat(descriptor).st_size if end is None else end
            behind = max(at + len(block), past_hole(descriptor, at + len(block), known))
            yield Hole(behind - at)
            at = behind


def _salvage(descriptor: int, start: int, end: int) -> Iterator[bytes | Damage]:
    """What can be read between two offsets: by halves, down to pages."""
    try:
        block = os.pread(descriptor, end - start, start)
    except OSError as error:
        if error.errno != errno.EIO:
            raise
        if end - start <= _PAGE:
            yield Damage(start, end - start, _LOST, inside=True)
            return
        middle = (start + end) // 2
        middle -= middle % _PAGE if middle - middle % _PAGE > start else 0
        yield from _salvage(descriptor, start, middle)
        yield from _salvage(descriptor, middle, end)
        return
    if block:
        yield block
