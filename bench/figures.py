"""Measures the figures of docs/performance.md and prints them as its table.

``make bench`` measures all of them, ``.venv/bin/python bench/figures.py report`` one group (start,
kernel, formats, detection, earlier,
rejects, watch, store, distinct, month, report). ``--full`` takes the largest logs, which need many
minutes. Logs that take long to write are kept in $HITWATCH_BENCH_DIR, or a folder of the system's
temporary one.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

from distinct import all_distinct
from earlier import compared
from measuring import HITWATCH, Bench, Figure, alone
from month import month
from parsing import detection, formats, kernel
from rejecting import rejects
from reporting import reporting
from storing import storing
from watching import watch


def start(_bench: Bench) -> Iterable[Figure]:
    """How long ``--help`` takes."""
    seconds = alone([*HITWATCH, "--help"], 9)
    yield Figure("hitwatch --help", f"{seconds:.3f} s", "≤ 0.09 s", seconds <= 0.09)


def earlier(_bench: Bench) -> Iterable[Figure]:
    """Time against an earlier release, where ``HITWATCH_EARLIER`` names its Python."""
    for what, ratio in compared().items():
        yield Figure(f"{what}, against earlier", f"{ratio:.2f} times", "≤ 1", ratio <= 1)


GROUPS: dict[str, Callable[[Bench], Iterable[Figure]]] = {
    "start": start,
    "kernel": kernel,
    "formats": formats,
    "detection": detection,
    "earlier": earlier,
    "rejects": rejects,
    "watch": watch,
    "store": storing,
    "distinct": all_distinct,
    "month": month,
    "report": reporting,
}
MARKS = {True: "reached", False: "**missed**", None: "not measured"}


def main(words: list[str]) -> None:
    """Measure groups of figures and print their table."""
    names = [word for word in words if word != "--full"]
    kept = os.environ.get("HITWATCH_BENCH_DIR") or Path(tempfile.gettempdir()) / "hitwatch-bench"
    logs = Path(kept)
    logs.mkdir(parents=True, exist_ok=True)
    print("| what | measured | wanted | |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder), logs, full="--full" in words)
        for name in names or GROUPS:
            for figure in GROUPS[name](bench):
                mark = MARKS[figure.reached]
                print(f"| {figure.what} | {figure.found} | {figure.wanted} | {mark} |", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
