"""Compressed streams: gzip, bzip2, xz and Zstandard, each behind one protocol; repairs nothing."""

from __future__ import annotations

import lzma
import os
import stat
import zlib
from collections.abc import Callable, Iterator
from typing import Any, Protocol, cast

from msgspec import Struct

_BLOCK = 4 * 1024 * 1024
READ_SIZE = 256 * 1024
"""Bytes of compressed data that are read at once."""

PEEK_SIZE = 128 * 1024
"""Bytes that are looked at to find a header: no header is longer."""

_ZSTD_PIECE = 4096
"""A byte of zstd can stand for 32 KiB, and its decompressor knows no limit."""


class BinaryFile(Protocol):
    """A file or pipe that is open."""

    def fileno(self) -> int:
        """Its descriptor."""
        ...

    def read(self, size: int, /) -> bytes | None:
        """Read up to so many bytes."""
        ...


class BadMemberError(Exception):
    """What stands here is not a valid compressed stream."""


class CutMemberError(Exception):
    """The file ends within a header."""


class Member(Protocol):
    """One compressed stream being decompressed."""

    @property
    def eof(self) -> bool:
        """Whether it has ended."""
        ...

    @property
    def unused_data(self) -> bytes:
        """Bytes that were fed and stand behind its end."""
        ...

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Decompress more of it."""
        ...


class RawInput:
    """A compressed file as it lies on the disk, read from one end to the other.

    Args:
        file: opened without a buffer.

    """

    def __init__(self, file: BinaryFile) -> None:
        self.file = file
        self.offset = 0
        self.size = os.fstat(file.fileno()).st_size if _is_regular(file) else None
        self.error: OSError | None = None
        self._buffer = b""

    def peek(self, size: int = PEEK_SIZE) -> bytes:
        """The next bytes, which stay there; fewer only at the end."""
        while len(self._buffer) < size and (more := self._read_more(size - len(self._buffer))):
            self._buffer += more
        return self._buffer[:size]

    def take(self, size: int) -> bytes:
        """The next bytes, some at least unless the file has ended."""
        data, self._buffer = self._buffer[:size], self._buffer[size:]
        data = data or self._read_more(size)
        self.offset += len(data)
        return data

    def unread(self, data: bytes) -> None:
        """Put bytes back that were taken last."""
        self._buffer = data + self._buffer
        self.offset -= len(data)

    def read_again(self, start: int, end: int) -> Iterator[bytes]:
        """Bytes that were taken before; nothing of a pipe."""
        while self.size is not None and start < end:
            data = os.pread(self.file.fileno(), min(READ_SIZE, end - start), start)
            if not data:
                return
            yield data
            start += len(data)

    def _read_more(self, size: int) -> bytes:
        try:
            return self.file.read(size) or b""
        except OSError as error:
            self.error = error
            return b""


def _is_regular(file: BinaryFile) -> bool:
    return stat.S_ISREG(os.fstat(file.fileno()).st_mode)


class Codec(Struct, frozen=True):
    """A way to compress.

    Attributes:
        magic: how its streams begin.
        open: begins a member; takes its header.
        reopen: begins a member to be decompressed byte by byte, behind its header.

    """

    magic: bytes
    open: Callable[[RawInput], Member]
    reopen: Callable[[], Member]


class _LibraryMember:
    """A member of a library's decompressor, and where it ends."""

    def __init__(self, decompressor: Any) -> None:
        self._decompressor = decompressor

    @property
    def eof(self) -> bool:
        return bool(self._decompressor.eof)

    @property
    def unused_data(self) -> bytes:
        return bytes(self._decompressor.unused_data)


