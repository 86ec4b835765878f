"""Whole files, plain or compressed, as chunks of lines; follows nothing."""

from __future__ import annotations

import codecs
import errno
import io
import os
import stat
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from hitwatch.errors import DamageError, InputError
from hitwatch.follow.chunk import Chunk
from hitwatch.follow.holes import Skipped, without_holes
from hitwatch.follow.splitter import MAX_LINE, Splitter
from hitwatch.sources.blocks import Hole, has_holes, past_hole, read_through
from hitwatch.sources.damage import Damage, cut_lines, damage_error
from hitwatch.sources.packed import codec_of, unpacked

BLOCK = 4 * 1024 * 1024
"""How many bytes are read at once."""

_STREAMED = 1024 * 1024
_SNIFFED = 64 * 1024
_UTF16 = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
_CONTROL = bytes(code for code in range(32) if code not in b"\t\n\v\f\r\x1b")
_UTF8_MARK = b"\xef\xbb\xbf"
_HALF = "{size} bytes at offset {offset}, the last of the file, are half a character of UTF-16"
_SHRUNK = (
    "{size} bytes at offset {offset} are gone: the file became shorter while it was being read"
)
_LONGEST_HEAD = MAX_LINE
"""How far into a file lines are looked for that can be read."""

Piece = bytes | Damage | Hole
"""What a file is read as: text, and what is none."""


def read_file(
    path: str, *, numbered: bool = True, warn: Callable[[str], None] | None = None
) -> Iterator[Chunk]:
    """Read a file from beginning to end.

    Args:
        path: plain, or compressed with gzip, bzip2, xz or Zstandard, told by its first bytes.
        numbered: whether chunks know the numbers of their lines, which takes counting them.
        warn: told of what was skipped and is no loss.

    Yields:
        Chunks of whole lines. A UTF-8 byte-order mark is taken off, UTF-16 is transcoded, runs
        of NUL bytes that lines begin with are skipped.

    Raises:
        InputError: the file cannot be opened, or is a pipe and no text.
        DamageError: a part of it could not be read; what could be has been given by then.

    """
    return _chunks_of(path, _pieces(path), path, numbered=numbered, warn=warn)


def read_stream(
    file: io.FileIO,
    origin: str,
    name: str,
    *,
    numbered: bool = True,
    warn: Callable[[str], None] | None = None,
) -> Iterator[Chunk]:
    """Read what comes out of a descriptor to its end, as ``read_file`` reads a file.

    Args:
        file: read from where it stands.
        origin: of the chunks.
        name: what messages call it.
        numbered: whether chunks know the numbers of their lines.
        warn: told of what was skipped and is no loss.

    Raises:
        DamageError: a part of it could not be read; what could be has been given by then.

    """
    pieces = _as_utf8(_streamed(file, _STREAMED), refuse="")
    return _chunks_of(origin, pieces, name, numbered=numbered, warn=warn)


def _chunks_of(
    origin: str,
    pieces: Iterator[Piece],
    name: str,
    *,
    numbered: bool,
    warn: Callable[[str], None] | None,
) -> Iterator[Chunk]:
    splitter = Splitter(numbered=numbered)
    damages: list[Damage] = []
    torn = 0
    for piece in pieces:
        first_line = splitter.lines + 1
        if isinstance(piece, Damage):
            damages.append(piece)
            torn += splitter.abandon(inside=piece.inside) if piece.lost else 0
            continue
        if lines := _taken(splitter, piece):
            yield Chunk(origin, lines, first_line)
    first_line = splitter.lines + 1
    if lines := splitter.flush():
        yield Chunk(origin, lines, first_line)
    if warn and splitter.skipped.runs:
        warn(f"{name}: {splitter.skipped.wording}")
    damages += cut_lines(splitter)
    counted = splitter.lines if numbered else None
    if error := damage_error(name, damages, torn=torn, lines=counted):
        raise error


def _taken(splitter: Splitter, piece: bytes | Hole) -> bytes:
    return splitter.hole(piece.size) if isinstance(piece, Hole) else splitter.feed(piece)


