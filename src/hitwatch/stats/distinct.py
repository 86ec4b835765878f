"""How many distinct things there were: exact while few, then estimated in 16 KiB.

The estimate is HyperLogLog (Flajolet, Fusy, Gandouet, Meunier 2007) over 2^14 registers,
read with Ertl's improved estimator ("New cardinality estimation algorithms for
HyperLogLog sketches", 2017, algorithm 6), which needs no tables: standard error 0.81 %.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

_BITS = 14
_REGISTERS = 1 << _BITS
_RANK_BITS = 64 - _BITS
_ALPHA = 1 / (2 * math.log(2))

EXACT_UP_TO = 4096
"""How many distinct things are remembered one by one."""

STANDARD_ERROR = 1.04 / math.sqrt(_REGISTERS)


@dataclass(slots=True)
class Distinct:
    """Counts distinct 64-bit hashes.

    >>> seen = Distinct()
    >>> seen.update([1, 2, 2, 3])
    >>> seen.count, seen.exact
    (3, True)
    """

    hashes: set[int] | None = field(default_factory=set)
    registers: bytearray | None = None

    def update(self, hashes: Iterable[int]) -> None:
        """Add hashes, each 0 to 2^64 - 1, evenly spread."""
        if self.hashes is not None:
            self.hashes.update(hashes)
            if len(self.hashes) <= EXACT_UP_TO:
                return
            hashes, self.hashes, self.registers = self.hashes, None, bytearray(_REGISTERS)
        registers = self.registers
        if registers is not None:
            for value in hashes:
                index = value >> _RANK_BITS
                rank = _RANK_BITS + 1 - (value & ((1 << _RANK_BITS) - 1)).bit_length()
                if rank > registers[index]:
                    registers[index] = rank

    def merge(self, other: Distinct) -> None:
        """Add all that another has counted."""
        if other.hashes is not None:
            self.update(other.hashes)
        elif other.registers is not None:
            if self.registers is None:
                mine, self.hashes = self.hashes or set(), None
                self.registers = bytearray(_REGISTERS)
                self.update(mine)
            self.registers = bytearray(map(max, self.registers, other.registers))

    @property
    def exact(self) -> bool:
        """Whether the count is exact."""
        return self.hashes is not None

    @property
    def count(self) -> int:
        """How many distinct hashes there were."""
        if self.hashes is not None:
            return len(self.hashes)
        return round(_estimate(self.registers or bytearray(_REGISTERS)))


def _estimate(registers: bytearray) -> float:
    histogram = [0] * (_RANK_BITS + 2)
    for rank in registers:
        histogram[rank] += 1
    total = _REGISTERS * _tau(1 - histogram[_RANK_BITS + 1] / _REGISTERS)
    for rank in range(_RANK_BITS, 0, -1):
        total = 0.5 * (total + histogram[rank])
    total += _REGISTERS * _sigma(histogram[0] / _REGISTERS)
    return _ALPHA * _REGISTERS * _REGISTERS / total


def _sigma(share: float) -> float:
    if share == 1:
        return math.inf
    step, total = 1.0, share
    while True:
        share *= share
        before = total
        total += share * step
        step += step
        if total == before:
            return total


def _tau(share: float) -> float:
    if share in (0, 1):
        return 0.0
    step, total = 1.0, 1 - share
    while True:
        share = math.sqrt(share)
        before = total
        step *= 0.5
        total -= (1 - share) ** 2 * step
        if total == before:
            return total / 3
