"""Sums by bucket and key, by which alerts are explained."""

from __future__ import annotations

from hitwatch.formats.registry import by_name
from hitwatch.hits.parser import Parser
from hitwatch.instants import SECOND, to_datetime
from hitwatch.stats.hit_batch import HitBatches
from hitwatch.stats.rows import OTHER
from hitwatch.stats.series import Series

PARSER = Parser(by_name("common"))


def lines(sections: list[str], second: int = 0) -> bytes:
    """Lines of 100 bytes each."""
    stamp = to_datetime(second * SECOND).strftime("%d/%b/%Y:%H:%M:%S +0000")
    return b"".join(
        f'::1 - - [{stamp}] "GET /{name} HTTP/1.1" 200 100\n'.encode() for name in sections
    )


def test_the_section_that_grew_is_kept_among_thousands() -> None:
    """A scan of thousands of sections before it does not hide the one that matters."""
    series = Series("section", 10 * SECOND)
    scan = [f"scan{number}" for number in range(5000)]
    for part in (scan, ["shop"] * 300, scan):
        hit_batch = HitBatches().of(PARSER.parse(lines(part)))
        series.add(hit_batch, 0, len(hit_batch))
    sums = series.between(0, 10 * SECOND, "bytes")
    assert sums["/shop"] == 30_000
    assert sum(sums.values()) == 1_030_000
    assert len(sums) <= 1501
    assert sums[OTHER] > 0


def test_buckets_are_forgotten_and_stretches_are_half_open() -> None:
    """A stretch has the buckets that begin in it; what is forgotten is gone."""
    series = Series("section", 10 * SECOND)
    for second in (0, 10, 20):
        hit_batch = HitBatches().of(PARSER.parse(lines(["a"], second)))
        series.add(hit_batch, 0, 1)
    assert series.between(0, 20 * SECOND, "hits") == {"/a": 2}
    series.forget(10 * SECOND)
    assert series.between(0, 30 * SECOND, "hits") == {"/a": 2}
