"""What of a file is text: encodings, line ends and binary files; opens nothing."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator

from hitwatch.errors import InputError
from hitwatch.sources.blocks import Hole, Piece
from hitwatch.sources.damage import Damage

HEAD_SIZE = 64 * 1024
"""Bytes of a file that are looked at to see what it is."""

_UTF16 = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
_CONTROL = bytes(code for code in range(32) if code not in b"\t\n\v\f\r\x1b")
_HALF = "{size} bytes at offset {offset}, the last of the file, are half a character of UTF-16"


def decode_text(pieces: Iterator[Piece], refuse: str) -> Iterator[Piece]:
    """Text as UTF-8, with line feeds at the ends of lines.

    Args:
        pieces: as they stand in the file.
        refuse: the pipe that is refused when it begins with binary data.

    Raises:
        InputError: the pipe is refused.

    """
    first = True
    normalize: Callable[[bytes], bytes] = _unchanged
    decoder, at = None, 0
    for piece in pieces:
        if isinstance(piece, Damage):
            yield piece
            continue
        if first and isinstance(piece, bytes):
            first = False
            decoder = _decoder(piece)
            normalize = _returns_to_feeds if has_only_returns(piece[:HEAD_SIZE]) else _unchanged
            if refuse and decoder is None and is_binary(piece[:HEAD_SIZE].lstrip(b"\0")):
                raise binary_file_error(refuse)
        if isinstance(piece, Hole):
            at += piece.size
            yield Hole(piece.size // 2) if decoder else piece
            continue
        at += len(piece)
        if decoder:
            yield normalize(decoder.decode(piece).encode("utf-8", "replace"))
        else:
            yield normalize(piece)
    if decoder and (half := len(decoder.getstate()[0])):
        yield Damage(at - half, half, _HALF)


def _unchanged(text: bytes) -> bytes:
    return text


def _returns_to_feeds(text: bytes) -> bytes:
    return text.replace(b"\r", b"\n")


def detect_encoding(text: bytes) -> str | None:
    """The encoding of text that begins with the byte-order mark of UTF-16."""
    return _UTF16.get(text[:2])


def _decoder(text: bytes) -> codecs.IncrementalDecoder | None:
    encoding = detect_encoding(text)
    return codecs.getincrementaldecoder(encoding)("replace") if encoding else None


def has_only_returns(head: bytes) -> bool:
    """Whether lines end in carriage returns alone, as on the first Macintoshes."""
    # Behind the last may come its line feed.
    return b"\r" in head[:-1] and b"\n" not in head


def is_binary(text: bytes) -> bool:
    """Whether this is binary data.

    Attackers can put control bytes into any log, so it takes many to call it binary.
    """
    looked_at = text[:HEAD_SIZE]
    odd = len(looked_at) - len(looked_at.translate(None, _CONTROL))
    return odd > max(16, len(looked_at) // 20)


def text_lines(lines: bytes) -> bytes:
    """The lines without control bytes."""
    found = (line for line in lines.split(b"\n") if line and line == line.translate(None, _CONTROL))
    return b"".join(line + b"\n" for line in found)


def binary_file_error(path: str) -> InputError:
    """The error of a binary file."""
    return InputError(
        "this is a binary file, not a log",
        where=path,
        hint="logs are read as text, also compressed with gzip, bzip2, xz or zstd",
    )
