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
from dataclasses import replace

from hitwatch.errors import FormatError
from hitwatch.formats.directives import (
    Directive,
    as_text,
    assign_columns,
    infer_client,
    line_of,
    merge,
    nearest,
    pointed,
    port_of_host,
)
from hitwatch.formats.fields import CLIENT, FIELDS, STATUS, FieldSpec, Kind
from hitwatch.formats.format import Field, Format, Line, has_instant
from hitwatch.formats.times import time_items

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

_DIRECTIVE = re.compile(r"%(?P<mods>(?:[<>!,]|\d+|\{[^}]*\})*)(?P<letter>\^..|.)?", re.DOTALL)
_STATUSES = re.compile(r"\{[^}]*\}")
_LINE = re.compile(
    r"""\s*(?P<what>LogFormat|CustomLog|TransferLog|GlobalLog)\s+(?P<rest>.*)""",
    re.IGNORECASE | re.DOTALL,
)
_WORD = re.compile(r'"((?:[^"\\]|\\.)*)"|\'((?:[^\'\\]|\\.)*)\'|(\S+)', re.DOTALL)
_BLANKS = {"n": "\n", "t": "\t", "r": "\r"}


def _text(column: str | None = None) -> FieldSpec:
    return FieldSpec(Kind.TEXT, column)


def _integer(column: str | None = None) -> FieldSpec:
    return FieldSpec(Kind.INTEGER, column)


def _seconds(per_second: float, column: str | None = "duration_s") -> FieldSpec:
    return FieldSpec(Kind.SECONDS, column, per_second=per_second)


_DIRECTIVES: dict[str, Directive] = {
    "a": Directive("client_address", CLIENT, 0),
    "{c}a": Directive("peer_address", CLIENT, 1),
    "h": Directive("client_host", CLIENT, 2),
    "{c}h": Directive("peer_host", CLIENT, 3),
    "A": Directive("server_address", _text("server_address")),
    "b": Directive("bytes_body", FieldSpec(Kind.INTEGER, "bytes", dash_is_zero=True)),
    "B": Directive("bytes_body", _integer("bytes")),
    "O": Directive("bytes_sent", _integer("bytes")),
    "I": Directive("bytes_received", _integer("bytes_received")),
    "S": Directive("bytes_total", _integer()),
    "D": Directive("time_taken_us", _seconds(1e6), 0),
    "{us}T": Directive("time_taken_us", _seconds(1e6), 0),
    "{ms}T": Directive("time_taken_ms", _seconds(1e3), 1),
    "{s}T": Directive("time_taken_s", _seconds(1), 2),
    "T": Directive("time_taken_s", _seconds(1), 2),
    "^FB": Directive("first_byte_s", _seconds(1e6, None)),
    "f": Directive("file", _text(), free=True),
    "H": Directive("request_protocol", FieldSpec(Kind.PROTOCOL)),
    "m": Directive("request_method", FieldSpec(Kind.METHOD)),
    "U": Directive("url_path", FieldSpec(Kind.PATH), free=True),
    "q": Directive("url_query", FieldSpec(Kind.QUERY), free=True),
    "r": Directive("request_line", FieldSpec(Kind.REQUEST), free=True),
    "k": Directive("keepalives", _integer()),
    "l": Directive("ident", FieldSpec(Kind.SKIP)),
    "L": Directive("log_id", _text()),
    "{c}L": Directive("connection_log_id", _text()),
    "p": Directive("server_port", _integer("server_port"), 0),
    "{canonical}p": Directive("server_port", _integer("server_port"), 0),
    "{local}p": Directive("local_port", _integer("server_port"), 1),
    "{remote}p": Directive("client_port", _integer("client_port")),
    "P": Directive("pid", _integer()),
    "{pid}P": Directive("pid", _integer()),
    "{tid}P": Directive("tid", _text()),
    "{hextid}P": Directive("tid", _text()),
    "R": Directive("handler", _text(), free=True),
    ">s": Directive("final_status", STATUS, 0),
    "s": Directive("original_status", STATUS, 1),
    "<s": Directive("original_status", STATUS, 2),
    "u": Directive("user", FIELDS["user"], free=True),
    "v": Directive("server_name", _text("host"), 0),
    "V": Directive("used_name", _text("host"), 1),
    "X": Directive("connection_status", _text()),
}

