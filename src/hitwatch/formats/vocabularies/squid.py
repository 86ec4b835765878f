"""Squid's logformat: https://www.squid-cache.org/Doc/config/logformat/.

A directive is an encoding, a width, a name in braces (before it, or behind) and a code of one
letter or several; the longest code counts. Times are in milliseconds, sizes count headers.
"""

from __future__ import annotations

import re

from msgspec.structs import replace

from hitwatch.formats.directives import Directive
from hitwatch.formats.fields import FieldSpec, Kind
from hitwatch.formats.vocabularies.vocabulary import (
    REQUEST_HEADER,
    RESPONSE_HEADER,
    NamedDirective,
    Vocabulary,
    fills,
    own,
)


def _user(name: str, rank: int) -> Directive:
    """A name of a user, which Squid percent-encodes (src/format/Quoting.cc)."""
    directive = fills("user", name, rank)
    return replace(directive, spec=replace(directive.spec, escape="percent"))


_DIRECTIVES: dict[str, Directive] = {
    ">a": fills("client", "client_address", 0),
    ">A": fills("client", "client_host", 1),
    ">p": fills("client_port", "client_port"),
    ">eui": own("client_eui"),
    ">la": fills("server_address", "server_address", 0),
    "la": fills("server_address", "listening_address", 1),
    ">lp": fills("server_port", "server_port", 0),
    "lp": fills("server_port", "listening_port", 1),
    "<a": fills("upstream", "upstream_address", 0),
    "<A": fills("upstream", "upstream_name", 1),
    "<p": own("upstream_port", "integer"),
    "<la": own("outgoing_address"),
    "<lp": own("outgoing_port", "integer"),
    "ts": Directive("time", FieldSpec(Kind.TIME, "time", time_format="epoch:s")),
    "tu": Directive("time", FieldSpec(Kind.TIME, "time", time_format="%L")),
    "tS": own("start_time", "seconds"),
    "tr": fills("duration_ms", "response_time"),
    "dt": own("dns_s", "milliseconds"),
    "<pt": own("peer_response_s", "milliseconds"),
    "<tt": fills("upstream_duration_ms", "server_side"),
    "un": _user("user", 0),
    "ul": _user("user_login", 1),
    "ue": _user("user_external", 2),
    "us": _user("user_certificate", 3),
    "ui": own("user_ident"),
    "credentials": own("credentials"),
    "Hs": fills("status", "status", 0),
    ">Hs": fills("status", "status", 0),
    "<Hs": fills("upstream_status", "upstream_status"),
    "<bs": own("upstream_bytes_body", "integer"),
    "Ss": fills("cache_status", "cache_status"),
    "Sh": own("hierarchy"),
    "mt": fills("content_type", "content_type"),
    "rm": fills("method", "method", 0),
    ">rm": fills("method", "client_method", 1),
    "<rm": own("upstream_method"),
    "ru": fills("target", "url", 0),
    ">ru": fills("target", "client_url", 1),
    "<ru": own("upstream_url", free=True),
    "rp": fills("path", "url_path", 2),
    ">rp": fills("path", "client_url_path", 3),
    "<rp": own("upstream_url_path", free=True),
    "rv": fills("protocol", "protocol", 0),
    ">rv": fills("protocol", "client_protocol", 1),
    "<rv": own("upstream_protocol"),
    ">rs": fills("scheme", "scheme"),
    "<rs": own("upstream_scheme"),
    ">rd": fills("host", "host"),
    "<rd": own("upstream_host"),
    ">rP": own("url_port", "integer"),
    "<rP": own("upstream_url_port", "integer"),
    ">st": fills("bytes_received", "bytes_received"),
    ">sh": own("request_header_bytes", "integer"),
    "<st": fills("bytes", "bytes_sent"),
    "<sh": own("header_bytes", "integer"),
    "<sH": own("high_offset", "integer"),
    "<sS": own("object_bytes", "integer"),
    "st": own("bytes_total", "integer"),
    ">h": own("request_headers", free=True),
    "<h": own("response_headers", free=True),
    "et": own("tag", free=True),
    "ea": own("external_acl", free=True),
    "sn": own("sequence", "integer"),
    "err_code": own("error"),
    "err_detail": own("error_detail", free=True),
    "note": own("notes", free=True),
    ">sni": own("sni"),
    "ssl::bump_mode": own("bump_mode"),
    "ssl::>sni": own("sni"),
    "ssl::>cert_subject": own("client_certificate", free=True),
    "ssl::<cert_subject": own("upstream_certificate", free=True),
    "tls::>negotiated_version": fills("tls_protocol", "tls_version"),
    "ssl::>negotiated_version": fills("tls_protocol", "tls_version"),
    "tls::>negotiated_cipher": fills("tls_cipher", "tls_cipher"),
    "ssl::>negotiated_cipher": fills("tls_cipher", "tls_cipher"),
    "adapt::sum_trs": own("adaptation_times", free=True),
    "adapt::all_trs": own("adaptation_times", free=True),
    "icap::tt": own("icap_s", "milliseconds"),
    "icap::tr": own("icap_response_s", "milliseconds"),
}
_NAMED = {
    ">h": REQUEST_HEADER,
    ">ha": REQUEST_HEADER,
    "<h": RESPONSE_HEADER,
    "note": NamedDirective("n", "note_{}"),
}
_TIMES = ("tl", "tg")
_CODES = "|".join(
    re.escape(code)
    for code in sorted({*_DIRECTIVES, *_NAMED, *_TIMES}, key=lambda code: (-len(code), code))
)

SQUID = Vocabulary(
    names=("squid",),
    title="Squid",
    source="https://www.squid-cache.org/Doc/config/logformat/",
    directives=_DIRECTIVES,
    named=_NAMED,
    token=re.compile(
        rf"""%(?:["\[#'/]?(?P<mods>-?\d*(?:\.\d+)?)(?:\{{(?P<name>[^}}]*)\}})?(?:http::)?"""
        rf"""(?:(?P<letter>{_CODES})(?:\{{(?P<behind>[^}}]*)\}})?|(?P<short>[<>]?\w+|.)?))""",
        re.DOTALL,
    ),
    strings={
        "squid": "%ts.%03tu %6tr %>a %Ss/%03>Hs %<st %rm %ru %[un %Sh/%<a %mt",
        "common": '%>a - %[un [%tl] "%rm %ru HTTP/%rv" %>Hs %<st %Ss:%Sh',
        "combined": (
            '%>a - %[un [%tl] "%rm %ru HTTP/%rv" %>Hs %<st "%{Referer}>h" "%{User-Agent}>h" %Ss:%Sh'
        ),
    },
    setting=re.compile(r"^\s*logformat\s+[\w.-]+\s+(.*%.*)", re.DOTALL),
    times=_TIMES,
    brackets="none",
    wire=("<st",),
    prefixes={"rv": "HTTP/", ">rv": "HTTP/"},
)
