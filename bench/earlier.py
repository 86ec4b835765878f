"""Reading and detection against an earlier release, in pairs.

``HITWATCH_EARLIER`` names the Python of an environment in which that release is installed;
without it nothing is measured. This file is run by both: ``python bench/earlier.py read``
prints seconds as JSON, by the kind of lines that were read; ``detect KIND`` how long it takes a
fresh process to detect one kind, and how long it takes again.
"""

from __future__ import annotations

import functools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:125.0) Gecko/20100101 Firefox/125.0"
CLF = '203.0.113.{a} - - [10/Oct/2026:13:55:{s:02} +0000] "GET /shop/cart?x={b} HTTP/2.0" 200 2326'
COMBINED = CLF + ' "https://www.example.com/" "' + AGENT + '"'
HAPROXY = (
    "203.0.113.{a}:1234 [10/Oct/2026:13:55:{s:02}.123] www app/s1 0/0/1/9/10 200 1000"
    ' - - ---- 1/1/0/0/0 0/0 "GET /p{b} HTTP/1.1"'
)
ELB = (
    "2026-10-10T13:55:{s:02}.186641Z {balancer} 203.0.113.{a}:2817 10.0.0.1:80 0.001 0.048 0.037"
    ' 200 200 0 57 "GET https://www.example.com:443/p{b}?c HTTP/1.1" "curl/7.46.0"'
    " ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2"
)
LINES = {
    "apache-combined": COMBINED,
    "common": CLF,
    "vhost-combined": "www.example.com:443 " + COMBINED,
    "nginx-main": COMBINED + ' "-"',
    "haproxy-http": HAPROXY,
    "haproxy-http in syslog": "Oct 10 13:55:{s:02} lb1 haproxy[812]: " + HAPROXY,
    "apache-combined in Docker's JSON": '{{"log":"'
    + COMBINED.replace('"', '\\"')
    + '\\n","stream":"stdout","time":"2026-10-10T13:55:{s:02}.123456789Z"}}',
    "apache-combined in CRI": "2026-10-10T13:55:{s:02}.123456789Z stdout F " + COMBINED,
    "caddy-json": '{{"level":"info","ts":17916405{s:02}.524,"logger":"http.log.access","msg":'
    '"handled request","request":{{"remote_ip":"203.0.113.{a}","remote_port":"41342","client_ip":'
    '"203.0.113.{a}","proto":"HTTP/2.0","method":"GET","host":"www.example.com","uri":"/p{b}?x=1",'
    '"headers":{{"User-Agent":["curl/7.82.0"],"Accept":["*/*"]}},"tls":{{"resumed":false,'
    '"version":772,"cipher_suite":4865,"proto":"h2","server_name":"example.com"}}}},"bytes_read":0,'
    '"user_id":"","duration":0.000929675,"size":10900,"status":200,"resp_headers":{{"Server":'
    '["Caddy"],"Content-Type":["text/html; charset=utf-8"]}}}}',
    "json": '{{"time":"2026-10-10T13:55:{s:02}Z","remote_addr":"203.0.113.{a}","request":'
    '"GET /a{b} HTTP/1.1","status":200,"body_bytes_sent":512,"http_user_agent":"curl/8.5.0"}}',
    "json with durations": '{{"time":"2026-10-10T13:55:{s:02}Z","remote_addr":"203.0.113.{a}",'
    '"method":"GET","path":"/a{b}","status":200,"bytes":512,"duration":0.{s:02}1}}',
    "logfmt": "ts=2026-10-10T13:55:{s:02}.250Z level=info method=GET path=/p{b}?c=d status=200"
    ' size=5969 remote_addr=203.0.113.{a}:50123 user_agent="' + AGENT + '" duration=17.5ms',
    "aws-alb": "https "
    + ELB.replace("{balancer}", "app/shop/490d68edf04676fe")
    + " arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/shop/73e2d6bc24d8a067"
    ' "Root=1-58337281-1d84f3d73c47ec4e58577259" "www.example.com" "-" 1'
    ' 2026-10-10T13:55:{s:02}.100000Z "forward" "-" "-" "10.0.0.1:80" "200" "-" "-" TID_1234abcd',
    "aws-elb": ELB.replace("{balancer}", "shop"),
    "iis-w3c": "2026-10-10 13:55:{s:02} 192.0.2.81 GET /p{b}.aspx page=2 443 - 203.0.113.{a}"
    " Mozilla/5.0+(compatible;+bot/2.0) https://www.example.com/ 404 0 2 283",
    "squid": "17916405{s:02}.899  16867 203.0.113.{a} TCP_MISS/200 6256 GET"
    " http://www.example.com/p{b} - HIER_DIRECT/198.51.100.134 text/html",
}
"""Lines by the name of their format, and what is around them."""

