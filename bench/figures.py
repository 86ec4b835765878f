"""Measures the figures of docs/performance.md and prints them as its table.

``make bench`` measures all of them, ``.venv/bin/python bench/figures.py watch`` one group
(start, kernel, formats, detection, watch).
"""

from __future__ import annotations

import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from logs import write_combined

from hitwatch.hits.compile import Parser
from hitwatch.hits.format import Layout
from hitwatch.hits.formats import builtin, by_name
from hitwatch.hits.reader import Reader
from hitwatch.sources.files import read_head

HERE = Path(__file__).parent
HITWATCH = [sys.executable, "-m", "hitwatch"]
CHUNK = 1 << 20
RUNS = 5


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table.

    Attributes:
        what: what was measured.
        found: the figure, worded.
        wanted: the bound, worded.
        reached: whether it was kept.

    """

    what: str
    found: str
    wanted: str
    reached: bool


def chunks_of(data: bytes) -> list[bytes]:
    """Cut a log into whole lines of about a mebibyte."""
    found, at = [], 0
    while at < len(data):
        end = data.find(b"\n", min(at + CHUNK, len(data) - 1)) + 1
        found.append(data[at:end])
        at = end
    return found


def median_seconds(task: Callable[[], object], runs: int = RUNS) -> float:
    """Median wall time of a task, after one run that does not count."""
    times = []
    for _ in range(runs + 1):
        began = time.perf_counter()
        task()
        times.append(time.perf_counter() - began)
    return statistics.median(times[1:])


QUOTED = rb'"([^"\\]*(?:\\.[^"\\]*)*)"'
COMBINED = re.compile(
    rb"(\S+) (\S+) (\S+) \[([^\]]+)\] " + QUOTED + rb" (\d{3}) (\d+|-) " + QUOTED + b" " + QUOTED
)


def kernel(folder: Path) -> Iterable[Figure]:
    """The kernel alone, all columns of combined lines, and Python's ``re`` on the same lines."""
    data = write_combined(folder / "combined.log", 1_000_000).read_bytes()
    chunks = chunks_of(data)
    parser = Parser(by_name("apache-combined"))
    parse = median_seconds(lambda: [parser.parse(chunk, keep_rejects=0) for chunk in chunks])
    scanner = Parser(by_name("apache-combined"), columns=())
    scan = median_seconds(lambda: [scanner.parse(chunk, keep_rejects=0) for chunk in chunks])
    lines = b"".join(chunks[:20]).splitlines()
    size = sum(map(len, lines)) + len(lines)
    match = median_seconds(lambda: [COMBINED.match(line) for line in lines], 3)
    build = median_seconds(lambda: [columns_of(line) for line in lines], 3)
    speed, bare = len(data) / parse / 1e6, len(data) / scan / 1e6
    yield Figure("kernel, combined, all columns", f"{speed:.0f} MB/s", "≥ 500", speed >= 500)
    for what, own, peer in (
        ("fields found only, against `re` finding them", bare, size / match / 1e6),
        ("all columns, against `re` and Python building them", speed, size / build / 1e6),
        ("all columns, against `re` finding fields only", speed, size / match / 1e6),
    ):
        found = f"{own / peer:.1f} times ({own:.0f} and {peer:.0f} MB/s)"
        yield Figure(what, found, "≥ 15", own / peer >= 15)


def columns_of(line: bytes) -> tuple[object, ...]:
    """The columns of one combined line as plain Python makes them."""
    match = COMBINED.match(line)
    assert match
    client, _, user, stamp, request, status, size, referrer, agent = match.groups()
    at = datetime.strptime(stamp.decode(), "%d/%b/%Y:%H:%M:%S %z")
    method, _, rest = request.decode().partition(" ")
    target, _, protocol = rest.rpartition(" ")
    path, _, query = target.partition("?")
    return (
        *(at, client.decode(), user.decode(), method, target, path, query),
        *("/" + path.split("/", 2)[1], protocol, int(status), 0 if size == b"-" else int(size)),
        *(referrer.decode(), agent.decode()),
    )


def start(_folder: Path) -> Iterable[Figure]:
    """How long ``--help`` takes."""
    seconds = median_seconds(
        lambda: subprocess.run([*HITWATCH, "--help"], check=True, stdout=subprocess.DEVNULL), 9
    )
    yield Figure("hitwatch --help", f"{seconds:.3f} s", "≤ 0.15 s", seconds <= 0.15)


class Watch:
    """A watch of a log, running.

    Args:
        log: the file.
        every: length of its display periods.

    """

    def __init__(self, log: Path, every: str) -> None:
        self._said = log.with_suffix(".said").open("w+")
        command = [*HITWATCH, "watch", str(log), "--every", every, "--output-format", "jsonl"]
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


