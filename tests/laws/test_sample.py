"""Reports of some lines alone: they are told as those of all, and how far off is true."""

from __future__ import annotations

import math
import random
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

import hitwatch
from hitwatch.readmodel import Report
from hitwatch.render.report_json import to_object
from hitwatch.scaling import scaled
from hitwatch.select.sample import Sample

AGENTS = ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0", "Googlebot/2.1", "curl/8.5.0")
HOUR = "[01/Jan/2026:{:02}:00:00 +0000]"


@st.composite
def lines(draw: st.DrawFn) -> str:
    """A line of a log with durations, or one that is none."""
    if draw(st.integers(0, 19)) == 0:
        return "no line"
    client = f"192.0.2.{draw(st.integers(0, 9))}"
    stamp = HOUR.format(draw(st.integers(0, 23)))
    request = f"GET /{draw(st.sampled_from('abc'))}/{draw(st.integers(0, 3))} HTTP/1.1"
    status, sent = draw(st.sampled_from((200, 304, 404, 500))), draw(st.integers(0, 10**9))
    took = draw(st.integers(0, 10**7))
    agent = draw(st.sampled_from(AGENTS))
    return f'{client} - - {stamp} "{request}" {status} {sent} "-" "{agent}" {took}'


FORMAT = '%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i" %D'


def reported(log: Path) -> Report:
    """A report of all lines."""
    return hitwatch.report(log, log_format=FORMAT)


def compared(log: Path) -> Report:
    """A report of the second half of the day, compared with the first."""
    return hitwatch.report(
        log,
        log_format=FORMAT,
        since="2026-01-01T12:00",
        until="2026-01-02",
        compare="previous",
    )


def told(report: Report) -> dict[str, Any]:
    """What a report tells, but for what depends on the reading and on few hits being few."""
    found: dict[str, Any] = msgspec.to_builtins(to_object(report))
    for name in ("alerts", "judged_from", "sources"):
        del found[name]
    for name in ("elapsed_s", "bytes_read"):
        del found["totals"][name]
    found["panels"].pop("slowest_paths", None)
    found["bounds"].pop("slowest_paths", None)
    return found


def is_same(found: Any, wanted: Any) -> bool:
    """Whether values are alike; sums of floats depend a little on the order of the hits."""
    if isinstance(found, dict) and isinstance(wanted, dict):
        keys = found.keys() == wanted.keys()
        return keys and all(is_same(found[key], wanted[key]) for key in found)
    if isinstance(found, list) and isinstance(wanted, list):
        return len(found) == len(wanted) and all(map(is_same, found, wanted))
    if isinstance(found, float) and isinstance(wanted, float):
        return math.isclose(found, wanted, rel_tol=1e-9)
    return bool(found == wanted)


@given(st.lists(lines(), min_size=1, max_size=60), st.integers(2, 30))
def test_the_scaled_report_is_that_of_as_many_times_each_line(
    tmp_path_factory: pytest.TempPathFactory, some: list[str], times: int
) -> None:
    """Hits, bytes, errors, kinds and trends are so many times as much; visitors are the same."""
    folder = tmp_path_factory.mktemp("logs")
    once, often = folder / "once.log", folder / "often.log"
    once.write_text("".join(f"{line}\n" for line in some))
    often.write_text("".join(f"{line}\n" * times for line in some))
    assert is_same(told(scaled(reported(once), times)), told(reported(often)))
    assert is_same(told(scaled(compared(once), times)), told(compared(often)))


@pytest.mark.parametrize("one_in", [2, 10, 50])
def test_true_figures_are_within_what_is_said_in_about_95_of_100_samples(one_in: int) -> None:
    """Hits of a common and a rare key, and bytes of which few answers are most."""
    rng = random.Random(11)
    sizes = [int(rng.paretovariate(2.5) * 1000) for _ in range(20_000)]
    log = "".join(f"{'rare' if n % 10 == 0 else 'usual'} {size}\n" for n, size in enumerate(sizes))
    all_bytes, rare = sum(sizes), len(sizes) // 10
    sample, rounds, within = Sample(one_in), 400, [0, 0, 0]
    for seed in range(rounds):
        chosen = [line.split() for line in sample.of(log.encode(), seed).splitlines()]
        sent = [int(size) for _, size in chosen]
        hits = len(chosen) * one_in
        some = sum(key == b"rare" for key, _ in chosen) * one_in
        size = sum(sent) * one_in
        squares = float(sum(each * each for each in sent))
        within[0] += abs(hits - len(sizes)) <= sample.hits_error(hits) * hits
        within[1] += abs(some - rare) <= sample.hits_error(some) * some
        within[2] += abs(size - all_bytes) <= sample.sum_error(size, squares) * size
    hit, few, byte = (each / rounds for each in within)
    assert 0.92 <= hit <= 0.98
    assert 0.90 <= few <= 0.98
    # Where few answers are much of the bytes, the spread of a sample misses them more often.
    assert 0.85 <= byte <= 0.98
