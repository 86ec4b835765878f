"""Formats of Apache's httpd, compiled from what ``LogFormat`` and ``CustomLog`` take.

Of several fields for one column the best counts: for ``client`` ``%a``, then ``%{c}a``,
``%h``, ``%{c}h`` and last what proxies say; for ``host`` ``%v``, ``%V``, then the header; for
``status`` ``%>s``; for ``duration_s`` the finest unit; for ``bytes`` the first. Where the best
is a dash by a condition (``%!400r``), or stands twice (``%<{Referer}i``, ``%>{Referer}i``), the
next fills the column of those lines. The others
have columns under their own names: ``%{Accept-Language}i`` is ``accept_language``, a cookie
``cookie_NAME``, a header of the answer ``response_NAME``, a note ``note_NAME``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from msgspec.structs import replace

from hitwatch.errors import FormatError, did_you_mean, format_error_at
from hitwatch.formats.apache_times import choose_times, time_directive
from hitwatch.formats.directives import (
    Directive,
    assign_columns,
    make_line,
    merge,
    snake,
)
from hitwatch.formats.fields import (
    CLIENT,
    FIELDS,
    STATUS,
    FieldSpec,
    Kind,
    integer_spec,
    seconds_spec,
    text_spec,
)
from hitwatch.formats.format import Format, Line

_COMMON = '%h %l %u %t "%r" %>s %b'
_COMBINED = f'{_COMMON} "%{{Referer}}i" "%{{User-Agent}}i"'
NICKNAMES: dict[str, str] = {
    "common": _COMMON,
    "combined": _COMBINED,
    "vhost_common": f"%v {_COMMON}",
    "vhost_combined": f"%v:%p {_COMBINED}".replace("%b", "%O"),
    "combinedio": f"{_COMBINED} %I %O",
    "referer": "%{Referer}i -> %U",
    "agent": "%{User-agent}i",
}
"""Strings that Apache's own configuration files define."""

_TOKEN = re.compile(r"%(?P<mods>(?:[<>!,]|\d+|\{[^}]*\})*)(?P<letter>\^..|.)?", re.DOTALL)
_STATUSES = re.compile(r"\{[^}]*\}")
_CONFIG_LINE = re.compile(
    r"""\s*(?P<what>LogFormat|CustomLog|TransferLog|GlobalLog)\s+(?P<rest>.*)""",
    re.IGNORECASE | re.DOTALL,
)
_CONFIG_WORD = re.compile(r'"((?:[^"\\]|\\.)*)"|\'((?:[^\'\\]|\\.)*)\'|(\S+)', re.DOTALL)
_BLANKS = {"n": "\n", "t": "\t", "r": "\r"}


_DIRECTIVES: dict[str, Directive] = {
    "a": Directive("client_address", CLIENT, 0),
    "{c}a": Directive("peer_address", CLIENT, 1),
    "h": Directive("client_host", CLIENT, 2),
    "{c}h": Directive("peer_host", CLIENT, 3),
    "A": Directive("server_address", text_spec("server_address")),
    # httpd writes 0 bytes as a dash for %b, as 0 for %B.
    "b": Directive("bytes_body", FieldSpec(Kind.INTEGER, "bytes", dash_is_zero=True)),
    "B": Directive("bytes_body", integer_spec("bytes")),
    "O": Directive("bytes_sent", integer_spec("bytes")),
    "I": Directive("bytes_received", integer_spec("bytes_received")),
    "S": Directive("bytes_total", integer_spec()),
    "D": Directive("time_taken_us", seconds_spec("duration_s", 1e6), 0),
    "{us}T": Directive("time_taken_us", seconds_spec("duration_s", 1e6), 0),
    "{ms}T": Directive("time_taken_ms", seconds_spec("duration_s", 1e3), 1),
    "{s}T": Directive("time_taken_s", seconds_spec("duration_s"), 2),
    "T": Directive("time_taken_s", seconds_spec("duration_s"), 2),
    "^FB": Directive("first_byte_s", seconds_spec(None, 1e6)),
    "f": Directive("file", text_spec(), free=True),
    "H": Directive("request_protocol", FieldSpec(Kind.PROTOCOL)),
    "m": Directive("request_method", FieldSpec(Kind.METHOD)),
    "U": Directive("url_path", FieldSpec(Kind.PATH), free=True),
    "q": Directive("url_query", FieldSpec(Kind.QUERY), free=True),
    "r": Directive("request_line", FieldSpec(Kind.REQUEST), free=True),
    "k": Directive("keepalives", integer_spec()),
    "l": Directive("ident", FieldSpec(Kind.SKIP)),
    "L": Directive("log_id", text_spec()),
    "{c}L": Directive("connection_log_id", text_spec()),
    "p": Directive("server_port", integer_spec("server_port"), 0),
    "{canonical}p": Directive("server_port", integer_spec("server_port"), 0),
    "{local}p": Directive("local_port", integer_spec("server_port"), 1),
    "{remote}p": Directive("client_port", integer_spec("client_port")),
    "P": Directive("pid", integer_spec()),
    "{pid}P": Directive("pid", integer_spec()),
    "{tid}P": Directive("tid", text_spec()),
    "{hextid}P": Directive("tid", text_spec()),
    "R": Directive("handler", text_spec(), free=True),
    ">s": Directive("final_status", STATUS, 0),
    "s": Directive("original_status", STATUS, 1),
    "<s": Directive("original_status", STATUS, 2),
    "u": Directive("user", FIELDS["user"], free=True),
    "v": Directive("server_name", text_spec("host"), 0),
    "V": Directive("used_name", text_spec("host"), 1),
    "X": Directive("connection_status", text_spec()),
}

