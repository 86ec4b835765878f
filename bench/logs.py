"""Logs to measure on, the same every time: usual lines, short ones, and those of a busy site."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hitwatch.instants import SECOND, to_datetime

AGENTS = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    f"Chrome/{version}.0.0.0 Safari/537.36"
    for version in range(80, 140)
] + [
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; "
    "+https://openai.com/gptbot)",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 "
    "(KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1",
    "curl/8.5.0",
]
STATUSES = [200] * 17 + [304, 404, 500]
BLOCK = 100_000


def write_combined(
    path: Path,
    lines: int = 2_000_000,
    *,
    paths: int = 20_000,
    clients: int = 50_000,
    seed: int = 1,
) -> Path:
    """Write a log in Apache's combined format.

    Args:
        path: the file; left alone when it is there.
        lines: how many.
        paths: distinct paths, Zipf-distributed over about 40 sections.
        clients: distinct clients, Zipf-distributed.
        seed: the same seed gives the same bytes.

    """
    if path.exists():
        return path
    rng = np.random.default_rng(seed)
    targets = [f"/section{n % 40}/page{n}/article-{n * 7919 % 100_003}.html" for n in range(paths)]
    addresses = [f"10.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}" for n in range(clients)]
    began = 1_767_225_600 * SECOND
    unfinished = path.with_suffix(".unfinished")
    with unfinished.open("w", encoding="ascii") as file:
        for start in range(0, lines, BLOCK):
            count = min(BLOCK, lines - start)
            chosen = (rng.zipf(1.2, (2, count)) - 1) % np.array([[paths], [clients]])
            agents = rng.integers(len(AGENTS), size=count)
            statuses = rng.integers(len(STATUSES), size=count)
            sizes = rng.integers(100, 60_000, size=count)
            parts = (*chosen.tolist(), agents.tolist(), statuses.tolist(), sizes.tolist())
            rows = zip(*parts, strict=True)
            second, stamp, block = None, "", []
            for number, (target, client, agent, status, size) in enumerate(rows, start):
                if number // 50 != second:
                    second = number // 50
                    at = to_datetime(began + second * SECOND)
                    stamp = at.strftime("%d/%b/%Y:%H:%M:%S +0000")
                query = f"?page={number % 7}" if number % 5 == 0 else ""
                referrer = f"https://www.example.com{targets[target][:12]}" if number % 3 else "-"
                block.append(
                    f'{addresses[client]} - - [{stamp}] "GET {targets[target]}{query} HTTP/1.1" '
                    f'{STATUSES[status]} {size} "{referrer}" "{AGENTS[agent]}"\n'
                )
            file.write("".join(block))
    unfinished.rename(path)
    return path


def write_short(path: Path, log: Path) -> Path:
    """Write the lines of a combined log as common ones, without referrer and agent.

    Args:
        path: the file; left alone when it is there.
        log: the combined log.

    """
    if not path.exists():
        unfinished = path.with_suffix(".unfinished")
        with log.open("rb") as source, unfinished.open("wb") as target:
            for line in source:
                target.write(b'"'.join(line.split(b'"', 3)[:3]).rstrip() + b"\n")
        unfinished.rename(path)
    return path


_SECTIONS = [
    "products",
    "blog",
    "static",
    "api",
    "help",
    "images",
    "search",
    "cart",
    "account",
    "news",
]


@dataclass
class _Visit:
    """Pages that a client asks for in a row."""

    address: str
    agent: str
    pages_left: int
    came_from: str


def write_visits(path: Path, lines: int = 2_000_000, *, seed: int = 1) -> Path:
    """Write a week of visits to a busy site.

    Clients come for several pages in a row, some by IPv6. Some pages have a query that never
    comes again, there are thousands of browsers, and most referrers are pages of the site.

    Args:
        path: the file; left alone when it is there.
        lines: how many.
        seed: the same seed gives the same bytes.

    """
    if path.exists():
        return path
    rng = np.random.default_rng(seed)
    pages = [
        f"/{_SECTIONS[n % len(_SECTIONS)]}/{n * 7919 % 100_003}/p{n}.html" for n in range(60_000)
    ]
    agents = [
        f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
        f"Chrome/{80 + n % 60}.0.{n * 37 % 6000}.{n % 200} Safari/537.36"
        for n in range(2_800)
    ] + AGENTS[-4:]
    began, step = 1_767_225_600 * SECOND, 7 * 86_400 * SECOND // lines
    unfinished = path.with_suffix(".unfinished")
    written, visits = 0, list[_Visit]()
    with unfinished.open("w", encoding="ascii") as file:
        while written < lines:
            while len(visits) < 200:
                client = int(rng.zipf(1.3)) % 72_000
                address = f"10.{client >> 8 & 255}.{client & 255}.{client >> 16}"
                if client % 7 == 0:
                    address = f"2001:db8:{client:x}::{client * 31 & 0xFFFF:x}"
                agent = agents[(client * 31 + int(rng.integers(2))) % len(agents)]
                pages_left = int(rng.integers(1, 24))
                visits.append(_Visit(address, agent, pages_left, "https://www.example.org/"))
            at = to_datetime(began + written * step)
            visit = visits[int(rng.integers(len(visits)))]
            page = pages[int(rng.zipf(1.15)) % len(pages)]
            query = f"?id={int(rng.integers(1 << 30))}" if rng.random() < 0.08 else ""
            status = STATUSES[int(rng.integers(len(STATUSES)))]
            file.write(
                f'{visit.address} - - [{at:%d/%b/%Y:%H:%M:%S} +0000] "GET {page}{query} HTTP/2.0" '
                f'{status} {int(rng.integers(200, 90_000))} "{visit.came_from}" "{visit.agent}"\n'
            )
            visit.pages_left, visit.came_from = (
                visit.pages_left - 1,
                f"https://www.example.org{page}",
            )
            if not visit.pages_left:
                visits.remove(visit)
            written += 1
    unfinished.rename(path)
    return path
