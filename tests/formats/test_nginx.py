"""nginx' format strings, read as ngx_http_log_module documents them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from hitwatch.errors import FormatError
from hitwatch.formats.format import Format, Layout
from hitwatch.formats.nginx import nginx_format
from hitwatch.formats.nginx_config import tokenize
from hitwatch.formats.server_strings import resolve_format
from hitwatch.hits.parser import Parser

MAIN = """log_format  main  '$remote_addr - $remote_user [$time_local] "$request" '
                  '$status $body_bytes_sent "$http_referer" '
                  '"$http_user_agent" "$http_x_forwarded_for"';"""
INSTANT = datetime(2021, 4, 1, 12, 2, 31, tzinfo=UTC)


def row(log_format: Format, line: str) -> dict[str, Any]:
    """The one hit of a line, without what it does not tell."""
    hits = Parser(log_format).parse(line.encode())
    assert hits.rejects == []
    return {name: value for name, value in hits.frame().row(0, named=True).items() if value}


def test_the_format_that_is_shipped() -> None:
    """The whole directive of nginx' own nginx.conf can be given."""
    line = (
        '192.0.2.3 - alice [01/Apr/2021:12:02:31 +0000] "GET /a\\x22?b HTTP/1.1" 200 615 '
        '"-" "curl/8.11.1" "198.51.100.4, 10.0.0.1"'
    )
    assert row(resolve_format(MAIN), line) == {
        "time": INSTANT,
        "client": "192.0.2.3",
        "user": "alice",
        "method": "GET",
        "target": '/a"?b',
        "path": '/a"',
        "query": "b",
        "section": '/a"',
        "protocol": "HTTP/1.1",
        "status": 200,
        "bytes": 615,
        "user_agent": "curl/8.11.1",
        "forwarded_for": "198.51.100.4, 10.0.0.1",
    }


VARIABLES = {
    "$remote_port": ("5566", "client_port", 5566),
    "$msec": ("1617278551.250", "time", INSTANT.replace(microsecond=250_000)),
    "$time_iso8601": ("2021-04-01T14:02:31+02:00", "time", INSTANT),
    "$request": ("GET /a b HTTP/1.1", "target", "/a b"),
    "$request_uri": ("/a?b", "target", "/a?b"),
    "$uri$is_args$args": ("/a?b", "query", "b"),
    "$uri": ("/a", "path", "/a"),
    "$scheme://$host$request_uri": ("https://example.org/a?b", "path", "/a"),
    "$bytes_sent": ("900", "bytes", 900),
    "$request_length": ("80", "bytes_received", 80),
    "$request_time": ("0.042", "duration_s", 0.042),
    "$upstream_response_time": ("0.25, 0.5 : -", "upstream_duration_s", 0.75),
    "$upstream_connect_time": ("0.25, 0.5", "upstream_connect_time", 0.75),
    "$upstream_addr": ("10.0.0.1:80, 10.0.0.2:80", "upstream", "10.0.0.1:80, 10.0.0.2:80"),
    "$upstream_status": ("502, 200", "upstream_status", "502, 200"),
    "$upstream_cache_status": ("HIT", "cache_status", "HIT"),
    "$host": ("example.org", "host", "example.org"),
    "$http_host": ("example.org:8080", "host", "example.org:8080"),
    "$server_name": ("_", "host", "_"),
    "$ssl_protocol": ("TLSv1.3", "tls_protocol", "TLSv1.3"),
    "$ssl_cipher": ("AES", "tls_cipher", "AES"),
    "$request_id": ("abc", "request_id", "abc"),
    "$sent_http_content_type": (
        "text/html; charset=utf-8",
        "content_type",
        "text/html; charset=utf-8",
    ),
    "$sent_http_etag": ("x", "response_etag", "x"),
    "$http_accept_language": ("de, en", "accept_language", "de, en"),
    "$cookie_lang": ("de", "cookie_lang", "de"),
    "${gzip_ratio}x": ("3.1x", "gzip_ratio", "3.1"),
    "$content_type": ("application/json", "request_content_type", "application/json"),
    "$my_own_variable": ("some text", "my_own_variable", "some text"),
    "$path": ("p", "path_logged", "p"),
}


@pytest.mark.parametrize("variable", VARIABLES)
def test_variables(variable: str) -> None:
    """Variables fill the columns that their meaning has, or ones of their own names."""
    text, column, value = VARIABLES[variable]
    assert row(nginx_format(f"$remote_addr {variable} $status"), f"::1 {text} 200")[column] == value


def test_two_for_one_column() -> None:
    """The better of two variables fills the column, the other one of its own name."""
    log_format = nginx_format("$http_host $host $time_local|$msec $request_uri $uri $bytes_sent")
    assert log_format.bytes_mean == "wire"
    assert row(log_format, "H:1 h 01/Apr/2021:12:02:31 +0000|1617278551.250 /a?b /a 9") == {
        "host": "h",
        "host_header": "H:1",
        "time": INSTANT.replace(microsecond=250_000),
        "time_local": "01/Apr/2021:12:02:31 +0000",
        "target": "/a?b",
        "path": "/a",
        "query": "b",
        "section": "/a",
        "uri": "/a",
        "bytes": 9,
    }


