"""GoAccess 1.7's rules of counting, found out from its output, applied to the lines of a log.

A panel counted by these rules that equals GoAccess's own shows that the rules are the whole cause
of what differs.
"""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from functools import cache
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import unquote_to_bytes

import polars as pl


@dataclass(frozen=True, slots=True)
class Row:
    """The figures of one key of a panel."""

    hits: int
    visitors: int
    bytes: int


Panel = dict[str, Row]

_METHODS = """
    GET POST HEAD PUT PATCH DELETE OPTIONS CONNECT TRACE COPY LOCK MKCOL MOVE PROPFIND PROPPATCH
    UNLOCK REPORT VERSION-CONTROL CHECKOUT CHECKIN UNCHECKOUT MKWORKSPACE UPDATE LABEL MERGE
    BASELINE-CONTROL MKACTIVITY ORDERBY SEARCH MKCALENDAR ACL
"""
METHODS = tuple(f"{name} " for name in _METHODS.split())
PROTOCOLS = ("HTTP/1.0", "HTTP/1.1", "HTTP/2", "HTTP/3")
NONE = "---"


def is_address(client: str) -> bool:
    """Whether the client is an IP address; GoAccess takes no line of one that is not."""
    try:
        ip_address(client)
    except ValueError:
        return False
    return True


@cache
def static_extensions() -> tuple[str, ...]:
    """Endings of static files, from the settings that GoAccess reads."""
    said = subprocess.run(["goaccess", "--dcf"], capture_output=True, text=True, check=True)
    settings = Path(said.stdout.split()[-1]).read_text("utf-8")
    found = re.findall(r"^static-file\s+(\S+)", settings, re.MULTILINE)
    return tuple(ending.lower() for ending in found)


def request_of(raw: str) -> tuple[str, str, str]:
    """Method, protocol and what a request is listed under."""
    if not raw.upper().startswith(METHODS):
        return NONE, NONE, decoded(raw) or "-"
    method, _, rest = raw.partition(" ")
    target, _, protocol = rest.rpartition(" ")
    if protocol == "HTTP/2.0":
        protocol = "HTTP/2"
    if protocol not in PROTOCOLS:
        return NONE, NONE, "-"
    return method.upper(), protocol, decoded(target) or "-"


def decoded(text: str) -> str:
    """Percent-encoding undone; a zero ends the text, and ends of lines are left out."""
    text = unquote_to_bytes(text).partition(b"\0")[0].decode("utf-8", "replace")
    return text.replace("\r", "").replace("\n", "").strip()


def panel_of(status: str, request: str) -> str:
    """Each request is listed in one of three panels."""
    if status == "404":
        return "not_found"
    return "static_requests" if request.lower().endswith(static_extensions()) else "requests"


def site_of(referrer: str | None) -> str | None:
    """What a referring site is listed under: all between the slashes, port and ``www.`` too."""
    _, mark, rest = (referrer or "").partition("//")
    return rest.partition("/")[0] if mark else None


TEXT = r'"((?:[^"\\]|\\.)*)"'
TORN = r' ?"?[^"]*\Z'
LINE = re.compile(
    r"(\S+) \S+ .*?\[(\d\d)/(\w{3})/(\d{4}):(\d\d):[^]]* ([+-]\d{4})\] "
    rf"{TEXT} (\d{{3}}) (\d+|-)(?: {TEXT}(?: {TEXT}|{TORN})|{TORN})"
)
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
COLUMNS = (
    *("client", "day", "hour", "offset", "method", "protocol", "target", "request", "panel"),
    *("status", "bytes", "site", "agent", "visitor"),
)
LONGEST = 4096
"""Bytes that are read as one line; what follows is read as another, which is none."""


def taken_apart(log: Path) -> pl.DataFrame:
    """The lines as GoAccess takes them apart, those too whose torn end holds no quote."""
    lines = (
        line[:LONGEST].decode("utf-8", "surrogateescape") for line in log.read_bytes().split(b"\n")
    )
    rows = [row_of(match) for line in lines if (match := LINE.match(line))]
    types = {name: pl.Int64 if name == "bytes" else pl.String for name in COLUMNS}
    return pl.DataFrame(rows, schema=types, orient="row")


def row_of(match: re.Match[str]) -> tuple[str | int | None, ...]:
    """The columns of a line."""
    client, day, month, year, hour, offset, raw, status, size, referrer, agent = match.groups()
    date = f"{year}{MONTHS.index(month) + 1:02}{day}"
    method, protocol, target = request_of(raw)
    visitor = None if status.startswith("4") else f"{client} {date} {agent}"
    return (
        *(client, date, hour, offset, method, protocol, target),
        *(f"{method} {target} {protocol}", panel_of(status, target), status),
        *(0 if size == "-" else int(size), site_of(referrer), agent, visitor),
    )


KEYS = {
    "visitors": "day",
    "requests": "request",
    "static_requests": "request",
    "not_found": "request",
    "hosts": "client",
    "visit_time": "hour",
    "referring_sites": "site",
    "status_codes": "status",
}
"""Panels that these rules rebuild, and the column of each."""


def counted(taken: pl.DataFrame, panel: str) -> Panel:
    """A panel by these rules."""
    column = KEYS[panel]
    chosen = taken.filter(pl.col("panel") == panel) if column == "request" else taken
    figures = (
        chosen.drop_nulls(column)
        .group_by(column)
        .agg(
            pl.len().alias("hits"),
            pl.col("visitor").drop_nulls().n_unique().alias("visitors"),
            pl.col("bytes").sum(),
        )
    )
    return {key: Row(*row) for key, *row in figures.iter_rows()}
