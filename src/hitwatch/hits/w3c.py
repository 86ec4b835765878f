"""The W3C extended log format: a line says which fields the lines behind it have.

Source: https://www.w3.org/TR/WD-logfile.html; names and units beyond it as IIS
(https://learn.microsoft.com/en-us/windows/win32/http/w3c-logging) and CloudFront
(https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/AccessLogs.html) use them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from hitwatch.hits.fields import FIELDS, Kind, Reading
from hitwatch.hits.format import Field, Format, Line, Quotes

FIELDS_DIRECTIVE = b"#Fields:"
DATE_DIRECTIVE = b"#Date:"

_NAMES: dict[str, str] = {
    "date": "date",
    "time": "clock",
    "date-local": "date",
    "time-local": "clock",
    "c-ip": "client",
    "c-dns": "client",
    "cs-username": "user",
    "cs-method": "method",
    "cs-uri": "target",
    "cs-uri-stem": "path",
    "cs-uri-query": "query",
    "cs-version": "protocol",
    "cs-protocol-version": "protocol",
    "cs-protocol": "scheme",
    "sc-status": "status",
    "sc-bytes": "bytes",
    "cs-bytes": "bytes_received",
    "time-taken": "duration_ms",
    "timetakenms": "duration_ms",
    "cs(user-agent)": "user_agent",
    "cs(referer)": "referrer",
    "x-host-header": "host",
    "cs-host": "host",
    "cs(host)": "host",
    "s-ip": "server_address",
    "s-port": "server_port",
    "c-port": "client_port",
    "x-forwarded-for": "forwarded_for",
    "cs(x-forwarded-for)": "forwarded_for",
    "x-edge-result-type": "cache_status",
    "x-edge-request-id": "request_id",
    "ssl-protocol": "tls_protocol",
    "ssl-cipher": "tls_cipher",
    "sc-content-type": "content_type",
    "sc(content-type)": "content_type",
}
_PERCENT = ("user_agent", "referrer")


def with_fields(log_format: Format, header: str) -> Format:
    """The format as a ``#Fields`` line lays it out.

    CloudFront's own field names tell its conventions: tabs between fields, seconds, and
    percent-encoding. Else the conventions are those of IIS: milliseconds, and ``+`` for
    blanks in the user agent.

    Args:
        log_format: what was known before.
        header: the line, its ``#Fields:`` included or not.

    """
    header = header.removeprefix(FIELDS_DIRECTIVE.decode()).strip()
    names = header.split()
    cloudfront = any(name.startswith("x-edge-") for name in names)
    # CloudFront's lines have tabs, whatever its header has; copies of them may not.
    separators = "\t " if cloudfront else "\t" if "\t" in header else " "
    readings = _readings([name.lower() for name in names], cloudfront=cloudfront)
    lines = tuple(_line(readings, separator) for separator in separators if readings)
    return replace(log_format, lines=lines, escape="doubled")


def _line(readings: list[tuple[str, Reading]], separator: str) -> Line:
    fields = [
        Field(name, reading, separator if place else "", quotes=Quotes.OPTIONAL)
        for place, (name, reading) in enumerate(readings)
    ]
    # Newer fields are appended to the lines before they reach the header.
    rest = Field("skip", FIELDS["skip"], separator, or_end="")
    return Line((*fields, rest))


def _readings(names: list[str], *, cloudfront: bool) -> list[tuple[str, Reading]]:
    """Names and readings of the fields; the viewer's Host header goes before CloudFront's."""
    filled: set[str] = {"host"} if "x-host-header" in names else set()
    readings = []
    for name in names:
        if name == "x-host-header":
            readings.append(("host", FIELDS["host"]))
        else:
            readings.append(_reading(name, filled, cloudfront=cloudfront))
    return readings


def _reading(name: str, filled: set[str], *, cloudfront: bool) -> tuple[str, Reading]:
    """Name and reading of a field; of two that fill one column the first counts."""
    known = _NAMES.get(name)
    if known and known not in filled:
        filled.add(known)
        reading = FIELDS[known]
        if known == "duration_ms" and cloudfront:
            reading = FIELDS["duration_s"]
        elif known in _PERCENT and cloudfront:
            reading = replace(reading, escape="percent")
        elif known == "user_agent":
            reading = replace(reading, escape="plus")
        return known, reading
    own = re.sub(r"[^a-z0-9]+", "_", name).strip("_") or "field"
    while own in filled or own in FIELDS:
        own += "_"
    filled.add(own)
    return own, Reading(Kind.TEXT, own)


def directives(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Where ``#Fields`` and ``#Date`` lines begin, and what they say."""
    at = 0 if data.startswith(b"#") else data.find(b"\n#") + 1
    while at or data.startswith(b"#"):
        end = data.find(b"\n", at)
        line = data[at : end if end >= 0 else len(data)].rstrip(b"\r")
        if line.startswith((FIELDS_DIRECTIVE, DATE_DIRECTIVE)):
            yield at, line
        following = data.find(b"\n#", at)
        if following < 0:
            return
        at = following + 1


def date_of(line: bytes) -> tuple[int, int, int] | None:
    """Year, month and day of a ``#Date`` line."""
    found = re.match(rb"#Date:\s*(\d{4})-(\d\d)-(\d\d)", line)
    return (int(found[1]), int(found[2]), int(found[3])) if found else None
