"""Layouts that no format file describes: values between tabs, bars or semicolons.

Each value is identified by its look in all lines: an address, a time, a request, a status.
What looks like nothing in particular is kept as ``extra_1`` and so on.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from hitwatch.formats.inference.clf import (
    ADDRESSES,
    AGENT,
    CIPHER,
    CLF,
    HOST,
    ISO,
    METHOD,
    REFERRER,
    TLS,
    all_look_like,
)

SEPARATORS = ("\t", " | ", "|", "; ", ";", ",")
_QUOTED = tuple(f'"{separator}"' for separator in (" ", ",", ";", "\t", "|"))
_LEAST = 5
_MOST = 64
_VALUE_IN_QUOTES = re.compile(r'"(?:[^"\\]|\\.)*"')
_METHOD = rf"(?:{METHOD}|-)"
_REQUEST = re.compile(rf"{_METHOD} \S.* HTTP/\d(?:\.\d)?|-")
_AROUND = (('"', '"'), ("[", "]"), ("(", ")"))

_TYPES: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("time", re.compile(rf"{CLF}|{ISO}|\d{{10}}(?:\.\d{{1,9}})?|\d{{13}}")),
    ("date", re.compile(r"\d{4}-\d\d-\d\d")),
    ("clock", re.compile(r"\d\d:\d\d:\d\d(?:\.\d+)?")),
    ("client_list", ADDRESSES),
    ("request", _REQUEST),
    ("method", re.compile(_METHOD)),
    ("target", re.compile(r"/\S*|https?://\S+")),
    ("protocol", re.compile(r"HTTP/\d(?:\.\d)?")),
    ("status", re.compile(r"[1-5]\d\d|000")),
    ("bytes_clf", re.compile(r"\d+")),
    ("tls_protocol", TLS),
    ("tls_cipher", CIPHER),
    ("host", HOST),
    ("referrer", REFERRER),
    ("user_agent", AGENT),
)
"""Fields by what their values look like; each is given to the first that does."""

_AFTER = {"bytes_clf": "status"}
"""Fields that are identified only behind another: any number may stand in front."""

_PARTS_OF_REQUEST = {"method", "target", "protocol"}


def infer_separated(lines: Sequence[str]) -> tuple[str, str] | None:
    """The template of lines whose values stand between separators.

    Args:
        lines: of a log.

    Returns:
        The template and its time format; ``None`` where lines are not of so many values each,
        or lack client, time, request or status.

    """
    for separator, rows, edge in _rows(lines):
        most, count = Counter(map(len, rows)).most_common(1)[0]
        if not _LEAST <= most <= _MOST or 2 * count < len(rows):
            continue
        columns = list(zip(*(row for row in rows if len(row) == most), strict=True))
        templates = list(_assign_names(columns))
        names = [name for name, _ in templates]
        found = set(names)
        timed = "time" in found or {"date", "clock"} <= found
        if timed and {"client_list", "status"} <= found and found & {"request", "target"}:
            template = edge + separator.join(text for _, text in templates) + edge
            if "time" not in found:
                return template, "any"
            return template, _time_format(_strip_around(columns[names.index("time")])[0])
    return None


def _rows(lines: Sequence[str]) -> Iterator[tuple[str, list[list[str]], str]]:
    """The values of lines by each separator, and what stands at both ends of lines."""
    for separator in SEPARATORS:
        if separator in lines[0]:
            yield separator, [_split(line, separator) for line in lines], ""
    whole = [line for line in lines if len(line) > 1 and line[0] == line[-1] == '"']
    if 2 * len(whole) > len(lines):
        for separator in _QUOTED:
            yield separator, [line[1:-1].split(separator) for line in whole], '"'


def _split(line: str, separator: str) -> list[str]:
    """The values of a line; one in quotes may hold what separates values."""
    if '"' not in line:
        return line.split(separator)
    values: list[str] = []
    at = 0
    while at <= len(line):
        quoted = _VALUE_IN_QUOTES.match(line, at)
        if quoted and line.startswith(separator, quoted.end()):
            end = quoted.end()
        elif quoted and quoted.end() == len(line):
            end = len(line)
        else:
            end = line.find(separator, at)
            end = len(line) if end < 0 else end
        values.append(line[at:end])
        at = end + len(separator)
    return values


def _assign_names(columns: Sequence[Sequence[str]]) -> Iterator[tuple[str, str]]:
    """Of each column the field, and its place in the template."""
    given: set[str] = set()
    extras = 0
    for column in columns:
        values, before, after = _strip_around(column)
        name = next(
            (
                name
                for name, pattern in _TYPES
                if name not in given
                and not (name in _PARTS_OF_REQUEST and "request" in given)
                and _AFTER.get(name, name) in {name, *given}
                and not (name in ("date", "clock") and "time" in given)
                and all_look_like(values, pattern)
            ),
            "",
        )
        if name:
            given.add(name)
            yield name, f"{before}{{{name}}}{after}"
        else:
            extras += 1
            yield "", f"{before}{{extra_{extras}:text}}{after}"


def _strip_around(column: Sequence[str]) -> tuple[list[str], str, str]:
    """The values without what stands around all of them, and that."""
    for before, after in _AROUND:
        if all(v.startswith(before) and v.endswith(after) and len(v) > 1 for v in column):
            return [value[1:-1] for value in column], before, after
    return list(column), "", ""


def _time_format(values: Sequence[str]) -> str:
    value = next(value for value in values if value not in ("-", ""))
    if not value.replace(".", "").isdigit():
        return "any"
    return "epoch:ms" if len(value) == 13 and "." not in value else "epoch:s"