class GzipMember(_LibraryMember):
    """A gzip member, its header and trailer read here so that neither can take text along."""

    def __init__(self, decompressor: Any) -> None:
        from isal import isal_zlib

        super().__init__(decompressor)
        self._crc32 = isal_zlib.crc32
        self.sum = 0
        self.size = 0

    def feed(self, data: bytes) -> Iterator[bytes]:
        """As ``Member``; counts and sums up what comes out."""
        while True:
            out: bytes = self._decompressor.decompress(data, _BLOCK)
            if out:
                self.sum = self._crc32(out, self.sum)
                self.size += len(out)
                yield out
            data = self._decompressor.unconsumed_tail
            if self.eof or not (data or len(out) == _BLOCK):
                return

    def matches(self, trailer: bytes) -> bool:
        """Whether a check sum and size (RFC 1952) are those of what was decompressed."""
        known = self.sum.to_bytes(4, "little") + (self.size & 0xFFFFFFFF).to_bytes(4, "little")
        return trailer == known


class _BoundedMember(_LibraryMember):
    """A member of a library whose output is bounded."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        while True:
            out: bytes = self._decompressor.decompress(data, _BLOCK)
            if out:
                yield out
            if self.eof or self._decompressor.needs_input:
                return
            data = b""


class _ZstdFrame(_LibraryMember):
    """A frame of Zstandard, decompressed in small pieces to bound its output."""

    def __init__(self) -> None:
        import zstandard

        super().__init__(zstandard.ZstdDecompressor().decompressobj())
        self._rest = b""

    @property
    def unused_data(self) -> bytes:
        return super().unused_data + self._rest

    def feed(self, data: bytes) -> Iterator[bytes]:
        for start in range(0, len(data), _ZSTD_PIECE):
            out = self._decompressor.decompress(data[start : start + _ZSTD_PIECE])
            if self.eof:
                self._rest = data[start + _ZSTD_PIECE :]
            if out:
                yield out
            if self.eof:
                return


def _open_gzip(raw: RawInput) -> Member:
    from isal import isal_zlib

    raw.take(gzip_header_length(raw.peek()))
    return GzipMember(isal_zlib.decompressobj(wbits=-15))


def gzip_header_length(head: bytes) -> int:
    """Length of a gzip header (RFC 1952)."""
    if len(head) < 10:
        raise CutMemberError
    if head[:3] != b"\x1f\x8b\x08" or head[3] & 0xE0:
        raise BadMemberError("invalid gzip header")
    flags, at = head[3], 10
    if flags & 4:
        at += 2 + int.from_bytes(head[at : at + 2], "little")
    for flag in (8, 16):
        if flags & flag:
            at = head.find(b"\0", at) + 1 or len(head) + 1
    at += 2 if flags & 2 else 0
    if at > len(head) and len(head) < PEEK_SIZE:
        raise CutMemberError
    if at > len(head):
        raise BadMemberError("unterminated gzip header")
    return at


def _open_bzip2(_raw: RawInput | None = None) -> Member:
    import bz2

    return _BoundedMember(bz2.BZ2Decompressor())


def _open_xz(_raw: RawInput | None = None) -> Member:
    return _BoundedMember(lzma.LZMADecompressor(lzma.FORMAT_XZ))


def _open_zstd(_raw: RawInput | None = None) -> Member:
    return _ZstdFrame()


_CODECS = (
    Codec(b"\x1f\x8b\x08", _open_gzip, lambda: GzipMember(zlib.decompressobj(-15))),
    Codec(b"BZh", _open_bzip2, _open_bzip2),
    Codec(b"\xfd7zXZ\x00", _open_xz, _open_xz),
    Codec(b"\x28\xb5\x2f\xfd", _open_zstd, _open_zstd),
)


def detect_codec(head: bytes) -> Codec | None:
    """How a file is compressed, by its first bytes; ``None``: not at all."""
    return next((codec for codec in _CODECS if head.startswith(codec.magic)), None)


def library_errors() -> tuple[type[Exception], ...]:
    """What the libraries raise when they meet damage."""
    from isal import isal_zlib
    from zstandard import ZstdError

    return (
        zlib.error,
        cast("type[Exception]", isal_zlib.error),
        OSError,
        EOFError,
        ValueError,
        lzma.LZMAError,
        cast("type[Exception]", ZstdError),
        BadMemberError,
    )
