"""The law of estimates: on data made to mislead them, figures keep the bounds they state."""

from __future__ import annotations

import json
import math
import random
import statistics
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import chain, pairwise, permutations, repeat
from pathlib import Path
from typing import Any

import pytest
from tests.program.running import run

from hitwatch import _kernel
from hitwatch.formats.registry import by_name
from hitwatch.hits.parser import Parser
from hitwatch.stats import breakdown as counting
from hitwatch.stats.breakdown import Breakdown
from hitwatch.stats.dimension import Dimension
from hitwatch.stats.hit_batch import HitBatches
from hitwatch.stats.panels import panels

KEPT = 20_000
MEMORY = 40 << 20
SIGMAS = 4
"""Standard errors that an estimate may be off: one in some 15,000 is further."""

Keys = Callable[[], Iterator[str]]


def all_distinct() -> Iterator[str]:
    """No key comes twice."""
    return (f"/{n}" for n in range(100_000))


def one_hot() -> Iterator[str]:
    """Every second hit is of one key, all else is distinct."""
    return (f"/{n}" if n % 2 else "/hot" for n in range(120_000))


def in_order() -> Iterator[str]:
    """Every key has its hits at once, and does not come back."""
    return (f"/{n // 2:06}" for n in range(120_000))


def coming_back() -> Iterator[str]:
    """Each key comes back when all others have been there."""
    return chain.from_iterable(map("/{}".format, range(60_000)) for _ in range(2))


def hot_at_last() -> Iterator[str]:
    """What matters comes when the table is full."""
    return chain(map("/{}".format, range(70_000)), repeat("/late", 5000))


