"""What stands behind the status of a line whose format is inferred."""

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
    delimiter_of,
    has_lists,
    look_like,
    transpose,
)
from hitwatch.formats.unit_names import unit_from_name

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


def infer_tail(rows: Rows, names: Names, *, client: bool) -> tuple[str, list[str]]:
    """What stands behind the status: what every line has, and what may be missing.

    Args:
        rows: the values of each line behind its status.
        names: those given to what stands before.
        client: whether the client has yet to be found.

    Returns:
        The template of what every line has, and those of what may follow, in order.

    """
    columns = transpose(rows)
    line, place = "", 0
    size = _size_place(columns, rows)
    if size is not None:
        before, after = AROUND[delimiter_of(columns[size])]
        around = [_extra_template(column, names) for column in columns[:size]]
        line = "".join(f" {text}" for text in [*around, f"{before}{{bytes_clf}}{after}"])
        place = size + 1
    agent = _agent_place(columns, rows, place)
    if agent is not None:
        at, template = agent
        line += "".join(f" {_extra_template(column, names)}" for column in columns[place:at])
        line, place = f"{line} {template}", at + template.count('" "') + 1
    rest = [column for column in columns[place:] if column]
    looks = _DURATION if agent is not None else _SURE_DURATION
    if size is not None and len(rest) == 1 and _is_duration(rest[0], looks):
        # As Apache's %D and nginx's $request_time behind the formats that they ship.
        return line, [" {duration}", " {skip}"]
    optional = []
    for column in rest:
        if client and not column[0].key and look_like(column, ADDRESSES):
            client = False
            before, after = AROUND[delimiter_of(column)]
            optional.append(f" {before}{names.take('client')}{after}")
        else:
            optional.append(" " + _template(column, names))
    return line, [*optional, " {skip}"]


def _agent_place(columns: list[list[Token]], rows: Rows, place: int) -> tuple[int, str] | None:
    """Where referrer and user agent stand, or the latter alone: the first in quotes."""
    bare = takewhile(
        lambda c: _is_complete(c, rows) and delimiter_of(c) != "quoted", columns[place:]
    )
    at = place + len(list(bare))
    quoted = [
        c for c in columns[at : at + 2] if _is_complete(c, rows) and delimiter_of(c) == "quoted"
    ]
    if (
        len(quoted) == 2
        and _are_referrers(quoted[0])
        and (at == place or look_like(quoted[1], AGENT))
    ):
        return at, '"{referrer}" "{user_agent}"'
    if quoted and look_like(columns[at], AGENT):
        return at, '"{user_agent}"'
    return None


def _extra_template(column: Sequence[Token], names: Names) -> str:
    """The template of a value between known ones."""
    before, after = AROUND[delimiter_of(column)]
    return before + names.extra() + after if before else names.extra(quotes='"')


def _is_duration(column: Sequence[Token], looks: re.Pattern[str]) -> bool:
    return delimiter_of(column) == "bare" and not column[0].key and look_like(column, looks)


def _size_place(columns: list[list[Token]], rows: Rows) -> int | None:
    """Where the bytes stand: the first whole number before anything in quotes."""
    for place, column in enumerate(columns):
        delimiter = delimiter_of(column)
        if not _is_complete(column, rows) or (delimiter == "quoted" and place):
            return None
        if delimiter != "bracketed" and look_like(column, _INTEGER):
            return place
        if delimiter == "quoted":
            return None
        if place == 0 and are_dashes(column):
            return place
    return None


def _is_complete(column: Sequence[Token], rows: Rows) -> bool:
    return len(column) == len(rows) and not any(token.key for token in column)


def _are_referrers(column: Sequence[Token]) -> bool:
    """Whether most values are addresses of pages, or absent: clients may send any other text."""
    fitting = sum(bool(URL.match(token.text)) for token in column)
    return 2 * fitting >= len(column)


def _template(column: Sequence[Token], names: Names) -> str:
    """The template of a value behind the known ones."""
    keys = {token.key for token in column}
    if len(keys) == 1 and (key := next(iter(keys))):
        name, taken, kind = _field_of_key(key, names)
        if names.free(taken):
            names.take(taken)
            return f'{key}={{"{name}{kind}"}}'
    delimiter = delimiter_of(column)
    if delimiter == "quoted" and look_like(column, ADDRESSES) and names.free("forwarded_for"):
        names.take("forwarded_for")
        return '{"forwarded_for"}'
    if delimiter in ("bare", "quoted") and look_like(column, HOST) and names.free("host"):
        names.take("host")
        return '{"host"}'
    if _is_seconds_and_microseconds(column) and names.free("duration_s"):
        names.take("duration_s")
        return "{skip}/{duration_us}"
    template = template_by_look(column, names) if delimiter == "bare" else None
    if template:
        return template
    if delimiter == "bare" and has_lists(column):
        return names.extra()[:-1] + "*}"
    return names.extra(quotes='"')


def _field_of_key(key: str, names: Names) -> tuple[str, str, str]:
    """The field for the name in front of a value, its column, and a kind of its own."""
    if known := KEYS.get(key.lower()):
        return known, known, ""
    if named := unit_from_name(key):
        column, unit = named
        return f"{column.removesuffix('s')}{unit}", column, ""
    own = names.own(key)
    return own, own, ":text"


def template_by_look(column: Sequence[Token], names: Names) -> str | None:
    """The template of a value that is identified by its look, wherever it stands."""
    for name, pattern in (("tls_protocol", TLS), ("tls_cipher", CIPHER)):
        if look_like(column, pattern) and names.free(name):
            return names.take(name)
    return None


def _is_seconds_and_microseconds(column: Sequence[Token]) -> bool:
    """Apache's ``%T/%D``: the one is the other without its last six digits."""
    found = [_HALVES.fullmatch(token.text) for token in column]
    return all(match and int(match[2]) // 1_000_000 == int(match[1]) for match in found)
