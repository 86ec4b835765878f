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
from typing import Any

from msgspec.structs import replace

from hitwatch.errors import FormatError, format_error_at
from hitwatch.formats.directives import (
    Directive,
    assign_columns,
    make_line,
    merge,
)
from hitwatch.formats.fields import (
    CLIENT,
    FIELDS,
    REQUEST_KINDS,
    STATUS,
    FieldSpec,
    Kind,
    integer_spec,
    seconds_spec,
    text_spec,
)
from hitwatch.formats.format import Format, Key, Layout
from hitwatch.formats.nginx_config import tokenize, unescape

_VARIABLE = re.compile(r"\$(?:\{(?P<braced>[a-zA-Z0-9_]+)\}|(?P<bare>[a-zA-Z0-9_]+))")
_ESCAPES = {"default": "backslash", "json": "json", "none": "none"}
_MARK, _MARK_END = "\ue000", "\ue001"
_MARK_PATTERN = re.compile(f"{_MARK}(\\d+){_MARK_END}")


def _time(time_format: str) -> FieldSpec:
    return FieldSpec(Kind.TIME, "time", time_format=time_format)


_COLUMNS: dict[str, tuple[FieldSpec, int]] = {
    "msec": (_time("epoch:s"), 0),
    "time_iso8601": (_time("iso"), 1),
    "time_local": (_time("clf"), 2),
    "remote_addr": (CLIENT, 0),
    "remote_port": (integer_spec("client_port"), 0),
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
    "body_bytes_sent": (integer_spec("bytes"), 0),
    "bytes_sent": (integer_spec("bytes"), 0),
    "request_length": (integer_spec("bytes_received"), 0),
    "request_time": (seconds_spec("duration_s"), 0),
    # One time for each server that was tried: `0.1, 0.2 : 0.3`, or a dash.
    "upstream_response_time": (seconds_spec("upstream_duration_s", listed=True), 0),
    "upstream_addr": (text_spec("upstream"), 0),
    "upstream_status": (text_spec("upstream_status"), 0),
    "upstream_cache_status": (text_spec("cache_status"), 0),
    "host": (text_spec("host"), 0),
    "http_host": (text_spec("host"), 1),
    "server_name": (text_spec("host"), 2),
    "http_referer": (text_spec("referrer"), 0),
    "http_user_agent": (text_spec("user_agent"), 0),
    "http_x_forwarded_for": (text_spec("forwarded_for"), 0),
    "proxy_add_x_forwarded_for": (text_spec("forwarded_for"), 1),
    "sent_http_content_type": (text_spec("content_type"), 0),
    "upstream_http_content_type": (text_spec("content_type"), 1),
    "ssl_protocol": (text_spec("tls_protocol"), 0),
    "ssl_cipher": (text_spec("tls_cipher"), 0),
    "request_id": (text_spec("request_id"), 0),
    "req_id": (text_spec("request_id"), 1),
    "http_x_request_id": (text_spec("request_id"), 2),
    "scheme": (text_spec("scheme"), 0),
    "http_x_forwarded_proto": (text_spec("scheme"), 1),
    "server_addr": (text_spec("server_address"), 0),
    "server_port": (integer_spec("server_port"), 0),
    "geoip_country_code": (text_spec("country"), 0),
    "geoip2_country_code": (text_spec("country"), 1),
    "geoip2_data_country_code": (text_spec("country"), 2),
    "http_cf_ipcountry": (text_spec("country"), 3),
    "is_args": (FieldSpec(Kind.SKIP), 0),
    "connection": (integer_spec(), 0),
    "connection_requests": (integer_spec(), 0),
    "connection_time": (seconds_spec(), 0),
    "connections_active": (integer_spec(), 0),
    "connections_reading": (integer_spec(), 0),
    "connections_waiting": (integer_spec(), 0),
    "connections_writing": (integer_spec(), 0),
    "pid": (integer_spec(), 0),
    "content_length": (integer_spec(), 0),
    "realip_remote_port": (integer_spec(), 0),
    "request_port": (integer_spec(), 0),
    "upstream_connect_time": (seconds_spec(listed=True), 0),
    "upstream_header_time": (seconds_spec(listed=True), 0),
    "upstream_first_byte_time": (seconds_spec(listed=True), 0),
    "upstream_queue_time": (seconds_spec(listed=True), 0),
}
"""How variables are read, and their rank among those for one column; others are texts."""

_OWN_NAMES = {
    "http_host": "host_header",
    "content_type": "request_content_type",
    "http_x_forwarded_for": "forwarded_for",
}
_CLIENT_SOURCES = (
    "x_real_ip",
    "realip_remote_addr",
    "proxy_protocol_addr",
    "cf_connecting_ip",
    "true_client_ip",
    "forwarded_for",
    "proxy_add_x_forwarded_for",
)
# All others may hold blanks, as clients send them.
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


def nginx_format(text: str) -> Format:
    """Compile an nginx format.

    Args:
        text: the string, its quoted parts as they stand in the configuration, or the whole
            directive: ``log_format main escape=json '...' '...';``.

    Raises:
        FormatError: a brace is not closed, or no variable is there.

    """
    string, escape = extract_format_string(text)
    directives, after = _tokenize(string, escape)
    if not directives:
        raise FormatError(f"no variable in {string!r}", hint="variables begin with $")
    template = _json_template(string) if escape == "json" else None
    if template is not None:
        return _json_format(string, template, directives)
    directives = _assign(merge(directives, after))
    return _format(string, directives, lines=(make_line(directives, after),), escape=escape)


