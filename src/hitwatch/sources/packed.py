"""A log that was compressed before all of it had been read; it is read on, and does not grow."""

from __future__ import annotations

import io
import os

from hitwatch.follow.chunk import Chunk
from hitwatch.follow.splitter import Splitter
from hitwatch.follow.tracker import Identity
from hitwatch.sources.blocks import Hole
from hitwatch.sources.damage import Damage, damage_error
from hitwatch.sources.files import read_content
from hitwatch.sources.plain import BLOCK


class PackedFile:
    """A compressed file held open, and how far its text has been read.

    Args:
        path: where to open it.
        origin: what its chunks say they come from.

    Raises:
        OSError: it cannot be opened.

    """

    def __init__(self, path: str, origin: str) -> None:
        self._file = io.FileIO(path)
        self.path = path
        self.identity = Identity.of(os.fstat(self._file.fileno()))
        self.offset = 0
        self._origin = origin
        self._begins_at = 0
        self._splitter = Splitter()
        self._pieces = read_content(self._file, BLOCK)
        self._damages: list[Damage] = []
        self._torn = 0
        self._ended = False

    def continue_from(self, offset: int, splitter: Splitter) -> None:
        """Read on at an offset, before anything is read; what is before it was read elsewhere.

        Args:
            offset: in the text.
            splitter: holds the line that was read there to its middle.

        """
        self._begins_at, self._splitter = offset, splitter

    @property
    def rest(self) -> int:
        """Bytes that are still to be read, as they are stored; 0 when all of its text has been."""
        if self._ended:
            return 0
        return max(1, os.fstat(self._file.fileno()).st_size - self._file.tell())

    def read_on(self, length: int) -> list[Chunk]:
        """Read the next bytes of the text; give the lines that are whole now.

        Args:
            length: about how many.

        """
        found: list[Chunk] = []
        until = self.offset + length
        while self.offset < until and not self._ended:
            try:
                piece = next(self._pieces, None)
            except OSError as error:
                piece = Damage(self.offset, 0, f"{error.strerror or error} at offset {{offset}}")
                self._pieces = iter(())
            if piece is None:
                self._ended = True
                # Where there is less than was read elsewhere, nothing of it is missing twice.
                self.offset = max(self.offset, self._begins_at)
            elif isinstance(piece, Damage):
                self._damages.append(piece)
                self._torn += self._splitter.abandon(inside=piece.inside) if piece.lost else 0
            elif not isinstance(piece, Hole):
                found += self._take(piece)
        return found

    def _take(self, piece: bytes) -> list[Chunk]:
        """Take in what stands behind the offset at which reading begins."""
        known = min(len(piece), max(0, self._begins_at - self.offset))
        self._splitter.at = self.offset + known
        self.offset += len(piece)
        return self._splitter.chunks(self._origin, self._splitter.feed(piece[known:]))

    def lost(self) -> str:
        """What could not be read of it, for people; empty where all could be."""
        error = damage_error(self.path, self._damages, torn=self._torn, lines=None)
        return str(error) if error else ""

    def close(self) -> list[Chunk]:
        """Give the file back, and its last line if that lacks a line end."""
        self._file.close()
        return self._splitter.chunks(self._origin, self._splitter.flush())
