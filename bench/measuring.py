"""What all groups of figures share: the figure, timing, and processes run in pairs."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

HERE = Path(__file__).parent
HITWATCH = [sys.executable, "-m", "hitwatch"]
RUNS = 5


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table.

    Attributes:
        what: what was measured.
        found: the figure, worded.
        wanted: the bound, worded.
        reached: whether it was kept; ``None``: it could not be measured.

    """

    what: str
    found: str
    wanted: str
    reached: bool | None


@dataclass(frozen=True, slots=True)
class Bench:
    """Where figures are measured, and how thoroughly.

    Attributes:
        folder: for files that are needed once.
        logs: for logs that are kept from one run to the next.
        full: whether the largest logs are wanted, which take many minutes.

    """

    folder: Path
    logs: Path
    full: bool = False


@dataclass(frozen=True, slots=True)
class Ran:
    """A process that has ended.

    Attributes:
        seconds: its wall time.
        cpu: processor time of it and its children, seconds.
        megabytes: the most memory it held.

    """

    seconds: float
    cpu: float
    megabytes: float


@dataclass(frozen=True, slots=True)
class Pairs:
    """Two commands, run in turn.

    Attributes:
        ours: runs of the first.
        theirs: runs of the second, each right after its fellow.

    """

    ours: tuple[Ran, ...]
    theirs: tuple[Ran, ...]

    @property
    def ratio(self) -> float:
        """How many times as long the second took: median over the pairs."""
        both = zip(self.ours, self.theirs, strict=True)
        return statistics.median(theirs.seconds / ours.seconds for ours, theirs in both)

    @property
    def seconds(self) -> tuple[float, float]:
        """Median wall time of each."""
        ours, theirs = (
            statistics.median(ran.seconds for ran in runs) for runs in (self.ours, self.theirs)
        )
        return ours, theirs

    @property
    def megabytes(self) -> tuple[float, float]:
        """Most memory that any run of each held."""
        ours, theirs = (max(ran.megabytes for ran in runs) for runs in (self.ours, self.theirs))
        return ours, theirs


def run(command: list[str], stdin: IO[bytes] | None = None) -> Ran:
    """Run a command to its end, its output thrown away."""
    ended = subprocess.run(
        [sys.executable, str(HERE / "launch.py"), *command],
        stdin=subprocess.DEVNULL if stdin is None else stdin,
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.returncode:
        raise RuntimeError(f"{' '.join(command)}: {ended.stderr}")
    return Ran(**json.loads(ended.stdout))


def in_pairs(ours: list[str], theirs: list[str], runs: int = RUNS) -> Pairs:
    """Run two commands in turn, after one run of each that does not count."""
    both = [(run(ours), run(theirs)) for _ in range(runs + 1)][1:]
    return Pairs(tuple(pair[0] for pair in both), tuple(pair[1] for pair in both))


def alone(command: list[str], runs: int = RUNS) -> float:
    """Median wall time of a command, after one run that does not count."""
    return statistics.median([run(command).seconds for _ in range(runs + 1)][1:])


def median_seconds(task: Callable[[], object], runs: int = RUNS) -> float:
    """Median wall time of a task, after one run that does not count."""
    times = []
    for _ in range(runs + 1):
        began = time.perf_counter()
        task()
        times.append(time.perf_counter() - began)
    return statistics.median(times[1:])


def cores() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0))
