"""Servers and caches in C whose strings look like Apache's: lighttpd, H2O and Varnish.

lighttpd: https://redmine.lighttpd.net/projects/lighttpd/wiki/Docs_ModAccessLog; its default
has the requested host, ``%V``, where Apache's has the ident. H2O:
https://h2o.examp1e.net/configure/access_log_directives.html; ``%{...}x`` times are in seconds.
Varnish: https://varnish-cache.org/docs/trunk/reference/varnishncsa.html; ``%T`` is whole
seconds, ``%D`` microseconds, ``%{Varnish:time_firstbyte}x`` seconds with a fraction.
"""

from __future__ import annotations

import re

from hitwatch.formats.directives import Directive
from hitwatch.formats.vocabularies.vocabulary import (
    ENVIRONMENT,
    REQUEST_HEADER,
    RESPONSE_HEADER,
    NamedDirective,
    Vocabulary,
    fills,
    own,
)

_AGENT = '"%{Referer}i" "%{User-Agent}i"'
_STATUS = fills("status", "status")

LIGHTTPD = Vocabulary(
    names=("lighttpd",),
    title="lighttpd",
    source="https://redmine.lighttpd.net/projects/lighttpd/wiki/Docs_ModAccessLog",
    directives={
        "a": fills("client", "client_address", 0),
        "h": fills("client", "client_host", 1),
        "A": fills("server_address", "server_address"),
        "b": fills("bytes_clf", "bytes_body"),
        "B": fills("bytes_clf", "bytes_body"),
        "D": fills("duration_us", "time_taken_us", 0),
        "T": fills("duration_s", "time_taken_s", 2),
        "{s}T": fills("duration_s", "time_taken_s", 2),
        "{sec}T": fills("duration_s", "time_taken_s", 2),
        "{ms}T": fills("duration_ms", "time_taken_ms", 1),
        "{msec}T": fills("duration_ms", "time_taken_ms", 1),
        "{us}T": fills("duration_us", "time_taken_us", 0),
        "{usec}T": fills("duration_us", "time_taken_us", 0),
        "{ns}T": fills("duration_ns", "time_taken_ns", 0),
        "{nsec}T": fills("duration_ns", "time_taken_ns", 0),
        "f": own("file", free=True),
        "H": fills("protocol", "request_protocol"),
        "I": fills("bytes_received", "bytes_received"),
        "O": fills("bytes", "bytes_sent"),
        "k": own("keepalives", "integer"),
        "l": fills("ident", "ident"),
        "m": fills("method", "request_method"),
        "p": fills("server_port", "server_port"),
        "{canonical}p": fills("server_port", "server_port"),
        "{local}p": fills("server_port", "local_port", 1),
        "{remote}p": fills("client_port", "client_port"),
        "q": fills("query", "url_query"),
        "r": fills("request", "request_line"),
        "s": _STATUS,
        ">s": _STATUS,
        "<s": _STATUS,
        "u": fills("user", "user"),
        "U": fills("path", "url_path"),
        # server.name where that is set, else the same as %V.
        "v": fills("host", "server_name", 0),
        "V": fills("host", "requested_host", 1),
        "X": own("connection_status"),
    },
    named={
        "i": REQUEST_HEADER,
        "o": RESPONSE_HEADER,
        "C": NamedDirective("C", "cookie_{}"),
        "e": ENVIRONMENT,
        "n": NamedDirective("n", "note_{}"),
    },
    strings={"default": f'%h %V %u %t "%r" %>s %b {_AGENT}'},
    setting=re.compile(r'accesslog\.format\s*=?\s*"((?:[^"\\]|\\.)*)"'),
    wire=("O",),
)


def _x(name: str) -> Directive:
    return own(name, "seconds")


_H2O_TIMES = {
    "connect-time": "connect_s",
    "request-header-time": "request_header_s",
    "request-body-time": "request_body_s",
    "request-total-time": "request_s",
    "process-time": "process_s",
    "response-time": "response_s",
    "proxy.idle-time": "upstream_idle_s",
    "proxy.connect-time": "upstream_connect_s",
    "proxy.request-time": "upstream_request_s",
    "proxy.process-time": "upstream_process_s",
    "proxy.response-time": "upstream_response_s",
}