def growing() -> Iterator[str]:
    """Each time a key is given up, the next has one hit more."""
    return (f"/{n}" for n in range(60_000) for _ in range(1 + n // 20_000))


def just_exact() -> Iterator[str]:
    """As many keys as are kept for certain, in an order that mixes them up."""
    keys = [f"/{n}" for n in range(KEPT) for _ in range(3)]
    random.Random(7).shuffle(keys)
    return iter(keys)


@dataclass
class GroundTruth:
    """What a plain count says of a key."""

    hits: int = 0
    bytes: int = 0
    visitors: set[str] = field(default_factory=set)


def line_of(client: str, path: str, size: int) -> str:
    """A line in the common format."""
    return f'{client} - - [01/Jan/2026:00:00:00 +0000] "GET {path} HTTP/1.1" 200 {size}\n'


def report(*words: str) -> dict[str, Any]:
    """A report of all rows, as JSON."""
    ended = run("report", "--output-format", "json", "--top", "1000000", "--quiet", *words)
    assert ended.returncode == 0, ended.stderr
    found: dict[str, Any] = json.loads(ended.stdout)
    return found


@pytest.mark.parametrize(
    "keys", [all_distinct, one_hot, in_order, coming_back, hot_at_last, growing, just_exact]
)
def test_keys(keys: Keys, tmp_path: Path) -> None:
    """Rows lack no more than is said, and with ``(other)`` they have every hit and byte."""
    rng, truth, log = random.Random(3), dict[str, GroundTruth](), tmp_path / "access.log"
    with log.open("w") as file:
        for path in keys():
            client, size = f"10.0.0.{rng.randrange(200)}", rng.randrange(10_000)
            file.write(line_of(client, path, size))
            known = truth.setdefault(path, GroundTruth())
            known.hits += 1
            known.bytes += size
            known.visitors.add(client)
    found = report(str(log), "--panel", "paths")
    rows, bounds = found["panels"]["paths"], found["bounds"]["paths"]
    assert sum(row["hits"] for row in rows) == sum(known.hits for known in truth.values())
    assert sum(row["bytes"] for row in rows) == sum(known.bytes for known in truth.values())
    told = {row["key"]: row for row in rows if row["key"] != "(other)"}
    assert len(told) == len(rows) - (bounds["left_out_hits"] > 0)
    for key, row in told.items():
        known = truth[key]
        assert row["hits"] <= known.hits <= row["hits"] + bounds["hits_error"]
        assert row["bytes"] <= known.bytes
        if row["hits"] == known.hits:
            assert row["bytes"] == known.bytes
            assert row["visitors"] == len(known.visitors)
    if len(truth) <= KEPT:
        exact = dict.fromkeys(("hits_error", "left_out_hits", "visitors_error"), 0)
        unranked = {"durations_error": 0, "ranked_from": 0}
        assert bounds == {"keys": len(truth), **exact, **unranked}
    assert bounds["keys"] == pytest.approx(len(truth), rel=SIGMAS * 0.0081)
    assert len(told) >= min(KEPT, len(truth))
    # A key with more hits than any that gave way is there.
    most = bounds["left_out_hits"]
    assert {key for key, known in truth.items() if known.hits > most} <= told.keys()


@pytest.mark.parametrize("count", [1, 100, 1000, 30_000, 200_000])
def test_visitors(count: int, tmp_path: Path) -> None:
    """Few visitors are counted exactly, many within their standard error, however they come."""
    log = tmp_path / "access.log"
    clients = [f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}" for n in range(count)]
    with log.open("w") as file:
        file.writelines(line_of(client, f"/{n % 2}", 1) for n, client in enumerate(clients))
        file.writelines(line_of(client, "/0", 1) for client in reversed(clients))
    found = report(str(log), "--panel", "sections", "--panel", "days")
    bounds = found["bounds"]["sections"]
    assert (bounds["visitors_error"] == 0) == (count <= 1000)
    told = {row["key"]: row["visitors"] for row in found["panels"]["sections"]}
    error = SIGMAS * bounds["visitors_error"]
    assert told["/0"] == pytest.approx(count, rel=error, abs=0)
    assert told.get("/1", 0) == pytest.approx(count // 2, rel=error, abs=0)
    assert found["totals"]["visitors"] == pytest.approx(count, rel=error, abs=0)
    assert found["totals"]["clients"] == pytest.approx(count, rel=SIGMAS * 0.0081)


def test_visitors_of_many_keys() -> None:
    """When many keys have many visitors each, those are about as far off as each row says."""
    keys, visitors = 3600, 500
    numbers = list(range(keys * visitors))
    random.Random(5).shuffle(numbers)
    # Less than all of them take one by one.
    rollup = _kernel.Rollup(KEPT, _kernel.Budget(24 << 20))
    counter = _kernel.Counter(Dimension("path"), rollup)
    parser = Parser(by_name("common"))
    for begin in range(0, len(numbers), 100_000):
        part = numbers[begin : begin + 100_000]
        lines = (line_of(f"10.{n >> 16}.{n >> 8 & 255}.{n & 255}", f"/{n % keys}", 1) for n in part)
        hits = parser.parse("".join(lines).encode())
        _kernel.count(hits.hit_batch(None, None), [counter])
    told = [(row[0][3], row[0][4]) for row in rollup.rows("hits")]
    assert max(error for _, error in told) > 0.01
    assert all(count == visitors for count, error in told if not error)
    off = [((count / visitors - 1) / error) ** 2 for count, error in told if error]
    assert math.sqrt(statistics.fmean(off)) <= 1.3


SPREADS: dict[str, Callable[[random.Random], float]] = {
    "constant": lambda _: 0.25,
    "two far apart": lambda rng: 0.000_011 if rng.random() < 0.95 else 900.0,
    "over nine powers of ten": lambda rng: 10 ** rng.uniform(-6, 3),
    "heavy-tailed": lambda rng: min(rng.paretovariate(0.8) / 1000, 4000.0),
    "mostly none": lambda rng: 0.0 if rng.random() < 0.97 else rng.random(),
    "rising": lambda rng: 1 + rng.random(),
}


@pytest.mark.parametrize("spread", SPREADS)
def test_percentiles(spread: str, tmp_path: Path) -> None:
    """Percentiles lie within 1 % of the exact ones; mean and maximum are exact."""
    rng, log = random.Random(11), tmp_path / "access.log"
    drawn = [round(SPREADS[spread](rng) * 1e6) for _ in range(20_000)]
    if spread == "rising":
        drawn.sort()
    log.write_text("".join(f"{line_of('10.0.0.1', '/', 1).rstrip()} {us}\n" for us in drawn))
    found = report(str(log), "--log-format", '%h %l %u %t "%r" %>s %b %D', "--panel", "paths")
    told = found["panels"]["paths"][0]["duration"]
    drawn.sort()
    for name, share in (("p50_s", 0.5), ("p95_s", 0.95), ("p99_s", 0.99)):
        exact = drawn[math.ceil(share * len(drawn)) - 1] / 1e6
        assert told[name] == pytest.approx(exact, rel=0.0101, abs=1e-8), name
    assert told["max_s"] == pytest.approx(drawn[-1] / 1e6)
    assert told["mean_s"] == pytest.approx(sum(drawn) / len(drawn) / 1e6)


def rollup_of(lines: list[str], capacity: int) -> _kernel.Rollup:
    """Lines counted by path."""
    rollup = _kernel.Rollup(capacity, _kernel.Budget(MEMORY))
    counter = _kernel.Counter(Dimension("path"), rollup)
    if lines:
        hits = Parser(by_name("common")).parse("".join(lines).encode())
        _kernel.count(hits.hit_batch(None, None), [counter])
    return rollup


def figures(rollup: _kernel.Rollup) -> dict[str | None, tuple[int, int]]:
    """Hits and bytes by key; ``None`` is all other keys."""
    return {row[0][0]: (row[0][1], row[1][0]) for row in rollup.rows("hits")}


def made_up(seed: int, keys: int) -> list[str]:
    """Lines with few keys that come often and many that come seldom."""
    rng = random.Random(seed)
    return [
        line_of(f"10.0.0.{rng.randrange(9)}", f"/{int(rng.paretovariate(0.5)) % keys}", n)
        for n in range(400)
    ]


@pytest.mark.parametrize("seed", range(8))
def test_merging_exactly(seed: int) -> None:
    """While keys are few, parts merged in any order are the whole; nothing is the unit."""
    lines = made_up(seed, keys=50)
    cuts = sorted(random.Random(seed).sample(range(len(lines)), 2))
    parts = [lines[: cuts[0]], lines[cuts[0] : cuts[1]], lines[cuts[1] :], []]
    whole = figures(rollup_of(lines, 50))
    for order in permutations(parts):
        merged = rollup_of([], 50)
        for part in order:
            merged.merge(rollup_of(part, 50))
        assert figures(merged) == whole


@pytest.mark.parametrize("seed", range(8))
def test_merging_within_bounds(seed: int) -> None:
    """Beyond what is kept, merged parts have every hit and byte, and each row its bound."""
    parts = [made_up(seed * 4 + part, keys=300) for part in range(4)]
    truth, sizes = Counter[str](), 0
    for line in chain(*parts):
        truth[line.split()[6]] += 1
        sizes += int(line.split()[-1])
    for order in permutations(parts):
        merged = rollup_of([], 10)
        for part in order:
            merged.merge(rollup_of(part, 10))
        told, (_, most) = figures(merged), merged.bounds()
        missing = {row[0][0]: row[0][2] for row in merged.rows("hits")}
        assert sum(hits for hits, _ in told.values()) == truth.total()
        assert sum(size for _, size in told.values()) == sizes
        for key, (hits, _) in told.items():
            assert key is None or hits <= truth[key] <= hits + missing[key]
        assert all(key in told for key, hits in truth.items() if hits > most)


@pytest.mark.parametrize("kept", [KEPT, 20])
def test_parts_of_a_report_merge(kept: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Breakdowns of parts merge to that of the whole: exactly while keys are few, always in sum."""
    monkeypatch.setattr(counting, "KEYS_KEPT", kept)
    lines = [line_of(f"10.0.0.{n % 40}", f"/s{n % 3}/f{n * n % 97}.css", n) for n in range(3000)]
    cuts = [0, 700, 701, 2000, 3000]
    parts = [lines[begin:end] for begin, end in pairwise(cuts)]

    def broken_down(part: list[str]) -> Breakdown:
        breakdown, bots = Breakdown(panels()), HitBatches()
        hits = Parser(by_name("common")).parse("".join(part).encode())
        breakdown.add(hits, bots.of(hits))
        return breakdown

    whole, merged = broken_down(lines), broken_down([])
    for part in reversed(parts):
        merged.merge(broken_down(part))
    whole.finish()
    merged.finish()
    for panel in whole.panels:
        (one, _), (other, _) = (b.rows(panel, "hits", None) for b in (whole, merged))
        if kept == KEPT:
            assert one == other, panel.name
        assert sum(row.hits for row in one) == sum(row.hits for row in other)
        assert sum(row.bytes for row in one) == sum(row.bytes for row in other)
