"""Writes combined lines at a pace, so cheaply that the reader is what gets measured.

Use: ``python bench/pace.py FILE LINES_A_SECOND SECONDS``. Prints,
as JSON, the instants (epoch seconds) and how many lines had been written by then.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import cycle
from pathlib import Path

from logs import AGENTS

TICK = 0.02
STAMP = b"@"
DIFFERENT = 100_000
"""Lines before the first comes again."""


def blocks(lines: int) -> Iterator[bytes]:
    """Lines with a mark where the time belongs, so many at once, for ever."""
    each = [_block(first, lines) for first in range(0, DIFFERENT, lines)]
    return cycle(each)


def _block(first: int, lines: int) -> bytes:
    return b"".join(
        f'10.0.{n % 251}.{n % 241} - - [@] "GET /section{n % 40}/page{n % 997}.html HTTP/1.1" '
        f'{500 if n % 50 == 0 else 200} {n % 60_000} "-" "{AGENTS[n % len(AGENTS)]}"\n'.encode()
        for n in range(first, first + lines)
    )


def write(path: Path, rate: int, seconds: float) -> list[tuple[float, int]]:
    """Write so many lines a second; a tick that comes too late is made up for."""
    unit = max(1, round(rate * TICK))
    lines = blocks(unit)
    written, flags = 0, []
    began = time.time()
    with path.open("ab", buffering=0) as file:
        while (now := time.time()) < began + seconds:
            stamp = datetime.fromtimestamp(now, UTC).strftime("%d/%b/%Y:%H:%M:%S +0000").encode()
            while written < (now - began) * rate:
                file.write(next(lines).replace(STAMP, stamp))
                written += unit
            flags.append((time.time(), written))
            time.sleep(max(0.0, TICK - (time.time() - now)))
    return flags


if __name__ == "__main__":
    json.dump(write(Path(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])), sys.stdout)
