"""Cuts a stream of bytes at line ends, whatever the reads were; knows nothing of content."""

from __future__ import annotations

from msgspec import Struct, field

from hitwatch.follow.chunk import Chunk
from hitwatch.follow.holes import MARK, Skipped, strip_holes

MAX_LINE = 16 * 1024 * 1024
"""Longest line that is held in memory, in bytes."""


class Splitter(Struct):
    """Holds back the piece of a line that has not ended yet.

    A line longer than ``max_line`` is cut: its beginning is passed on as one line, and the
    rest of it is dropped, so that it is counted once and memory stays bounded. NUL bytes
    that a line begins with are a hole in the file, and are skipped.

    >>> splitter = Splitter()
    >>> splitter.feed(b"one\\ntw"), splitter.feed(b"o\\n"), splitter.flush()
    (b'one\\n', b'two\\n', b'')

    Attributes:
        max_line: longest line that is held.
        numbered: whether lines are counted.
        cut: bytes dropped from the ends of lines longer than that.
        cut_at: offset of the first of them.
        lines: whole lines passed on so far.
        at: offset of the next byte to be taken in.
        skipped: NUL bytes that were no part of a line.

    """

    max_line: int = MAX_LINE
    numbered: bool = True
    cut: int = 0
    cut_at: int = 0
    lines: int = 0
    at: int = 0
    skipped: Skipped = field(default_factory=Skipped)
    _pieces: list[bytes] = field(default_factory=list)
    _held: int = 0
    _dropping: bool = False

    def feed(self, data: bytes) -> bytes:
        """Take bytes in; give the lines that are whole now."""
        self.at += len(data)
        if self._dropping:
            data = self._drop_rest(data)
        if 0 < self._held < len(MARK) and MARK.startswith(b"".join(self._pieces)):
            # What may be the beginning of a byte-order mark is looked at with what follows.
            data = b"".join((*self._pieces, data))
            self.abandon()
        begins = not self._held and not self._dropping
        data = strip_holes(data, self.at - len(data), self.skipped, begins=begins)
        end = data.rfind(b"\n") + 1
        if not end:
            self._hold(data)
            return self._cut_if_long()
        whole = self._join(data, end) if self._pieces else data[:end]
        self._hold(data[end:])
        return self._count(whole) + self._cut_if_long()

    def hole(self, size: int) -> bytes:
        """Take in so many NUL bytes, without looking at each; as ``feed`` would."""
        if not self._held and not self._dropping:
            self.skipped.add(self.at, size)
            self.at += size
            return b""
        taken = min(size, max(0, self.max_line + 1 - self._held))
        passed = self.feed(bytes(taken))
        self.at += size - taken
        self.cut += size - taken
        return passed

    def abandon(self, *, inside: bool = False) -> int:
        """Let go of a line whose end is lost.

        Args:
            inside: whether what comes next is the rest of some line, to be passed over.

        Returns:
            How many bytes of it there were.

        """
        torn = self._held
        self._pieces.clear()
        self._held = 0
        self._dropping = inside
        return torn

    def flush(self) -> bytes:
        """Give the last line of an input that has ended, if it lacks its line end."""
        rest = b"".join(self._pieces)
        self._pieces.clear()
        self._held = 0
        self._dropping = False
        return self._count(rest + b"\n") if rest else b""

    def chunks(self, origin: str, lines: bytes) -> list[Chunk]:
        """Lines that were just passed on, with their number; none where there are none."""
        if not lines:
            return []
        return [Chunk(origin, lines, self.lines - lines.count(b"\n") + 1)]

    @property
    def held(self) -> int:
        """Bytes of a line that has not ended yet."""
        return self._held

    def _hold(self, piece: bytes) -> None:
        if piece:
            self._pieces.append(piece)
            self._held += len(piece)

    def _join(self, data: bytes, size: int) -> bytes:
        """The line held back and what ends it, with the lines behind; a long line is cut."""
        end = self._held + data.find(b"\n")
        # Megabytes, of which no more copies are made than one.
        whole = b"".join((*self._pieces, memoryview(data)[:size]))
        self._pieces.clear()
        self._held = 0
        if end <= self.max_line:
            return whole
        self._record_cut(self.at - len(whole) + self.max_line, end - self.max_line)
        return whole[: self.max_line] + whole[end:]

    def _count(self, whole: bytes) -> bytes:
        if self.numbered:
            self.lines += whole.count(b"\n")
        return whole

    def _cut_if_long(self) -> bytes:
        if self._held <= self.max_line:
            return b""
        line = self.flush()
        dropped = len(line) - 1 - self.max_line
        self._record_cut(self.at - dropped, dropped)
        self._dropping = True
        return line[: self.max_line] + b"\n"

    def _record_cut(self, offset: int, size: int) -> None:
        self.cut_at = self.cut_at if self.cut else offset
        self.cut += size

    def _drop_rest(self, data: bytes) -> bytes:
        end = data.find(b"\n") + 1
        self._dropping = not end
        self.cut += len(data) if not end else end - 1
        return data[end:] if end else b""