def counted_within(said: list[dict[str, object]], marks: list[tuple[float, int]]) -> float:
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
        waiting = [instant for instant, written in marks if written > counted]
        if waiting and waiting[0] < at:
            worst = max(worst, at - waiting[0])
    return worst


def watch(folder: Path) -> Iterable[Figure]:
    """A watch under load, at the customer's pace, and with nothing arriving."""
    log = folder / "fast.log"
    log.touch()
    running, seconds, rate = Watch(log, "500ms"), 20.0, 200_000
    writer = pace(log, rate, seconds)
    marks = json.loads(writer.communicate()[0])
    time.sleep(2)
    used = running.cpu_seconds()
    said = running.end()
    hits, written = int(str(said[-1]["hits"])), marks[-1][1]
    late = counted_within(said, marks)
    speed = written / seconds
    yield Figure(
        f"watch, sustained ({written:,} written, {hits:,} counted, {used / seconds:.0%} of a core)",
        f"{speed:,.0f} lines/s, counted within {late:.2f} s",
        "≥ 200,000 lines/s within 1 s",
        speed > 0.99 * rate and late <= 1 and hits == written,
    )
    log = folder / "usual.log"
    log.touch()
    running, seconds = Watch(log, "10s"), 60.0
    writer = pace(log, 10_000, seconds)
    time.sleep(5)
    before = running.cpu_seconds()
    time.sleep(seconds - 10)
    share = (running.cpu_seconds() - before) / (seconds - 10)
    writer.communicate()
    memory = running.peak_megabytes()
    yield Figure("watch at 10,000 lines/s", f"{share:.1%} of a core", "≤ 6 %", share <= 0.06)
    yield Figure("its peak memory", f"{memory:.0f} MB", "≤ 200 MB", memory <= 200)
    time.sleep(3)
    before = running.cpu_seconds()
    time.sleep(40)
    share = (running.cpu_seconds() - before) / 40
    running.end()
    yield Figure("watch, nothing arriving", f"{share:.2%} of a core", "≤ 0.5 %", share <= 0.005)


def formats(folder: Path) -> Iterable[Figure]:
    """The kernel alone on simulated lines of every format, and Polars on the JSON ones."""
    import polars as pl

    for name, log_format in sorted(builtin().items()):
        log = folder / f"{name}.log"
        words = ["--rate", "20000", "--duration", "15s", "--log-format", name, "-o", str(log)]
        subprocess.run([*HITWATCH, "simulate", *words], check=True, stderr=subprocess.DEVNULL)
        data = log.read_bytes()
        chunks = chunks_of(data)
        parser = Parser(log_format)
        rejected = sum(parser.parse(chunk).rejected for chunk in chunks)
        parse = median_seconds(lambda: [parser.parse(c, keep_rejects=0) for c in chunks])  # noqa: B023
        speed = len(data) / parse / 1e6
        least = 250 if log_format.keys else 400
        what = f"kernel, {name} ({rejected:,} rejects)"
        yield Figure(what, f"{speed:.0f} MB/s", f"≥ {least}", speed >= least and not rejected)
        if log_format.layout is Layout.JSON:
            read = median_seconds(lambda: pl.read_ndjson(log), 3)  # noqa: B023
            peer = len(data) / read / 1e6
            wanted = f"≥ Polars' NDJSON reader, {peer:.0f}"
            yield Figure(f"{name} against Polars", f"{speed:.0f} MB/s", wanted, speed >= peer)
        log.unlink()


def detection(folder: Path) -> Iterable[Figure]:
    """Detecting the format of a large file: its head alone is looked at."""
    log = write_combined(folder / "combined.log", 1_000_000)
    seconds = median_seconds(lambda: Reader(None).recognise(read_head(str(log))), 9)
    yield Figure(
        "detection, a file of 240 MB", f"{seconds * 1e3:.1f} ms", "≤ 50 ms", seconds <= 0.05
    )


GROUPS: dict[str, Callable[[Path], Iterable[Figure]]] = {
    "start": start,
    "kernel": kernel,
    "formats": formats,
    "detection": detection,
    "watch": watch,
}


def main(names: list[str]) -> None:
    """Measure groups of figures and print their table."""
    print("| what | measured | wanted | |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for name in names or GROUPS:
            for figure in GROUPS[name](Path(folder)):
                mark = "reached" if figure.reached else "**missed**"
                print(f"| {figure.what} | {figure.found} | {figure.wanted} | {mark} |", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
