"""Logs that real servers write, read back and compared with what was sent."""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from tests.program.servers import Server, apache, caddy, haproxy, nginx, squid, varnish

from hitwatch.formats.server_strings import resolve_format
from hitwatch.hits.reader import Reader

Start: TypeAlias = Callable[[Path], AbstractContextManager[Server]]

SENT = [
    ("GET", "/shop/cart?item=1&q=a%20b", 200),
    ("HEAD", "/img/a.png", 200),
    ("GET", "/missing/%22quoted%22/%C3%A9", 404),
    ("GET", "/missing/last", 404),
]
AGENT = 'test/1.0 ("quoted" \\back\\ [x] {y}; é)'
REFERRER = 'https://example.org/?a="b"'


def send(server: Server) -> None:
    """Send all requests, with headers that need escaping."""
    for method, target, _ in SENT:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
        headers: dict[str, bytes] = {"User-Agent": AGENT.encode(), "Referer": REFERRER.encode()}
        connection.request(method, target, headers=headers)
        connection.getresponse().read()
        connection.close()


def is_whole(data: bytes) -> bool:
    """Whether a log holds all requests, and ends with a line end."""
    return data.endswith(b"\n") and all(
        word in data for word in (b"/shop/cart", b"/img/a.png", b"quoted%22", b"/missing/last")
    )


def rows_of(log: Path, reader: Reader) -> list[dict[str, Any]]:
    """Read a log once every request is in it, in a whole line."""
    end = time.monotonic() + 20
    # A server with several threads may write the last request's line first.
    while not is_whole(data := log.read_bytes() if log.exists() else b""):
        assert time.monotonic() < end, data
        time.sleep(0.1)
    found = reader.read(data)
    assert [reject for hits in found for reject in hits.rejects] == []
    rows = [row for hits in found for row in hits.frame().rows(named=True)]
    # Before them may stand a row of the connection that asked whether the server listens. It sent
    # nothing; a server with several threads may log it later, too.
    return [row for row in rows if row["target"] is not None][-len(SENT) :]


def check(rows: list[dict[str, Any]], began: float) -> None:
    """Compare rows with what was sent, as far as the format says it."""
    # A server with several threads writes in the order in which they end.
    found = sorted((r["method"], r["target"], r["status"]) for r in rows)
    assert found == sorted(SENT)
    for row in rows:
        assert row["client"] == "127.0.0.1"
        assert abs(row["time"].timestamp() - began) < 60
        if row.get("user_agent") is not None:
            assert row["user_agent"] == AGENT
        if row.get("referrer") is not None:
            assert row["referrer"] == REFERRER
        if row.get("duration_s") is not None:
            assert 0 <= row["duration_s"] < 10


@contextmanager
def squid_native(folder: Path) -> Iterator[Server]:
    """Squid in front of nginx, in its own format."""
    with nginx(folder) as behind, squid(folder, behind) as server:
        yield server


@contextmanager
def squid_combined(folder: Path) -> Iterator[Server]:
    """Squid in front of nginx, in its combined format."""
    with nginx(folder) as behind, squid(folder, behind, "combined") as server:
        yield server


@contextmanager
def varnish_log(folder: Path) -> Iterator[Server]:
    """Varnish in front of nginx."""
    with nginx(folder) as behind, varnish(folder, behind) as server:
        yield server


@contextmanager
def haproxy_clf(folder: Path) -> Iterator[Server]:
    """HAProxy with its CLF-like log."""
    with haproxy(folder, "option httplog clf") as server:
        yield server


@pytest.mark.parametrize(
    ("start", "names"),
    [
        (nginx, {"nginx-default", "apache-combined"}),
        (apache, {"nginx-default", "apache-combined"}),
        (caddy, {"caddy-json"}),
        (haproxy, {"haproxy-http"}),
        (haproxy_clf, {"haproxy-clf"}),
        (squid_native, {"squid"}),
        (squid_combined, {"squid-combined"}),
        (varnish_log, {"nginx-default", "apache-combined"}),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_default_formats(tmp_path: Path, start: Start, names: set[str]) -> None:
    """A server's own format is recognised, and says what was sent."""
    began = time.time()
    reader = Reader(None)
    with start(tmp_path) as server:
        send(server)
        rows = rows_of(server.log, reader)
    assert reader.log_format
    assert reader.log_format.name in names
    for row in rows:
        if row["target"].startswith("http://"):
            # A proxy logs whole addresses.
            row["target"] = "/" + row["target"].split("/", 3)[3]
    check(rows, began)
    assert "/shop" in {row["section"] for row in rows}


NGINX = [
    "'$remote_addr|$msec|$request_method|$request_uri|$status|$bytes_sent|$request_time'",
    """escape=json '{"t":"$time_iso8601","a":"$remote_addr","m":"$request_method",'
       '"u":"$request_uri","s":$status,"b":$body_bytes_sent,"d":$request_time,'
       '"agent":"$http_user_agent","ref":"$http_referer"}'""",
    """escape=none '$time_local $remote_addr "$request" $status '
       '"$http_user_agent" $request_length'""",
]
APACHE = [
    r"%a %{%Y-%m-%d}t %{%H:%M:%S}t.%{msec_frac}t %{%z}t \"%m\" %>s %O %D \"%r\"",
    r"%{sec}t %h %r %>s %B %{ms}T %{Referer}i",
    r"[%{end:%d/%b/%Y:%T %z}t] %h %X %k \"%r\" %>s %b %{us}T \"%{User-Agent}i\"",
]


@pytest.mark.parametrize("log_format", NGINX)
def test_own_formats_of_nginx(tmp_path: Path, log_format: str) -> None:
    """A log_format given as it stands in nginx.conf reads what nginx writes with it."""
    began = time.time()
    with nginx(tmp_path, log_format) as server:
        send(server)
        rows = rows_of(server.log, Reader(None, resolve_format(f"log_format own {log_format};")))
    check(rows, began)


@pytest.mark.parametrize("log_format", APACHE)
def test_own_formats_of_apache(tmp_path: Path, log_format: str) -> None:
    """A LogFormat given as it stands in Apache's settings reads what Apache writes with it."""
    began = time.time()
    with apache(tmp_path, log_format) as server:
        send(server)
        rows = rows_of(server.log, Reader(None, resolve_format(f'LogFormat "{log_format}" own')))
    check(rows, began)
