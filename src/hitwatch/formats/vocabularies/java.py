"""Servers in Java: Jetty's CustomRequestLog and Undertow's access log.

Jetty: https://javadoc.jetty.org/jetty-12/org/eclipse/jetty/server/CustomRequestLog.html, where
``%a`` without a name is the server's address, ``%O`` counts the body alone and every time
stands in brackets. Undertow, which WildFly, JBoss EAP 7 and Quarkus log with:
https://undertow.io/undertow-docs/undertow-docs-2.1.0/#exchange-attributes-2; its ``%D`` is
in milliseconds, its ``%T`` in seconds with three digits, in all versions.
"""

from __future__ import annotations

import re

from msgspec.structs import replace

from hitwatch.formats.directives import Directive, as_text, snake
from hitwatch.formats.fields import FieldSpec, Kind
from hitwatch.formats.vocabularies.java_times import strftime_of
from hitwatch.formats.vocabularies.vocabulary import (
    ENVIRONMENT,
    REQUEST_HEADER,
    RESPONSE_HEADER,
    NamedDirective,
    Vocabulary,
    fills,
    own,
)


def _jetty_time(argument: str) -> Directive:
    """A time of Jetty's, whose name may hold a zone and a locale too."""
    return _time(argument.split("|")[0], "start_time")


def _undertow_time(argument: str) -> Directive:
    return _time(argument, "end_time")


def _time(text: str, name: str) -> Directive:
    time_format = strftime_of(text) if text else "clf"
    spec = FieldSpec(Kind.TIME, "time", time_format=time_format)
    directive = Directive(name, spec, free=bool(text))
    return directive if time_format else replace(as_text(directive), name=f"time_{snake(text)}")


JETTY = Vocabulary(
    names=("jetty",),
    title="Jetty",
    source="https://javadoc.jetty.org/jetty-12/org/eclipse/jetty/server/CustomRequestLog.html",
    directives={
        "a": fills("server_address", "server_address"),
        "{server}a": fills("server_address", "server_address"),
        "{local}a": fills("server_address", "local_address", 1),
        "{client}a": fills("client", "client_address", 0),
        "{remote}a": fills("client", "remote_address", 1),
        "p": fills("server_port", "server_port"),
        "{server}p": fills("server_port", "server_port"),
        "{local}p": fills("server_port", "local_port", 1),
        "{client}p": fills("client_port", "client_port", 0),
        "{remote}p": fills("client_port", "remote_port", 1),
        "I": fills("bytes_received", "bytes_received"),
        "{CLF}I": fills("bytes_received", "bytes_received"),
        "O": fills("bytes", "bytes_body"),
        "{CLF}O": fills("bytes_clf", "bytes_body"),
        "S": own("bytes_total", "integer"),
        "{CLF}S": own("bytes_total", "integer"),
        "C": own("cookies", free=True),
        "D": fills("duration_us", "time_taken_us", 0),
        "T": fills("duration_s", "time_taken_s", 2),
        "{s}T": fills("duration_s", "time_taken_s", 2),
        "{ms}T": fills("duration_ms", "time_taken_ms", 1),
        "{us}T": fills("duration_us", "time_taken_us", 0),
        "f": own("file", free=True),
        "H": fills("protocol", "request_protocol"),
        "k": own("keepalives", "integer"),
        "m": fills("method", "request_method"),
        "q": fills("query", "url_query"),
        "r": fills("request", "request_line"),
        "R": own("handler", free=True),
        "s": fills("status", "status"),
        "u": fills("user", "user"),
        "{d}u": fills("user", "user"),
        "U": fills("path", "url_path"),
        "X": own("connection_status"),
    },
    named={
        "i": REQUEST_HEADER,
        "o": RESPONSE_HEADER,
        "C": NamedDirective("C", "cookie_{}"),
        "e": ENVIRONMENT,
        "ti": NamedDirective("^ti", "trailer_{}"),
        "to": NamedDirective("^to", "response_trailer_{}"),
    },
    token=re.compile(
        r"%(?P<mods>!?[\d,]*)(?:\{(?P<name>[^}]*)\})?(?P<letter>(?<=\})t[io]|.)?", re.DOTALL
    ),
    strings={
        "NCSA_FORMAT": '%{client}a - %u %t "%r" %s %O',
        "EXTENDED_NCSA_FORMAT": ('%{client}a - %u %t "%r" %s %O "%{Referer}i" "%{User-Agent}i"'),
    },
    setting=re.compile(
        r"""jetty\.requestlog\.formatString\s*=\s*(?P<string>.+)|"""
        r"""CustomRequestLog\((?:.*,)?\s*"(?P<code>(?:[^"\\]|\\.)*)"\s*\)"""
    ),
    escape="none",
    time_directive=_jetty_time,
    brackets="all",
    time_means="start",
)