_NAMED = {
    "i": "{}",
    "o": "response_{}",
    "C": "cookie_{}",
    "n": "note_{}",
    "e": "env_{}",
    "x": "{}",
    "c": "tls_{}",
    "^ti": "trailer_{}",
    "^to": "response_trailer_{}",
}
"""Columns of the directives that take a name."""

NAMED_DIRECTIVES: dict[str, Directive] = {
    "referer i": Directive("referer", text_spec("referrer")),
    "referrer i": Directive("referer", text_spec("referrer"), 1),
    "user-agent i": Directive("user_agent", text_spec("user_agent")),
    "host i": Directive("host_header", text_spec("host"), 2),
    "x-forwarded-host i": Directive("forwarded_host", text_spec("host"), 3),
    "x-forwarded-for i": Directive("forwarded_for", text_spec("forwarded_for")),
    "x-forwarded-proto i": Directive("forwarded_proto", text_spec("scheme"), 1),
    "x-request-id i": Directive("x_request_id", text_spec("request_id"), 2),
    "x-request-id o": Directive("response_x_request_id", text_spec("request_id"), 3),
    "content-type o": Directive("response_content_type", text_spec("content_type")),
    "unique_id e": Directive("unique_id", text_spec("request_id")),
    "unique_id x": Directive("unique_id", text_spec("request_id"), 1),
    "request_scheme e": Directive("request_scheme", text_spec("scheme")),
    "request_scheme x": Directive("request_scheme", text_spec("scheme")),
    "balancer_worker_name e": Directive("balancer_worker_name", text_spec("upstream")),
    "geoip_country_code e": Directive("geoip_country_code", text_spec("country")),
    "mm_country_code e": Directive("mm_country_code", text_spec("country"), 1),
    "ssl_protocol x": Directive("ssl_protocol", text_spec("tls_protocol")),
    "ssl_cipher x": Directive("ssl_cipher", text_spec("tls_cipher")),
    "ssl_protocol c": Directive("ssl_protocol", text_spec("tls_protocol"), 1),
    "ssl_cipher c": Directive("ssl_cipher", text_spec("tls_cipher"), 1),
    "ssl_protocol e": Directive("ssl_protocol", text_spec("tls_protocol"), 2),
    "ssl_cipher e": Directive("ssl_cipher", text_spec("tls_cipher"), 2),
    "version c": Directive("tls_version", text_spec("tls_protocol"), 3),
    "cipher c": Directive("tls_cipher", text_spec("tls_cipher"), 3),
}
CLIENT_SOURCES = ("forwarded_for", "x_real_ip", "true_client_ip", "cf_connecting_ip", "client_ip")


def apache_format(text: str) -> Format:
    """Compile an Apache format.

    Args:
        text: what stands between the quotes of a ``LogFormat``, a nickname that Apache's
            own files define, or a whole ``LogFormat`` or ``CustomLog`` line.

    Raises:
        FormatError: an unknown directive, or a brace that is not closed.

    """
    string = NICKNAMES.get(text.strip()) or extract_format_string(text)
    directives, after = _tokenize(string)
    if not directives:
        raise FormatError(f"no directive in {string!r}", hint="directives begin with %")
    directives, means = choose_times(merge(directives, after))
    directives = assign_columns(directives, CLIENT_SOURCES)
    sent = [directive.name for directive in directives if directive.spec.column == "bytes"]
    return Format(
        name="apache-custom",
        title=f"Apache: {string}",
        lines=_line_variants(directives, after),
        time_means=means,
        bytes_mean="wire" if sent == ["bytes_sent"] else "body",
        host_in_target="://" in string,
        source="https://httpd.apache.org/docs/2.4/mod/mod_log_config.html#formats",
    )


def _line_variants(directives: Sequence[Directive], after: str) -> tuple[Line, ...]:
    """The line, and before it the line as it is nearly always.

    A bare list of clients has blanks in it and an unknown ident behind it. That the ident is
    ``-`` shows where the list ends.
    """
    line = make_line(directives, after)
    kinds = [directive.spec.kind for directive in directives]
    listed = any(
        directive.spec.column == "client" and directive.spec.listed for directive in directives
    )
    if not listed or Kind.SKIP not in kinds[:-1]:
        return (line,)
    place = kinds.index(Kind.SKIP)
    behind = directives[place + 1]
    behind = replace(behind, before=f"{directives[place].before}-{behind.before}")
    return (make_line([*directives[:place], behind, *directives[place + 2 :]], after), line)


