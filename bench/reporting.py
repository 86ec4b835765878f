"""Figures of ``report``: whole processes in pairs with others that read the same log."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from logs import write_combined, write_short, write_visits
from measuring import HERE, HITWATCH, Bench, Figure, Pairs, alone, cores, in_pairs, run

LINES = 2_000_000
MEMORY = 450
SLOW_RUNS = 3
"""Pairs where one of the two takes long."""


def report(log: Path | str, out: Path) -> list[str]:
    """The command that makes a full report, as JSON."""
    return [*HITWATCH, "report", "--quiet", "-o", str(out), str(log)]


def goaccess(program: str, log: Path, out: Path) -> list[str]:
    """The command that makes GoAccess's, as JSON."""
    return [program, str(log), "--log-format=COMBINED", "-o", str(out), "--no-progress"]


def log_of(bench: Bench, lines: int, seed: int = 1) -> Path:
    """A combined log, kept for the next time."""
    return write_combined(bench.logs / f"combined-{lines}-{seed}.log", lines, seed=seed)


def reporting(bench: Bench) -> Iterable[Figure]:
    """All figures of reports."""
    log = log_of(bench, LINES)
    yield from against_wc(bench, log)
    yield from short_lines(bench, log)
    yield from against_goaccess(bench, log)
    yield from against_duckdb(bench, log)
    yield from against_gzip(bench)
    yield from small(bench)
    yield from growth(bench, log)
    yield from distinct_paths(bench, log)


def slower(what: str, pairs: Pairs, most: float) -> Figure:
    """A figure for what may take so many times as long as its peer."""
    ratio = 1 / pairs.ratio
    return Figure(what, times(ratio, pairs), f"≤ {most:g} times", ratio <= most)


def faster(what: str, pairs: Pairs, least: float) -> Figure:
    """A figure for what must be so many times as fast as its peer."""
    return Figure(what, times(pairs.ratio, pairs), f"≥ {least:g} times", pairs.ratio >= least)


def times(ratio: float, pairs: Pairs) -> str:
    """A ratio, and what it was worked out from."""
    ours, theirs = pairs.seconds
    return f"{ratio:.3g} times ({ours:.3g} s and {theirs:.3g} s)"


def absent(what: str, wanted: str) -> Figure:
    """A figure that cannot be had, as the peer is missing."""
    return Figure(what, "not at hand", wanted, None)


def against_wc(bench: Bench, log: Path) -> Iterable[Figure]:
    """Against counting the line ends and nothing else."""
    visits = write_visits(bench.logs / f"visits-{LINES}.log", LINES)
    for name, path, most in (("", log, 7), (" of visits", visits, 11)):
        pairs = in_pairs(report(path, bench.folder / "report.json"), ["wc", "-l", str(path)])
        yield slower(f"report, {LINES:,} lines{name}, against `wc -l`", pairs, most)
        if path == log:
            found = pairs.megabytes[0]
            yield Figure("its memory", f"{found:.0f} MB", "≤ 200 MB", found <= 200)


def short_lines(bench: Bench, log: Path) -> Iterable[Figure]:
    """Lines without referrer and agent, of which the time is that of a line, not of its bytes."""
    common = write_short(bench.logs / f"common-{LINES}.log", log)
    ran = run(report(common, bench.folder / "report.json"))
    speed = LINES / ran.cpu / 1e6
    found = f"{speed:.2f} million lines/s"
    yield Figure("report of common lines, a core", found, "≥ 3 million lines/s", speed >= 3)


def against_goaccess(bench: Bench, log: Path) -> Iterable[Figure]:
    """Against GoAccess: the one that is installed, and a newer one that $GOACCESS_NEWER names."""
    ours, theirs = bench.folder / "report.json", bench.folder / "goaccess.json"
    newer = os.environ.get("GOACCESS_NEWER", "")
    for name, program, least in (
        ("GoAccess of $PATH", shutil.which("goaccess"), 80),
        ("GoAccess of $GOACCESS_NEWER", shutil.which(newer), 45),
    ):
        if program is None:
            yield absent(f"report against {name}", f"≥ {least} times")
            continue
        pairs = in_pairs(report(log, ours), goaccess(program, log, theirs), SLOW_RUNS)
        yield faster(f"report against {version_of(program)}", pairs, least)
        yield panels_of(program, ours, theirs)


def version_of(program: str) -> str:
    """What GoAccess calls itself: its name and version."""
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    name, _, version = said.stdout.splitlines()[0].rstrip(".").partition(" - ")
    return f"{name} {version}"


