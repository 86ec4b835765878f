"""What lines cost that are no hits: in a report, and one at a time as a watch reads them."""

from __future__ import annotations

import random
import time
from collections.abc import Iterable
from pathlib import Path

from measuring import HITWATCH, Bench, Figure, in_pairs

from hitwatch.hits.reader import Reader

GOOD = (
    '203.0.113.{} - - [10/Oct/2026:13:55:36 +0000] "GET /shop/{} HTTP/2.0" 200 2326'
    ' "-" "Mozilla/5.0 (X11; Linux x86_64)"\n'
)
BAD = (
    "garbage {}\n",
    "\n",
    '{{"x": {}}}\n',
    '203.0.113.1 - - [10/Oct/2026:13:55:36 +0000] "GET /cut{}\n',
    "\x16\x03\x01 {}\n",
    '"q" {}\n',
    "a={} b=c\n",
)
"""Shapes of lines that no format fits."""


def write(log: Path, bad: int) -> Path:
    """A log of 150,000 hits and some bad lines among them."""
    lines = [GOOD.format(number % 250, number % 1000) for number in range(150_000)]
    chance = random.Random(1)
    for number in range(bad):
        lines.insert(chance.randrange(len(lines)), BAD[number % len(BAD)].format(number))
    log.write_text("".join(lines))
    return log


def _all_bad(log: Path) -> Path:
    """A log of 150,000 lines, none of them a hit."""
    log.write_text("".join(BAD[n % len(BAD)].format(n) for n in range(150_000)))
    return log


def rejects(bench: Bench) -> Iterable[Figure]:
    """Reports of bad lines against one without any, and the pauses of 250 bad lines."""
    report = [*HITWATCH, "report", "--quiet", "--log-format", "combined"]
    clean = [*report, str(write(bench.folder / "clean.log", 0))]
    for what, log, most in (
        ("150,000 lines with 168 bad ones", write(bench.folder / "few.log", 168), 1.1),
        ("150,000 lines with 5,000 bad ones", write(bench.folder / "more.log", 5_000), 1.3),
        ("150,000 bad lines", _all_bad(bench.folder / "all.log"), 2.0),
    ):
        pairs = in_pairs(clean, [*report, str(log)], 9)
        yield Figure(
            f"report, {what}, against without",
            f"{pairs.ratio:.2f} times",
            f"≤ {most:g} times",
            pairs.ratio <= most,
        )
    reader = Reader(None)
    reader.recognise(GOOD.format(1, 1).encode() * 50)
    pauses = []
    for number in range(250):
        line = BAD[number % len(BAD)].format(number).encode()
        began = time.perf_counter()
        reader.read(line)
        pauses.append(time.perf_counter() - began)
    longest, all_of_them = max(pauses) * 1e3, sum(pauses) * 1e3
    yield Figure(
        "250 unreadable lines, one at a time: the longest pause",
        f"{longest:.1f} ms ({all_of_them:.0f} ms for all)",
        "≤ 50 ms",
        longest <= 50,
    )
