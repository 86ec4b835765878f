"""Writes combined lines whose paths are all distinct, as fast as a pipe takes them.

Use: ``python bench/distinct_paths.py LINES``. No path comes twice, and the clients are drawn from
2^30 addresses; the lines are the same every time.
"""

from __future__ import annotations

import sys
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

BLOCK = 100_000
LINE = (
    b'2001:db8::####:#### - - [01/Jan/2026:%02d:%02d:%02d +0000] "GET /section$$/article-@@@@@@@@'
    b'.html HTTP/1.1" ~~~ 10%% "https://www.example.com/" '
    b'"Mozilla/5.0 (X11; Linux x86_64; rv:1!!.0) Gecko/20100101 Firefox/1!!.0"\n'
)
HEX = np.array([list(b"%02x" % number) for number in range(256)], np.uint8)
DECIMAL = np.array([list(b"%02d" % number) for number in range(100)], np.uint8)
STATUSES = np.array([list(code) for code in (b"200", b"200", b"200", b"304", b"404")], np.uint8)


def hexadecimal(numbers: NDArray[np.uint32]) -> NDArray[np.uint8]:
    """Eight digits a number."""
    return HEX[numbers.astype(">u4").view(np.uint8)].reshape(len(numbers), 8)


def block(first: int, rng: np.random.Generator) -> bytes:
    """Some lines of one second: a template, over which columns of digits are laid."""
    second = first // BLOCK % 86_400
    line = LINE.replace(b"%%", b"%%%%") % (second // 3600, second // 60 % 60, second % 60)
    template = np.frombuffer(line, np.uint8)
    lines = np.tile(template, (BLOCK, 1))
    numbers = np.arange(first, first + BLOCK, dtype=np.uint32)
    versions = DECIMAL[rng.integers(20, size=BLOCK)]
    for mark, digits in (
        (b"#", hexadecimal(rng.integers(1 << 30, size=BLOCK, dtype=np.uint32))),
        (b"$", DECIMAL[numbers % 40]),
        (b"@", hexadecimal(numbers * np.uint32(2_654_435_761))),
        (b"~", STATUSES[rng.integers(len(STATUSES), size=BLOCK)]),
        (b"%", DECIMAL[rng.integers(100, size=BLOCK)]),
        (b"!", np.hstack([versions, versions])),
    ):
        lines[:, np.flatnonzero(template == mark[0])] = digits
    return lines.tobytes()


def write(lines: int, out: BinaryIO) -> None:
    """Write so many lines, in whole blocks."""
    rng = np.random.default_rng(1)
    for first in range(0, lines, BLOCK):
        out.write(block(first, rng))


if __name__ == "__main__":
    write(int(sys.argv[1]), sys.stdout.buffer)
