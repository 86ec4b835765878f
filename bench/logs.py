"""Logs to measure on: combined lines with so many paths and clients, the same every time."""

from __future__ import annotations

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
