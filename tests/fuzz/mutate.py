"""Throws mutated lines of every format at the kernel and checks what must always hold.

By hand, for ten minutes: ``make fuzz``. Each round prints its seed when it fails, and the same
seed gives the same lines.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Iterator

from hitwatch.formats.format import Format
from hitwatch.formats.registry import builtin
from hitwatch.hits.batch import Hits
from hitwatch.hits.parser import Parser

TOKENS = [
    *(b'"', b'\\"', b"\\", b"\\x", b"\\x2", b"\\u00e9", b"\\ud800", b"[", b"]", b"{", b"}", b":"),
    *(b" ", b"  ", b"\t", b",", b"-", b"\r", b"\0", b"\x16\x03\x01", b"\xff", b"\xc3", b"=", b"#"),
    *(b"9" * 30, b"-1", b"1e999", b"0.", b".", b"[31/Feb/2024:25:61:61 +9999]", b"null", b"[[[["),
    *(b"A" * 5000, b"\\\\" * 500, b'""' * 50, b"#Fields: x y date time", b"9999999999999.999"),
]
ROUND = 200
KEPT = 20


def mutate(line: bytes, rng: random.Random) -> bytes:
    """Change a line in some places: bytes, tokens, cuts, repeats."""
    data = bytearray(line)
    for _ in range(rng.choice([0, 1, 1, 2, 5, 20])):
        at = rng.randrange(len(data) + 1)
        other = min(len(data), at + rng.choice([1, 1, 3, 20]))
        match rng.randrange(5):
            case 0:
                data[at:at] = rng.choice(TOKENS)
            case 1:
                del data[at:other]
            case 2:
                data[at:other] = rng.choice(TOKENS)
            case 3:
                data[at:other] = rng.randbytes(other - at)
            case _:
                data[at:at] = data[at:other] * rng.choice([1, 2, 10])
    # A line ends at a line feed; what stands inside one is never one.
    return bytes(data).replace(b"\n", b" ")


def check(hits: Hits, lines: int) -> None:
    """Check the balance, that rejects say where and why, and that the columns are sound.

    Raises:
        AssertionError: something does not hold.

    """
    assert hits.lines + hits.directives == lines, (hits.lines, hits.directives, lines)
    frame = hits.frame()
    assert frame.height == len(hits) == hits.lines - hits.rejected
    assert sum(hits.reasons.values()) == hits.rejected
    assert len(hits.rejects) == min(hits.rejected, KEPT)
    for reject in hits.rejects:
        assert 1 <= reject.column <= len(reject.line) + 1, reject
        assert reject.reason
    for column in frame.columns:
        # Text that is no UTF-8 cannot be turned into Python's.
        frame[column].to_list()


def rounds(seed: int) -> Iterator[int]:
    """Fuzz for ever; give back the number of lines of each round."""
    formats = [known for known in builtin().values() if known.samples]
    while True:
        rng = random.Random(seed)
        log_format = rng.choice(formats)
        lines = fuzz(log_format, rng, seed)
        seed += 1
        yield lines


def fuzz(log_format: Format, rng: random.Random, seed: int) -> int:
    """One round: some lines of one format, whole and in two parts."""
    samples = [line.encode() for s in log_format.samples for line in s.line.splitlines()]
    lines = [mutate(rng.choice(samples), rng) for _ in range(ROUND)]
    data = b"\n".join(lines) + b"\n"
    names = [column.name for column in log_format.columns]
    columns = None if rng.random() < 0.5 else rng.sample(names, rng.randint(1, len(names)))
    parser = Parser(log_format, columns=columns)
    began = time.monotonic()
    try:
        check(parser.parse(data, keep_rejects=KEPT), len(lines))
    except BaseException:
        sys.stderr.write(f"format {log_format.name}, --seed {seed}\n")
        raise
    assert time.monotonic() - began < 10, "a round of 200 lines took more than 10 s"
    return len(lines)


def main() -> None:
    """Fuzz for some seconds or some lines."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--seconds", type=float, default=float("inf"))
    words.add_argument("--lines", type=float, default=float("inf"))
    words.add_argument("--seed", type=int, default=time.time_ns() % 1_000_000_007)
    chosen = words.parse_args()
    began, lines = time.monotonic(), 0
    sys.stderr.write(f"seed {chosen.seed}\n")
    for count in rounds(chosen.seed):
        lines += count
        if lines >= chosen.lines or time.monotonic() - began > chosen.seconds:
            break
    sys.stdout.write(f"{lines:,} mutated lines of {len(builtin())} formats: all accounted for\n")


if __name__ == "__main__":
    main()
