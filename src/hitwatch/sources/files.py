"""Whole files, plain or compressed, as chunks of lines; follows nothing."""

from __future__ import annotations

import io
import os
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Protocol, cast

from hitwatch.errors import InputError
from hitwatch.follow.chunk import Chunk
from hitwatch.follow.splitter import MAX_LINE, Splitter

BLOCK = 4 * 1024 * 1024
"""How many bytes are read at once."""

_SNIFFED = 64 * 1024
_UTF16 = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
_CONTROL = bytes(code for code in range(32) if code not in b"\t\n\v\f\r\x1b")
_UTF8_MARK = b"\xef\xbb\xbf"
_MAGIC = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd")


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


def _decompressed(raw: io.BufferedReader) -> _Readable:
    """The file's content, its compression told by its first bytes."""
    magic = raw.peek(6)[:6]
    # Each library is loaded when the first file needs it.
    if magic.startswith(b"\x1f\x8b"):
        from isal import igzip

        opened: _Readable = igzip.open(raw)
        return opened
    if magic.startswith(b"BZh"):
        import bz2

        return bz2.BZ2File(raw)
    if magic == b"\xfd7zXZ\x00":
        import lzma

        return lzma.LZMAFile(raw)
    if magic.startswith(b"\x28\xb5\x2f\xfd"):
        import zstandard

        return zstandard.ZstdDecompressor().stream_reader(raw, read_across_frames=True)
    return raw


def _is_damage(error: Exception) -> bool:
    """Whether an error is that of a damaged compressed file."""
    from gzip import BadGzipFile
    from lzma import LZMAError

    from isal import isal_zlib
    from zstandard import ZstdError

    damages = (EOFError, zlib.error, BadGzipFile, LZMAError, ZstdError)
    return isinstance(error, (*damages, cast("type[Exception]", isal_zlib.error)))


def read_file(path: str, *, numbered: bool = True) -> Iterator[Chunk]:
    """Read a file from beginning to end.

    Args:
        path: plain, or compressed with gzip, bzip2, xz or Zstandard, told by its first bytes.
        numbered: whether chunks know the numbers of their lines, which takes counting them.

    Yields:
        Chunks of whole lines. A UTF-8 byte-order mark is taken off, UTF-16 is transcoded.

    Raises:
        InputError: the file cannot be opened, is no text, or is damaged; what could be read
            of a damaged file has been given by then.

    """
    splitter = Splitter(numbered=numbered)
    for block in _blocks(path):
        first_line = splitter.lines + 1
        if lines := splitter.feed(block):
            yield Chunk(path, lines, first_line)
    first_line = splitter.lines + 1
    if lines := splitter.flush():
        yield Chunk(path, lines, first_line)


@dataclass(frozen=True, slots=True)
class Span:
    """Whole lines of a plain file, to be read by whoever works on them.

    Attributes:
        origin: path of the file.
        descriptor: of the open file.
        start: offset of the first byte.
        end: offset after the last.

    """

    origin: str
    descriptor: int
    start: int
    end: int

    def read(self) -> bytes:
        """Read the lines; fewer when the file has been truncated."""
        return os.pread(self.descriptor, self.end - self.start, self.start)


class PlainFile:
    """A file whose lines stand in it as they are, so that any part can be read by itself.

    Args:
        path: the file.

    Raises:
        InputError: it cannot be opened.

    """

    def __init__(self, path: str) -> None:
        self.path = path
        try:
            self._file = io.FileIO(path)
            self.size = os.fstat(self._file.fileno()).st_size
            self._head = self.read_at(0, _SNIFFED)
        except OSError as error:
            raise unreadable(path, error) from error

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
        compressed = self._head.startswith(_MAGIC)
        return self._file.seekable() and not compressed and self._head[:2] not in _UTF16

    def read_at(self, offset: int, length: int) -> bytes:
        """Read bytes at an offset."""
        return os.pread(self._file.fileno(), length, offset)

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
        if start == 0 and self._head.startswith(_UTF8_MARK):
            start = len(_UTF8_MARK)
        while start < stop:
            cut = self._line_end(min(start + size, stop), stop)
            if cut is None:
                yield from self._chunks(start, stop)
                return
            yield Span(self.path, self._file.fileno(), start, cut)
            start = cut

    def _line_end(self, offset: int, stop: int) -> int | None:
        """Offset after the line that an offset is in; ``None`` when it is too long."""
        searched = offset - 1
        while searched < min(stop, offset + MAX_LINE):
            block = self.read_at(searched, _SNIFFED)
            found = block.find(b"\n") + 1
            if found or not block:
                return min(searched + found, stop) if found else stop
            searched += len(block)
        return stop if searched >= stop else None

    def _chunks(self, start: int, stop: int) -> Iterator[Chunk]:
        splitter = Splitter()
        while start < stop:
            block = self.read_at(start, min(BLOCK, stop - start))
            start = start + len(block) if block else stop
            if lines := splitter.feed(block) if block else b"":
                yield Chunk(self.path, lines, 1)
        if lines := splitter.flush():
            yield Chunk(self.path, lines, 1)


def is_stream(path: str) -> bool:
    """Whether what is read of it once is gone: a pipe, not a file."""
    return Path(path).is_fifo()


def read_head(path: str) -> bytes:
    """Read the first lines of a file, about 64 KiB.

    Raises:
        InputError: as ``read_file``.

    """
    splitter = Splitter()
    for block in _blocks(path, _SNIFFED):
        return splitter.feed(block) or splitter.flush()
    return b""


def _blocks(path: str, size: int = BLOCK) -> Iterator[bytes]:
    try:
        with Path(path).open("rb") as raw:
            opened = _decompressed(raw)
            first = opened.read(size)
            check_text(first[:_SNIFFED], path)
            encoding = _UTF16.get(first[:2])
            if encoding:
                yield from _transcoded(opened, first[2:], encoding)
                return
            yield first.removeprefix(_UTF8_MARK)
            while block := opened.read(size):
                yield block
    except InputError:
        raise
    except Exception as error:
        if _is_damage(error):
            raise InputError(
                "the compressed file is damaged or cut short",
                where=path,
                why=str(error),
                hint="what could be read of it has been read",
            ) from error
        if isinstance(error, OSError):
            raise unreadable(path, error) from error
        raise


def _transcoded(opened: _Readable, first: bytes, encoding: str) -> Iterator[bytes]:
    import codecs

    decoder = codecs.getincrementaldecoder(encoding)("replace")
    yield decoder.decode(first).encode()
    while block := opened.read(BLOCK):
        yield decoder.decode(block).encode()
    yield decoder.decode(b"", final=True).encode()


def check_text(head: bytes, path: str) -> None:
    """Refuse what is no text.

    Attackers can put control bytes into any log, so it takes many to call a file binary.

    Raises:
        InputError: the file is binary.

    """
    if head[:2] in _UTF16:
        return
    odd = len(head) - len(head.translate(None, _CONTROL))
    if odd > max(16, len(head) // 20):
        raise InputError(
            "this is a binary file, not a log",
            where=path,
            hint="logs are read as text, also compressed with gzip, bzip2, xz or zstd",
        )


def unreadable(path: str, error: OSError) -> InputError:
    """The error of a file that cannot be opened or read."""
    if isinstance(error, FileNotFoundError):
        return InputError("no such file", where=path, hint="check the path; - reads standard input")
    hints = {
        PermissionError: "run as a user who may read it, often one of the group adm",
        IsADirectoryError: "name the files in it",
    }
    return InputError(
        "cannot be read",
        where=path,
        why=error.strerror or str(error),
        hint=hints.get(type(error), ""),
    )
