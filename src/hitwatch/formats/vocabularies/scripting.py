"""Servers and loggers of Python, Node.js and PHP that log by strings of their own.

gunicorn: https://docs.gunicorn.org/en/stable/settings.html#access-log-format, as hypercorn:
``D`` is microseconds, ``M`` milliseconds, ``L`` seconds with a fraction. aiohttp:
https://docs.aiohttp.org/en/stable/logging.html#access-logs, where ``%b`` counts the header
too. morgan: https://github.com/expressjs/morgan#tokens, times in milliseconds. PHP-FPM:
https://www.php.net/manual/en/install.fpm.configuration.php#access-format, where times have
no brackets and the request no protocol.
"""

from __future__ import annotations

import re

from hitwatch.formats.directives import Directive
from hitwatch.formats.fields import FIELDS, FieldSpec, Kind
from hitwatch.formats.vocabularies.vocabulary import (
    ENVIRONMENT,
    REQUEST_HEADER,
    RESPONSE_HEADER,
    Vocabulary,
    fills,
    own,
)

_HEADERS = {
    "i": REQUEST_HEADER,
    "o": RESPONSE_HEADER,
    "e": ENVIRONMENT,
}
GUNICORN = Vocabulary(
    names=("gunicorn", "hypercorn"),
    title="gunicorn",
    source="https://docs.gunicorn.org/en/stable/settings.html#access-log-format",
    directives={
        "h": fills("client", "client"),
        "l": fills("ident", "ident"),
        "u": fills("user", "user"),
        "r": fills("request", "request_line"),
        "R": fills("request", "request_line"),
        "m": fills("method", "request_method"),
        "U": fills("path", "url_path"),
        "Uq": fills("target", "url"),
        "q": fills("query", "url_query"),
        "H": fills("protocol", "request_protocol"),
        "s": fills("status", "status"),
        "st": own("reason_phrase", free=True),
        "S": fills("scheme", "scheme"),
        "B": fills("bytes", "bytes_body"),
        "b": fills("bytes_clf", "bytes_body"),
        "f": fills("referrer", "referer"),
        "a": fills("user_agent", "user_agent"),
        "T": fills("duration_s", "time_taken_s", 3),
        "M": fills("duration_ms", "time_taken_ms", 2),
        "D": fills("duration_us", "time_taken_us", 0),
        "L": fills("duration_s", "time_taken", 1),
        "p": own("pid"),
    },
    named=_HEADERS,
    token=re.compile(r"%\((?:\{(?P<name>[^}]*)\})?(?P<letter>[A-Za-z]+)\)[sd]?|%(?P<short>.)?"),
    spelling="%({})s",
    strings={
        "default": '%(h)s %(l)s %(u)s %(t)s "%(r)s" %(s)s %(b)s "%(f)s" "%(a)s"',
    },
    setting=re.compile(
        r"""(?:access_log_format|accesslog_format)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)')"""
        r"""|--access-log-?format[\s=]+(?:"((?:[^"\\]|\\.)*)"|'([^']*)')"""
    ),
)
AIOHTTP = Vocabulary(
    names=("aiohttp",),
    title="aiohttp",
    source="https://docs.aiohttp.org/en/stable/logging.html#access-logs",
    directives={
        "a": fills("client", "client"),
        "P": own("pid"),
        "r": fills("request", "request_line"),
        "s": fills("status", "status"),
        "b": fills("bytes", "bytes_sent"),
        "T": fills("duration_s", "time_taken_s", 2),
        "Tf": fills("duration_s", "time_taken", 1),
        "D": fills("duration_us", "time_taken_us", 0),
    },
    named=_HEADERS,
    token=re.compile(r"%(?:\{(?P<name>[^}]*)\})?(?P<letter>Tf|.)?", re.DOTALL),
    strings={"default": '%a %t "%r" %s %b "%{Referer}i" "%{User-Agent}i"'},
    escape="none",
    time_means="start",
    wire=("b",),
)

_MORGAN_DATES = {
    "": "%a, %d %b %Y %H:%M:%S %Z",
    "web": "%a, %d %b %Y %H:%M:%S %Z",
    "clf": "clf",
    "iso": "iso",
}


def _morgan_date(argument: str) -> Directive:
    time_format = _MORGAN_DATES.get(argument, _MORGAN_DATES["web"])
    return Directive("date", FieldSpec(Kind.TIME, "time", time_format=time_format), free=True)


