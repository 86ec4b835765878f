"""Figures of the kernel, of every format and of detection."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable
from datetime import datetime

from logs import write_combined
from measuring import HITWATCH, Bench, Figure, median_seconds

from hitwatch.formats.format import Layout
from hitwatch.formats.registry import builtin, by_name
from hitwatch.hits.parser import Parser
from hitwatch.hits.reader import Reader
from hitwatch.sources.files import read_head

CHUNK = 1 << 20


def chunks_of(data: bytes) -> list[bytes]:
    """Cut a log into whole lines of about a mebibyte."""
    found, at = [], 0
    while at < len(data):
        end = data.find(b"\n", min(at + CHUNK, len(data) - 1)) + 1
        found.append(data[at:end])
        at = end
    return found


QUOTED = rb'"([^"\\]*(?:\\.[^"\\]*)*)"'
COMBINED = re.compile(
    rb"(\S+) (\S+) (\S+) \[([^\]]+)\] " + QUOTED + rb" (\d{3}) (\d+|-) " + QUOTED + b" " + QUOTED
)


def kernel(bench: Bench) -> Iterable[Figure]:
    """The kernel alone, all columns of combined lines, and Python's ``re`` on the same lines."""
    data = write_combined(bench.folder / "combined.log", 1_000_000).read_bytes()
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


def formats(bench: Bench) -> Iterable[Figure]:
    """The kernel alone on simulated lines of every format, and Polars on the JSON ones."""
    import polars as pl

    for name, log_format in sorted(builtin().items()):
        log = bench.folder / f"{name}.log"
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


def detection(bench: Bench) -> Iterable[Figure]:
    """Detecting the format of a large file: its head alone is looked at."""
    log = write_combined(bench.folder / "combined.log", 1_000_000)
    seconds = median_seconds(lambda: Reader(None).recognise(read_head(str(log)).lines), 9)
    yield Figure(
        "detection, a file of 240 MB", f"{seconds * 1e3:.1f} ms", "≤ 50 ms", seconds <= 0.05
    )