@dataclass(frozen=True, slots=True)
class Head:
    """The first lines of a file.

    Attributes:
        lines: those that can be read, about 64 KiB.
        binary: whether there is much before or between them that is no text.
        error: the damage that reading them met; ``None``: none.
        holes: the NUL bytes that were skipped, for people; empty when there were none.

    """

    lines: bytes = b""
    binary: bool = False
    error: DamageError | None = None
    holes: str = ""


def read_head(path: str) -> Head:
    """Read the first lines of a file.

    Raises:
        InputError: the file cannot be opened, nothing of it can be read, or it is binary as far
            as it was looked at.

    """
    head = head_of_pieces(path, _pieces(path, _SNIFFED))
    if head.error and not head.lines:
        raise head.error
    return head


def head_of_pieces(path: str, pieces: Iterable[Piece], *, ended: bool = True) -> Head:
    """The first lines among pieces of a file that can be read.

    Where much is no text, lines of text are looked for in the first 16 MiB.

    Args:
        path: the file.
        pieces: of it, from its beginning.
        ended: whether a last line that lacks its line end is one; else it may still be written.

    Raises:
        InputError: there are none.

    """
    splitter, damages = Splitter(), list[Damage]()
    kept, binary, seen, torn = b"", False, 0, 0
    for piece in pieces:
        if isinstance(piece, Damage):
            damages.append(piece)
            torn += splitter.abandon(inside=piece.inside) if piece.lost else 0
            continue
        lines = _taken(splitter, piece)
        seen += 0 if isinstance(piece, Hole) else len(piece)
        binary |= is_binary(lines)
        kept += text_lines(lines) if binary else lines
        if (kept and not binary) or len(kept) > _SNIFFED // 2 or seen >= _LONGEST_HEAD:
            break
    if not kept:
        last = splitter.flush()
        binary |= is_binary(last)
        kept = b"" if not ended else text_lines(last) if binary else last
    if binary and not kept:
        raise binary_file(path)
    if len(kept) > _SNIFFED:
        kept = kept[: kept.rfind(b"\n", 0, _SNIFFED) + 1] or kept
    error = damage_error(path, damages, torn=torn, lines=kept.count(b"\n"))
    return Head(kept, binary, error, splitter.skipped.wording)


@dataclass(frozen=True, slots=True)
class Span:
    """Whole lines of a plain file, to be read by whoever works on them.

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
            raise unreadable(path, error) from error

    def _first_bytes(self) -> bytes:
        try:
            return self.read_at(0, _SNIFFED)
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
        packed = codec_of(self._head) or encoding_of(self._head)
        return self._file.seekable() and not packed and not _ended_by_returns(self._head)

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
                lines for piece in self._pieces(start, end) if (lines := self._fed(splitter, piece))
            ]
            parts.append(splitter.flush())
            data, skipped = b"".join(parts), splitter.skipped
            with self._lock:
                self._damages += cut_lines(splitter)
        else:
            skipped = Skipped()
            data = without_holes(data, start, skipped)
        if skipped.runs:
            self._skip(skipped)
        return data

    def _fed(self, splitter: Splitter, piece: Piece) -> bytes:
        if not isinstance(piece, Damage):
            return _taken(splitter, piece)
        with self._lock:
            self._damages.append(piece)
            self._torn += splitter.abandon(inside=piece.inside)
        return b""

    def _pieces(self, start: int, end: int) -> Iterator[Piece]:
        """What stands between two offsets, and what should and is gone."""
        at, why = start, _SHRUNK
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
        if start == 0 and self._head.startswith(_UTF8_MARK):
            start = len(_UTF8_MARK)
        while start < stop:
            if (behind := self._past_hole(start, stop)) > start:
                self._skip(Skipped(1, behind - start, start, behind - start))
                start = behind
                continue
            cut = self._line_end(start, min(start + size, stop), stop)
            if cut is None:
                yield from self._chunks(start, stop)
                return
            yield Span(self, start, cut)
            start = cut

    def _past_hole(self, offset: int, stop: int) -> int:
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
                block = self.read_at(searched, _SNIFFED)
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
            if lines := self._fed(splitter, piece):
                yield Chunk(self.path, lines, 1)
        if lines := splitter.flush():
            yield Chunk(self.path, lines, 1)
        if splitter.skipped.runs:
            self._skip(splitter.skipped)
        self._damages += cut_lines(splitter)


def is_stream(path: str) -> bool:
    """Whether what is read of it once is gone: a pipe, not a file."""
    return Path(path).is_fifo()


def _pieces(path: str, size: int = BLOCK) -> Iterator[Piece]:
    """A file's text, whatever it is packed in, and what is none."""
    try:
        with io.FileIO(path) as file:
            yield from _as_utf8(_unpacked(file, size), refuse=path if is_stream(path) else "")
    except OSError as error:
        raise unreadable(path, error) from error


