"""Compressed files as blocks of text, with all that stands before, between and behind damage.

A file holds one compressed stream or several (*members*), each with its check sum. Bytes that
have been decompressed are never lost to an error that comes behind them; behind a damaged
member the next one is looked for.
"""

from __future__ import annotations

import lzma
import os
import stat
import zlib
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import Any, Protocol, cast

from hitwatch.sources.damage import Damage

_BLOCK = 4 * 1024 * 1024
_RAW = 256 * 1024
_PEEKED = 128 * 1024
_ZSTD_PIECE = 4096
"""A byte of zstd can stand for 32 KiB, and its decompressor knows no limit."""

CUT = (
    "the data end at offset {offset}, before they should:"
    " the file was cut, or is still being written"
)
_CUT_CHECK = "the check sum at the end, offset {offset}, is missing; the text before it is complete"
_WRONG_CHECK = (
    "the check sum of the {size} bytes at offset {offset} is wrong: their lines may be, too"
)
_LOST = "{size} bytes at offset {offset} cannot be decompressed"
_BEHIND = "{size} bytes at offset {offset}, behind the compressed data, are something else"


class _File(Protocol):
    """A file or pipe that is open."""

    def fileno(self) -> int: ...

    def read(self, size: int, /) -> bytes | None: ...


class _BadMemberError(Exception):
    """What stands here is no compressed stream, or none that is in order."""


class _CutMemberError(Exception):
    """The file ends within a header."""


class _Member(Protocol):
    """One compressed stream being decompressed."""

    @property
    def eof(self) -> bool: ...

    @property
    def unused_data(self) -> bytes: ...

    def feed(self, data: bytes) -> Iterator[bytes]: ...


class _Raw:
    """The file as it lies on the disk, from one end to the other.

    Args:
        file: opened without a buffer.

    """

    def __init__(self, file: _File) -> None:
        self.file = file
        self.offset = 0
        self.size = os.fstat(file.fileno()).st_size if _is_regular(file) else None
        self.error: OSError | None = None
        self._held = b""

    def peek(self, size: int = _PEEKED) -> bytes:
        """The next bytes, which stay there; fewer only at the end."""
        while len(self._held) < size and (more := self._more(size - len(self._held))):
            self._held += more
        return self._held[:size]

    def take(self, size: int) -> bytes:
        """The next bytes, some at least unless the file has ended."""
        data, self._held = self._held[:size], self._held[size:]
        data = data or self._more(size)
        self.offset += len(data)
        return data

    def unread(self, data: bytes) -> None:
        """Put bytes back that were taken last."""
        self._held = data + self._held
        self.offset -= len(data)

    def again(self, start: int, end: int) -> Iterator[bytes]:
        """Bytes that were taken before; nothing of a pipe."""
        while self.size is not None and start < end:
            data = os.pread(self.file.fileno(), min(_RAW, end - start), start)
            if not data:
                return
            yield data
            start += len(data)

    def _more(self, size: int) -> bytes:
        try:
            return self.file.read(size) or b""
        except OSError as error:
            self.error = error
            return b""


def _is_regular(file: _File) -> bool:
    return stat.S_ISREG(os.fstat(file.fileno()).st_mode)


@dataclass(frozen=True, slots=True)
class Codec:
    """A way to compress.

    Attributes:
        magic: how its streams begin.
        open: begins a member; takes its header.
        again: begins a member to be decompressed byte by byte.

    """

    magic: bytes
    open: Callable[[_Raw], _Member]
    again: Callable[[], _Member]


class _Held:
    """A member of a library's decompressor, and where it ends."""

    def __init__(self, decompressor: Any) -> None:
        self._decompressor = decompressor

    @property
    def eof(self) -> bool:
        return bool(self._decompressor.eof)

    @property
    def unused_data(self) -> bytes:
        return bytes(self._decompressor.unused_data)


