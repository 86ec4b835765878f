"""The law of counting: what is counted fast is what a plain count with sets and sums gives."""

from __future__ import annotations

import gzip
import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest

import hitwatch
from hitwatch.formats.registry import by_name
from hitwatch.hits.parser import Parser
from hitwatch.render.report_json import to_object
from hitwatch.stats.breakdown import Breakdown, Budget
from hitwatch.stats.hit_batch import HitBatches
from hitwatch.stats.panels import panels
from hitwatch.zones import IN_UTC

T0 = 1_767_225_600
DAY = 86_400
LINES = 60_000
"""Enough for several pieces, and for more paths than are remembered without being met again."""

AGENTS = {
    "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0": "human",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)": "search",
    "curl/8.5.0": "tool",
    "-": "unknown",
}


@dataclass(frozen=True)
class Hit:
    """One line, as it is meant."""

    at: int
    client: str
    user: str
    method: str
    path: str
    query: str
    protocol: str
    status: int
    size: int
    referrer: str
    agent: str
    seconds: float | None

    @property
    def line(self) -> str:
        """The line as Apache writes it, with a duration behind some."""
        moment = datetime.fromtimestamp(self.at, UTC)
        target = f"{self.path}?{self.query}" if self.query else self.path
        head = f"{self.client} - {self.user} [{moment:%d/%b/%Y:%H:%M:%S} +0000]"
        request = f'"{self.method} {target} {self.protocol}" {self.status} {self.size}'
        behind = "" if self.seconds is None else f" {self.seconds}"
        return f'{head} {request} "{self.referrer}" "{self.agent}"{behind}\n'

    @property
    def visitor(self) -> tuple[str, str, int]:
        """A client with an agent on a day."""
        return self.client, self.agent, self.at // DAY

    @property
    def kind(self) -> str:
        """Of which kind the program is."""
        return AGENTS.get(self.agent, "human")

    @property
    def is_bot(self) -> bool:
        """Whether it is by a program that is no human's browser."""
        return self.kind not in ("human", "unknown")


def hits_of(seed: int) -> list[Hit]:
    """Hits of which some values are few, some many, and some never come again."""
    rng = random.Random(seed)
    clients = [f"10.{n >> 8}.{n & 255}.1" for n in range(3000)] + [
        f"2001:db8::{n:x}" for n in range(300)
    ]
    agents = [
        *AGENTS,
        *(
            f"Mozilla/5.0 (X11; Linux x86_64; rv:{n}.0) Gecko/20100101 Firefox/{n}.0"
            for n in range(80, 130)
        ),
    ]
    found = []
    for number in range(LINES):
        hot = rng.random()
        path = f"/p{int(3 / (hot + 1e-4))}/x" if hot < 0.6 else f"/once/{number}.css"
        found.append(
            Hit(
                at=T0 + number * 4 + rng.randrange(3),
                client=clients[int(len(clients) * rng.random() ** 3)],
                user=rng.choice(("-", "-", "-", "ann", "bob")),
                method=rng.choice(("GET", "GET", "GET", "POST", "HEAD")),
                path=path,
                query=rng.choice(("", "", f"q={number}")),
                protocol=rng.choice(("HTTP/1.1", "HTTP/2.0")),
                status=rng.choice((200, 200, 200, 200, 301, 304, 403, 404, 500, 503)),
                size=rng.randrange(100_000),
                referrer=rng.choice(
                    ("-", "https://www.example.com/a", f"http://s{number % 700}.example/")
                ),
                agent=rng.choice(agents),
                seconds=rng.randrange(3_000_000) / 1e6 if rng.random() < 0.5 else None,
            )
        )
    return found


