"""A bounded run of the fuzzer; the long one is ``make fuzz``."""

from __future__ import annotations

import itertools
from collections import Counter

from tests.fuzz import damage
from tests.fuzz.mutate import rounds


def test_mutated_lines() -> None:
    """20,000 mutated lines over all formats: no panic, the balance holds, texts are UTF-8."""
    assert sum(itertools.islice(rounds(seed=1), 100)) == 20_000


def test_damaged_tallies() -> None:
    """1,500 tallies behind a right checksum: refused, or read and of use; both happen."""
    read = Counter(itertools.islice(damage.rounds(seed=1), 1500))
    assert min(read[True], read[False]) > 100, read
