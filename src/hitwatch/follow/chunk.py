"""Whole lines on their way from a source to a parser."""

from __future__ import annotations

from msgspec import Struct


class Chunk(Struct, frozen=True):
    """Some whole lines of one origin, in order.

    Attributes:
        origin: path of the file, or ``-`` for standard input.
        data: the lines, each ended by a line feed; only the last line of a finished input
            may lack it.
        first_line: number of the first of them, counted from 1 where reading began.

    """

    origin: str
    data: bytes
    first_line: int

    def read(self) -> bytes:
        """The lines."""
        return self.data