def _format(string: str, directives: Sequence[Directive], **layout: Any) -> Format:
    sent = [directive.name for directive in directives if directive.spec.column == "bytes"]
    return Format(
        name="nginx-custom",
        title=f"nginx: {string}",
        time_means="end",
        bytes_mean="wire" if sent == ["bytes_sent"] else "body",
        host_in_target="://" in string,
        source="https://nginx.org/en/docs/http/ngx_http_log_module.html#log_format",
        **layout,
    )


def extract_format_string(text: str) -> tuple[str, str]:
    """The string and its escaping, of a directive or of its quoted parts.

    >>> extract_format_string("log_format short escape=none '$status ' '$request';")
    ('$status $request', 'none')

    """
    bare = re.match(r"\s*(?:log_format\s|escape=|')", text)
    alone = re.fullmatch(r'\s*"(?:[^"\\]|\\.)*"\s*;?\s*', text, re.DOTALL)
    if not bare and not (alone and '\\"' in text):
        return unescape(text.strip("\r\n")), "backslash"
    words = list(tokenize(text))
    if words and words[-1].is_mark:
        words.pop()
    if words and words[0].text == "log_format" and not words[0].quote:
        words = words[2:]
    return parse_log_format([word.text for word in words])


def parse_log_format(words: Sequence[str]) -> tuple[str, str]:
    """The string and its escaping, of what follows the name in a ``log_format`` directive.

    Raises:
        FormatError: nginx has no such escaping.

    """
    escape = "default"
    if words and words[0].startswith("escape="):
        escape = words[0].removeprefix("escape=")
        words = words[1:]
    if escape not in _ESCAPES:
        raise FormatError(f"unknown escape={escape}", hint=f"expected {', '.join(_ESCAPES)}")
    return "".join(words).rstrip("\r\n"), _ESCAPES[escape]


def _tokenize(string: str, escape: str) -> tuple[list[Directive], str]:
    directives: list[Directive] = []
    end = 0
    for match in _VARIABLE.finditer(string):
        literal = _check_literal(string, end, match.start())
        name = (match["braced"] or match["bare"]).lower()
        directives.append(replace(_parse_directive(name, escape), before=literal))
        end = match.end()
    return directives, _check_literal(string, end, len(string))


def _check_literal(string: str, start: int, end: int) -> str:
    literal = string[start:end]
    brace = literal.find("${")
    if brace >= 0:
        closed = "}" in string[start + brace :]
        advice = "names are letters, digits and _" if closed else "no } follows"
        raise format_error_at("invalid variable name", string, start + brace, advice)
    return literal


def _parse_directive(name: str, escape: str) -> Directive:
    spec, rank = _COLUMNS.get(name, (text_spec(), 0))
    if spec.kind is Kind.TEXT or spec.kind in REQUEST_KINDS:
        spec = replace(spec, escape=escape)
    free = name not in _NEVER_BLANK and (
        spec.kind in (Kind.TEXT, Kind.REQUEST, Kind.TARGET, Kind.PATH, Kind.QUERY) or spec.listed
    )
    return Directive(_column_name(name), spec, rank, free, label=f"${name}")


def _column_name(name: str) -> str:
    if name in _OWN_NAMES:
        return _OWN_NAMES[name]
    own = re.sub(r"^sent_http_", "response_", re.sub(r"^http_", "", name))
    return own if own and own[0].isalpha() else f"x_{own}"


def _assign(directives: Sequence[Directive]) -> list[Directive]:
    return assign_columns(_keep_finest_time(directives), _CLIENT_SOURCES)


def _keep_finest_time(directives: Sequence[Directive]) -> list[Directive]:
    """Keep the finest time; nginx takes them all at the same moment."""
    times = [directive for directive in directives if directive.spec.kind is Kind.TIME]
    best = min(times, key=lambda directive: directive.rank, default=None)
    return [
        replace(directive, spec=text_spec(), free=True)
        if directive.spec.kind is Kind.TIME and directive is not best
        else directive
        for directive in directives
    ]


def _json_template(string: str) -> dict[str, Any] | None:
    """The object that the string writes, with marks for its variables; ``None`` if it writes none.

    An empty value without quotes is not JSON, so where there may be one the line is read by
    position.
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
        template = json.loads("".join(parts) + string[end:])
    except ValueError:
        return None
    return template if isinstance(template, dict) else None


def _json_format(string: str, template: dict[str, Any], directives: Sequence[Directive]) -> Format:
    placed = list(_json_values(template, directives, ()))
    assigned = _assign([directive for _, directive in placed])
    keys = tuple(
        Key(path, directive.spec.column or directive.name, directive.spec)
        for (path, _), directive in zip(placed, assigned, strict=True)
        if directive.spec.kind is not Kind.SKIP
    )
    names = [key.spec.column or key.name for key in keys]
    required = "time" if "time" in names else "|".join(names)
    return _format(
        string, assigned, layout=Layout.JSON, keys=keys, required=(required,), escape="json"
    )


def _json_values(
    template: dict[str, Any], directives: Sequence[Directive], above: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], Directive]]:
    """Every name that has a variable under it, and what that is."""
    for name, value in template.items():
        path = (*above, name)
        if isinstance(value, dict):
            yield from _json_values(value, directives, path)
        elif isinstance(value, str) and _MARK_PATTERN.search(value):
            yield path, _json_value(name, value, directives)


def _json_value(name: str, value: str, directives: Sequence[Directive]) -> Directive:
    """The directive of a value; a text where several make one that has no meaning of its own."""
    found: list[Directive] = []
    end = 0
    for match in _MARK_PATTERN.finditer(value):
        found.append(replace(directives[int(match[1])], before=value[end : match.start()]))
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
    return Directive(re.sub(r"\W+", "_", name.lower()).strip("_") or "x", text_spec())
