"""The kernel and detection against an earlier release, in pairs.

``HITWATCH_EARLIER`` names the Python of an environment in which that release is installed;
without it nothing is measured. This file is run by both: ``python bench/earlier.py`` prints
seconds as JSON, by what was measured.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:125.0) Gecko/20100101 Firefox/125.0"
LINES = {
    "apache-combined": '203.0.113.{a} - - [10/Oct/2026:13:55:{s:02} +0000] "GET /shop/cart?x={b}'
    ' HTTP/2.0" 200 2326 "https://www.example.com/" "' + AGENT + '"\n',
    "common": '203.0.113.{a} - - [10/Oct/2026:13:55:36 +0000] "GET /shop/cart?x={b} HTTP/2.0"'
    " 200 2326\n",
    "haproxy-http": "203.0.113.{a}:1234 [10/Oct/2026:13:55:36.123] www app/s1 0/0/1/9/10 200 1000"
    ' - - ---- 1/1/0/0/0 0/0 "GET /p{b} HTTP/1.1"\n',
    "json": '{{"time":"2024-02-08T10:00:00Z","remote_addr":"203.0.113.{a}","request":"GET /a{b}'
    ' HTTP/1.1","status":200,"body_bytes_sent":512,"http_user_agent":"curl/8.5.0"}}\n',
}
RUNS = 5


def seconds_of(task: Callable[[], object], runs: int) -> float:
    """The least wall time of a task."""
    times = []
    for _ in range(runs):
        began = time.perf_counter()
        task()
        times.append(time.perf_counter() - began)
    return min(times)


def measure() -> dict[str, float]:
    """Seconds by what was measured, of the release that this Python has."""
    from hitwatch.hits.compile import Parser
    from hitwatch.hits.formats import by_name
    from hitwatch.hits.reader import Reader

    logs = {
        name: "".join(
            line.format(a=n % 250, b=n % 3000, s=n // 2000 % 60) for n in range(50_000)
        ).encode()
        for name, line in LINES.items()
    }
    head = logs["apache-combined"][:65536]
    found = {"detection, formats not loaded": seconds_of(lambda: Reader(None).recognise(head), 1)}
    found["detection, formats loaded"] = seconds_of(lambda: Reader(None).recognise(head), 7)
    for name, data in logs.items():
        parser = Parser(by_name(name))
        found[f"kernel, {name}"] = seconds_of(lambda: parser.parse(data), 11)  # noqa: B023
    return found


def ask(python: str) -> dict[str, float]:
    """What the release of some Python takes."""
    ran = subprocess.run([python, __file__], capture_output=True, text=True, check=True)
    answer: dict[str, float] = json.loads(ran.stdout)
    return answer


def compared() -> dict[str, float]:
    """How many times as long as the earlier release: medians over pairs."""
    earlier = os.environ.get("HITWATCH_EARLIER", "")
    if not earlier:
        return {}
    pairs = [(ask(sys.executable), ask(earlier)) for _ in range(RUNS)]
    return {
        what: statistics.median(ours[what] / theirs[what] for ours, theirs in pairs)
        for what in pairs[0][0]
    }


if __name__ == "__main__":
    print(json.dumps(measure()))
