"""Figures of a quiet month: a line every ten seconds, in logs of a day of which most are .gz."""

from __future__ import annotations

import gzip
import os
import subprocess
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path

from measuring import HITWATCH, Bench, Figure, alone, run

DAYS = 31
WIDTHS = (80, 120, 200)


def simulated(out: Path, rate: float, duration: str) -> list[str]:
    """The command that writes such a log."""
    words = ["--rate", str(rate), "--duration", duration, "--seed", "3", "--overwrite"]
    return [*HITWATCH, "simulate", *words, "-o", str(out)]


def rotated(log: Path, folder: Path) -> list[str]:
    """A log cut at midnight, the two latest days plain and the others compressed."""
    folder.mkdir()
    with log.open("rb") as lines:
        days = [
            b"".join(day) for _, day in groupby(lines, key=lambda line: line.split(b"[")[1][:11])
        ]
    for age, day in enumerate(reversed(days)):
        name = folder / (f"access.log.{age}" if age else "access.log")
        if age > 1:
            name.with_name(f"{name.name}.gz").write_bytes(gzip.compress(day))
        else:
            name.write_bytes(day)
    return sorted(map(str, folder.iterdir()))


def month(bench: Bench) -> Iterable[Figure]:
    """What people wait for who look back at a month."""
    log, day = bench.folder / "month.log", bench.folder / "day.log"
    seconds = run(simulated(log, 0.1, "30d")).seconds
    yield Figure("simulate, 30 days at 0.1 lines/s", f"{seconds:.3g} s", "≤ 3 s", seconds <= 3)
    run(simulated(log, 0.1, f"{DAYS}d"))
    logs = rotated(log, bench.folder / "rotated")
    replay = [*HITWATCH, "replay", *logs]
    seconds = alone(replay, 5)
    shown = subprocess.run(replay, capture_output=True, check=True, text=True).stdout
    lines = shown.count("\n")
    found = f"{seconds:.3g} s, {lines} lines"
    what = f"replay of {DAYS} logs of a day, {len(logs) - 2} of them .gz"
    yield Figure(what, found, "≤ 1.5 s, ≤ 60 lines", seconds <= 1.5 and lines <= 60)
    report = [*HITWATCH, "report", *logs]
    seconds = alone(report, 5)
    yield Figure("report of the same, text", f"{seconds:.3g} s", "≤ 0.6 s", seconds <= 0.6)
    widest = [max(map(len, text(report, width).splitlines())) for width in WIDTHS]
    fits = all(most <= width for most, width in zip(widest, WIDTHS, strict=True))
    found = ", ".join(map(str, widest))
    wanted = f"≤ {', '.join(map(str, WIDTHS))}"
    yield Figure("its widest lines, in columns", found, wanted, fits)
    run(simulated(log, 0.003, "30d"))
    run(simulated(day, 0.09, "1d"))
    took = [
        alone([*HITWATCH, "report", "--quiet", "-o", os.devnull, str(each)], 9)
        for each in (log, day)
    ]
    ratio = took[0] / took[1]
    what = "report of a month of 7,776 hits, against a day of as many"
    yield Figure(what, f"{ratio:.2f} times", "≤ 1.1 times", ratio <= 1.1)


def text(command: list[str], width: int) -> str:
    """What a command says to a terminal so wide."""
    environment = {**os.environ, "COLUMNS": str(width)}
    ran = subprocess.run(command, capture_output=True, check=True, text=True, env=environment)
    return ran.stdout
