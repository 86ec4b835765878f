"""Plain files, of which any part can be read by itself; decompresses and decodes nothing."""

from __future__ import annotations

import errno
import io
import os
import threading
from collections.abc import Iterator
from types import TracebackType

from msgspec import Struct

from hitwatch.errors import DamageError, InputError, unreadable_input
from hitwatch.follow.chunk import Chunk
from hitwatch.follow.holes import MARK, Skipped, strip_holes
from hitwatch.follow.splitter import MAX_LINE, Splitter
from hitwatch.sources.blocks import SHRUNK, Piece, feed, has_holes, past_hole, read_through
from hitwatch.sources.codec import detect_codec
from hitwatch.sources.damage import Damage, damage_error, truncated_lines
from hitwatch.sources.text import HEAD_SIZE, detect_encoding, has_only_returns

BLOCK = 4 * 1024 * 1024
"""How many bytes are read at once."""


class Span(Struct, frozen=True):
    """Whole lines of a plain file, which are read when they are needed.

    Attributes:
        file: the open file.
        start: offset of the first byte.
        end: offset after the last.

    """

    file: PlainFile
    start: int
    end: int

    @property
    def origin(self) -> str:
        """Path of the file."""
        return self.file.path

    def read(self) -> bytes:
        """Read the lines; fewer when the file has been truncated or is damaged."""
        return self.file.lines_between(self.start, self.end)


class PlainFile:
    """A file whose lines stand in it as they are, so that any part can be read by itself.

    Args:
        path: the file.

    Raises:
        InputError: it cannot be opened.

    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.skipped = Skipped()
        self._damages: list[Damage] = []
        self._torn = 0
        self._lock = threading.Lock()
        try:
            self._file = io.FileIO(path)
            self.size = os.fstat(self._file.fileno()).st_size
            self._head = self._first_bytes()
        except OSError as error:
            raise unreadable_input(path, error) from error

    def _first_bytes(self) -> bytes:
        try:
            return self.read_at(0, HEAD_SIZE)
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            return b""

    def __enter__(self) -> PlainFile:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    @property
    def is_plain(self) -> bool:
        """Whether it is neither compressed nor transcoded, and can be read in any order."""
        packed = detect_codec(self._head) or detect_encoding(self._head)
        return self._file.seekable() and not packed and not has_only_returns(self._head)

    @property
    def is_dense(self) -> bool:
        """Whether it has no holes in which one would look for lines in vain."""
        return not has_holes(self._file.fileno(), self.size)

    def error(self, lines: int) -> DamageError | None:
        """What could not be read, of what was asked for.

        Args:
            lines: how many whole lines were read.

        """
        return damage_error(self.path, self._damages, torn=self._torn, lines=lines)

    def read_at(self, offset: int, length: int) -> bytes:
        """Read bytes at an offset."""
        return os.pread(self._file.fileno(), length, offset)

    def lines_between(self, start: int, end: int) -> bytes:
        """Read the lines between two offsets of lines, without holes; keeps what is damaged."""
        try:
            data = self.read_at(start, end - start)
        except OSError:
            data = b""
        if len(data) < end - start or len(data) > MAX_LINE:
            splitter = Splitter(at=start)
            parts = [
                lines
                for piece in self._pieces(start, end)
                if (lines := self._feed(splitter, piece))
            ]
            parts.append(splitter.flush())
            data, skipped = b"".join(parts), splitter.skipped
            with self._lock:
                self._damages += truncated_lines(splitter)
        else:
            skipped = Skipped()
            data = strip_holes(data, start, skipped)
        if skipped.runs:
            self._skip(skipped)
        return data

    def _feed(self, splitter: Splitter, piece: Piece) -> bytes:
        if not isinstance(piece, Damage):
            return feed(splitter, piece)
        with self._lock:
            self._damages.append(piece)
            self._torn += splitter.abandon(inside=piece.inside)
        return b""

    def _pieces(self, start: int, end: int) -> Iterator[Piece]:
        """What stands between two offsets, and what should and is gone."""
        at, why = start, SHRUNK
        try:
            for piece in read_through(self._file.fileno(), start, end, BLOCK):
                yield piece
                at += len(piece) if isinstance(piece, bytes) else piece.size
        except OSError as error:
            why = f"{{size}} bytes at offset {{offset}} cannot be read ({error.strerror})"
        if at < end:
            yield Damage(at, end - at, why, inside=True)

    def _skip(self, skipped: Skipped) -> None:
        with self._lock:
            self.skipped.add(skipped.offset, skipped.size, runs=skipped.runs, first=skipped.first)

    def spans(self, size: int, start: int = 0, end: int | None = None) -> Iterator[Span | Chunk]:
        """Cut the lines between two offsets into spans of about a size.

        Args:
            size: bytes.
            start: offset of a line.
            end: offset after a line; the end of the file as it is now when ``None``.

        Yields:
            Spans; chunks from a line on that is too long to be held (``MAX_LINE``).

        """
        stop = self.size if end is None else min(end, self.size)
        if start == 0 and self._head.startswith(MARK):
            start = len(MARK)
        while start < stop:
            if (behind := self._skip_hole(start, stop)) > start:
                self._skip(Skipped(1, behind - start, start, behind - start))
                start = behind
                continue
            cut = self._line_end(start, min(start + size, stop), stop)
            if cut is None:
                yield from self._chunks(start, stop)
                return
            yield Span(self, start, cut)
            start = cut

    def _skip_hole(self, offset: int, stop: int) -> int:
        """Where a hole ends that may begin at an offset."""
        try:
            return past_hole(self._file.fileno(), offset, stop)
        except OSError:
            return offset

    def _line_end(self, start: int, offset: int, stop: int) -> int | None:
        """Offset after the line that an offset is in; ``None`` when it is too long.

        In a hole, the line before it is the last. ``None`` also where reading fails.
        """
        searched = offset - 1
        try:
            while searched < min(stop, offset + MAX_LINE):
                block = self.read_at(searched, HEAD_SIZE)
                found = block.find(b"\n") + 1
                if found or not block:
                    return min(searched + found, stop) if found else stop
                if not block.strip(b"\0"):
                    before = self.read_at(start, offset - start).rfind(b"\n") + 1
                    return start + before if before else None
                searched += len(block)
        except OSError:
            return None
        return stop if searched >= stop else None

    def _chunks(self, start: int, stop: int) -> Iterator[Chunk]:
        splitter = Splitter(at=start)
        for piece in self._pieces(start, stop):
            if lines := self._feed(splitter, piece):
                yield Chunk(self.path, lines, 1)
        if lines := splitter.flush():
            yield Chunk(self.path, lines, 1)
        if splitter.skipped.runs:
            self._skip(splitter.skipped)
        self._damages += truncated_lines(splitter)


def last_lines(path: str, size: int) -> bytes:
    """The last whole lines of a file, as they stand in it.

    Args:
        path: the file.
        size: how many bytes they have at most.

    Returns:
        The lines; nothing of a file that is compressed, transcoded or cannot be read.

    """
    try:
        with PlainFile(path) as file:
            if not file.is_plain:
                return b""
            start = max(0, file.size - size)
            lines = file.read_at(start, size)
    except (OSError, InputError):
        return b""
    return lines[lines.find(b"\n") + 1 if start else 0 :]