class _Deflate(_Held):
    """A gzip member, its header and trailer read here so that neither can take text along."""

    def __init__(self, decompressor: Any) -> None:
        from isal import isal_zlib

        super().__init__(decompressor)
        self._crc32 = isal_zlib.crc32
        self.sum = 0
        self.size = 0

    def feed(self, data: bytes) -> Iterator[bytes]:
        while True:
            out: bytes = self._decompressor.decompress(data, _BLOCK)
            if out:
                self.sum = self._crc32(out, self.sum)
                self.size += len(out)
                yield out
            data = self._decompressor.unconsumed_tail
            if self.eof or not (data or len(out) == _BLOCK):
                return

    def is_right(self, trailer: bytes) -> bool:
        """Whether a check sum and size (RFC 1952) are those of what was decompressed."""
        known = self.sum.to_bytes(4, "little") + (self.size & 0xFFFFFFFF).to_bytes(4, "little")
        return trailer == known


class _Limited(_Held):
    """A member of a library whose output is bounded."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        while True:
            out: bytes = self._decompressor.decompress(data, _BLOCK)
            if out:
                yield out
            if self.eof or self._decompressor.needs_input:
                return
            data = b""


class _Zstd(_Held):
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


def _open_gzip(raw: _Raw) -> _Member:
    from isal import isal_zlib

    raw.take(_header_of_gzip(raw.peek()))
    return _Deflate(isal_zlib.decompressobj(wbits=-15))


def _header_of_gzip(head: bytes) -> int:
    """Length of a gzip header (RFC 1952)."""
    if len(head) < 10:
        raise _CutMemberError
    if head[:3] != b"\x1f\x8b\x08" or head[3] & 0xE0:
        raise _BadMemberError("the header is none of gzip's")
    flags, at = head[3], 10
    if flags & 4:
        at += 2 + int.from_bytes(head[at : at + 2], "little")
    for flag in (8, 16):
        if flags & flag:
            at = head.find(b"\0", at) + 1 or len(head) + 1
    at += 2 if flags & 2 else 0
    if at > len(head) and len(head) < _PEEKED:
        raise _CutMemberError
    if at > len(head):
        raise _BadMemberError("the header does not end")
    return at


def _open_bzip2(_raw: _Raw | None = None) -> _Member:
    import bz2

    return _Limited(bz2.BZ2Decompressor())


def _open_xz(_raw: _Raw | None = None) -> _Member:
    return _Limited(lzma.LZMADecompressor(lzma.FORMAT_XZ))


def _open_zstd(_raw: _Raw | None = None) -> _Member:
    return _Zstd()


_CODECS = (
    Codec(b"\x1f\x8b\x08", _open_gzip, lambda: _Deflate(zlib.decompressobj(-15))),
    Codec(b"BZh", _open_bzip2, _open_bzip2),
    Codec(b"\xfd7zXZ\x00", _open_xz, _open_xz),
    Codec(b"\x28\xb5\x2f\xfd", _open_zstd, _open_zstd),
)


def codec_of(head: bytes) -> Codec | None:
    """How a file is compressed, by its first bytes; ``None``: not at all."""
    return next((codec for codec in _CODECS if head.startswith(codec.magic)), None)


def _errors() -> tuple[type[Exception], ...]:
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
        _BadMemberError,
    )


def unpacked(file: _File, codec: Codec, size: int = _RAW) -> Iterator[bytes | Damage]:
    """Decompress a file.

    Args:
        file: at its beginning.
        codec: how it is compressed.
        size: how many compressed bytes to take at once.

    Yields:
        Text in blocks of 4 MiB at most, and what is damaged where it stands.

    """
    raw, errors = _Raw(file), _errors()
    while head := raw.peek():
        if head.startswith(codec.magic):
            yield from _member(raw, codec, size, errors)
            continue
        begin = raw.offset
        # Zeros that fill up a tape or a disk's block are no damage (gzip's manual).
        while (block := raw.take(_RAW)) and not block.strip(b"\0"):
            pass
        if not block:
            return
        rest = block.lstrip(b"\0")
        begin = raw.offset - len(rest)
        raw.unread(rest)
        _find_member(raw, codec, errors, step=not rest.startswith(codec.magic))
        if raw.offset > begin:
            yield Damage(begin, raw.offset - begin, _BEHIND, lost=False, packed=True)


def _member(
    raw: _Raw, codec: Codec, size: int, errors: tuple[type[Exception], ...]
) -> Iterator[bytes | Damage]:
    """Decompress a member, and go to the next one."""
    begin, given, data, at = raw.offset, 0, b"", raw.offset
    try:
        member = codec.open(raw)
        body = raw.offset
        while not member.eof:
            at = raw.offset
            if not (data := raw.take(size)):
                why = f"{raw.error.strerror} at offset {{offset}}" if raw.error else CUT
                yield Damage(raw.offset, 0, why, packed=True)
                return
            for block in member.feed(data):
                given += len(block)
                yield block
    except _CutMemberError:
        raw.take(_PEEKED)
        yield Damage(raw.offset, 0, CUT, packed=True)
        return
    except errors as error:
        why = str(error) or type(error).__name__
        if not isinstance(error, _BadMemberError):
            at = yield from _rescued(raw, codec, body, at, raw.offset, given, errors)
        raw.unread(data[at - (raw.offset - len(data)) :] if data else b"")
        _find_member(raw, codec, errors)
        yield Damage(at, raw.offset - at, f"{_LOST} ({_plain(why)})", packed=True)
        return
    raw.unread(member.unused_data)
    if isinstance(member, _Deflate):
        yield from _checked(raw, member, begin)


def _plain(why: str) -> str:
    """A library's words, without what would be taken for a place of our own."""
    return " ".join(why.replace("{", "(").replace("}", ")").split())


