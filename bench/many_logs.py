"""Many logs followed at once: processor's time and memory, under load and without any.

python bench/many_logs.py [--logs 500] [--rate 10000] [--seconds 20]
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from watching import Watch

_LIVELY_S = 12
"""How long after its last line a log may still be looked at more often than others."""


def line() -> str:
    """A line of now."""
    stamp = time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime())
    return f'192.0.2.1 - - [{stamp}] "GET /a/x HTTP/1.1" 200 100 "-" "w"\n'


def share(watch: Watch, seconds: float, work: Sequence[Path], rate: float) -> float:
    """Write lines to logs in turn; give the part of one core that a watch used meanwhile."""
    before, begun, sent, turn = watch.cpu_seconds(), time.monotonic(), 0, 0
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
    return (watch.cpu_seconds() - before) / seconds


def main(words: Sequence[str] | None = None) -> int:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--logs", type=int, default=500)
    parser.add_argument("--rate", type=float, default=10_000)
    parser.add_argument("--seconds", type=float, default=20)
    chosen = parser.parse_args(words)
    with tempfile.TemporaryDirectory(prefix="hitwatch-many-") as folder:
        place = Path(folder) / "logs"
        place.mkdir()
        logs = [place / f"{number}.access.log" for number in range(chosen.logs)]
        for path in logs:
            path.write_text(line())
        watch = Watch(place, "10s")
        loaded = share(watch, chosen.seconds, logs, chosen.rate)
        time.sleep(_LIVELY_S)
        idle = share(watch, chosen.seconds, [], 0)
        peak = watch.peak_megabytes()
        watch.end()
    print(
        f"{chosen.logs} logs, {chosen.rate:,.0f} lines/s in all: {loaded:.1%} of a core;"
        f" nothing written: {idle:.2%}; peak memory {peak:.0f} MB"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