_UNDERTOW_COMMON = '%h %l %u %t "%r" %s %b'
_UNDERTOW_AGENT = '"%{i,Referer}" "%{i,User-Agent}"'
_UNDERTOW: dict[str, Directive] = {
    "a": fills("client", "client_address", 0),
    "REMOTE_IP": fills("client", "client_address", 0),
    "h": fills("client", "client_host", 1),
    "REMOTE_HOST": fills("client", "client_host", 1),
    # Made unrecognisable, but still the same for the same client.
    "o": own("client_obfuscated"),
    "A": fills("server_address", "server_address"),
    "LOCAL_IP": fills("server_address", "server_address"),
    "b": fills("bytes_clf", "bytes_body"),
    "B": fills("bytes", "bytes_body"),
    "BYTES_SENT": fills("bytes", "bytes_body"),
    "RESPONSE_SIZE": fills("bytes", "response_size", 1),
    "BYTES_READ": fills("bytes_received", "bytes_read"),
    "REQUEST_SIZE": fills("bytes_received", "request_size", 1),
    "H": fills("protocol", "request_protocol"),
    "PROTOCOL": fills("protocol", "request_protocol"),
    "TRANSPORT_PROTOCOL": own("transport_protocol"),
    "l": fills("ident", "ident"),
    "REMOTE_IDENT": fills("ident", "ident"),
    "m": fills("method", "request_method"),
    "METHOD": fills("method", "request_method"),
    "p": fills("server_port", "local_port", 1),
    "LOCAL_PORT": fills("server_port", "local_port", 1),
    "q": fills("query", "url_query"),
    "QUERY_STRING": fills("query", "url_query"),
    "BARE_QUERY_STRING": fills("query", "url_query"),
    "r": fills("request", "request_line"),
    "REQUEST_LINE": fills("request", "request_line"),
    "s": fills("status", "status"),
    "RESPONSE_CODE": fills("status", "status"),
    "RESPONSE_REASON_PHRASE": own("reason_phrase", free=True),
    "S": own("session"),
    "SSL_CIPHER": fills("tls_cipher", "ssl_cipher"),
    "SECURE_PROTOCOL": fills("tls_protocol", "ssl_protocol"),
    "SSL_SESSION_ID": own("ssl_session_id"),
    "SCHEME": fills("scheme", "request_scheme"),
    "SECURE": own("secure"),
    "u": fills("user", "user"),
    "REMOTE_USER": fills("user", "user"),
    "AUTHENTICATION_TYPE": own("authentication_type"),
    "U": fills("path", "url_path", 0),
    "REQUEST_URL": fills("path", "url_path", 0),
    "R": fills("path", "relative_path", 1),
    "RELATIVE_PATH": fills("path", "relative_path", 1),
    "RESOLVED_PATH": own("resolved_path", free=True),
    "v": fills("host", "server_name", 0),
    "LOCAL_SERVER_NAME": fills("host", "server_name", 0),
    "HOST_AND_PORT": fills("host", "host_and_port", 1),
    "D": fills("duration_ms", "time_taken_ms", 1),
    "RESPONSE_TIME": fills("duration_ms", "time_taken_ms", 1),
    "T": fills("duration_s", "time_taken_s", 2),
    "RESPONSE_TIME_MICROS": fills("duration_us", "time_taken_us", 0),
    "RESPONSE_TIME_NANOS": fills("duration_ns", "time_taken_ns", 0),
    "t": _undertow_time(""),
    "DATE_TIME": _undertow_time(""),
    "I": own("thread", free=True),
    "THREAD_NAME": own("thread", free=True),
}

UNDERTOW = Vocabulary(
    names=("undertow", "wildfly", "jboss", "quarkus"),
    title="Undertow",
    source="https://undertow.io/undertow-docs/undertow-docs-2.1.0/#exchange-attributes-2",
    directives=_UNDERTOW,
    named={
        "i": REQUEST_HEADER,
        "o": RESPONSE_HEADER,
        "c": NamedDirective("C", "cookie_{}"),
        "req-cookie": NamedDirective("C", "cookie_{}"),
        "resp-cookie": NamedDirective("", "response_cookie_{}"),
        "q": NamedDirective("", "query_{}"),
        "p": NamedDirective("", "path_{}"),
        "r": NamedDirective("", "context_{}"),
        "s": NamedDirective("", "session_{}"),
    },
    token=re.compile(
        r"%(?:\{(?P<letter>time|i|o|c|q|p|r|s|req-cookie|resp-cookie),(?P<name>[^}]*)\}"
        r"|\{(?P<word>[^}]*)\}|(?P<short>.)?)",
        re.DOTALL,
    ),
    strings={
        "common": _UNDERTOW_COMMON,
        "combined": f"{_UNDERTOW_COMMON} {_UNDERTOW_AGENT}",
    },
    setting=re.compile(
        r"""<access-log\b[^>]*?\bpattern\s*=\s*"(?P<string>[^"]*)"|"""
        r"""access-log:add\(.*?pattern\s*=\s*"(?P<cli>(?:[^"\\]|\\.)*)"|"""
        r"""access-log\(\s*(?:format\s*=\s*)?['"](?P<handler>[^'"]*)['"]|"""
        r"""(?:server\.undertow\.accesslog|quarkus\.http\.access-log)\.pattern\s*[=:]"""
        r"""\s*(?P<spring>.+)"""
    ),
    escape="none",
    times=("time",),
    time_directive=_undertow_time,
    hint="headers are %{i,NAME}; ",
)