@dataclass
class Plain:
    """What a plain count says of a key."""

    hits: int = 0
    bytes: int = 0
    largest: int = 0
    errors_4xx: int = 0
    errors_5xx: int = 0
    bots: int = 0
    visitors: set[tuple[str, str, int]] = field(default_factory=set)
    seconds: list[float] = field(default_factory=list)
    times: list[int] = field(default_factory=list)
    kinds: dict[str, Plain] = field(default_factory=dict)

    def add(self, hit: Hit) -> None:
        """Count a hit."""
        self.hits += 1
        self.bytes += hit.size
        self.largest = max(self.largest, hit.size)
        self.errors_4xx += 400 <= hit.status < 500
        self.errors_5xx += hit.status >= 500
        self.bots += hit.is_bot
        self.visitors.add(hit.visitor)
        self.times.append(hit.at)
        if hit.seconds is not None:
            self.seconds.append(hit.seconds)

    def add_by_kind(self, hit: Hit) -> None:
        """Count a hit, and among those of its kind."""
        self.add(hit)
        self.kinds.setdefault(hit.kind, Plain()).add(hit)


def section(hit: Hit) -> str:
    """The first segment of the path."""
    return "/" + hit.path.split("/")[1]


def site(hit: Hit) -> str | None:
    """The host of the referrer."""
    host = urlsplit(hit.referrer).hostname
    return host.removeprefix("www.") if host else None


def moment(hit: Hit, pattern: str) -> str:
    """A part of the time."""
    return f"{datetime.fromtimestamp(hit.at, UTC):{pattern}}"


def answered(*classes: int) -> Callable[[Hit], str | None]:
    """The path of hits with a status of some hundreds."""
    return lambda hit: hit.path if hit.status // 100 in classes else None


KEYS: dict[str, Callable[[Hit], str | None]] = {
    "days": lambda hit: moment(hit, "%Y-%m-%d"),
    "hours": lambda hit: moment(hit, "%H"),
    "sections": section,
    "paths": lambda hit: hit.path,
    "static_files": lambda hit: hit.path if hit.path.endswith(".css") else None,
    "not_found": lambda hit: hit.path if hit.status == 404 else None,
    "redirected": answered(3),
    "client_errors": answered(4),
    "server_errors": answered(5),
    "clients": lambda hit: hit.client,
    "users": lambda hit: None if hit.user == "-" else hit.user,
    "methods": lambda hit: hit.method,
    "protocols": lambda hit: hit.protocol,
    "statuses": lambda hit: str(hit.status),
    "referrers": lambda hit: None if hit.referrer == "-" else hit.referrer,
    "referring_sites": site,
    "agent_kinds": lambda hit: hit.kind,
}


def plainly(hits: Iterable[Hit], key: Callable[[Hit], str | None]) -> dict[str, Plain]:
    """Count hits by key."""
    found: dict[str, Plain] = {}
    for hit in hits:
        if (name := key(hit)) is not None:
            found.setdefault(name, Plain()).add_by_kind(hit)
    return found


def told(paths: list[Path]) -> dict[str, Any]:
    """All rows of all panels of a report, as the JSON output has them."""
    made = hitwatch.report(*paths, panel=tuple(KEYS), top=1_000_000)
    found: dict[str, Any] = msgspec.to_builtins(to_object(made))
    return found


@pytest.fixture(scope="module")
def hits() -> list[Hit]:
    """Some hits."""
    return hits_of(5)


