"""The law of bounds: whatever is distinct, memory is bounded, and what is few stays exact."""

from __future__ import annotations

from collections import Counter

from hitwatch.formats.registry import by_name
from hitwatch.hits.parser import Parser
from hitwatch.stats.panels import OTHER, BotFinder, Budget, panels
from hitwatch.tally import Tally

PARSER = Parser(by_name("vhost-combined"))
HITS = 120_000


def line(n: int) -> str:
    """A line of which every value but the status is new."""
    return (
        f"h{n}.example.org:80 10.{n >> 16}.{n >> 8 & 255}.{n & 255} - user{n}"
        f' [10/Oct/2026:13:{n // 60 % 60:02}:{n % 60:02} +0000] "GET /s{n}/p{n} HTTP/1.1"'
        f' {200 + n % 300} {n} "https://ref{n}.example.com/{n}" "agent/{n}.{n % 9}"\n'
    )


def test_statuses_are_exact_among_nothing_but_distinct_values() -> None:
    """Keys that are few keep all their hits, and those that are many say what they lack."""
    tally = Tally.of(panels(), Budget(16 << 20))
    bots = BotFinder()
    for begin in range(0, HITS, 10_000):
        hits = PARSER.parse("".join(map(line, range(begin, begin + 10_000))).encode())
        tally.absorb(hits, bots.hit_batch(hits))
    rows = {
        panel.name: tally.counts.rows(panel, "hits", None)
        for panel in tally.counts.panels
        if panel.name in ("statuses", "methods", "days", "paths")
    }
    statuses, _ = rows["statuses"]
    assert {int(row.key): row.hits for row in statuses} == Counter(
        200 + n % 300 for n in range(HITS)
    )
    assert [row.hits for row in rows["methods"][0]] == [HITS]
    assert [row.hits for row in rows["days"][0]] == [HITS]
    paths, bounds = rows["paths"]
    assert sum(row.hits for row in paths) == HITS
    assert paths[-1].key == OTHER
    assert bounds.left_out_hits >= 1