def test_requests_in_parts() -> None:
    """Method, target and protocol in a row are read as the request line they are."""
    log_format = nginx_format('"$request_method $request_uri $server_protocol" $status')
    hit = row(log_format, '"GET /a b HTTP/1.1" 200')
    assert (hit["target"], hit["protocol"]) == ("/a b", "HTTP/1.1")


def test_ports_behind_hosts() -> None:
    """The server's port right behind the host is the host's."""
    hit = row(nginx_format("$host:$server_port $status"), "example.org:8080 200")
    assert (hit["host"], hit["port"]) == ("example.org", 8080)


@pytest.mark.parametrize("variable", ["$http_x_forwarded_for", "$proxy_add_x_forwarded_for"])
def test_clients_of_a_proxy(variable: str) -> None:
    """Where only a proxy tells the client, the first of its list counts."""
    log_format = nginx_format(f"{variable} - $remote_user [$time_local]")
    hit = row(log_format, "192.0.2.1, 10.0.0.1 - bob [01/Apr/2021:12:02:31 +0000]")
    assert (hit["client"], hit["user"]) == ("192.0.2.1", "bob")


@pytest.mark.parametrize("tab", ["\t", r"\t"])
def test_labelled_values(tab: str) -> None:
    """Labels of a tab-separated format are literal text like any other."""
    log_format = nginx_format(
        tab.join(["time:$time_iso8601", "host:$remote_addr", "req:$request", "ua:$http_user_agent"])
    )
    hit = row(log_format, "time:2021-04-01T12:02:31Z\thost:::1\treq:GET /a HTTP/2.0\tua:a b")
    assert (hit["time"], hit["client"], hit["path"], hit["user_agent"]) == (
        INSTANT,
        "::1",
        "/a",
        "a b",
    )


JSON = """log_format j escape=json
  '{"t":"$time_iso8601","s":$status,"up":"$upstream_response_time",'
  '"http":{"host":"$host:$server_port","url":"$scheme://$host$request_uri","who":"$a/$b"},'
  '"constant":"x","ua":"$http_user_agent"}';"""


def test_json() -> None:
    """A string that writes JSON is read by its names, in any order."""
    log_format = resolve_format(JSON)
    assert log_format.layout is Layout.JSON
    line = {
        "ua": 'é "x"',
        "t": "2021-04-01T12:02:31+00:00",
        "s": 200,
        "up": "",
        "http": {"host": "h:81", "url": "https://h/a?b", "who": "1/2"},
        "constant": "x",
    }
    assert row(log_format, json.dumps(line)) == {
        "time": INSTANT,
        "status": 200,
        "host": "h",
        "port": 81,
        "target": "https://h/a?b",
        "path": "/a",
        "query": "b",
        "section": "/a",
        "user_agent": 'é "x"',
        "who": "1/2",
    }
    assert Parser(log_format).parse(b'{"s":200}\n').rejected == 1


def test_what_only_looks_like_json() -> None:
    """Where values may break the JSON that they stand in, their places tell."""
    empty = nginx_format('escape=json \'{"up":$upstream_response_time,"uri":"$request_uri"}\'')
    assert row(empty, r'{"up":,"uri":"/\"a"}')["path"] == '/"a'
    hexed = nginx_format('{"uri":"$request_uri","s":$status}')
    assert row(hexed, r'{"uri":"/\x22a","s":200}')["path"] == '/"a'


def test_no_escapes() -> None:
    """With escape=none a backslash is a backslash, and quotes may stand inside."""
    log_format = nginx_format("""escape=none '"$http_user_agent" $status'""")
    assert row(log_format, r'"a"b\x22" 200')["user_agent"] == r'a"b\x22'


ERRORS = {
    "$status ${foo $host": (
        "invalid variable name",
        "  $status ${foo $host\n          ^ no } follows",
    ),
    "log_format x '$status": ("unclosed quote", "^"),
    "log_format x escape=xml '$status';": ("unknown escape=xml", "default, json, none"),
    "log_format x 'status';": ("no variable", "begin with $"),
}


@pytest.mark.parametrize("text", ERRORS)
def test_errors_point_at_the_spot(text: str) -> None:
    """What is wrong is shown below the string."""
    with pytest.raises(FormatError) as caught:
        resolve_format(text)
    for part in ERRORS[text]:
        assert part in str(caught.value)


def test_words_of_a_configuration() -> None:
    """Quotes, comments, escapes and braces of names are told apart from marks."""
    text = "a 'b;' \"c\\\"d\" # e 'f\ng ${h} {i;}"
    words = [(token.text, token.is_mark) for token in tokenize(text)]
    assert words == [
        ("a", False),
        ("b;", False),
        ('c"d', False),
        ("g", False),
        ("${h}", False),
        ("{", True),
        ("i", False),
        (";", True),
        ("}", True),
    ]
