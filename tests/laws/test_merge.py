"""The merge law: tallies of parts, merged, are the tally of the whole."""

from __future__ import annotations

from typing import TypeAlias

from hypothesis import given
from hypothesis import strategies as st

from hitwatch.formats.registry import by_name
from hitwatch.hits.parser import Parser
from hitwatch.instants import SECOND, to_datetime
from hitwatch.stats.breakdown import MEMORY, Budget
from hitwatch.stats.hit_batch import HitBatches
from hitwatch.stats.panels import panels
from hitwatch.tally import Tally
from hitwatch.zones import IN_UTC

PANELS = panels()
PARSER = Parser(by_name("ingress-nginx"))
AGENTS = (
    "curl/8.5.0",
    "Mozilla/5.0 (X11; Linux x86_64; rv:1.0) Gecko Firefox/1.0",
    "Googlebot/2.1",
)

Hit: TypeAlias = tuple[int, int, str, int, int | None, str, int]
"""Second, client, target, status, bytes, agent, milliseconds."""

HITS: st.SearchStrategy[list[Hit]] = st.lists(
    st.tuples(
        st.integers(0, 200_000),
        st.integers(1, 9),
        st.sampled_from(["/a", "/b/1", "/b/2", "/c.css", "*"]),
        st.sampled_from([200, 301, 404, 500]),
        st.one_of(st.none(), st.integers(0, 10**6)),
        st.sampled_from(AGENTS),
        st.integers(0, 9999),
    ),
    max_size=40,
)


def tally_of(lines: list[bytes], memory: int = MEMORY) -> Tally:
    """Count lines."""
    found = Tally.of(PANELS, Budget(memory))
    hits = PARSER.parse(b"".join(lines))
    found.absorb(hits, HitBatches().of(hits))
    found.late += len(lines) % 2
    found.absorb_others(hits)
    return found


def line(hit: Hit) -> bytes:
    """Compose a line; every tenth is nonsense."""
    second, client, target, status, size, agent, took = hit
    if second % 10 == 0:
        return b"nonsense\n"
    stamp = to_datetime(second * SECOND).strftime("%d/%b/%Y:%H:%M:%S +0000")
    sent = "-" if size is None else size
    return (
        f'192.0.2.{client} - - [{stamp}] "GET {target} HTTP/1.1" {status} {sent} "-" "{agent}" '
        f"462 {took / 1000} [shop] [] 192.0.2.80:9000 19437 0.049 200 752178adb17130b2\n"
    ).encode()


def said(tally: Tally) -> object:
    """Everything that a tally says."""
    counts = tally.counts
    trend = counts.trend(IN_UTC)
    axis = trend.axis if trend else None
    rows = {panel.name: counts.rows(panel, "hits", None, axis) for panel in PANELS}
    facts = (tally.balance, tally.hits_with_bytes, tally.late, tally.reject_reasons)
    return rows, trend, counts.total(), facts, tally.first_at, tally.last_at, counts.durations()


@given(HITS, st.lists(st.integers(0, 3), min_size=40, max_size=40))
def test_any_split_merges_to_the_whole(hits: list[Hit], places: list[int]) -> None:
    """Lines dealt to four tallies in any way, merged in any order, count as one tally would."""
    lines = [line(hit) for hit in hits]
    parts = [
        tally_of([text for text, place in zip(lines, places, strict=False) if place == part])
        for part in range(4)
    ]
    order = sorted(range(4), key=lambda part: places[part])
    merged = Tally.of(PANELS)
    late = sum(part.late for part in parts)
    for part in order:
        merged.merge(parts[part])
    whole = tally_of(lines)
    whole.late = late
    assert said(merged) == said(whole)
