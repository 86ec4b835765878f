"""Many logs followed at once: processor's time and memory, under load and without any.

python bench/many_logs.py [--logs 500] [--rate 10000] [--seconds 20]
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

_LIVELY_S = 12
"""How long after its last line a log may still be looked at more often than others."""


def line() -> str:
    """A line of now."""
    stamp = time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime())
    return f'192.0.2.1 - - [{stamp}] "GET /a/x HTTP/1.1" 200 100 "-" "w"\n'


def used_s(pid: int) -> float:
    """Processor's time that a process has used, in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def peak_mb(pid: int) -> float:
    """The most memory that a process has had, in MB."""
    status = Path(f"/proc/{pid}/status").read_text().splitlines()
    peak = next(each for each in status if each.startswith("VmHWM"))
    return int(peak.split()[1]) / 1000


def share(pid: int, seconds: float, work: Sequence[Path], rate: float) -> float:
    """Write lines to logs in turn; give the part of one core that a process used meanwhile."""
    before, begun, sent, turn = used_s(pid), time.monotonic(), 0, 0
    descriptors = [os.open(path, os.O_WRONLY | os.O_APPEND) for path in work]
    while (passed := time.monotonic() - begun) < seconds:
        data, wanted = line().encode(), int(passed * rate) - sent
        while wanted > 0:
            some = min(wanted, 10)
            os.write(descriptors[turn % len(descriptors)], data * some)
            turn, wanted, sent = turn + 1, wanted - some, sent + some
        time.sleep(0.02)
    for descriptor in descriptors:
        os.close(descriptor)
    return (used_s(pid) - before) / seconds


def main(words: Sequence[str] | None = None) -> int:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--logs", type=int, default=500)
    parser.add_argument("--rate", type=float, default=10_000)
    parser.add_argument("--seconds", type=float, default=20)
    chosen = parser.parse_args(words)
    with tempfile.TemporaryDirectory(prefix="hitwatch-many-") as folder:
        logs = [Path(folder) / f"{number}.access.log" for number in range(chosen.logs)]
        for path in logs:
            path.write_text(line())
        words = [sys.executable, "-m", "hitwatch", "watch", folder, "--output-format", "jsonl"]
        watch = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(4)
        loaded = share(watch.pid, chosen.seconds, logs, chosen.rate)
        time.sleep(_LIVELY_S)
        idle = share(watch.pid, chosen.seconds, [], 0)
        peak = peak_mb(watch.pid)
        watch.send_signal(signal.SIGINT)
        watch.wait()
    print(
        f"{chosen.logs} logs, {chosen.rate:,.0f} lines/s in all: {loaded:.1%} of a core;"
        f" nothing written: {idle:.2%}; peak memory {peak:.0f} MB"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
