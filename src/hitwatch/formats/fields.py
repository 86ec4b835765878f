"""The fields that format files may name: how each is written and which column it fills.

A format may use a field under its plain name, ``{status}``, or under a name of its own
with a kind from here, ``{sc_win32_status:integer}``, which becomes a column of that name.
"""

from __future__ import annotations

from enum import Enum

from msgspec import Struct
from msgspec.structs import replace


class Kind(Enum):
    """How the text of a field is read, under the name the kernel knows it by."""

    SKIP = "skip"
    TEXT = "text"
    REQUEST = "request"
    METHOD = "method"
    TARGET = "target"
    PATH = "path"
    QUERY = "query"
    PROTOCOL = "protocol"
    INTEGER = "integer"
    SECONDS = "seconds"
    TIME = "time"
    ADDRESS = "address"
    CODED = "coded"


REQUEST_KINDS = (
    Kind.REQUEST,
    Kind.METHOD,
    Kind.TARGET,
    Kind.PATH,
    Kind.QUERY,
    Kind.PROTOCOL,
)
"""Kinds that hold the request, or a part of it."""


class FieldSpec(Struct, frozen=True, omit_defaults=True):
    """How one field is read.

    Attributes:
        kind: how its text is read.
        column: the column it fills; ``None`` where it fills none or several.
        per_second: how many units of a duration make a second. A unit that is written out,
            as in ``17ms``, goes before it.
        by_point: whether a duration with a point is in seconds, whatever its unit.
        units: the units in which a duration may be, where only its source settles which
            (``hits/duration_units.py``): ``s``, ``ms``, ``us``, ``ns``. The first is that of whole
            numbers that nothing speaks about. Until then ``per_second`` and ``by_point`` hold.
        dash_is_zero: whether ``-`` stands for 0, as in CLF's ``%b``.
        listed: whether several values may stand in it: durations are summed, of addresses the
            first counts.
        port_column: where the port of an address goes, or the number behind a word and `/`.
        time_format: of (a part of) the time; ``None``: as the format says.
        escape: how it is escaped where that is not as the format says.
        shared: whether another field fills the same column: where this one has no value, that
            of the other stays.
        spare: whether it fills its column only where no other field has.
        forbids: a character that makes a value none: a blank in a word, a quote in a name.
        check: what a value is held against, in the kernel's words: ``client`` or ``host`` of an
            address, ``user``, ``status``, ``virtual_host``, ``forwarded``.
        lenient: whether an invalid address counts as missing, since any client may have
            written it; else it makes the line a reject.

    """

    kind: Kind
    column: str | None = None
    per_second: float = 1
    by_point: bool = False
    units: tuple[str, ...] = ()
    dash_is_zero: bool = False
    listed: bool = False
    port_column: str | None = None
    time_format: str | None = None
    escape: str | None = None
    shared: bool = False
    spare: bool = False
    forbids: str | None = None
    check: str | None = None
    lenient: bool = False


PER_SECOND = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}
"""Units of durations, the coarsest first, and how many of each make a second."""


CLOCK = "%H:%M:%S%."
"""A time of day, whose day stands elsewhere."""


def seconds_spec(
    column: str | None = None, per_second: float = 1, *, listed: bool = False
) -> FieldSpec:
    """A duration of ``per_second`` units a second."""
    return FieldSpec(Kind.SECONDS, column, per_second=per_second, listed=listed)


def _any_unit(column: str, *units: str, listed: bool = False) -> FieldSpec:
    per_second = PER_SECOND[units[0]]
    return FieldSpec(
        Kind.SECONDS, column, per_second=per_second, by_point=True, units=units, listed=listed
    )


def text_spec(column: str | None = None) -> FieldSpec:
    """A text as it is."""
    return FieldSpec(Kind.TEXT, column)


def integer_spec(column: str | None = None) -> FieldSpec:
    """A whole number."""
    return FieldSpec(Kind.INTEGER, column)


CLIENT = FieldSpec(Kind.ADDRESS, "client", check="client")
"""The address or host name of a client, without brackets and port."""

STATUS = FieldSpec(Kind.INTEGER, "status", check="status")
"""A status of three digits, or 0: CloudFront and Squid write 000, Caddy 0, for requests without
an answer."""

