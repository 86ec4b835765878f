"""Numbers of lines where what is around them makes several of one, or one of several."""

from __future__ import annotations

from msgspec import Struct

from hitwatch import _kernel


class LineNumbers(Struct):
    """Numbers of lines where several are parts of one, or one has several.

    Attributes:
        next: of the line that will come, as the input counts.
        lost: how many fewer lines there were than the input has.

    """

    next: int = 0
    lost: int = 0

    def of(self, first_line: int, framed: bytes, lines: bytes) -> int:
        """Number of the first of some lines. Arguments: as the input counts; what it had."""
        if first_line != self.next:
            # Another file stands where the old one was.
            self.lost = 0
        number = first_line - self.lost
        count = _kernel.line_ends(framed) + (bool(framed) and not framed.endswith(b"\n"))
        self.next = first_line + count
        self.lost += count - _kernel.line_ends(lines)
        return number