def steps(times: list[int], trend: dict[str, Any]) -> list[int]:
    """How many times are in each step of a trend."""
    begin = datetime.fromisoformat(trend["starts"][0]).timestamp()
    counts = [0] * len(trend["starts"])
    for at in times:
        counts[int((at - begin) // trend["step_s"])] += 1
    return counts


def check_kinds(found: dict[str, Any], known: Plain, off: float) -> None:
    """Check what a row says of each kind of programs."""
    if known.kinds.keys() == {"unknown"}:
        assert not found
        return
    assert found.keys() == known.kinds.keys()
    for kind, of in known.kinds.items():
        row = found[kind]
        assert (row["hits"], row["bytes"]) == (of.hits, of.bytes)
        assert row["visitors"] == pytest.approx(len(of.visitors), abs=off)
    if not off:
        assert sum(row["visitors"] for row in found.values()) == len(known.visitors)


def check(found: dict[str, Any], hits: list[Hit]) -> None:
    """Check every figure of every row."""
    trend = found["trend"]
    assert trend["hits"] == steps([hit.at for hit in hits], trend)
    for name, key in KEYS.items():
        rows = {row["key"]: row for row in found["panels"][name]}
        plain = plainly(hits, key)
        bounds = found["bounds"][name]
        assert rows.keys() == plain.keys(), name
        for key_name, known in plain.items():
            row = rows[key_name]
            figures = (known.hits, known.bytes, known.largest, known.bots)
            assert (row["hits"], row["bytes"], row["largest"], row["bots"]) == figures, name
            assert (row["errors_4xx"], row["errors_5xx"]) == (known.errors_4xx, known.errors_5xx)
            off = len(known.visitors) * 4 * bounds["visitors_error"]
            if len(known.visitors) <= 1000:
                off = 0
            assert row["visitors"] == pytest.approx(len(known.visitors), abs=off), name
            check_kinds(row.get("kinds", {}), known, off)
            if name not in ("days", "hours"):
                assert row["trend"] == steps(known.times, trend), name
            if known.seconds:
                assert row["duration"]["max_s"] == max(known.seconds)
                mean = sum(known.seconds) / len(known.seconds)
                assert row["duration"]["mean_s"] == pytest.approx(mean, rel=1e-6)


@pytest.mark.parametrize("piece", [40_000, 300_000, 3 << 20])
def test_a_report_is_what_a_plain_count_gives(
    hits: list[Hit], piece: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every figure of every panel is right, whatever pieces logs are read in."""
    monkeypatch.setattr("hitwatch.run.fold.PIECE", piece)
    log = tmp_path / "access.log"
    log.write_text("".join(hit.line for hit in hits))
    check(told([log]), hits)


def test_several_logs_in_several_formats_are_counted_together(
    hits: list[Hit], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Logs that are compressed, damaged by bad lines, and read at once have the same figures."""
    monkeypatch.setattr("hitwatch.run.fold.PIECE", 200_000)
    third = len(hits) // 3
    parts = [hits[:third], hits[third : 2 * third], hits[2 * third :]]
    paths = [tmp_path / name for name in ("access.log", "access.log.1", "access.log.2.gz")]
    texts = ["".join(hit.line for hit in part).encode() for part in parts]
    texts[1] = texts[1].replace(b"\n", b"\nnothing of the kind\n", 50)
    paths[0].write_bytes(texts[0])
    paths[1].write_bytes(texts[1])
    paths[2].write_bytes(gzip.compress(texts[2], 1))
    found = told(paths)
    assert found["totals"]["rejects"] == 50
    check(found, hits)


@pytest.mark.parametrize("memory", [20_000, 300_000])
def test_no_hit_is_lost_where_memory_is_short(hits: list[Hit], memory: int) -> None:
    """Where even panels with few keys have to give way, all hits are in some row of each."""
    parser, bots = Parser(by_name("apache-combined")), HitBatches()
    breakdown = Breakdown(panels(), Budget(memory))
    for begin in range(0, len(hits), 5000):
        text = "".join(hit.line for hit in hits[begin : begin + 5000])
        found = parser.parse(text.encode(), keep_values=True)
        breakdown.add(found, bots.of(found))
    breakdown.finish()
    for name in ("days", "hours", "sections", "paths", "methods", "statuses", "agent_kinds"):
        panel = breakdown.panel(name)
        assert panel is not None
        rows, _ = breakdown.rows(panel, "hits", None)
        assert sum(row.hits for row in rows) == len(hits), name
        assert sum(row.bytes for row in rows) == sum(hit.size for hit in hits), name
        assert sum(of.hits for row in rows for of in row.kinds.values()) == len(hits), name
    sections = breakdown.panel("sections")
    trend = breakdown.trend(IN_UTC)
    assert sections is not None
    assert trend is not None
    rows, _ = breakdown.rows(sections, "hits", None, trend.axis)
    sums = map(sum, zip(*(row.trend for row in rows), strict=True))
    assert tuple(sums) == trend.hits
