"""Compares a report with GoAccess's, panel by panel, and says what makes them differ.

Use: ``make compare``, or ``.venv/bin/python bench/compare_goaccess.py LOG...`` for logs of one's
own in the combined or common format. Needs ``goaccess`` 1.7, as Debian 12 has it.

Each panel of GoAccess is counted once more from the lines by GoAccess's rules
(``goaccess_rules.py``). Rows for which that gives GoAccess's figures are explained; the others are
printed.
"""

from __future__ import annotations

import gzip
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
from goaccess_rules import KEYS, LONGEST, NONE, Panel, Row, counted, is_address, taken_apart
from logs import write_combined
from measuring import HITWATCH

EVERYTHING = "1000000"
FORMATS = {"common": "COMMON", "vhost-combined": "VCOMBINED"}
PANELS = {
    "visitors": "days",
    "requests": "paths",
    "static_requests": "static_files",
    "not_found": "not_found",
    "hosts": "clients",
    "visit_time": "hours",
    "referring_sites": "referring_sites",
    "status_codes": "statuses",
    "os": "operating_systems",
    "browsers": "browsers",
    "virtual_hosts": "hosts",
    "remote_user": "users",
    "cache_status": "cache_statuses",
    "mime_type": "content_types",
    "tls_type": "tls_protocols",
}
"""GoAccess's panels, and ours that answer the same question."""

TOTALS = {
    "total_requests": "lines",
    "valid_requests": "hits",
    "failed_requests": "rejects",
    "excluded_hits": "excluded",
    "unique_visitors": "visitors",
    "bandwidth": "bytes",
}
CAUSES = {
    "GoAccess counts no visitor for a 4xx": pl.col("status").str.starts_with("4"),
    "GoAccess takes day and hour as logged, hitwatch in UTC": pl.col("offset") != "+0000",
    "GoAccess lists the query with the path": pl.col("target").str.contains("?", literal=True),
    "GoAccess lists a request of no known method or protocol as it is": pl.col("method") == NONE,
    "GoAccess keeps www., port and case of a referring site": (
        pl.col("site").str.contains(r"^www\.|:|[A-Z]")
    ),
    "GoAccess lists an absent agent as Unknown": pl.col("agent") == "-",
}
"""What else makes the two differ, and the lines that it touches."""

SHOWN = 5


def goaccess(log: Path, log_format: str, out: Path) -> dict[str, Any]:
    """GoAccess's report."""
    words = [f"--log-format={log_format}", "--no-progress", f"--max-items={EVERYTHING}"]
    subprocess.run(["goaccess", str(log), *words, "-o", str(out)], check=True, capture_output=True)
    found: dict[str, Any] = json.loads(out.read_text("utf-8", "replace"))
    return found


def hitwatch(*words: str) -> None:
    """Run a command of ours."""
    subprocess.run([*HITWATCH, *words, "--quiet"], check=True, capture_output=True)


def report(log: Path, out: Path) -> dict[str, Any]:
    """Our report."""
    hitwatch("report", str(log), "--top", EVERYTHING, "-o", str(out))
    found: dict[str, Any] = json.loads(out.read_bytes())
    return found


def rows_of_theirs(found: dict[str, Any], panel: str) -> Panel:
    """A panel of GoAccess's; of groups, their members."""
    rows: Panel = {}
    for row in found.get(panel, {}).get("data", []):
        for item in row.get("items", [row]):
            rows[key_of(panel, item)] = Row(
                *(item[name]["count"] for name in ("hits", "visitors", "bytes"))
            )
    return rows


def key_of(panel: str, item: dict[str, Any]) -> str:
    """The key of a row; requests are told apart by method and protocol, too."""
    key = str(item["data"])
    if panel == "status_codes":
        return key.partition(" ")[0]
    return f"{item['method']} {key} {item['protocol']}" if "method" in item else key


def rows_of_ours(found: dict[str, Any], panel: str) -> Panel:
    """A panel of ours."""
    names = ("hits", "visitors", "bytes")
    rows = found["panels"].get(panel, [])
    return {row["key"]: Row(*(row[name] for name in names)) for row in rows}


def total(panel: Panel) -> int:
    """Hits of all rows."""
    return sum(row.hits for row in panel.values())


def compare(log: Path, folder: Path) -> None:
    """Print the comparison for one log."""
    ours = report(log, folder / "report.json")
    source = ours["sources"][0]
    theirs = goaccess(log, FORMATS.get(source["log_format"], "COMBINED"), folder / "theirs.json")
    lines = taken_apart(log)
    statuses = rows_of_theirs(theirs, "status_codes").keys()
    refused = refusals(lines, set(statuses))
    taken = lines.filter(~pl.any_horizontal(refused.values()))
    print(f"\n## {log.name} ({source['log_format']})\n")
    table(("total", "GoAccess", "hitwatch"), totals(theirs["general"], ours))
    table(
        ("panel", "GoAccess's rows", "hitwatch's", "equal", "explained"),
        panels(theirs, ours, taken),
    )
    for cause, mark in {**refused, **CAUSES}.items():
        if count := lines.filter(mark).height:
            print(f"- {count:,} lines: {cause}")
    with log.open("rb") as file:
        if count := sum(len(line) > LONGEST for line in file):
            print(
                f"- {count:,} lines: GoAccess reads what is over {LONGEST:,} bytes as another line"
            )
    for reason, count in ours["totals"]["reject_reasons"].items():
        print(f"- {count:,} lines: hitwatch rejects them, {reason}")
    for panel in KEYS:
        differing(panel, rows_of_theirs(theirs, panel), counted(taken, panel))