def _unpacked(file: io.FileIO, size: int) -> Iterator[Piece]:
    """A file's content, its compression told by its first bytes."""
    facts = os.fstat(file.fileno())
    if not stat.S_ISREG(facts.st_mode):
        yield from _streamed(file, size)
        return
    codec = codec_of(os.pread(file.fileno(), 6, 0))
    if codec:
        yield from unpacked(file, codec, min(size, BLOCK // 16))
        return
    at = 0
    for piece in read_through(file.fileno(), 0, None, size):
        yield piece
        at += len(piece) if isinstance(piece, bytes) else piece.size
    if at < facts.st_size:
        yield Damage(at, facts.st_size - at, _SHRUNK)


def _streamed(file: io.FileIO, size: int) -> Iterator[Piece]:
    """What comes out of a pipe, as it comes."""
    stream = io.BufferedReader(file)
    codec = codec_of(stream.peek(6)[:6])
    if codec:
        yield from unpacked(stream, codec)
        return
    while block := stream.read1(size):
        yield block


def _as_utf8(pieces: Iterator[Piece], refuse: str) -> Iterator[Piece]:
    """Text as UTF-8, with line feeds at the ends of lines.

    Args:
        pieces: as they stand in the file.
        refuse: the pipe that is refused when it begins with what is no text.

    Raises:
        InputError: the pipe is refused.

    """
    first = True
    ended: Callable[[bytes], bytes] = _as_they_are
    decoder, at = None, 0
    for piece in pieces:
        if isinstance(piece, Damage):
            yield piece
            continue
        if first and isinstance(piece, bytes):
            first = False
            decoder = _decoder_of(piece)
            ended = _with_feeds if _ended_by_returns(piece[:_SNIFFED]) else _as_they_are
            if refuse and decoder is None and is_binary(piece[:_SNIFFED].lstrip(b"\0")):
                raise binary_file(refuse)
        if isinstance(piece, Hole):
            at += piece.size
            yield Hole(piece.size // 2) if decoder else piece
            continue
        at += len(piece)
        if decoder:
            yield ended(decoder.decode(piece).encode("utf-8", "replace"))
        else:
            yield ended(piece)
    if decoder and (half := len(decoder.getstate()[0])):
        yield Damage(at - half, half, _HALF)


def _as_they_are(text: bytes) -> bytes:
    return text


def _with_feeds(text: bytes) -> bytes:
    return text.replace(b"\r", b"\n")


def encoding_of(text: bytes) -> str | None:
    """The encoding of text that begins with the byte-order mark of UTF-16."""
    return _UTF16.get(text[:2])


def _decoder_of(text: bytes) -> codecs.IncrementalDecoder | None:
    encoding = encoding_of(text)
    return codecs.getincrementaldecoder(encoding)("replace") if encoding else None


def _ended_by_returns(head: bytes) -> bool:
    """Whether lines end in carriage returns alone, as on the first Macintoshes."""
    # Behind the last may come its line feed.
    return b"\r" in head[:-1] and b"\n" not in head


def is_binary(text: bytes) -> bool:
    """Whether this is no text.

    Attackers can put control bytes into any log, so it takes many to call it binary.
    """
    looked_at = text[:_SNIFFED]
    odd = len(looked_at) - len(looked_at.translate(None, _CONTROL))
    return odd > max(16, len(looked_at) // 20)


def text_lines(lines: bytes) -> bytes:
    """The lines without control bytes."""
    found = (line for line in lines.split(b"\n") if line and line == line.translate(None, _CONTROL))
    return b"".join(line + b"\n" for line in found)


def binary_file(path: str) -> InputError:
    """The error of a file that is no text."""
    return InputError(
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