def _checked(raw: _Raw, member: _Deflate, begin: int) -> Iterator[Damage]:
    """Compare a gzip member with its check sum."""
    trailer = raw.peek(8)
    if len(trailer) < 8:
        yield Damage(raw.offset, 0, _CUT_CHECK, lost=False, packed=True)
        raw.take(len(trailer))
    elif member.is_right(trailer):
        raw.take(8)
    else:
        raw.take(8)
        yield Damage(begin, raw.offset - begin, _WRONG_CHECK, lost=False, packed=True)


def _rescued(
    raw: _Raw,
    codec: Codec,
    body: int,
    at: int,
    end: int,
    given: int,
    errors: tuple[type[Exception], ...],
) -> Generator[bytes, None, int]:
    """Decompress a member once more, byte by byte where it failed, to get all before the error.

    Args:
        raw: the file.
        codec: how it is compressed.
        body: where the member's data begin.
        at: where the bytes begin that it failed on.
        end: where they end.
        given: bytes of text that have been given out.
        errors: what the library raises.

    Returns:
        The offset of the byte at which it fails.

    """
    member, seen = codec.again(), 0
    try:
        for data in raw.again(body, at):
            for block in member.feed(data):
                seen += len(block)
                if seen > given:
                    yield block[len(block) - (seen - given) :]
                    given = seen
        for data in raw.again(at, end):
            for offset in range(len(data)):
                for block in member.feed(data[offset : offset + 1]):
                    seen += len(block)
                    if seen > given:
                        yield block[len(block) - (seen - given) :]
                        given = seen
                at += 1
    except errors:
        pass
    return at


def _find_member(
    raw: _Raw, codec: Codec, errors: tuple[type[Exception], ...], *, step: bool = True
) -> None:
    """Go to where the next member begins, or to the end of the file.

    A stretch of compressed data can look like the beginning of a member by chance: only one
    whose first bytes can be decompressed to text is taken for one.
    """
    if step:
        raw.take(1)
    while head := raw.peek(2 * _PEEKED):
        found = head.find(codec.magic)
        if found < 0:
            raw.take(max(1, len(head) - len(codec.magic) + 1) if len(head) > _PEEKED else len(head))
            continue
        raw.take(found)
        if _is_member(raw.peek(), codec, errors):
            return
        raw.take(1)


def _is_member(head: bytes, codec: Codec, errors: tuple[type[Exception], ...]) -> bool:
    try:
        member = codec.again()
        body = head[_header_of_gzip(head) :] if isinstance(member, _Deflate) else head
        text = next(member.feed(body), b"")[:_PEEKED]
    except _CutMemberError:
        return False
    except errors:
        return False
    return bool(text) and len(text) - len(text.translate(None, _UNTYPED)) <= len(text) // 20


_UNTYPED = bytes(code for code in range(32) if code not in b"\t\n\v\f\r\x1b")
