"""Compressed files as blocks of text, with all that stands before, between and behind damage.

A file holds one compressed stream or several (*members*), each with its check sum. Bytes that
have been decompressed are never lost to an error that comes behind them; behind a damaged
member the next one is looked for.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator

from hitwatch.sources.codec import (
    PEEK_SIZE,
    READ_SIZE,
    BadMemberError,
    BinaryFile,
    Codec,
    CutMemberError,
    GzipMember,
    RawInput,
    gzip_header_length,
    library_errors,
)
from hitwatch.sources.damage import Damage

CUT = (
    "the data end at offset {offset}, before they should:"
    " the file was cut, or is still being written"
)
_CHECKSUM_CUT = (
    "the check sum at the end, offset {offset}, is missing; the text before it is complete"
)
_CHECKSUM_WRONG = (
    "the check sum of the {size} bytes at offset {offset} is wrong: their lines may be, too"
)
_LOST = "{size} bytes at offset {offset} cannot be decompressed"
_TRAILING = "{size} bytes at offset {offset}, behind the compressed data, are something else"


def decompress(file: BinaryFile, codec: Codec, size: int = READ_SIZE) -> Iterator[bytes | Damage]:
    """Decompress a file.

    Args:
        file: at its beginning.
        codec: how it is compressed.
        size: how many compressed bytes to take at once.

    Yields:
        Text in blocks of 4 MiB at most, and what is damaged where it stands.

    """
    raw, errors = RawInput(file), library_errors()
    while head := raw.peek():
        if head.startswith(codec.magic):
            yield from _decompress_member(raw, codec, size, errors)
            continue
        begin = raw.offset
        # Zeros that pad a tape or a disk's block are not damage (gzip's manual).
        while (block := raw.take(READ_SIZE)) and not block.strip(b"\0"):
            pass
        if not block:
            return
        rest = block.lstrip(b"\0")
        begin = raw.offset - len(rest)
        raw.unread(rest)
        _find_member(raw, codec, errors, step=not rest.startswith(codec.magic))
        if raw.offset > begin:
            yield Damage(begin, raw.offset - begin, _TRAILING, lost=False, packed=True)


def _decompress_member(
    raw: RawInput, codec: Codec, size: int, errors: tuple[type[Exception], ...]
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
    except CutMemberError:
        raw.take(PEEK_SIZE)
        yield Damage(raw.offset, 0, CUT, packed=True)
        return
    except errors as error:
        why = str(error) or type(error).__name__
        if not isinstance(error, BadMemberError):
            at = yield from _rescue(raw, codec, body, at, raw.offset, given, errors)
        raw.unread(data[at - (raw.offset - len(data)) :] if data else b"")
        _find_member(raw, codec, errors)
        yield Damage(at, raw.offset - at, f"{_LOST} ({_sanitize(why)})", packed=True)
        return
    raw.unread(member.unused_data)
    if isinstance(member, GzipMember):
        yield from _verify(raw, member, begin)


def _sanitize(why: str) -> str:
    """A library's words, without what would be taken for a place of our own."""
    return " ".join(why.replace("{", "(").replace("}", ")").split())


def _verify(raw: RawInput, member: GzipMember, begin: int) -> Iterator[Damage]:
    """Compare a gzip member with its check sum."""
    trailer = raw.peek(8)
    if len(trailer) < 8:
        yield Damage(raw.offset, 0, _CHECKSUM_CUT, lost=False, packed=True)
        raw.take(len(trailer))
    elif member.matches(trailer):
        raw.take(8)
    else:
        raw.take(8)
        yield Damage(begin, raw.offset - begin, _CHECKSUM_WRONG, lost=False, packed=True)


def _rescue(
    raw: RawInput,
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
    member, seen = codec.reopen(), 0
    try:
        for data in raw.read_again(body, at):
            for block in member.feed(data):
                seen += len(block)
                if seen > given:
                    yield block[len(block) - (seen - given) :]
                    given = seen
        for data in raw.read_again(at, end):
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
    raw: RawInput, codec: Codec, errors: tuple[type[Exception], ...], *, step: bool = True
) -> None:
    """Go to where the next member begins, or to the end of the file.

    A stretch of compressed data can look like the beginning of a member by chance: only one
    whose first bytes can be decompressed to text is taken for one.
    """
    if step:
        raw.take(1)
    while head := raw.peek(2 * PEEK_SIZE):
        found = head.find(codec.magic)
        if found < 0:
            raw.take(
                max(1, len(head) - len(codec.magic) + 1) if len(head) > PEEK_SIZE else len(head)
            )
            continue
        raw.take(found)
        if _is_member(raw.peek(), codec, errors):
            return
        raw.take(1)


def _is_member(head: bytes, codec: Codec, errors: tuple[type[Exception], ...]) -> bool:
    try:
        member = codec.reopen()
        body = head[gzip_header_length(head) :] if isinstance(member, GzipMember) else head
        text = next(member.feed(body), b"")[:PEEK_SIZE]
    except CutMemberError:
        return False
    except errors:
        return False
    return bool(text) and len(text) - len(text.translate(None, _CONTROL)) <= len(text) // 20


_CONTROL = bytes(code for code in range(32) if code not in b"\t\n\v\f\r\x1b")
