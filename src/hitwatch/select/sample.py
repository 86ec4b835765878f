"""A report of some lines, chosen by chance: which they are, and how far that may be off."""

from __future__ import annotations

import math

from msgspec import Struct

from hitwatch import _kernel

_SURE = 1.96
"""Standard errors within which 95 of 100 samples are."""


class Sample(Struct, frozen=True):
    """One line in so many, each with the same chance.

    Figures of it are those of the lines that were chosen, times so many. What is distinct is not:
    the visitors of some lines say little of those of all.

    Attributes:
        one_in: one line in how many.
        bytes_error: how far all bytes sent may be off, as a share, in 95 of 100 samples.

    """

    one_in: int
    bytes_error: float = 0.0

    def of(self, lines: bytes, seed: int, kept: int | None = None) -> bytes:
        """Choose lines.

        Args:
            lines: whole lines.
            seed: the same chooses the same lines.
            kept: the first byte of lines that all stay, for others are read by them.

        """
        return _kernel.sample(lines, self.one_in, seed, kept)

    def hits_error(self, hits: int) -> float:
        """How far a number of hits may be off, as a share, in 95 of 100 samples.

        A number of lines chosen so is binomial: that of n hits has a standard error of
        ``sqrt((one_in - 1) / n)`` of itself.

        Args:
            hits: as they are told, all lines taken into account.

        """
        return _SURE * math.sqrt((self.one_in - 1) / hits) if hits else 0.0

    def sum_error(self, total: float, squares: float) -> float:
        """The same of a sum (that of Horvitz and Thompson, 1952, for lines chosen one by one).

        Args:
            total: as it is told, all lines taken into account.
            squares: sum of the squares of its parts, of the lines that were chosen.

        """
        if not total:
            return 0.0
        return _SURE * math.sqrt(self.one_in * (self.one_in - 1) * squares) / total
