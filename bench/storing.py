"""Figures of a tally that is written and read back: how large it is, and how long it takes."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from logs import write_combined
from measuring import Bench, Figure, median_seconds

from hitwatch.formats.registry import by_name
from hitwatch.hits.batch import Hits
from hitwatch.hits.parser import Parser
from hitwatch.stats.hit_batch import HitBatches
from hitwatch.stats.panels import panels
from hitwatch.tally import Tally

HITS = 100_000


def tally_of(hits: Hits) -> Tally:
    """Count hits under all panels."""
    found = Tally.of(panels())
    found.absorb(hits, HitBatches().of(hits))
    return found


def storing(bench: Bench) -> Iterable[Figure]:
    """The tally of a display period at 10,000 hits/s, and of one at 100."""
    lines = write_combined(bench.folder / "stored.log", HITS).read_bytes().splitlines(True)
    parser = Parser(by_name("apache-combined"))
    for count in (HITS, HITS // 100):
        log = b"".join(lines[:count])
        hits = parser.parse(log)
        counted = median_seconds(partial(tally_of, hits))
        tally = tally_of(hits)
        data = tally.to_bytes()
        written = median_seconds(tally.to_bytes)
        read = median_seconds(partial(Tally.from_bytes, data, panels()))
        times = [f"{seconds * 1e3:.1f} ms" for seconds in (counted, written, read)]
        share = len(data) / len(log)
        found = (
            f"{len(data) / 1e3:,.0f} kB, {share:.0%} of its lines; "
            f"counted in {times[0]}, written in {times[1]}, read in {times[2]}"
        )
        yield Figure(f"a tally of {count:,} hits, as bytes", found, "≤ 50 %", share <= 0.5)