FIELDS: dict[str, FieldSpec] = {
    "client": CLIENT,
    "client_address": replace(CLIENT, port_column="client_port"),
    "client_list": replace(CLIENT, listed=True),
    # A header that names the client: clients can write anything into it.
    "client_header": replace(CLIENT, listed=True, lenient=True),
    "ident": FieldSpec(Kind.SKIP),
    "user": FieldSpec(Kind.TEXT, "user", check="user"),
    "time": FieldSpec(Kind.TIME, "time"),
    "date": FieldSpec(Kind.TIME, "time", time_format="%Y-%m-%d"),
    "clock": FieldSpec(Kind.TIME, "time", time_format=CLOCK),
    "date_us": FieldSpec(Kind.TIME, "time", time_format="%m/%d/%Y"),
    "date_us_short": FieldSpec(Kind.TIME, "time", time_format="%m/%d/%y"),
    "date_eu": FieldSpec(Kind.TIME, "time", time_format="%d/%m/%Y"),
    "date_eu_short": FieldSpec(Kind.TIME, "time", time_format="%d/%m/%y"),
    "any_time": FieldSpec(Kind.TIME, "time", time_format="any"),
    "request": FieldSpec(Kind.REQUEST),
    "method": FieldSpec(Kind.METHOD),
    "target": FieldSpec(Kind.TARGET),
    "path": FieldSpec(Kind.PATH),
    "query": FieldSpec(Kind.QUERY),
    "protocol": FieldSpec(Kind.PROTOCOL),
    "status": STATUS,
    # `TCP_HIT/200`: what was done, and the status; Squid and EdgeCast write so.
    "coded_status": FieldSpec(Kind.CODED, "cache_status", port_column="status"),
    "bytes": integer_spec("bytes"),
    "bytes_clf": FieldSpec(Kind.INTEGER, "bytes", dash_is_zero=True),
    "referrer": text_spec("referrer"),
    "user_agent": text_spec("user_agent"),
    "host": text_spec("host"),
    # Only the slashes of a referrer distinguish it from a host.
    "host_name": FieldSpec(Kind.TEXT, "host", forbids="/"),
    # A name that the server logs always, unquoted, and the port as it was sent.
    "virtual_host": FieldSpec(Kind.TEXT, "host", check="virtual_host"),
    "host_address": FieldSpec(Kind.ADDRESS, "host", port_column="port", check="host"),
    # Apache's %D and nginx's $request_time, at the end of a line whose format was inferred.
    "duration": _any_unit("duration_s", "us", "ms", "s"),
    # Under names that many use, each in a unit of its own; Node and Java count milliseconds,
    # Go counts nanoseconds.
    "duration_open": _any_unit("duration_s", "ms", "s", "us", "ns"),
    "duration_open_ns": _any_unit("duration_s", "ns", "ms", "us", "s"),
    "duration_ms_or_s": _any_unit("duration_s", "ms", "s"),
    "duration_ms_or_us": _any_unit("duration_s", "ms", "us"),
    "duration_ms_us_s": _any_unit("duration_s", "ms", "us", "s"),
    "duration_us_or_ms": _any_unit("duration_s", "us", "ms"),
    "duration_s_or_ns": _any_unit("duration_s", "s", "ns", "ms"),
    "upstream_duration_open": _any_unit("upstream_duration_s", "ms", "s", "us", "ns", listed=True),
    "duration_s": seconds_spec("duration_s"),
    "duration_ms": seconds_spec("duration_s", 1e3),
    "duration_us": seconds_spec("duration_s", 1e6),
    "duration_ns": seconds_spec("duration_s", 1e9),
    "upstream_duration_s": seconds_spec("upstream_duration_s", listed=True),
    "upstream_duration_ms": seconds_spec("upstream_duration_s", 1e3, listed=True),
    "upstream_duration_us": seconds_spec("upstream_duration_s", 1e6, listed=True),
    "upstream_duration_ns": seconds_spec("upstream_duration_s", 1e9, listed=True),
    "forwarded_for": FieldSpec(Kind.TEXT, "forwarded_for", check="forwarded"),
    # One word: IIS writes + for the blanks of a list.
    "forwarded_word": FieldSpec(Kind.TEXT, "forwarded_for", forbids=" "),
    "bytes_received": integer_spec("bytes_received"),
    "cache_status": text_spec("cache_status"),
    "content_type": text_spec("content_type"),
    "tls_protocol": FieldSpec(Kind.TEXT, "tls_protocol", forbids='"'),
    "tls_cipher": FieldSpec(Kind.TEXT, "tls_cipher", forbids='"'),
    "upstream": text_spec("upstream"),
    "upstream_status": text_spec("upstream_status"),
    "request_id": text_spec("request_id"),
    "scheme": text_spec("scheme"),
    "server_address": text_spec("server_address"),
    "server_port": integer_spec("server_port"),
    "client_port": integer_spec("client_port"),
    "country": text_spec("country"),
    "skip": FieldSpec(Kind.SKIP),
}
"""Fields by the names that format files use; ``{name:kind}`` makes others."""

OWN_KINDS: dict[str, FieldSpec] = {
    "text": FieldSpec(Kind.TEXT),
    "word": FieldSpec(Kind.TEXT, forbids=" "),
    "token": FieldSpec(Kind.TEXT, forbids='"'),
    "integer": FieldSpec(Kind.INTEGER),
    "seconds": FieldSpec(Kind.SECONDS),
    "milliseconds": FieldSpec(Kind.SECONDS, per_second=1e3),
    "microseconds": FieldSpec(Kind.SECONDS, per_second=1e6),
    "nanoseconds": FieldSpec(Kind.SECONDS, per_second=1e9),
}
"""How a field of a format's own may be read; durations become seconds."""