def extract_format_string(text: str) -> str:
    r"""The format string of a configuration line; any other text is taken as the string itself.

    >>> extract_format_string('LogFormat "%h \\"%r\\"" short')
    '%h "%r"'

    """
    line = _CONFIG_LINE.match(text)
    if line is None:
        alone = re.fullmatch(r'\s*"((?:[^"\\]|\\.)*)"\s*', text, re.DOTALL)
        wrapped = alone is not None and '\\"' in text
        return _unescape_quotes(alone[1] if alone and wrapped else text.strip("\r\n"))
    words = [_unquote(match) for match in _CONFIG_WORD.finditer(line["rest"])]
    place = 1 if line["what"].lower() in ("customlog", "globallog") else 0
    if len(words) <= place:
        raise FormatError(f"no format string in {text.strip()!r}")
    word = words[place]
    return NICKNAMES.get(word, word)


def _unquote(match: re.Match[str]) -> str:
    """A word of a configuration line; only its own quote and a backslash are escaped in it."""
    for group, quote in ((1, '"'), (2, "'")):
        if match[group] is not None:
            return re.sub(rf"\\([\\{quote}])", r"\1", match[group])
    return match[3]


def _unescape_quotes(text: str) -> str:
    """A string copied out of its quotes, with the escapes it needed there."""
    return re.sub(r'\\(["\'])', r"\1", text)


def _tokenize(string: str) -> tuple[list[Directive], str]:
    """The directives, each with the text before it, and the text behind the last."""
    directives: list[Directive] = []
    literal, end = "", 0
    for match in _TOKEN.finditer(string):
        literal += _unescape_blanks(string[end : match.start()])
        end = match.end()
        if match["letter"] == "%" and not match["mods"]:
            literal += "%"
            continue
        directive = _parse_directive(match, string)
        if directive.spec.time_format == "clf":
            directive = replace(directive, before=f"{literal}[")
            literal = "]"
        else:
            directive = replace(directive, before=literal)
            literal = ""
        directives.append(directive)
    return directives, (literal + _unescape_blanks(string[end:])).rstrip("\r\n")


def _unescape_blanks(literal: str) -> str:
    r"""Literal text with ``\t``, ``\n``, ``\r`` and ``\\`` resolved, as httpd does."""
    return re.sub(r"\\([ntr\\])", lambda m: _BLANKS.get(m[1], m[1]), literal)


def _parse_directive(match: re.Match[str], string: str) -> Directive:
    mods, letter = match["mods"], match["letter"]
    if letter is None or letter == "{":
        brace = string.find("{", match.start())
        if brace >= 0:
            raise format_error_at("unclosed brace", string, brace, "no } follows")
        raise format_error_at("incomplete directive", string, match.start())
    argument = _STATUSES.search(mods)
    name = argument[0][1:-1] if argument else None
    outside = _STATUSES.sub("", mods)
    known = _look_up(letter, name, outside)
    if known is None:
        advice = did_you_mean(letter, [*_DIRECTIVES, *_NAMED, "t"], lambda known: f"%{known}")
        if _look_up(letter.swapcase(), name, outside):
            advice = f"did you mean {match[0][:-1]}{letter.swapcase()}?"
        elif letter in _NAMED:
            advice = f"it takes a name: %{{NAME}}{letter}"
        raise format_error_at(
            f"unknown directive {match[0]!r}",
            string,
            match.start(),
            advice or "see the directives of mod_log_config",
        )
    # Whether quoted or not, httpd escapes what clients sent: \xHH, \" and \\, since 2.0.46.
    spec = known.spec
    if spec.kind not in (Kind.TIME, Kind.INTEGER, Kind.SECONDS, Kind.SKIP):
        spec = replace(spec, escape="backslash")
    limited = any(character.isdigit() for character in outside)
    if limited and spec.time_format == "clf":
        # A dash in place of the time has no brackets around it either.
        spec = replace(spec, time_format="any")
    return replace(known, spec=spec, label=match[0], may_be_dash=limited)


def _look_up(letter: str, name: str | None, mods: str) -> Directive | None:
    if letter == "t":
        return time_directive(name or "")
    if letter in _NAMED:
        if not name:
            return None
        named = NAMED_DIRECTIVES.get(f"{name.lower()} {letter}")
        own = Directive(_NAMED[letter].format(snake(name)), text_spec())
        return replace(named or own, free=True)
    side = next((mod for mod in mods if mod in "<>"), "")
    for spelling in (f"{{{name}}}{letter}", f"{side}{letter}", letter):
        if spelling in _DIRECTIVES:
            return _DIRECTIVES[spelling]
    return None