def panels_of(program: str, ours: Path, theirs: Path) -> Figure:
    """How many panels each has on the same log; both must have counted every line."""
    own, other = json.loads(ours.read_bytes()), json.loads(theirs.read_bytes())
    assert own["totals"]["hits"] == other["general"]["valid_requests"] == LINES
    counts = len(own["panels"]), len(other) - 1
    found = f"{counts[0]} and {counts[1]}"
    return Figure(f"panels, and {version_of(program)}'s", found, "more", counts[0] > counts[1])


def against_duckdb(bench: Bench, log: Path) -> Iterable[Figure]:
    """Against nine of the panels by ``duckdb_report.py``."""
    script = [sys.executable, str(HERE / "duckdb_report.py"), str(log)]
    pairs = in_pairs(
        report(log, bench.folder / "report.json"), [*script, str(bench.folder / "duckdb.json")]
    )
    yield faster("report against DuckDB, nine panels", pairs, 2.5)


def against_gzip(bench: Bench) -> Iterable[Figure]:
    """Compressed logs against unpacking them and nothing else, a process a file."""
    what = f"report of {{}} `.gz` of {LINES // 2:,} lines each, against `gzip -dc`"
    if shutil.which("gzip") is None:
        yield absent(what.format("one"), "≤ 0.75 times")
        return
    packed = [compressed(log_of(bench, LINES // 2, seed)) for seed in range(1, cores() + 1)]
    for count in sorted({1, len(packed)}):
        files = list(map(str, packed[:count]))
        script = 'for file; do gzip -dc "$file" & done; wait'
        ours = [*report(files[0], bench.folder / "report.json"), *files[1:]]
        pairs = in_pairs(ours, ["sh", "-c", script, "sh", *files])
        yield slower(what.format(count), pairs, 0.75 if count == 1 else 1)


def compressed(log: Path) -> Path:
    """The log as gzip packs it by default, kept for the next time."""
    packed = log.with_suffix(".log.gz")
    if not packed.exists():
        unfinished = packed.with_suffix(".unfinished")
        with log.open("rb") as source, gzip.open(unfinished, "wb", 6) as target:
            shutil.copyfileobj(source, target, 1 << 20)
        unfinished.rename(packed)
    return packed


def small(bench: Bench) -> Iterable[Figure]:
    """Logs that are soon read: what starting costs."""
    for lines, most in ((1_000, 0.15), (10_000, 0.15)):
        log = log_of(bench, lines)
        seconds = alone(report(log, bench.folder / "report.json"))
        found = f"{seconds:.3f} s"
        yield Figure(f"report, {lines:,} lines", found, f"≤ {most:g} s", seconds <= most)


def growth(bench: Bench, log: Path) -> Iterable[Figure]:
    """Ten times the lines of the same paths and clients."""
    out, large_out = bench.folder / "report.json", bench.folder / "large.json"
    large = log_of(bench, 10 * LINES)
    try:
        pairs = in_pairs(report(log, out), report(large, large_out), SLOW_RUNS)
    finally:
        large.unlink()
    found = times(pairs.ratio, pairs)
    yield Figure("report, ten times the lines", found, "≤ 10.5 times", pairs.ratio <= 10.5)
    yield memory(f"peak memory, {10 * LINES:,} and {LINES:,} lines", *reversed(pairs.megabytes))
    bounds = json.loads(large_out.read_bytes())["bounds"].values()
    error = max(panel["visitors_error"] for panel in bounds)
    what = f"standard error of visitors that a report of {10 * LINES:,} lines states, at most"
    yield Figure(what, f"{error:.2%}", "≤ 2 %", error <= 0.02)


def memory(what: str, large: float, usual: float) -> Figure:
    """A figure on the peak memory of a large log, against that of the usual one."""
    found = f"{large:.0f} MB and {usual:.0f} MB"
    reached = large <= MEMORY and large <= 1.3 * usual
    return Figure(what, found, f"≤ {MEMORY} MB and 1.3 times", reached)


def distinct_paths(bench: Bench, log: Path) -> Iterable[Figure]:
    """Lines of which no path comes twice, through a pipe, as the disk might not hold them."""
    lines = 50_000_000 if bench.full else 5_000_000
    out = bench.folder / "report.json"
    usual = run(report(log, out))
    writer = [sys.executable, str(HERE / "distinct_paths.py"), str(lines)]
    with subprocess.Popen(writer, stdout=subprocess.PIPE) as process:
        ran = run(report("-", out), stdin=process.stdout)
    if process.returncode or json.loads(out.read_bytes())["totals"]["hits"] != lines:
        raise RuntimeError("not all lines were written and counted")
    what = f"peak memory, {lines:,} distinct paths of 2^30 clients, and {LINES:,} usual lines"
    yield memory(what, ran.megabytes, usual.megabytes)
