"""What stands behind the status of a line whose format nobody named."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import takewhile

from hitwatch.formats.inference.clf import ADDRESSES, AGENT, CIPHER, HOST, TLS, URL
from hitwatch.formats.inference.tokens import (
    AROUND,
    Names,
    Rows,
    Token,
    are_dashes,
    by_place,
    has_lists,
    look_like,
    marked,
)
from hitwatch.formats.unit_names import unit_named

_INTEGER = re.compile(r"\d+")
_DURATION = re.compile(r"\d+(?:\.\d{1,6})?|\d+(?:\.\d+)?(?:ns|us|µs|ms|s)")
WRITTEN_DURATION = re.compile(r"\d+(?:\.\d+)?(?:ns|us|µs|ms|s)")
"""A duration with its unit behind it."""

_SURE_DURATION = re.compile(r"\d+\.\d{3}|\d+(?:\.\d+)?(?:ns|us|µs|ms|s)")
_HALVES = re.compile(r"(\d+)/(\d+)")
KEYS = {
    # As NGINX' admin guide names them; each is in seconds.
    "rt": "duration_s",
    "request_time": "duration_s",
    "urt": "upstream_duration_s",
    "upstream_response_time": "upstream_duration_s",
    "cs": "cache_status",
}
"""What names in front of a value mean, where their documentation says so."""


def tail(rows: Rows, names: Names, *, client: bool) -> tuple[str, list[str]]:
    """What stands behind the status: what every line has, and what may be missing.

    Args:
        rows: the values of each line behind its status.
        names: those given to what stands before.
        client: whether the client has yet to be found.

    Returns:
        The template of what every line has, and those of what may follow, in order.

    """
    columns = by_place(rows)
    told, place = "", 0
    size = _size_place(columns, rows)
    if size is not None:
        before, after = AROUND[marked(columns[size])]
        around = [_around(column, names) for column in columns[:size]]
        told = "".join(f" {text}" for text in [*around, f"{before}{{bytes_clf}}{after}"])
        place = size + 1
    agent = _agent(columns, rows, place)
    if agent is not None:
        at, template = agent
        told += "".join(f" {_around(column, names)}" for column in columns[place:at])
        told, place = f"{told} {template}", at + template.count('" "') + 1
    rest = [column for column in columns[place:] if column]
    looks = _DURATION if agent is not None else _SURE_DURATION
    if size is not None and len(rest) == 1 and _is_duration(rest[0], looks):
        # As Apache's %D and nginx's $request_time behind the formats that they ship.
        return told, [" {duration}", " {skip}"]
    optional = []
    for column in rest:
        if client and not column[0].key and look_like(column, ADDRESSES):
            client = False
            before, after = AROUND[marked(column)]
            optional.append(f" {before}{names.take('client')}{after}")
        else:
            optional.append(" " + _behind(column, names))
    return told, [*optional, " {skip}"]


def _agent(columns: list[list[Token]], rows: Rows, place: int) -> tuple[int, str] | None:
    """Where referrer and user agent stand, or the latter alone: the first in quotes."""
    bare = takewhile(lambda c: _whole(c, rows) and marked(c) != "quoted", columns[place:])
    at = place + len(list(bare))
    quoted = [c for c in columns[at : at + 2] if _whole(c, rows) and marked(c) == "quoted"]
    if len(quoted) == 2 and _refers(quoted[0]) and (at == place or look_like(quoted[1], AGENT)):
        return at, '"{referrer}" "{user_agent}"'
    if quoted and look_like(columns[at], AGENT):
        return at, '"{user_agent}"'
    return None


def _around(column: Sequence[Token], names: Names) -> str:
    """The template of a value between known ones."""
    before, after = AROUND[marked(column)]
    return before + names.extra() + after if before else names.extra(quotes='"')


def _is_duration(column: Sequence[Token], looks: re.Pattern[str]) -> bool:
    return marked(column) == "bare" and not column[0].key and look_like(column, looks)


def _size_place(columns: list[list[Token]], rows: Rows) -> int | None:
    """Where the bytes stand: the first whole number before anything in quotes."""
    for place, column in enumerate(columns):
        how = marked(column)
        if not _whole(column, rows) or (how == "quoted" and place):
            return None
        if how != "bracketed" and look_like(column, _INTEGER):
            return place
        if how == "quoted":
            return None
        if place == 0 and are_dashes(column):
            return place
    return None


def _whole(column: Sequence[Token], rows: Rows) -> bool:
    return len(column) == len(rows) and not any(token.key for token in column)


def _refers(column: Sequence[Token]) -> bool:
    """Whether most values are addresses of pages, or absent: anybody may send another text."""
    fitting = sum(bool(URL.match(token.text)) for token in column)
    return 2 * fitting >= len(column)


def _behind(column: Sequence[Token], names: Names) -> str:
    """The template of a value behind the known ones."""
    keys = {token.key for token in column}
    if len(keys) == 1 and (key := next(iter(keys))):
        name, taken, kind = _keyed(key, names)
        if names.free(taken):
            names.take(taken)
            return f'{key}={{"{name}{kind}"}}'
    how = marked(column)
    if how == "quoted" and look_like(column, ADDRESSES) and names.free("forwarded_for"):
        names.take("forwarded_for")
        return '{"forwarded_for"}'
    if how in ("bare", "quoted") and look_like(column, HOST) and names.free("host"):
        names.take("host")
        return '{"host"}'
    if _is_seconds_and_microseconds(column) and names.free("duration_s"):
        names.take("duration_s")
        return "{skip}/{duration_us}"
    told = typed(column, names) if how == "bare" else None
    if told:
        return told
    if how == "bare" and has_lists(column):
        return names.extra()[:-1] + "*}"
    return names.extra(quotes='"')


def _keyed(key: str, names: Names) -> tuple[str, str, str]:
    """The field that a name in front of a value tells, its column, and a kind of its own."""
    if known := KEYS.get(key.lower()):
        return known, known, ""
    if told := unit_named(key):
        column, unit = told
        return f"{column.removesuffix('s')}{unit}", column, ""
    own = names.own(key)
    return own, own, ":text"


def typed(column: Sequence[Token], names: Names) -> str | None:
    """The template of a value whose looks tell what it is, wherever it stands."""
    for name, pattern in (("tls_protocol", TLS), ("tls_cipher", CIPHER)):
        if look_like(column, pattern) and names.free(name):
            return names.take(name)
    return None


def _is_seconds_and_microseconds(column: Sequence[Token]) -> bool:
    """Apache's ``%T/%D``: the one is the other without its last six digits."""
    found = [_HALVES.fullmatch(token.text) for token in column]
    return all(match and int(match[2]) // 1_000_000 == int(match[1]) for match in found)
