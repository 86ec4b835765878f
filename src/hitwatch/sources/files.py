"""Whole files, plain or compressed, as chunks of lines; follows nothing."""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from msgspec import Struct

from hitwatch.errors import DamageError, unreadable_input
from hitwatch.follow.chunk import Chunk
from hitwatch.follow.splitter import MAX_LINE, Splitter
from hitwatch.sources.blocks import SHRUNK, Hole, Piece, feed, read_through
from hitwatch.sources.codec import detect_codec
from hitwatch.sources.damage import Damage, damage_error, truncated_lines
from hitwatch.sources.decompress import decompress
from hitwatch.sources.plain import BLOCK
from hitwatch.sources.text import HEAD_SIZE, binary_file_error, decode_text, is_binary, text_lines

_STREAM_BLOCK = 1024 * 1024
_SEARCHED = MAX_LINE
"""How far into a file lines are looked for that can be read."""


def read_file(
    path: str, *, numbered: bool = True, warn: Callable[[str], None] | None = None
) -> Iterator[Chunk]:
    """Read a file from beginning to end.

    Args:
        path: plain, or compressed with gzip, bzip2, xz or Zstandard, detected by its first bytes.
        numbered: whether chunks know the numbers of their lines, which takes counting them.
        warn: called with what was skipped and is no loss.

    Yields:
        Chunks of whole lines. A UTF-8 byte-order mark is taken off, UTF-16 is transcoded, runs
        of NUL bytes that lines begin with are skipped.

    Raises:
        InputError: the file cannot be opened, or is a pipe with binary data.
        DamageError: a part of it could not be read; what could be has been given by then.

    """
    return _split_lines(path, _pieces(path), path, numbered=numbered, warn=warn)


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
        warn: called with what was skipped and is no loss.

    Raises:
        DamageError: a part of it could not be read; what could be has been given by then.

    """
    pieces = decode_text(_stream_content(file, _STREAM_BLOCK), refuse="")
    return _split_lines(origin, pieces, name, numbered=numbered, warn=warn)


def _split_lines(
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
        if lines := feed(splitter, piece):
            yield Chunk(origin, lines, first_line)
    first_line = splitter.lines + 1
    if lines := splitter.flush():
        yield Chunk(origin, lines, first_line)
    if warn and splitter.skipped.runs:
        warn(f"{name}: {splitter.skipped.wording}")
    damages += truncated_lines(splitter)
    counted = splitter.lines if numbered else None
    if error := damage_error(name, damages, torn=torn, lines=counted):
        raise error


class Head(Struct, frozen=True):
    """The first lines of a file.

    Attributes:
        lines: those that can be read, about 64 KiB.
        binary: whether there is much binary data before or between them.
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
    head = head_of_pieces(path, _pieces(path, HEAD_SIZE))
    if head.error and not head.lines:
        raise head.error
    return head


def head_of_pieces(path: str, pieces: Iterable[Piece], *, ended: bool = True) -> Head:
    """The first lines among pieces of a file that can be read.

    Where much is binary, lines of text are looked for in the first 16 MiB.

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
        lines = feed(splitter, piece)
        seen += 0 if isinstance(piece, Hole) else len(piece)
        binary |= is_binary(lines)
        kept += text_lines(lines) if binary else lines
        if (kept and not binary) or len(kept) > HEAD_SIZE // 2 or seen >= _SEARCHED:
            break
    if not kept:
        last = splitter.flush()
        binary |= is_binary(last)
        kept = b"" if not ended else text_lines(last) if binary else last
    if binary and not kept:
        raise binary_file_error(path)
    if len(kept) > HEAD_SIZE:
        kept = kept[: kept.rfind(b"\n", 0, HEAD_SIZE) + 1] or kept
    error = damage_error(path, damages, torn=torn, lines=kept.count(b"\n"))
    return Head(kept, binary, error, splitter.skipped.wording)


def is_stream(path: str) -> bool:
    """Whether what is read of it once is gone: a pipe, not a file."""
    return Path(path).is_fifo()


def _pieces(path: str, size: int = BLOCK) -> Iterator[Piece]:
    """A file's text, whatever it is packed in, and what is none."""
    try:
        with io.FileIO(path) as file:
            yield from decode_text(read_content(file, size), refuse=path if is_stream(path) else "")
    except OSError as error:
        raise unreadable_input(path, error) from error


def read_content(file: io.FileIO, size: int) -> Iterator[Piece]:
    """A file's content from its beginning, its compression detected by its first bytes.

    Args:
        file: the file.
        size: bytes to read at once.

    """
    facts = os.fstat(file.fileno())
    if not stat.S_ISREG(facts.st_mode):
        yield from _stream_content(file, size)
        return
    codec = detect_codec(os.pread(file.fileno(), 6, 0))
    if codec:
        yield from decompress(file, codec, min(size, BLOCK // 16))
        return
    at = 0
    for piece in read_through(file.fileno(), 0, None, size):
        yield piece
        at += len(piece) if isinstance(piece, bytes) else piece.size
    if at < facts.st_size:
        yield Damage(at, facts.st_size - at, SHRUNK)


def _stream_content(file: io.FileIO, size: int) -> Iterator[Piece]:
    """What comes out of a pipe, as it comes."""
    stream = io.BufferedReader(file)
    codec = detect_codec(stream.peek(6)[:6])
    if codec:
        yield from decompress(stream, codec)
        return
    while block := stream.read1(size):
        yield block
