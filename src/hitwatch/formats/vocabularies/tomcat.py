"""Tomcat's AccessLogValve: https://tomcat.apache.org/tomcat-9.0-doc/config/valve.html.

``%D`` is in milliseconds up to Tomcat 9 and in microseconds from Tomcat 10 (February 2020) on;
the string alone does not say which. ``tomcat9:`` or ``tomcat10:`` in front of it does; else
lines of before that are in milliseconds, and those of later are judged by their size.
"""

from __future__ import annotations

import re
from datetime import date

from msgspec.structs import replace

from hitwatch.formats.directives import Directive, as_text, snake
from hitwatch.formats.fields import FIELDS, FieldSpec, Kind
from hitwatch.formats.vocabularies.java_times import strftime_of
from hitwatch.formats.vocabularies.vocabulary import (
    REQUEST_HEADER,
    RESPONSE_HEADER,
    NamedDirective,
    Vocabulary,
    fills,
    own,
)

_COUNTS = {"": "clf", "sec": "epoch:s", "msec": "epoch:ms", "msec_frac": "%L"}


def java_time(argument: str) -> Directive:
    """The time that ``%{...}t`` writes; the end of the request unless it says ``begin``."""
    side, colon, rest = argument.partition(":")
    text = rest if side in ("begin", "end") and (colon or side == argument) else argument
    time_format = _COUNTS.get(text) or strftime_of(text)
    begun = side == "begin"
    directive = Directive(
        "start_time" if begun else "end_time",
        FieldSpec(Kind.TIME, "time", time_format=time_format),
        free=text not in _COUNTS,
        at_end=not begun,
    )
    return directive if time_format else replace(as_text(directive), name=f"time_{snake(text)}")


_SECONDS = FIELDS["duration_s"]
DIRECTIVES: dict[str, Directive] = {
    "a": fills("client", "client_address", 0),
    "{remote}a": fills("client", "client_address", 0),
    "{peer}a": fills("client", "peer_address", 1),
    "A": fills("server_address", "server_address"),
    "b": fills("bytes_clf", "bytes_body"),
    "B": fills("bytes", "bytes_body"),
    "h": fills("client", "client_host", 2),
    "H": fills("protocol", "request_protocol"),
    "l": fills("ident", "ident"),
    "m": fills("method", "request_method"),
    "p": fills("server_port", "server_port"),
    "{local}p": fills("server_port", "server_port"),
    "{remote}p": fills("client_port", "client_port"),
    "q": fills("query", "url_query"),
    "r": fills("request", "request_line"),
    "s": fills("status", "status"),
    "S": own("session"),
    "u": fills("user", "user"),
    "U": fills("path", "url_path"),
    "v": fills("host", "server_name"),
    "D": fills("duration_ms_or_us", "time_taken", 1),
    # Whole seconds from Tomcat 10 on, three digits behind the point before.
    "T": Directive("time_taken_s", _SECONDS, 3),
    "{s}T": Directive("time_taken_s", _SECONDS, 3),
    "{fracsec}T": Directive("time_taken_s", _SECONDS, 2),
    "{ms}T": fills("duration_ms", "time_taken_ms", 1),
    "{us}T": fills("duration_us", "time_taken_us", 0),
    "{ns}T": fills("duration_ns", "time_taken_ns", 0),
    "F": own("first_byte_s", "milliseconds"),
    "I": own("thread", free=True),
    "X": own("connection_status"),
    "{c}L": own("connection_id"),
}
_NAMED = {
    "i": REQUEST_HEADER,
    "o": RESPONSE_HEADER,
    "c": NamedDirective("C", "cookie_{}"),
    "r": NamedDirective("", "attribute_{}"),
    "s": NamedDirective("", "session_{}"),
}
COMMON = '%h %l %u %t "%r" %s %b'
_AS_APACHE = date(2020, 2, 20)
"""When Tomcat 10.0.0-M1 came out."""

TOMCAT = Vocabulary(
    names=("tomcat",),
    title="Tomcat",
    source="https://tomcat.apache.org/tomcat-11.0-doc/config/valve.html#Access_Log_Valve",
    directives=DIRECTIVES,
    named=_NAMED,
    strings={
        "common": COMMON,
        "combined": f'{COMMON} "%{{Referer}}i" "%{{User-Agent}}i"',
    },
    setting=re.compile(
        r"""<Valve\b[^>]*AccessLogValve[^>]*?\bpattern\s*=\s*"(?P<string>[^"]*)"|"""
        r"""server\.tomcat\.accesslog\.pattern\s*[=:]\s*(?P<spring>.+)""",
        re.DOTALL,
    ),
    # As in Java's own source: \", \\, \n, \uXXXX.
    escape="json",
    time_directive=java_time,
    integer_units_since=(("us", _AS_APACHE),),
)
TOMCAT_9 = replace(
    TOMCAT,
    names=("tomcat9", "tomcat8", "tomcat8.5", "tomcat7", "tomcat6", "tomcat5.5"),
    title="Tomcat up to 9",
    source="https://tomcat.apache.org/tomcat-9.0-doc/config/valve.html#Access_Log_Valve",
    directives=DIRECTIVES | {"D": fills("duration_ms", "time_taken", 1)},
    integer_units_since=(),
)
TOMCAT_10 = replace(
    TOMCAT,
    names=("tomcat10", "tomcat10.1", "tomcat11"),
    title="Tomcat from 10 on",
    directives=DIRECTIVES | {"D": fills("duration_us", "time_taken", 0)},
    integer_units_since=(),
)
