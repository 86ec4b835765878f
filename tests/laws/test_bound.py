"""The law of bounds: whatever is distinct, memory is bounded, and what is few stays exact."""

from __future__ import annotations

from collections import Counter

from hitwatch.formats.registry import by_name
from hitwatch.hits.parser import Parser
from hitwatch.stats.breakdown import Budget
from hitwatch.stats.dimension import Dimension, Panel
from hitwatch.stats.hit_batch import HitBatches
from hitwatch.stats.panels import panels
from hitwatch.stats.rows import OTHER
from hitwatch.stats.urls import CollapsedIds
from hitwatch.tally import Tally

PARSER, COMBINED = (Parser(by_name(name)) for name in ("vhost-combined", "apache-combined"))
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
    bots = HitBatches()
    for begin in range(0, HITS, 10_000):
        hits = PARSER.parse("".join(map(line, range(begin, begin + 10_000))).encode())
        tally.absorb(hits, bots.of(hits))
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


def test_labels_are_exact_however_many_values_have_them() -> None:
    """Browsers, kinds, sites and files are counted for what was evicted as for what was kept."""
    agents = (
        "Mozilla/5.0 (X11; Linux x86_64; rv:{0}.0) Gecko/20100101 Firefox/132.0.{0}",
        "Mozilla/5.0 (compatible; Googlebot/2.1; {0}; +http://www.google.com/bot.html)",
        "thing {0}",
    )
    paths = ("/p{0}.css", "/p{0}.PNG?{0}", "/p/0{0}")
    collapsed = Panel("shapes", "Shapes", Dimension("path"), CollapsedIds())
    tally = Tally.of([*panels(), collapsed], Budget(16 << 20))
    bots, hits = HitBatches(), 90_000
    for begin in range(0, hits, 10_000):
        lines = "".join(
            f'10.0.0.1 - - [10/Oct/2026:13:00:00 +0000] "GET {paths[n % 3].format(n)} HTTP/1.1"'
            f' 200 1 "https://site{n % 4}.org/{n}" "{agents[n % 3].format(n)}"\n'
            for n in range(begin, begin + 10_000)
        )
        found = COMBINED.parse(lines.encode())
        tally.absorb(found, bots.of(found))
    tally.counts.finish()

    def counted(name: str) -> dict[str, int]:
        panel = tally.counts.panel(name)
        assert panel is not None
        return {row.key: row.hits for row in tally.counts.rows(panel, "hits", None)[0]}

    third = hits // 3
    assert counted("browsers") == {"Firefox 132": third, "(unknown)": third}
    assert counted("operating_systems") == {"Linux": third, "(unknown)": third}
    assert counted("agent_kinds") == {"human": third, "search": third, "unknown": third}
    assert counted("bots") == {"Googlebot (search)": third}
    assert counted("referring_sites") == {f"site{n}.org": hits // 4 for n in range(4)}
    assert sum(counted("static_files").values()) == 2 * third
    assert counted("shapes")["/p/:id"] == third
    assert tally.counts.distinct("referrer")[1] is False