_FROM = {
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

NAMED: dict[str, Directive] = {
    "referer i": Directive("referer", _text("referrer")),
    "referrer i": Directive("referer", _text("referrer"), 1),
    "user-agent i": Directive("user_agent", _text("user_agent")),
    "host i": Directive("host_header", _text("host"), 2),
    "x-forwarded-host i": Directive("forwarded_host", _text("host"), 3),
    "x-forwarded-for i": Directive("forwarded_for", _text("forwarded_for")),
    "x-forwarded-proto i": Directive("forwarded_proto", _text("scheme"), 1),
    "x-request-id i": Directive("x_request_id", _text("request_id"), 2),
    "x-request-id o": Directive("response_x_request_id", _text("request_id"), 3),
    "content-type o": Directive("response_content_type", _text("content_type")),
    "unique_id e": Directive("unique_id", _text("request_id")),
    "unique_id x": Directive("unique_id", _text("request_id"), 1),
    "request_scheme e": Directive("request_scheme", _text("scheme")),
    "request_scheme x": Directive("request_scheme", _text("scheme")),
    "balancer_worker_name e": Directive("balancer_worker_name", _text("upstream")),
    "geoip_country_code e": Directive("geoip_country_code", _text("country")),
    "mm_country_code e": Directive("mm_country_code", _text("country"), 1),
    "ssl_protocol x": Directive("ssl_protocol", _text("tls_protocol")),
    "ssl_cipher x": Directive("ssl_cipher", _text("tls_cipher")),
    "ssl_protocol c": Directive("ssl_protocol", _text("tls_protocol"), 1),
    "ssl_cipher c": Directive("ssl_cipher", _text("tls_cipher"), 1),
    "ssl_protocol e": Directive("ssl_protocol", _text("tls_protocol"), 2),
    "ssl_cipher e": Directive("ssl_cipher", _text("tls_cipher"), 2),
    "version c": Directive("tls_version", _text("tls_protocol"), 3),
    "cipher c": Directive("tls_cipher", _text("tls_cipher"), 3),
}
LENDERS = ("forwarded_for", "x_real_ip", "true_client_ip", "cf_connecting_ip", "client_ip")

_TIMES = {
    "": "clf",
    "sec": "epoch:s",
    "msec": "epoch:ms",
    "usec": "epoch:us",
    "msec_frac": "%L",
    "usec_frac": "%f",
}
_LOCAL = {"%c": "%a %b %e %H:%M:%S %Y", "%x": "%m/%d/%y", "%X": "%H:%M:%S", "%P": "%p"}
"""What strftime writes in the C locale, which httpd runs in."""

_FINEST = ("epoch:us", "epoch:ms", "clf", "any", "epoch:s")


def apache_format(text: str) -> Format:
    """Compile an Apache format.

    Args:
        text: what stands between the quotes of a ``LogFormat``, a nickname that Apache's
            own files define, or a whole ``LogFormat`` or ``CustomLog`` line.

    Raises:
        FormatError: an unknown directive, or a brace that is not closed.

    """
    string = NICKNAMES.get(text.strip()) or unwrapped(text)
    pieces, after = _taken_apart(string)
    if not pieces:
        raise FormatError(f"no directive in {string!r}", hint="directives begin with %")
    pieces, means = choose_times(merge(pieces, after))
    pieces = assign_columns(port_of_host(infer_client(pieces, LENDERS)))
    sent = [directive.name for directive in pieces if directive.spec.column == "bytes"]
    return Format(
        name="apache-custom",
        title=f"Apache: {string}",
        lines=_ways(pieces, after),
        time_means=means,
        bytes_mean="wire" if sent == ["bytes_sent"] else "body",
        host_in_target="://" in string,
        source="https://httpd.apache.org/docs/2.4/mod/mod_log_config.html#formats",
    )


def _ways(pieces: Sequence[Directive], after: str) -> tuple[Line, ...]:
    """The line, and before it the line as it is nearly always.

    A bare list of clients has blanks in it and an unknown ident behind it. That the ident is
    ``-`` tells where the list ends.
    """
    line = line_of(pieces, after)
    kinds = [directive.spec.kind for directive in pieces]
    listed = any(
        directive.spec.column == "client" and directive.spec.listed for directive in pieces
    )
    if not listed or Kind.SKIP not in kinds[:-1]:
        return (line,)
    place = kinds.index(Kind.SKIP)
    behind = pieces[place + 1]
    behind = replace(behind, before=f"{pieces[place].before}-{behind.before}")
    return (line_of([*pieces[:place], behind, *pieces[place + 2 :]], after), line)


def unwrapped(text: str) -> str:
    r"""The format string of a configuration line; a string that is none is given back.

    >>> unwrapped('LogFormat "%h \\"%r\\"" short')
    '%h "%r"'

    """
    line = _LINE.match(text)
    if line is None:
        alone = re.fullmatch(r'\s*"((?:[^"\\]|\\.)*)"\s*', text, re.DOTALL)
        wrapped = alone is not None and '\\"' in text
        return _bare(alone[1] if alone and wrapped else text.strip("\r\n"))
    words = [_unquoted(match) for match in _WORD.finditer(line["rest"])]
    place = 1 if line["what"].lower() in ("customlog", "globallog") else 0
    if len(words) <= place:
        raise FormatError(f"no format in {text.strip()!r}")
    word = words[place]
    return NICKNAMES.get(word, word)


def _unquoted(match: re.Match[str]) -> str:
    """A word of a configuration line; only its own quote and a backslash are escaped in it."""
    for group, quote in ((1, '"'), (2, "'")):
        if match[group] is not None:
            return re.sub(rf"\\([\\{quote}])", r"\1", match[group])
    return match[3]


def _bare(text: str) -> str:
    """A string copied out of its quotes, with the escapes it needed there."""
    return re.sub(r'\\(["\'])', r"\1", text)


def _taken_apart(string: str) -> tuple[list[Directive], str]:
    pieces: list[Directive] = []
    literal, end = "", 0
    for match in _DIRECTIVE.finditer(string):
        literal += _blanks(string[end : match.start()])
        end = match.end()
        if match["letter"] == "%" and not match["mods"]:
            literal += "%"
            continue
        directive = _directive(match, string)
        if directive.spec.time_format == "clf":
            directive = replace(directive, before=f"{literal}[")
            literal = "]"
        else:
            directive = replace(directive, before=literal)
            literal = ""
        pieces.append(directive)
    return pieces, (literal + _blanks(string[end:])).rstrip("\r\n")


def _blanks(literal: str) -> str:
    r"""Literal text with ``\t``, ``\n``, ``\r`` and ``\\`` resolved, as httpd does."""
    return re.sub(r"\\([ntr\\])", lambda m: _BLANKS.get(m[1], m[1]), literal)


def _directive(match: re.Match[str], string: str) -> Directive:
    mods, letter = match["mods"], match["letter"]
    if letter is None or letter == "{":
        brace = string.find("{", match.start())
        if brace >= 0:
            raise pointed("a brace is not closed", string, brace, "no } follows")
        raise pointed("a directive is cut short", string, match.start())
    argument = _STATUSES.search(mods)
    name = argument[0][1:-1] if argument else None
    outside = _STATUSES.sub("", mods)
    known = _known(letter, name, outside)
    if known is None:
        advice = nearest(letter, [*_DIRECTIVES, *_FROM, "t"], lambda known: f"%{known}")
        if _known(letter.swapcase(), name, outside):
            advice = f"did you mean {match[0][:-1]}{letter.swapcase()}?"
        elif letter in _FROM:
            advice = f"it takes a name: %{{NAME}}{letter}"
        raise pointed(
            f"unknown directive {match[0]!r}",
            string,
            match.start(),
            advice or "see mod_log_config for those there are",
        )
    # Whether quoted or not, httpd escapes what clients sent.
    spec = known.spec
    if spec.kind not in (Kind.TIME, Kind.INTEGER, Kind.SECONDS, Kind.SKIP):
        spec = replace(spec, escape="backslash")
    limited = any(character.isdigit() for character in outside)
    if limited and spec.time_format == "clf":
        # A dash in place of the time has no brackets around it either.
        spec = replace(spec, time_format="any")
    return replace(known, spec=spec, told=match[0], may_be_dash=limited)


def _known(letter: str, name: str | None, mods: str) -> Directive | None:
    if letter == "t":
        return time_of(name or "")
    if letter in _FROM:
        if not name:
            return None
        named = NAMED.get(f"{name.lower()} {letter}")
        return replace(named or Directive(_FROM[letter].format(snake(name)), _text()), free=True)
    side = next((mod for mod in mods if mod in "<>"), "")
    for spelling in (f"{{{name}}}{letter}", f"{side}{letter}", letter):
        if spelling in _DIRECTIVES:
            return _DIRECTIVES[spelling]
    return None


def snake(name: str) -> str:
    """A column's name for a name of another style: ``accept_language``.

    >>> snake("Accept-Language")
    'accept_language'

    """
    words = re.sub(r"[^0-9a-z]+", "_", name.lower()).strip("_")
    return words if words and not words[0].isdigit() else f"x_{words}"


def time_of(argument: str) -> Directive:
    """The time that ``%{...}t`` writes, of what stands between its braces."""
    side, colon, rest = argument.partition(":")
    at_end = side == "end"
    text = argument
    if side in ("begin", "end") and (colon or side == argument):
        text = rest
    for short, long in _LOCAL.items():
        text = re.sub(rf"(?<!%)((?:%%)*){short}", lambda m, long=long: m[1] + long, text)  # type: ignore[misc]
    directive = Directive(
        "end_time" if at_end else "start_time",
        FieldSpec(Kind.TIME, "time", time_format=_TIMES.get(text, text)),
        free=text not in _TIMES,
        at_end=at_end,
    )
    if text in _TIMES or ("%" in text and _readable(text)):
        return directive
    return replace(as_text(directive), name=f"time_{snake(text)}")


def _readable(time_format: str) -> bool:
    try:
        return bool(time_items(time_format))
    except FormatError:
        return False


def choose_times(pieces: Sequence[Directive]) -> tuple[list[Directive], str]:
    """Choose the pieces that make the time; the others are read as texts.

    Returns:
        The pieces, and whether their time is the start or the end of the request.

    """
    times = [directive for directive in pieces if directive.spec.kind is Kind.TIME]
    started = [directive for directive in times if not directive.at_end]
    ended = [directive for directive in times if directive.at_end]
    at_end = _complete(ended) and not _complete(started)
    chosen = _best(ended if at_end else started)
    complete = _complete(chosen)
    # Parts of two different moments make none.
    mixed = not complete and bool(started) and _complete(times)

    def stays(directive: Directive) -> bool:
        if complete:
            return any(directive is one for one in chosen)
        # What makes no instant still has to look like a time, unless it may be missing.
        return not directive.may_be_dash and not (mixed and directive.at_end)

    gaps = complete and any(directive.may_be_dash for directive in chosen)
    spare = [
        directive
        for directive in times
        if gaps and directive.at_end == at_end and _complete([directive])
    ]
    kept = [
        _spared(directive, chosen)
        if any(directive is one for one in spare)
        else as_text(directive)
        if directive.spec.kind is Kind.TIME and not stays(directive)
        else directive
        for directive in pieces
    ]
    return kept, "end" if at_end else "start"


def _spared(directive: Directive, chosen: Sequence[Directive]) -> Directive:
    """A whole time that tells when, or does so where the chosen one is a dash."""
    first = any(directive is one for one in chosen)
    return replace(directive, spec=replace(directive.spec, shared=True, spare=not first))


def _complete(times: Sequence[Directive]) -> bool:
    fields = tuple(Field(directive.name, directive.spec, " ") for directive in times)
    return has_instant(Format("", lines=(Line(fields),)))


def _best(times: Sequence[Directive]) -> list[Directive]:
    """One whole time and the fraction it lacks, or all parts where no one is whole."""
    by_format = {directive.spec.time_format: directive for directive in reversed(times)}
    fraction = by_format.get("%f") or by_format.get("%L")
    for whole in _FINEST:
        if whole in by_format:
            lacks = whole in ("clf", "any", "epoch:s") and fraction is not None
            return [by_format[whole], *([fraction] if fraction and lacks else [])]
    doubled = by_format.get("%L") if fraction is not by_format.get("%L") else None
    return [directive for directive in times if directive is not doubled]
