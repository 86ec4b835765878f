"""Quantiles of positive numbers within 1 % of the true value, from counts by logarithm.

A value falls in bucket ``ceil(log(value) / log(gamma))`` with ``gamma = 1.01 / 0.99``, and
every value of a bucket is within 1 % of its middle. Counts of buckets add up, so any split
of the data merges to the same sketch. This is DDSketch without its collapsing: Masson, Rim
and Lee, "DDSketch", VLDB 2019. The range is cut to 1 µs and 10^7, which 1,517 buckets cover.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

RELATIVE_ERROR = 0.01
_GAMMA = (1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR)
_LOG_GAMMA = math.log(_GAMMA)
_SMALLEST, _LARGEST = 1e-6, 1e7
_ZERO = math.ceil(math.log(_SMALLEST) / _LOG_GAMMA) - 1


def bucket(column: pl.Expr) -> pl.Expr:
    """The bucket of each value of a column, as a Polars expression; null stays null."""
    import polars as pl

    clipped = column.clip(_SMALLEST, _LARGEST)
    index = (clipped.log() / _LOG_GAMMA).ceil().cast(pl.Int32)
    return pl.when(column < _SMALLEST).then(_ZERO).otherwise(index)


def bucket_of(value: float) -> int:
    """The bucket of one value."""
    if value < _SMALLEST:
        return _ZERO
    return math.ceil(math.log(min(value, _LARGEST)) / _LOG_GAMMA)


@dataclass(slots=True)
class Quantiles:
    """Counts of values by bucket.

    >>> sketch = Quantiles()
    >>> for value in range(1, 101):
    ...     sketch.update({bucket_of(value): 1})
    >>> 94 < sketch.quantile(0.95) < 96
    True
    """

    counts: dict[int, int] = field(default_factory=dict)

    def update(self, counts: Mapping[int, int]) -> None:
        """Add counts by bucket; merging two sketches is updating one with the other's."""
        for index, count in counts.items():
            self.counts[index] = self.counts.get(index, 0) + count

    @property
    def count(self) -> int:
        """How many values there were."""
        return sum(self.counts.values())

    def quantile(self, fraction: float) -> float:
        """The value below which a fraction of all values lies.

        Args:
            fraction: 0 to 1.

        Returns:
            A value within 1 % of one at that rank; 0 for values below 1 µs.

        Raises:
            ValueError: there are no values.

        """
        if not self.counts:
            raise ValueError("no values")
        rank = fraction * (self.count - 1)
        seen = 0
        for index in sorted(self.counts):
            seen += self.counts[index]
            if seen > rank:
                return _middle(index)
        return _middle(max(self.counts))


def _middle(index: int) -> float:
    if index == _ZERO:
        return 0.0
    return 2 * math.exp(index * _LOG_GAMMA) / (_GAMMA + 1)
