"""A bounded run of the fuzzer; the long one is ``make fuzz``."""

from __future__ import annotations

import itertools

from tests.fuzz.mutate import rounds


def test_mutated_lines() -> None:
    """20,000 mutated lines over all formats: no panic, the balance holds, texts are UTF-8."""
    assert sum(itertools.islice(rounds(seed=1), 100)) == 20_000
