"""Damages written tallies behind a checksum that is right, and checks what must always hold.

What comes from an enemy has a right checksum. It is refused with words, or read; then it can be
merged and written again, and takes no more memory than it is given.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Iterator
from functools import cache

import msgspec
from tests.fuzz.mutate import mutate
from tests.laws.test_merge import AGENTS, PANELS, line, tally_of
from tests.laws.test_stored import HEADER, sealed

from hitwatch.errors import TallyError
from hitwatch.stats.breakdown import Budget
from hitwatch.tally import Tally

MEMORY = 1 << 20
NUMBERS = [b"\xff" * 9 + b"\x01", b"\xff" * 4 + b"\x0f", b"\x80\x08", b"\x00", b"\x01\x0e", b"\x7f"]


@cache
def fields(seed: int) -> list[object]:
    """What stands behind the header of a tally of some hits; of few, or of a place with many."""
    rng = random.Random(seed)
    hits = [
        (
            *(rng.randrange(10_000), rng.randrange(1, 9), f"/{rng.randrange(30)}"),
            *(rng.choice([200, 404, 503]), rng.randrange(10**6)),
            f"{rng.choice(AGENTS)} {rng.randrange(5000)}",
            rng.randrange(9999),
        )
        for _ in range(rng.choice([5, 50, 5000]))
    ]
    found: list[object] = msgspec.msgpack.decode(
        tally_of([line(hit) for hit in hits]).to_bytes()[HEADER:]
    )
    return found


def damaged(text: bytes, rng: random.Random) -> bytes:
    """Change a text in some places, as often as not its lengths and numbers alone."""
    if not text or rng.random() < 0.5:
        return mutate(text, rng)
    data = bytearray(text)
    for _ in range(rng.choice([1, 1, 2, 5])):
        at = rng.randrange(min(len(data), rng.choice([12, 100, len(data)])))
        instead = rng.choice([*NUMBERS, rng.randbytes(1)])
        data[at : at + rng.choice([1, len(instead)])] = instead
    return bytes(data)


def check(tally: Tally) -> None:
    """Check that all can be asked for that needs no sense in what was counted.

    Raises:
        AssertionError: something does not hold.

    """
    for counter in tally.counts.by_dimension.values():
        rollup = counter.rollup
        rollup.rows("p95_s")
        rollup.rows("visitors", 3)
        rollup.total(), rollup.durations(), rollup.bounds()
    data = tally.to_bytes()
    assert Tally.from_bytes(data, PANELS, Budget(MEMORY)).to_bytes() == data
    other = Tally.of(PANELS, Budget(MEMORY))
    other.merge(tally)
    assert other.balance == tally.balance


def rounds(seed: int) -> Iterator[bool]:
    """Damage for ever; give back whether what came of it could be read."""
    while True:
        rng = random.Random(seed)
        began = time.monotonic()
        try:
            yield fuzz(rng)
        except BaseException:
            sys.stderr.write(f"seed {seed}\n")
            raise
        assert time.monotonic() - began < 10, "a round took more than 10 s"
        seed += 1


def fuzz(rng: random.Random) -> bool:
    """One round: one tally."""
    panels, rollups, *facts = fields(rng.randrange(8))
    assert isinstance(rollups, list)
    texts = list(rollups)
    for _ in range(rng.choice([1, 1, 3])):
        place = rng.randrange(len(texts))
        texts[place] = damaged(texts[place], rng)
    body = msgspec.msgpack.encode([panels, texts, *facts])
    if rng.random() < 0.1:
        body = damaged(body, rng)
    try:
        tally = Tally.from_bytes(sealed(body), PANELS, Budget(MEMORY))
    except TallyError:
        return False
    check(tally)
    return True


def main() -> None:
    """Fuzz for some seconds."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seconds", type=float, default=60)
    options.add_argument("--seed", type=int, default=time.time_ns() % 1_000_000_007)
    chosen = options.parse_args()
    began, done, readable = time.monotonic(), 0, 0
    sys.stderr.write(f"seed {chosen.seed}\n")
    for was_read in rounds(chosen.seed):
        done += 1
        readable += was_read
        if time.monotonic() - began > chosen.seconds:
            break
    sys.stdout.write(f"{done:,} damaged tallies: {readable:,} read, the others refused\n")


if __name__ == "__main__":
    main()
