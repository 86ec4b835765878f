"""Runs of NUL bytes where lines begin: holes in a file, which nobody wrote.

logrotate's ``copytruncate`` under a server that does not append leaves one at the head of a
file, as long as the old file was (logrotate/logrotate#286); a disk that lost power leaves one
behind the last lines. A line has begun when a NUL byte stands within it: that one is content.
"""

from __future__ import annotations

import re

from msgspec import Struct

MARK = b"\xef\xbb\xbf"
"""The byte-order mark of UTF-8, which concatenated files have in their middle."""

_AT_BEGIN = re.compile(rb"\0+(?:\xef\xbb\xbf\0*)*|(?:\xef\xbb\xbf\0*)+")
_BEHIND_LINES = re.compile(rb"\n(?:\0+(?:\xef\xbb\xbf\0*)*|(?:\xef\xbb\xbf\0*)+)")


class Skipped(Struct):
    """Runs of NUL bytes that were skipped.

    Attributes:
        runs: how many.
        size: bytes of all of them.
        offset: where the first begins.
        first: bytes of the first.
        end: offset behind the one that was added last.

    """

    runs: int = 0
    size: int = 0
    offset: int = 0
    first: int = 0
    end: int = -1

    def add(self, offset: int, size: int, *, runs: int = 1, first: int | None = None) -> None:
        """Count runs.

        Args:
            offset: where the first of them begins.
            size: bytes of all of them.
            runs: how many; one that goes on where the last ended is none of its own.
            first: bytes of the first; all of them when ``None``.

        """
        first = size if first is None else first
        if self.runs and offset == self.end:
            runs -= 1
            if self.runs == 1:
                self.first += first
        elif not self.runs or offset < self.offset:
            self.offset, self.first = offset, first
        self.runs += runs
        self.size += size
        self.end = offset + first

    @property
    def wording(self) -> str:
        """What was skipped, for people; empty when nothing was.

        >>> Skipped(1, 4096, 0, 4096).wording
        '4,096 NUL bytes at offset 0 skipped'

        """
        if self.runs > 1:
            return (
                f"{self.size:,} NUL bytes skipped in {self.runs:,} runs,"
                f" the first of {self.first:,} at offset {self.offset:,}"
            )
        return f"{self.size:,} NUL bytes at offset {self.offset:,} skipped" if self.runs else ""


def strip_holes(data: bytes, offset: int, skipped: Skipped, *, begins: bool = True) -> bytes:
    """Take out the runs of NUL bytes, and the byte-order marks, that lines begin with.

    Args:
        data: a piece of a file.
        offset: where it stands in the file.
        skipped: counts the NUL bytes.
        begins: whether a line begins with it.

    >>> strip_holes(b"\\0\\0a\\0b\\n\\0c\\n", 0, Skipped())
    b'a\\x00b\\nc\\n'

    """
    holed = b"\0" in data
    if not holed and not (b"\xef" in data and MARK in data):
        return data
    if begins and (head := _AT_BEGIN.match(data)):
        if nuls := head[0].count(b"\0"):
            skipped.add(offset, nuls)
        offset, data = offset + head.end(), data[head.end() :]
    first = _BEHIND_LINES.search(data)
    if first is None:
        return data
    before = data.count(b"\0") if holed else 0
    bare, runs = _BEHIND_LINES.subn(b"\n", data)
    if nuls := before - bare.count(b"\0") if holed else 0:
        skipped.add(offset + first.start() + 1, nuls, runs=runs, first=first[0].count(b"\0"))
        if runs > 1:
            # Where the last of several ends would take looking at all of them.
            skipped.end = offset + len(data) if data.endswith(b"\0") and bare[-1:] == b"\n" else -1
    return bare
