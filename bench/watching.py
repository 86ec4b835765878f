"""Figures of ``watch``: how much it takes, and what it costs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from measuring import HERE, HITWATCH, Bench, Figure
from pace import STAMP, blocks

from hitwatch.stats.panels import panels

BEFORE_S = 1500
BEFORE_LINES = 800 * BEFORE_S
"""Lines of the time before the watch begins, as many as a busy site has."""


class Watch:
    """A watch of a log, running.

    Args:
        log: the file.
        every: length of its display periods.
        panels: that it shows.

    """

    def __init__(self, log: Path, every: str, panels: Iterable[str] = ()) -> None:
        self._said = log.with_suffix(".said").open("w+")
        command = [*HITWATCH, "watch", str(log), "--every", every, "--output-format", "jsonl"]
        command += [f"--panel={name}" for name in panels]
        self.process = subprocess.Popen(
            [*command, "--log-format", "apache-combined"],
            stdout=self._said,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(3)

    def cpu_seconds(self) -> float:
        """Processor time used so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def peak_megabytes(self) -> float:
        """Most memory it held."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) / 1000

    def end(self) -> list[dict[str, object]]:
        """Interrupt it and read what it said."""
        self.process.terminate()
        self.process.wait()
        self._said.seek(0)
        return [json.loads(line) for line in self._said]


def pace(log: Path, rate: int, seconds: float) -> subprocess.Popen[str]:
    """Start a writer."""
    command = [sys.executable, str(HERE / "pace.py"), str(log), str(rate), str(seconds)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def write_before(log: Path, lines: int, seconds: int) -> None:
    """Write lines of the time up to now, evenly."""
    now = datetime.now(UTC)
    template = blocks(lines // seconds)
    with log.open("wb") as file:
        for second in range(seconds):
            at = now - timedelta(seconds=seconds - second)
            file.write(next(template).replace(STAMP, f"{at:%d/%b/%Y:%H:%M:%S +0000}".encode()))


def counted_within(said: list[dict[str, object]], flags: list[tuple[float, int]]) -> float:
    """How long after being written lines were counted, at worst, seconds.

    Each display period says how many hits there were by its end; the line of that number was
    written at a known instant, or the next one had not been.
    """
    worst, counted = 0.0, 0
    for saying in said:
        if saying["type"] != "stats":
            continue
        counted += int(str(saying["hits"]))
        at = datetime.fromisoformat(str(saying["at"])).timestamp()
        # The oldest line that was there and not yet counted when the period ended.
        waiting = [instant for instant, written in flags if written > counted]
        if waiting and waiting[0] < at:
            worst = max(worst, at - waiting[0])
    return worst


def watch(bench: Bench) -> Iterable[Figure]:
    """A watch under load, at the customer's pace, and with nothing arriving."""
    log = bench.folder / "fast.log"
    log.touch()
    running, seconds, rate = Watch(log, "500ms"), 20.0, 400_000
    writer = pace(log, rate, seconds)
    flags = json.loads(writer.communicate()[0])
    time.sleep(2)
    used = running.cpu_seconds()
    said = running.end()
    hits, written = int(str(said[-1]["hits"])), flags[-1][1]
    late = counted_within(said, flags)
    speed = written / seconds
    yield Figure(
        f"watch, sustained ({written:,} written, {hits:,} counted, {used / seconds:.0%} of a core)",
        f"{speed:,.0f} lines/s, counted within {late:.2f} s",
        "≥ 400,000 lines/s within 1 s",
        speed > 0.99 * rate and late <= 1 and hits == written,
    )
    log = bench.folder / "usual.log"
    write_before(log, BEFORE_LINES, BEFORE_S)
    running, seconds = Watch(log, "10s", (panel.name for panel in panels())), 60.0
    writer = pace(log, 10_000, seconds)
    # The time before is read back first.
    time.sleep(8)
    before = running.cpu_seconds()
    time.sleep(seconds - 12)
    share = (running.cpu_seconds() - before) / (seconds - 12)
    writer.communicate()
    memory = running.peak_megabytes()
    what = "watch at 10,000 lines/s, all panels shown"
    yield Figure(what, f"{share:.1%} of a core", "≤ 4 %", share <= 0.04)
    what = f"its peak memory, {BEFORE_LINES:,} lines read back"
    yield Figure(what, f"{memory:.0f} MB", "≤ 120 MB", memory <= 120)
    time.sleep(3)
    before = running.cpu_seconds()
    time.sleep(40)
    share = (running.cpu_seconds() - before) / 40
    said = running.end()
    if said[-1]["backfilled"] != BEFORE_LINES:
        raise ValueError(f"{said[-1]['backfilled']} lines were read back")
    if not any("clients" in str(each.get("panels")) for each in said):
        raise ValueError("no panels were shown")
    yield Figure("watch, nothing arriving", f"{share:.2%} of a core", "≤ 0.3 %", share <= 0.003)
