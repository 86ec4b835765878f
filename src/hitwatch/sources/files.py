"""Whole files, plain or compressed, as chunks of lines; follows nothing."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Protocol

import zstandard

from hitwatch.errors import InputError
from hitwatch.follow.chunk import Chunk
from hitwatch.follow.splitter import Splitter

BLOCK = 4 * 1024 * 1024
"""How many bytes are read at once."""

_SNIFFED = 64 * 1024
_UTF16 = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
_CONTROL = bytes(code for code in range(32) if code not in b"\t\n\v\f\r\x1b")
_UTF8_MARK = b"\xef\xbb\xbf"


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


def _decompressed(raw: IO[bytes]) -> _Readable:
    """The file's content, its compression told by its first bytes."""
    magic = raw.read(6)
    raw.seek(0)
    if magic.startswith(b"\x1f\x8b"):
        return gzip.GzipFile(fileobj=raw)
    if magic.startswith(b"BZh"):
        return bz2.BZ2File(raw)
    if magic == b"\xfd7zXZ\x00":
        return lzma.LZMAFile(raw)
    if magic.startswith(b"\x28\xb5\x2f\xfd"):
        return zstandard.ZstdDecompressor().stream_reader(raw, read_across_frames=True)
    return raw


def read_file(path: str) -> Iterator[Chunk]:
    """Read a file from beginning to end.

    Args:
        path: plain, or compressed with gzip, bzip2, xz or Zstandard, told by its first bytes.

    Yields:
        Chunks of whole lines. A UTF-8 byte-order mark is taken off, UTF-16 is transcoded.

    Raises:
        InputError: the file cannot be opened, is no text, or is damaged; what could be read
            of a damaged file has been given by then.

    """
    splitter = Splitter()
    for block in _blocks(path):
        first_line = splitter.lines + 1
        if lines := splitter.feed(block):
            yield Chunk(path, lines, first_line)
    first_line = splitter.lines + 1
    if lines := splitter.flush():
        yield Chunk(path, lines, first_line)


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
    except (EOFError, zlib.error, gzip.BadGzipFile, lzma.LZMAError, zstandard.ZstdError) as error:
        raise InputError(
            "the compressed file is damaged or cut short",
            where=path,
            why=str(error),
            hint="what could be read of it has been read",
        ) from error
    except OSError as error:
        raise unreadable(path, error) from error


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
    hints = {
        FileNotFoundError: "check the path; - reads standard input",
        PermissionError: "run as a user who may read it, often one of the group adm",
        IsADirectoryError: "name the files in it",
    }
    return InputError(
        "cannot be read",
        where=path,
        why=error.strerror or str(error),
        hint=hints.get(type(error), ""),
    )
