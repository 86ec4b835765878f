"""The columns every format is read into; says nothing on how a line is read.

Names, types and meaning are public: rows of ``hitwatch parse``, filters, JSON.
"""

from __future__ import annotations

from enum import Enum

from msgspec import Struct


class ColumnType(Enum):
    """What a column holds, under the name the kernel knows it by."""

    TEXT = "text"
    INTEGER = "integer"
    FLOAT = "float"
    TIME = "time"


class Column(Struct, frozen=True):
    """One public column.

    Attributes:
        name: as in output, filters and the Python interface.
        type: text (UTF-8; invalid bytes as ``\\xHH``), integer (64 bits), float, or time
            (microseconds, UTC).
        meaning: one line for people.

    """

    name: str
    type: ColumnType
    meaning: str


_T, _I, _F = ColumnType.TEXT, ColumnType.INTEGER, ColumnType.FLOAT

COLUMNS: tuple[Column, ...] = (
    Column("time", ColumnType.TIME, "when, as logged, its offset honoured"),
    Column("client", _T, "address or host name of the client as logged"),
    Column("user", _T, "authenticated user"),
    Column("method", _T, "request method"),
    Column("target", _T, "request-target as sent, without the log's own escaping"),
    Column("path", _T, "target up to the first ?, without scheme and authority"),
    Column("query", _T, "target after the first ?"),
    Column("section", _T, "first path segment"),
    Column("protocol", _T, "HTTP/1.1 and so on"),
    Column("status", _I, "status code, also servers' own; 0 where the server writes 000"),
    Column("bytes", _I, "bytes sent to the client, body or wire as the format logs it"),
    Column("referrer", _T, "Referer header"),
    Column("user_agent", _T, "User-Agent header"),
    Column("host", _T, "virtual host"),
    Column("duration_s", _F, "time taken, seconds"),
    Column("upstream_duration_s", _F, "time the upstream took, seconds"),
    Column("request_raw", _T, "the request line when it is not METHOD target PROTOCOL"),
)
"""The columns of every format, in the order of output."""

FURTHER: tuple[Column, ...] = (
    Column("client_port", _I, "port of the client"),
    Column("forwarded_for", _T, "X-Forwarded-For header, the clients of proxies"),
    Column("server_address", _T, "address of the server that was asked"),
    Column("server_port", _I, "port of the server that was asked"),
    Column("port", _I, "port of the virtual host"),
    Column("scheme", _T, "http or https"),
    Column("bytes_received", _I, "bytes received from the client"),
    Column("content_type", _T, "media type of the answer"),
    Column("cache_status", _T, "what the cache did: HIT, MISS and so on"),
    Column("tls_protocol", _T, "TLS version"),
    Column("tls_cipher", _T, "TLS cipher suite"),
    Column("upstream", _T, "the server behind that answered"),
    Column("upstream_status", _T, "its status, or a list of those that were tried"),
    Column("request_id", _T, "identifier of the request"),
    Column("country", _T, "country of the client as logged"),
)
"""Columns that several formats have beyond those of every format."""

REQUEST_PARTS: tuple[str, ...] = (
    "method",
    "target",
    "path",
    "query",
    "section",
    "protocol",
    "request_raw",
)
"""Columns that come out of one request line."""

BY_NAME: dict[str, Column] = {column.name: column for column in (*COLUMNS, *FURTHER)}