_REQUEST = ":method :url HTTP/:http-version"
_MORGAN_COMMON = f':remote-addr - :remote-user [:date[clf]] "{_REQUEST}" :status'
MORGAN = Vocabulary(
    names=("morgan", "express"),
    title="morgan",
    source="https://github.com/expressjs/morgan#tokens",
    directives={
        "method": fills("method", "request_method"),
        "url": fills("target", "url"),
        "http-version": fills("protocol", "http_version"),
        "status": fills("status", "status"),
        # Until the head of the answer was written; total-time goes on until all was.
        "response-time": fills("duration_ms", "response_time", 1),
        "total-time": fills("duration_ms", "total_time", 0),
        "referrer": fills("referrer", "referrer"),
        "user-agent": fills("user_agent", "user_agent"),
        "remote-addr": fills("client", "client"),
        "remote-user": fills("user", "user"),
        "{content-length}res": fills("bytes", "content_length"),
        "{content-type}res": fills("content_type", "response_content_type"),
    },
    named={"req": REQUEST_HEADER, "res": RESPONSE_HEADER},
    token=re.compile(r":(?P<letter>[A-Za-z][-\w]+)(?:\[(?P<behind>[^\]]+)\])?"),
    spelling=":{}",
    percent=False,
    strings={
        "common": f"{_MORGAN_COMMON} :res[content-length]",
        "combined": f'{_MORGAN_COMMON} :res[content-length] ":referrer" ":user-agent"',
        "default": (
            f':remote-addr - :remote-user [:date] "{_REQUEST}" :status '
            ':res[content-length] ":referrer" ":user-agent"'
        ),
        "short": (
            f":remote-addr :remote-user {_REQUEST} :status :res[content-length] - :response-time ms"
        ),
        "tiny": ":method :url :status :res[content-length] - :response-time ms",
        "dev": ":method :url :status :response-time ms - :res[content-length]",
    },
    setting=re.compile(r"""\bmorgan\(\s*(?:'([^']*)'|"([^"]*)"|`([^`]*)`)"""),
    escape="none",
    times=("date",),
    time_directive=_morgan_date,
    brackets="none",
    prefixes={"http-version": "HTTP/"},
    nameless=("response-time", "total-time"),
    custom="{}",
)

PHP_FPM = Vocabulary(
    names=("php-fpm", "fpm"),
    title="PHP-FPM",
    source="https://www.php.net/manual/en/install.fpm.configuration.php#access-format",
    directives={
        "R": fills("client", "client"),
        "u": fills("user", "user"),
        "m": fills("method", "request_method"),
        "r": fills("path", "url_path"),
        "Q": Directive("question_mark", FIELDS["skip"]),
        "q": fills("query", "url_query"),
        "s": fills("status", "status"),
        "l": fills("bytes_received", "content_length"),
        "d": fills("duration_s", "time_taken", 3),
        "{seconds}d": fills("duration_s", "time_taken_s", 3),
        "{mili}d": fills("duration_ms", "time_taken_ms", 1),
        "{milli}d": fills("duration_ms", "time_taken_ms", 1),
        "{miliseconds}d": fills("duration_ms", "time_taken_ms", 1),
        "{milliseconds}d": fills("duration_ms", "time_taken_ms", 1),
        "{micro}d": fills("duration_us", "time_taken_us", 0),
        "{microseconds}d": fills("duration_us", "time_taken_us", 0),
        "f": own("script", free=True),
        "n": own("pool"),
        "p": own("pid", "integer"),
        "P": own("parent_pid", "integer"),
        "M": own("memory"),
        "{bytes}M": own("memory_bytes", "integer"),
        "{kilo}M": own("memory_kb"),
        "{kilobytes}M": own("memory_kb"),
        "{mega}M": own("memory_mb"),
        "{megabytes}M": own("memory_mb"),
        "C": own("cpu"),
        "{user}C": own("cpu_user"),
        "{system}C": own("cpu_system"),
        "{total}C": own("cpu"),
    },
    named={"e": ENVIRONMENT, "o": RESPONSE_HEADER},
    strings={"default": '%R - %u %t "%m %r" %s'},
    setting=re.compile(r"""access\.format\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\n"]+))"""),
    escape="none",
    times=("t", "T"),
    brackets="none",
)