H2O = Vocabulary(
    names=("h2o",),
    title="H2O",
    source="https://h2o.examp1e.net/configure/access_log_directives.html",
    directives={
        "h": fills("client", "client_address"),
        "A": fills("server_address", "server_address"),
        "b": fills("bytes", "bytes_body"),
        "H": fills("protocol", "request_protocol"),
        "l": fills("ident", "ident"),
        "m": fills("method", "request_method"),
        "p": fills("server_port", "server_port"),
        "{local}p": fills("server_port", "server_port"),
        "{remote}p": fills("client_port", "client_port"),
        "q": fills("query", "url_query"),
        "r": fills("request", "request_line"),
        "s": fills("status", "status", 0),
        ">s": fills("status", "status", 0),
        "<s": fills("status", "original_status", 1),
        "u": fills("user", "user"),
        "U": fills("path", "url_path"),
        "v": fills("host", "server_name", 1),
        # The host that was asked for; %v is "default" where no host is set up by name.
        "V": fills("host", "authority", 0),
        "{duration}x": fills("duration_s", "duration", 1),
        "{total-time}x": fills("duration_s", "total_time", 0),
        "{proxy.total-time}x": fills("upstream_duration_s", "upstream_total"),
        "{ssl.protocol-version}x": fills("tls_protocol", "ssl_protocol"),
        "{ssl.cipher}x": fills("tls_cipher", "ssl_cipher"),
        **{f"{{{name}}}x": _x(column) for name, column in _H2O_TIMES.items()},
    },
    named={
        "i": REQUEST_HEADER,
        "o": RESPONSE_HEADER,
        "e": ENVIRONMENT,
        "x": NamedDirective("", "{}"),
    },
    strings={"default": f'%h %l %u %t "%r" %s %b {_AGENT}'},
    setting=re.compile(
        r"""access-log:.*?\bformat:\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([^\n"'][^\n]*))""",
        re.DOTALL,
    ),
    time_means="start",
)

VARNISH = Vocabulary(
    names=("varnishncsa", "varnish"),
    title="varnishncsa",
    source="https://varnish-cache.org/docs/trunk/reference/varnishncsa.html",
    directives={
        "b": fills("bytes_clf", "bytes_body"),
        "O": fills("bytes", "bytes_sent"),
        "I": fills("bytes_received", "bytes_received"),
        "D": fills("duration_us", "time_taken_us", 0),
        "T": fills("duration_s", "time_taken_s", 2),
        "{s}T": fills("duration_s", "time_taken_s", 2),
        "{ms}T": fills("duration_ms", "time_taken_ms", 1),
        "{us}T": fills("duration_us", "time_taken_us", 0),
        "H": fills("protocol", "request_protocol"),
        "h": fills("client", "client_address"),
        "l": fills("ident", "ident"),
        "m": fills("method", "request_method"),
        "q": fills("query", "url_query"),
        "r": fills("request", "request_line"),
        "s": _STATUS,
        ">s": _STATUS,
        "u": fills("user", "user"),
        "U": fills("path", "url_path"),
        "{varnish:time_firstbyte}x": _x("first_byte_s"),
        "{varnish:handling}x": fills("cache_status", "handling", 0),
        "{varnish:hitmiss}x": fills("cache_status", "hitmiss", 1),
        "{varnish:side}x": own("side"),
        "{varnish:vxid}x": fills("request_id", "vxid"),
    },
    named={
        "i": REQUEST_HEADER,
        "o": RESPONSE_HEADER,
        "x": NamedDirective("", "{}"),
    },
    strings={"default": f'%h %l %u %t "%r" %s %b {_AGENT}'},
    setting=re.compile(r"""varnishncsa\b.*?\s-F\s*(?:'([^']*)'|"((?:[^"\\]|\\.)*)")"""),
    time_means="start",
    wire=("O",),
)
