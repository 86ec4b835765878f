"""How long requests took, over time."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitwatch.formats.registry import by_name
from hitwatch.hits.parser import Parser
from hitwatch.instants import DAY, HOUR, MINUTE, SECOND, Instant, rfc3339
from hitwatch.stats.breakdown import Breakdown
from hitwatch.stats.hit_batch import HitBatches
from hitwatch.stats.latency import EDGES, Latency
from hitwatch.stats.panels import in_zone, panels
from hitwatch.zones import IN_UTC, Zone, tabulate_zone

PARSER = Parser(by_name("json"))
DAYS = tuple(panel for panel in panels() if panel.name == "days")
BEGAN = 20_454 * DAY  # 1 January 2026


def latency(timed: list[tuple[Instant, float | None]], zone: Zone = IN_UTC) -> Latency | None:
    """That of hits at some times that took so long."""
    lines = (
        f'{{"time":"{rfc3339(at)}","status":200,"path":"/"'
        + ("" if seconds is None else f',"request_time":{seconds}')
        + "}\n"
        for at, seconds in timed
    )
    hits = PARSER.parse("".join(lines).encode())
    breakdown = Breakdown(in_zone(DAYS, zone))
    breakdown.add(hits, HitBatches(zone).of(hits))
    breakdown.finish()
    return breakdown.latency(zone)


# Away from the edges, where a hit may be on either side.
SECONDS = st.sampled_from([edge * by for edge in EDGES for by in (0.75, 1.25)] + [9000.0])
TIMED = st.lists(st.tuples(st.integers(0, 60 * 24 * 60), SECONDS), min_size=1, max_size=60)


@given(TIMED)
def test_every_hit_is_where_its_time_and_its_duration_are(timed: list[tuple[int, float]]) -> None:
    """By the hour, or by day where there are many hours; no more durations than there are."""
    found = latency([(BEGAN + minute * MINUTE, seconds) for minute, seconds in timed])
    assert found is not None
    first, minutes = found.starts[0], [minute for minute, _ in timed]
    assert found.step == (HOUR if max(minutes) // 60 - min(minutes) // 60 < 72 else DAY)
    expected: Counter[tuple[int, float | None]] = Counter()
    for minute, seconds in timed:
        place = bisect_left(EDGES, seconds)
        step = (BEGAN + minute * MINUTE - first) // found.step
        expected[step, EDGES[place] if place < len(EDGES) else None] += 1
    told = {
        (step, up_to): hits
        for step, row in enumerate(found.hits)
        for up_to, hits in zip(found.up_to, row, strict=True)
        if hits
    }
    assert told == expected
    assert len(found.starts) == len(found.hits)
    for end in (0, -1):
        assert any(row[end] for row in found.hits)


def test_days_are_those_of_the_zone() -> None:
    """Also the one that has 23 hours."""
    zone = tabulate_zone(ZoneInfo("Europe/Berlin"))
    march = 1_774_566_000 * SECOND  # 27 March 2026, midnight in Berlin
    found = latency([(march + hour * HOUR, 0.3) for hour in range(24 * 5)], zone)
    assert found is not None
    assert [sum(row) for row in found.hits] == [24, 24, 23, 24, 24, 1]
    assert found.starts[0] == march


@pytest.mark.parametrize("timed", [[], [(BEGAN, None)]])
def test_without_durations_there_is_none(timed: list[tuple[Instant, float | None]]) -> None:
    """Nothing, and hits that do not say."""
    assert latency(timed) is None
