"""Formats of nginx, compiled from what ``log_format`` takes.

Of several variables for one column the best counts: for ``client`` ``$remote_addr``, then what
proxies say; for ``host`` ``$host``, ``$http_host``, ``$server_name``; for ``time`` the finest;
for ``bytes`` the first. The others have columns under their own names: ``$http_accept`` is
``accept``, ``$sent_http_etag`` ``response_etag``, all else is called as the variable.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from hitwatch.errors import FormatError
from hitwatch.formats.directives import (
    Directive,
    assign_columns,
    infer_client,
    line_of,
    merge,
    pointed,
    port_of_host,
)
from hitwatch.formats.fields import CLIENT, FIELDS, REQUEST_KINDS, STATUS, FieldSpec, Kind
from hitwatch.formats.format import Format, Key, Layout

_VARIABLE = re.compile(r"\$(?:\{(?P<braced>[a-zA-Z0-9_]+)\}|(?P<bare>[a-zA-Z0-9_]+))")
_ESCAPES = {"default": "backslash", "json": "json", "none": "none"}
_MARK, _MARK_END = "\ue000", "\ue001"
_MARKED = re.compile(f"{_MARK}(\\d+){_MARK_END}")
_SPECIAL = {"t": "\t", "n": "\n", "r": "\r"}


def _text(column: str | None = None) -> FieldSpec:
    return FieldSpec(Kind.TEXT, column)


def _integer(column: str | None = None) -> FieldSpec:
    return FieldSpec(Kind.INTEGER, column)


def _seconds(column: str | None = None, *, listed: bool = False) -> FieldSpec:
    return FieldSpec(Kind.SECONDS, column, per_second=1, listed=listed)


def _time(time_format: str) -> FieldSpec:
    return FieldSpec(Kind.TIME, "time", time_format=time_format)


_COLUMNS: dict[str, tuple[FieldSpec, int]] = {
    "msec": (_time("epoch:s"), 0),
    "time_iso8601": (_time("iso"), 1),
    "time_local": (_time("clf"), 2),
    "remote_addr": (CLIENT, 0),
    "remote_port": (_integer("client_port"), 0),
    "remote_user": (FIELDS["user"], 0),
    "request": (FieldSpec(Kind.REQUEST), 0),
    "request_line": (FieldSpec(Kind.REQUEST), 1),
    "request_method": (FieldSpec(Kind.METHOD), 0),
    "method": (FieldSpec(Kind.METHOD), 1),
    "request_uri": (FieldSpec(Kind.TARGET), 0),
    "uri": (FieldSpec(Kind.PATH), 1),
    "document_uri": (FieldSpec(Kind.PATH), 2),
    "args": (FieldSpec(Kind.QUERY), 0),
    "query_string": (FieldSpec(Kind.QUERY), 1),
    "server_protocol": (FieldSpec(Kind.PROTOCOL), 0),
    "protocol": (FieldSpec(Kind.PROTOCOL), 1),
    "status": (STATUS, 0),
    "body_bytes_sent": (_integer("bytes"), 0),
    "bytes_sent": (_integer("bytes"), 0),
    "request_length": (_integer("bytes_received"), 0),
    "request_time": (_seconds("duration_s"), 0),
    "upstream_response_time": (_seconds("upstream_duration_s", listed=True), 0),
    "upstream_addr": (_text("upstream"), 0),
    "upstream_status": (_text("upstream_status"), 0),
    "upstream_cache_status": (_text("cache_status"), 0),
    "host": (_text("host"), 0),
    "http_host": (_text("host"), 1),
    "server_name": (_text("host"), 2),
    "http_referer": (_text("referrer"), 0),
    "http_user_agent": (_text("user_agent"), 0),
    "http_x_forwarded_for": (_text("forwarded_for"), 0),
    "proxy_add_x_forwarded_for": (_text("forwarded_for"), 1),
    "sent_http_content_type": (_text("content_type"), 0),
    "upstream_http_content_type": (_text("content_type"), 1),
    "ssl_protocol": (_text("tls_protocol"), 0),
    "ssl_cipher": (_text("tls_cipher"), 0),
    "request_id": (_text("request_id"), 0),
    "req_id": (_text("request_id"), 1),
    "http_x_request_id": (_text("request_id"), 2),
    "scheme": (_text("scheme"), 0),
    "http_x_forwarded_proto": (_text("scheme"), 1),
    "server_addr": (_text("server_address"), 0),
    "server_port": (_integer("server_port"), 0),
    "geoip_country_code": (_text("country"), 0),
    "geoip2_country_code": (_text("country"), 1),
    "geoip2_data_country_code": (_text("country"), 2),
    "http_cf_ipcountry": (_text("country"), 3),
    "is_args": (FieldSpec(Kind.SKIP), 0),
    "connection": (_integer(), 0),
    "connection_requests": (_integer(), 0),
    "connection_time": (_seconds(), 0),
    "connections_active": (_integer(), 0),
    "connections_reading": (_integer(), 0),
    "connections_waiting": (_integer(), 0),
    "connections_writing": (_integer(), 0),
    "pid": (_integer(), 0),
    "content_length": (_integer(), 0),
    "realip_remote_port": (_integer(), 0),
    "request_port": (_integer(), 0),
    "upstream_connect_time": (_seconds(listed=True), 0),
    "upstream_header_time": (_seconds(listed=True), 0),
    "upstream_first_byte_time": (_seconds(listed=True), 0),
    "upstream_queue_time": (_seconds(listed=True), 0),
}
"""How variables are read, and their rank among those for one column; others are texts."""

_OWN_NAMES = {
    "http_host": "host_header",
    "content_type": "request_content_type",
    "http_x_forwarded_for": "forwarded_for",
}
_LENDERS = (
    "x_real_ip",
    "realip_remote_addr",
    "proxy_protocol_addr",
    "cf_connecting_ip",
    "true_client_ip",
    "forwarded_for",
    "proxy_add_x_forwarded_for",
)
_NEVER_BLANK = ("remote_addr", "host", "http_host", "server_name", "scheme", "server_addr")
_ALWAYS_NUMBERS = (
    "msec",
    "status",
    "body_bytes_sent",
    "bytes_sent",
    "request_length",
    "request_time",
    "connection",
    "connection_requests",
    "server_port",
    "remote_port",
    "pid",
)
"""What can stand in JSON without quotes, however the request went."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word of nginx' configuration.

    Attributes:
        text: without its quotes, escapes undone.
        quote: the quote it stood in; empty where in none.

    """

    text: str
    quote: str

    @property
    def mark(self) -> bool:
        """Whether it is one of the marks ``;``, ``{`` and ``}``."""
        return not self.quote and self.text in (";", "{", "}")


_WORDS = re.compile(
    r"""
      (?P<blank> \s+ | \#[^\n]* )
    | "(?P<double> (?:[^"\\]|\\.)* )"
    | '(?P<single> (?:[^'\\]|\\.)* )'
    | (?P<mark> [;{}] )
    | (?P<open> ["'] )
    | (?P<bare> (?: \$\{ | \\. | [^\s;{\\] )+ )
    """,
    re.VERBOSE | re.DOTALL,
)


def nginx_words(text: str) -> Iterator[Word]:
    """Take nginx' configuration apart into words and marks, without comments.

    Args:
        text: of a file, or a part of it.

    Raises:
        FormatError: a quote is not closed.

    """
    at = 0
    while match := _WORDS.match(text, at):
        at = match.end()
        kind = match.lastgroup or ""
        if kind == "open":
            raise pointed("a quote is not closed", text, match.start())
        if kind != "blank":
            quote = {"double": '"', "single": "'"}.get(kind, "")
            value = match[kind] if kind == "mark" else _unescaped(match[kind])
            yield Word(value, quote)


def _unescaped(text: str) -> str:
    return re.sub(r"""\\(["'\\tnr])""", lambda m: _SPECIAL.get(m[1], m[1]), text)


def nginx_format(text: str) -> Format:
    """Compile an nginx format.

    Args:
        text: the string, its quoted pieces as they stand in the configuration, or the whole
            directive: ``log_format main escape=json '...' '...';``.

    Raises:
        FormatError: a brace is not closed, or no variable is there.

    """
    string, escape = unwrapped(text)
    pieces, after = _taken_apart(string, escape)
    if not pieces:
        raise FormatError(f"no variable in {string!r}", hint="variables begin with $")
    conform = _json_shape(string) if escape == "json" else None
    if conform is not None:
        return _json_format(string, conform, pieces)
    pieces = _settled(merge(pieces, after))
    return _format(string, pieces, lines=(line_of(pieces, after),), escape=escape)


def _format(string: str, pieces: Sequence[Directive], **laid_out: Any) -> Format:
    sent = [directive.name for directive in pieces if directive.spec.column == "bytes"]
    return Format(
        name="nginx-custom",
        title=f"nginx: {string}",
        time_means="end",
        bytes_mean="wire" if sent == ["bytes_sent"] else "body",
        host_in_target="://" in string,
        source="https://nginx.org/en/docs/http/ngx_http_log_module.html#log_format",
        **laid_out,
    )


def unwrapped(text: str) -> tuple[str, str]:
    """The string and its escaping, out of a directive or its quoted pieces.

    >>> unwrapped("log_format short escape=none '$status ' '$request';")
    ('$status $request', 'none')

    """
    bare = re.match(r"\s*(?:log_format\s|escape=|')", text)
    alone = re.fullmatch(r'\s*"(?:[^"\\]|\\.)*"\s*;?\s*', text, re.DOTALL)
    if not bare and not (alone and '\\"' in text):
        return _unescaped(text.strip("\r\n")), "backslash"
    words = list(nginx_words(text))
    if words and words[-1].mark:
        words.pop()
    if words and words[0].text == "log_format" and not words[0].quote:
        words = words[2:]
    return format_of_words([word.text for word in words])


def format_of_words(words: Sequence[str]) -> tuple[str, str]:
    """The string and its escaping, of what follows the name in a ``log_format`` directive.

    Raises:
        FormatError: the escaping is none that nginx knows.

    """
    escape = "default"
    if words and words[0].startswith("escape="):
        escape = words[0].removeprefix("escape=")
        words = words[1:]
    if escape not in _ESCAPES:
        raise FormatError(f"unknown escape={escape}", hint=f"nginx knows {', '.join(_ESCAPES)}")
    return "".join(words).rstrip("\r\n"), _ESCAPES[escape]


def _taken_apart(string: str, escape: str) -> tuple[list[Directive], str]:
    pieces: list[Directive] = []
    end = 0
    for match in _VARIABLE.finditer(string):
        literal = _literal(string, end, match.start())
        name = (match["braced"] or match["bare"]).lower()
        pieces.append(replace(_directive(name, escape), before=literal))
        end = match.end()
    return pieces, _literal(string, end, len(string))


def _literal(string: str, start: int, end: int) -> str:
    literal = string[start:end]
    brace = literal.find("${")
    if brace >= 0:
        closed = "}" in string[start + brace :]
        advice = "names have letters, digits and _ only" if closed else "no } follows"
        raise pointed("no name of a variable", string, start + brace, advice)
    return literal


def _directive(name: str, escape: str) -> Directive:
    spec, rank = _COLUMNS.get(name, (_text(), 0))
    if spec.kind is Kind.TEXT or spec.kind in REQUEST_KINDS:
        spec = replace(spec, escape=escape)
    free = name not in _NEVER_BLANK and (
        spec.kind in (Kind.TEXT, Kind.REQUEST, Kind.TARGET, Kind.PATH, Kind.QUERY) or spec.listed
    )
    return Directive(_own_name(name), spec, rank, free, told=f"${name}")


def _own_name(name: str) -> str:
    if name in _OWN_NAMES:
        return _OWN_NAMES[name]
    own = re.sub(r"^sent_http_", "response_", re.sub(r"^http_", "", name))
    return own if own and own[0].isalpha() else f"x_{own}"


def _settled(pieces: Sequence[Directive]) -> list[Directive]:
    return assign_columns(port_of_host(infer_client(_timed(pieces), _LENDERS)))


def _timed(pieces: Sequence[Directive]) -> list[Directive]:
    """Keep the finest time; nginx takes them all at the same moment."""
    times = [directive for directive in pieces if directive.spec.kind is Kind.TIME]
    best = min(times, key=lambda directive: directive.rank, default=None)
    return [
        replace(directive, spec=_text(), free=True)
        if directive.spec.kind is Kind.TIME and directive is not best
        else directive
        for directive in pieces
    ]


def _json_shape(string: str) -> dict[str, Any] | None:
    """The object that the string writes, with marks for its variables; ``None`` if none.

    An empty value without quotes would be no JSON, so where one may be the line is read by
    place.
    """
    if not string.lstrip().startswith("{"):
        return None
    parts: list[str] = []
    end, inside = 0, False
    for index, match in enumerate(_VARIABLE.finditer(string)):
        literal = string[end : match.start()]
        inside ^= len(re.findall(r'(?<!\\)"', literal)) % 2 == 1
        end = match.end()
        if not inside and (match["braced"] or match["bare"]) not in _ALWAYS_NUMBERS:
            return None
        quote = "" if inside else '"'
        parts += [literal, f"{quote}{_MARK}{index}{_MARK_END}{quote}"]
    try:
        shape = json.loads("".join(parts) + string[end:])
    except ValueError:
        return None
    return shape if isinstance(shape, dict) else None


def _json_format(string: str, shape: dict[str, Any], pieces: Sequence[Directive]) -> Format:
    placed = list(_valued(shape, pieces, ()))
    settled = _settled([directive for _, directive in placed])
    keys = tuple(
        Key(path, directive.spec.column or directive.name, directive.spec)
        for (path, _), directive in zip(placed, settled, strict=True)
        if directive.spec.kind is not Kind.SKIP
    )
    names = [key.spec.column or key.name for key in keys]
    required = "time" if "time" in names else "|".join(names)
    return _format(
        string, settled, layout=Layout.JSON, keys=keys, required=(required,), escape="json"
    )


def _valued(
    shape: dict[str, Any], pieces: Sequence[Directive], above: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], Directive]]:
    """Every name that has a variable under it, and what that is."""
    for name, value in shape.items():
        path = (*above, name)
        if isinstance(value, dict):
            yield from _valued(value, pieces, path)
        elif isinstance(value, str) and _MARKED.search(value):
            yield path, _one(name, value, pieces)


def _one(name: str, value: str, pieces: Sequence[Directive]) -> Directive:
    """The one piece that a value is; of several that do not go together, a text."""
    found: list[Directive] = []
    end = 0
    for match in _MARKED.finditer(value):
        found.append(replace(pieces[int(match[1])], before=value[end : match.start()]))
        end = match.end()
    merged = merge(found, value[end:])
    whole = len(merged) == 1 and not merged[0].before and end == len(value)
    # JSON says itself how it is escaped.
    if whole:
        return replace(merged[0], spec=replace(merged[0].spec, escape=None))
    columns = [directive.spec.column for directive in merged]
    pair = len(merged) == 2 and merged[1].before == ":" and not value[end:]
    if pair and columns in (["host", "server_port"], ["client", "client_port"]):
        port = "port" if columns[0] == "host" else columns[1]
        kind = "host" if columns[0] == "host" else "client"
        spec = FieldSpec(Kind.ADDRESS, columns[0], port_column=port, check=kind, lenient=True)
        return replace(merged[0], spec=spec)
    return Directive(re.sub(r"\W+", "_", name.lower()).strip("_") or "x", _text())