HEADS = {
    "iis-w3c": "#Software: Microsoft Internet Information Services 10.0\n#Version: 1.0\n"
    "#Date: 2026-10-10 13:55:00\n#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port"
    " cs-username c-ip cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status"
    " time-taken\n"
}
HEAD = 65536
RUNS = 5


def log_of(kind: str, count: int) -> bytes:
    """A log of some lines of one kind."""
    line = LINES[kind] + "\n"
    lines = (line.format(a=n % 250, b=n % 3000, s=n // 2000 % 60) for n in range(count))
    return (HEADS.get(kind, "") + "".join(lines)).encode()


def seconds_of(task: Callable[[], object], runs: int) -> float:
    """The least wall time of a task."""
    times = []
    for _ in range(runs):
        began = time.perf_counter()
        task()
        times.append(time.perf_counter() - began)
    return min(times)


def read() -> dict[str, float]:
    """Seconds that reading takes, all columns, by the kind of lines."""
    from hitwatch.formats.registry import by_name
    from hitwatch.hits.reader import Reader

    found = {}
    for kind in LINES:
        data = log_of(kind, 40_000)
        reader = Reader(None, by_name(kind.partition(" ")[0]))
        reader.recognise(data[:HEAD])
        hits = reader.read(data)
        if sum(map(len, hits)) != 40_000:
            raise RuntimeError(f"{kind}: lines are rejected")
        found[f"reading {kind}"] = seconds_of(functools.partial(reader.read, data), 9)
    return found


def detect(kind: str) -> dict[str, float]:
    """Seconds that detection takes in a fresh process, with all it loads, and again."""
    from hitwatch.hits.reader import Reader

    head = log_of(kind, 1_000)[:HEAD]
    head = head[: head.rfind(b"\n") + 1]
    return {
        f"detecting {kind}": seconds_of(lambda: Reader(None).recognise(head), 1),
        f"detecting {kind} again": seconds_of(lambda: Reader(None).recognise(head), 7),
    }


def ask(python: str, *words: str) -> dict[str, float]:
    """What the release of some Python takes."""
    ran = subprocess.run([python, __file__, *words], capture_output=True, text=True, check=True)
    answer: dict[str, float] = json.loads(ran.stdout)
    return answer


def ran(python: str, *words: str) -> dict[str, float]:
    """Seconds that the program itself takes."""
    command = [python, "-m", "hitwatch", *words]
    seconds = seconds_of(lambda: subprocess.run(command, capture_output=True, check=True), 1)
    return {f"hitwatch {words[0]}": seconds}


def compared() -> dict[str, float]:
    """How many times as long as the earlier release: medians over pairs."""
    earlier = os.environ.get("HITWATCH_EARLIER", "")
    if not earlier:
        return {}
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder, "access.log")
        log.write_bytes(log_of("apache-combined", 10_000))
        tasks: list[Callable[[str], dict[str, float]]] = [
            lambda python: ran(python, "--help"),
            lambda python: ran(python, "report", str(log)),
            lambda python: ask(python, "read"),
            *(lambda python, kind=kind: ask(python, "detect", kind) for kind in LINES),
        ]
        found: dict[str, float] = {}
        for task in tasks:
            pairs = [(task(sys.executable), task(earlier)) for _ in range(RUNS)]
            for what in pairs[0][0]:
                found[what] = statistics.median(our[what] / their[what] for our, their in pairs)
    return found


if __name__ == "__main__":
    print(json.dumps(read() if sys.argv[1] == "read" else detect(sys.argv[2])))
