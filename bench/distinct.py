"""Figures of logs in which everything is distinct, as anybody can write them by asking so."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path

from measuring import HITWATCH, Bench, Figure, in_pairs, run

from hitwatch.instants import SECOND, to_datetime

LINES = 600_000
AGENT_LINES = 300_000
QUIET_LINES = 115_200


def agents(count: int) -> Callable[[int], str]:
    """Lines with so many distinct user agents."""

    def line(n: int) -> str:
        version = n % count
        return (
            f'10.0.{n % 7}.{n % 200} - - [{{}}] "GET /s{n % 20}/p{n % 500} HTTP/1.1" 200 5 "-"'
            f' "{FIREFOX}/{version}.0"'
        )

    return line


def usual(n: int) -> str:
    """Values that come again and again."""
    return (
        f"www.example.org:80 10.0.{n % 7}.{n % 200} - - [{{}}]"
        f' "GET /s{n % 20}/p{n % 500}?q={n % 50} HTTP/1.1" 200 {n % 9000}'
        f' "https://ref{n % 30}.example.com/{n % 40}" "{FIREFOX}/{n % 60}.0"'
    )


def distinct(n: int) -> str:
    """Values of which none comes twice."""
    return (
        f"h{n}.example.org:80 10.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255} - user{n} [{{}}]"
        f' "GET /s{n}/p{n}?q={n} HTTP/1.1" {200 + n % 300} {n}'
        f' "https://ref{n}.example.com/{n}" "{FIREFOX}/{n}.{n % 9}"'
    )


def quiet(path: Path) -> Path:
    """A log of one line every thirty seconds, for forty days; left alone when it is there."""
    if not path.exists():
        began, unfinished = to_datetime(1_790_000_000 * SECOND), path.with_suffix(".unfinished")
        with unfinished.open("w", encoding="ascii") as file:
            for n in range(QUIET_LINES):
                at = began + timedelta(seconds=30 * n)
                file.write(agents(60)(n).format(f"{at:%d/%b/%Y:%H:%M:%S} +0000") + "\n")
        unfinished.rename(path)
    return path


FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox"


def written(path: Path, line: Callable[[int], str], count: int) -> Path:
    """A log of such lines, a hundred a second; left alone when it is there."""
    if not path.exists():
        unfinished = path.with_suffix(".unfinished")
        with unfinished.open("w", encoding="ascii") as file:
            for n in range(count):
                second = n // 100
                clock = f"{second // 3600 % 24:02}:{second // 60 % 60:02}:{second % 60:02}"
                file.write(line(n).format(f"10/Oct/2026:{clock} +0000") + "\n")
        unfinished.rename(path)
    return path


def compared(name: str, one: Path, other: Path, most: float, memory: int) -> Iterable[Figure]:
    """A report of one log against that of another with as many lines."""
    commands = [
        [*HITWATCH, "report", "--quiet", "-o", os.devnull, str(log)] for log in (one, other)
    ]
    pairs = in_pairs(commands[0], commands[1], runs=3)
    ratio, (ours, theirs) = 1 / pairs.ratio, pairs.seconds
    found = f"{ratio:.3g} times ({ours:.3g} s and {theirs:.3g} s)"
    yield Figure(name, found, f"≤ {most:g} times", ratio <= most)
    megabytes = pairs.megabytes[0]
    yield Figure("its memory", f"{megabytes:.0f} MB", f"≤ {memory} MB", megabytes <= memory)


def all_distinct(bench: Bench) -> Iterable[Figure]:
    """Time and memory that such logs take, and one in which hardly anything happens."""
    few, many = (
        written(bench.logs / f"agents-{count}.log", agents(count), AGENT_LINES)
        for count in (60, 60_000)
    )
    name = f"report, {AGENT_LINES:,} lines of 60,000 user agents, against 60"
    yield from compared(name, many, few, 2, 400)
    plain = written(bench.logs / "usual.log", usual, LINES)
    hostile = written(bench.logs / "distinct.log", distinct, LINES)
    name = f"report, {LINES:,} lines of nothing but distinct values, against usual ones"
    yield from compared(name, hostile, plain, 4, 450)
    ran = run([*HITWATCH, "replay", "--every", "10s", str(quiet(bench.logs / "quiet.log"))])
    # Three display periods a line, of which two have none.
    each = ran.cpu / (3 * QUIET_LINES) * 1e6
    name = f"replay of {QUIET_LINES:,} lines, one every 30 s: a display period of 10 s"
    yield Figure(name, f"{each:.0f} µs ({ran.cpu:.3g} s in all)", "≤ 70 µs", each <= 70)