def totals(general: dict[str, Any], ours: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    """Totals of both."""
    for name, key in TOTALS.items():
        yield f"{name}, {key}", f"{general[name]:,}", f"{ours['totals'][key]:,}"
    yield (
        "log_size, bytes_read",
        f"{general['log_size']:,}",
        f"{ours['sources'][0]['bytes_read']:,}",
    )
    for name, key in (
        ("unique_files", "paths"),
        ("unique_not_found", "not_found"),
        ("unique_static_files", "static_files"),
    ):
        yield f"{name}, {key}", f"{general[name]:,}", f"{ours['totals'][key]:,}"


def panels(
    theirs: dict[str, Any], ours: dict[str, Any], taken: pl.DataFrame
) -> Iterator[tuple[str, ...]]:
    """Rows and hits of both, how many rows are the same, and how many GoAccess's rules explain."""
    for name, own in PANELS.items():
        other, mine = rows_of_theirs(theirs, name), rows_of_ours(ours, own)
        if not other and not mine:
            continue
        explained = "by name only"
        if name in KEYS:
            again = counted(taken, name)
            explained = f"{sum(again.get(key) == row for key, row in other.items()):,}"
        equal = sum(mine.get(plain(name, key)) == row for key, row in other.items())
        yield (
            f"{name}, {own}",
            f"{len(other):,} ({total(other):,} hits)",
            f"{len(mine):,} ({total(mine):,} hits)",
            f"{equal:,}",
            explained,
        )


def plain(panel: str, key: str) -> str:
    """GoAccess's key as we would write it."""
    if panel == "visitors":
        return f"{key[:4]}-{key[4:6]}-{key[6:]}"
    return key.split(" ", 1)[1].rpartition(" ")[0] if KEYS.get(panel) == "request" else key


def refusals(lines: pl.DataFrame, statuses: set[str]) -> dict[str, pl.Expr]:
    """Why GoAccess takes some lines for none, and which."""
    clients = [client for client in lines["client"].unique() if is_address(client)]
    return {
        "GoAccess refuses a client that is no address": ~pl.col("client").is_in(clients),
        "GoAccess refuses a status that it does not know": ~pl.col("status").is_in(statuses),
    }


def differing(panel: str, theirs: Panel, again: Panel) -> None:
    """Print how GoAccess departs from its own rules, and what they do not explain."""
    odd = {key for key in theirs.keys() | again.keys() if theirs.get(key) != again.get(key)}
    lost = {key: count for key in odd if (count := lost_visitors(theirs.get(key), again.get(key)))}
    if lost:
        print(f"- {len(lost):,} rows of {panel}: GoAccess misses {sum(lost.values()):,} visitors")
    for key in sorted(odd & again.keys() - theirs.keys()):
        other = next(
            (name for name in odd & theirs.keys() if merged(name, key, theirs, again)), None
        )
        if other is not None:
            print(f"- a row of {panel}: GoAccess counts {key!r} under {other!r}")
            odd -= {key, other}
    rest = sorted(odd - lost.keys())
    if rest:
        print(f"- {len(rest):,} rows of {panel} are not explained, among them:")
    for key in rest[:SHOWN]:
        print(f"    - {key!r}: GoAccess {theirs.get(key)}, by its rules {again.get(key)}")


def lost_visitors(theirs: Row | None, again: Row | None) -> int:
    """Visitors that GoAccess has fewer than by its rules, where all else is the same."""
    if theirs is None or again is None:
        return 0
    same = (theirs.hits, theirs.bytes) == (again.hits, again.bytes)
    return max(0, again.visitors - theirs.visitors) if same else 0


def merged(name: str, key: str, theirs: Panel, again: Panel) -> bool:
    """Whether GoAccess's row of one name holds the hits of another key as well."""
    row, own, other = theirs[name], again.get(name), again[key]
    return own is not None and (row.hits, row.bytes) == (
        own.hits + other.hits,
        own.bytes + other.bytes,
    )


def table(head: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> None:
    """Print a table."""
    print("| " + " | ".join(head) + " |\n|" + "---|" * len(head))
    for row in rows:
        print("| " + " | ".join(row) + " |")
    print()


def unpacked(log: Path, folder: Path) -> Path:
    """The log, unpacked if need be: GoAccess 1.7 reads no compressed ones."""
    if log.suffix != ".gz":
        return log
    target = folder / log.stem
    with gzip.open(log) as source, target.open("wb") as out:
        shutil.copyfileobj(source, out)
    return target


def main(words: list[str]) -> int:
    """Compare logs; without any, one made up."""
    if shutil.which("goaccess") is None:
        print("goaccess is not at hand: apt-get install goaccess")
        return 1
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for log in map(Path, words) if words else [write_combined(folder / "made-up.log", 200_000)]:
            compare(unpacked(log, folder), folder)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
