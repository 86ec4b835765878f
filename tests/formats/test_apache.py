"""Apache's format strings, read as mod_log_config documents them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from hitwatch.errors import FormatError
from hitwatch.formats.apache import NICKNAMES, apache_format
from hitwatch.formats.format import Format
from hitwatch.formats.server_strings import resolve_format
from hitwatch.hits.parser import Parser

TIME = "[10/Oct/2000:13:55:36 -0700]"
INSTANT = datetime(2000, 10, 10, 20, 55, 36, tzinfo=UTC)


def row(log_format: Format, line: str) -> dict[str, Any]:
    """The one hit of a line, without what it does not tell."""
    hits = Parser(log_format).parse(line.encode())
    assert hits.rejects == []
    return {name: value for name, value in hits.frame().row(0, named=True).items() if value}


def test_the_example_of_the_documentation() -> None:
    """The combined format reads the line that Apache's documentation shows for it."""
    line = (
        f'127.0.0.1 - frank {TIME} "GET /apache_pb.gif HTTP/1.0" 200 2326 '
        '"http://www.example.com/start.html" "Mozilla/4.08 [en] (Win98; I ;Nav)"'
    )
    assert row(apache_format(NICKNAMES["combined"]), line) == {
        "time": INSTANT,
        "client": "127.0.0.1",
        "user": "frank",
        "method": "GET",
        "target": "/apache_pb.gif",
        "path": "/apache_pb.gif",
        "section": "/apache_pb.gif",
        "protocol": "HTTP/1.0",
        "status": 200,
        "bytes": 2326,
        "referrer": "http://www.example.com/start.html",
        "user_agent": "Mozilla/4.08 [en] (Win98; I ;Nav)",
    }


DIRECTIVES = {
    "%a": ("192.0.2.1", "client", "192.0.2.1"),
    "%{c}a": ("192.0.2.1", "client", "192.0.2.1"),
    "%A": ("192.0.2.2", "server_address", "192.0.2.2"),
    "%B": ("12", "bytes", 12),
    "%b": ("12", "bytes", 12),
    "%O": ("512", "bytes", 512),
    "%I": ("90", "bytes_received", 90),
    "%S": ("602", "bytes_total", 602),
    "%{SSL_PROTOCOL}x": ("TLSv1.3", "tls_protocol", "TLSv1.3"),
    "%{SSL_CIPHER}c": ("AES", "tls_cipher", "AES"),
    "%{session}C": ("a b", "cookie_session", "a b"),
    "%D": ("42000", "duration_s", 0.042),
    "%{us}T": ("42000", "duration_s", 0.042),
    "%{ms}T": ("42", "duration_s", 0.042),
    "%{s}T": ("3", "duration_s", 3.0),
    "%T": ("3", "duration_s", 3.0),
    "%^FB": ("1500", "first_byte_s", 0.0015),
    "%{UNIQUE_ID}e": ("VHh", "request_id", "VHh"),
    "%{HOME}e": ("/root", "env_home", "/root"),
    "%f": ("/var/www/a b.html", "file", "/var/www/a b.html"),
    "%h": ("example.net", "client", "example.net"),
    "%{c}h": ("example.net", "client", "example.net"),
    "%{Accept-Language}i": ("de, en", "accept_language", "de, en"),
    "%{X-Forwarded-Proto}i": ("https", "scheme", "https"),
    "%{Host}i": ("example.org:8080", "host", "example.org:8080"),
    "%k": ("2", "keepalives", 2),
    "%L": ("WxYz", "log_id", "WxYz"),
    "%{c}L": ("WxYz", "connection_log_id", "WxYz"),
    "%{number}n": ("seven", "note_number", "seven"),
    "%{ETag}o": ('\\"3780ff\\"', "response_etag", '"3780ff"'),
    "%{Content-Type}o": ("text/html", "content_type", "text/html"),
    "%p": ("443", "server_port", 443),
    "%{local}p": ("443", "server_port", 443),
    "%{remote}p": ("50153", "client_port", 50153),
    "%P": ("18572", "pid", 18572),
    "%{tid}P": ("140", "tid", "140"),
    "%{hextid}P": ("7f3a", "tid", "7f3a"),
    "%R": ("proxy-server", "handler", "proxy-server"),
    "%s": ("404", "status", 404),
    "%<s": ("404", "status", 404),
    "%>s": ("404", "status", 404),
    "%u": ("frank zappa", "user", "frank zappa"),
    "%U": ("/a", "path", "/a"),
    "%v": ("example.org", "host", "example.org"),
    "%V": ("example.org", "host", "example.org"),
    "%X": ("+", "connection_status", "+"),
    "%{Expires}^ti": ("soon", "trailer_expires", "soon"),
    "%{Expires}^to": ("soon", "response_trailer_expires", "soon"),
    "%{MY_VAR}x": ("x", "my_var", "x"),
    '%200,304{Accept}i"': ('a"', "accept", "a"),
    "%!200,304,302{Referer}i": ("http://x/", "referrer", "http://x/"),
}


@pytest.mark.parametrize("directive", DIRECTIVES)
def test_every_directive(directive: str) -> None:
    """Every directive fills the column that its meaning has, or one of its own name."""
    text, column, value = DIRECTIVES[directive]
    assert row(apache_format(f"{directive} %t"), f"{text} {TIME}")[column] == value


TIMES = {
    "%t": (TIME, INSTANT),
    "%{}t": (TIME, INSTANT),
    "%{begin}t": (TIME, INSTANT),
    "%{end:}t": (TIME, INSTANT),
    "%200t": (TIME, INSTANT),
    "%{sec}t": ("971211336", INSTANT),
    "%{msec}t": ("971211336250", INSTANT.replace(microsecond=250_000)),
    "%{begin:usec}t": ("971211336000250", INSTANT.replace(microsecond=250)),
    "%t.%{msec_frac}t": (f"{TIME}.250", INSTANT.replace(microsecond=250_000)),
    "%{%s}t%{usec_frac}t": ("971211336000250", INSTANT.replace(microsecond=250)),
    "%{%F %T}t.%{msec_frac}t %{%z}t": (
        "2000-10-10 13:55:36.250 -0700",
        INSTANT.replace(microsecond=250_000),
    ),
    "%{%c}t": ("Tue Oct 10 20:55:36 2000", INSTANT),
    "%{%x %X}t": ("10/10/00 20:55:36", INSTANT),
    "%{%D%t%T}t": ("10/10/00\t20:55:36", INSTANT),
    "%{%I:%M:%S %P %d.%m.%Y}t": ("08:55:36 pm 10.10.2000", INSTANT),
}


@pytest.mark.parametrize("directive", TIMES)
def test_every_time(directive: str) -> None:
    """Times are read in every way they can be written, several parts together."""
    text, instant = TIMES[directive]
    assert row(apache_format(f"%h {directive} %>s"), f"::1 {text} 200")["time"] == instant


def test_start_or_end() -> None:
    """The start counts where it is whole; an end beside it has a column of its own."""
    both = apache_format("%{end:sec}t %{begin:sec}t")
    assert both.time_means == "start"
    assert row(both, "971211337 971211336") == {"time": INSTANT, "end_time": "971211337"}
    assert apache_format("%{end:sec}t").time_means == "end"
    assert not apache_format("%{begin:%Y}t %{end:%m-%d}t").fills("time")


def test_no_whole_time() -> None:
    """A clock without a day is no time, but still has to look like a clock."""
    log_format = apache_format("%{%H:%M}t %r")
    assert not log_format.fills("time")
    assert row(log_format, "13:55 GET / HTTP/1.1")["method"] == "GET"
    assert Parser(log_format).parse(b"noon GET / HTTP/1.1").rejected == 1


def test_two_for_one_column() -> None:
    """The better of two fields fills the column, the other one of its own name."""
    log_format = apache_format("%h %a %s %>s %T %D %b %O %v %V")
    assert row(log_format, "a.example ::1 301 200 1 1000042 5 90 www alias") == {
        "client": "::1",
        "client_host": "a.example",
        "status": 200,
        "original_status": 301,
        "duration_s": 1.000042,
        "time_taken_s": 1.0,
        "bytes": 5,
        "bytes_sent": 90,
        "host": "www",
        "used_name": "alias",
    }
    assert log_format.bytes_mean == "body"
    assert apache_format("%O").bytes_mean == "wire"


def test_requests_in_parts() -> None:
    """Method, path, query and protocol in a row are read as the request line they are."""
    hit = row(apache_format('%h "%m %U%q %H" %>s'), '::1 "GET /a b?c=d HTTP/1.1" 200')
    assert (hit["target"], hit["query"], hit["protocol"]) == ("/a b?c=d", "c=d", "HTTP/1.1")


def test_values_without_quotes() -> None:
    """Values that hold blanks are told by what follows, and their escapes undone."""
    log_format = apache_format(r"%t [%r] %{Cookie}i %>s")
    hit = row(log_format, rf"{TIME} [GET /a]\"b HTTP/1.1] a=1; b=2 200")
    assert (hit["target"], hit["cookie"], hit["status"]) == ('/a]"b', "a=1; b=2", 200)


def test_addresses_before_ports() -> None:
    """The colons of IPv6 do not end an address."""
    hit = row(apache_format("%a:%{remote}p %v:%p"), "2001:db8::1:5566 example.org:8080")
    assert hit == {
        "client": "2001:db8::1",
        "client_port": 5566,
        "host": "example.org",
        "port": 8080,
    }


def test_clients_of_a_proxy() -> None:
    """Where only a proxy tells the client, the first of its list counts."""
    log_format = apache_format('%{X-Forwarded-For}i %l %u %t "%r" %>s')
    hit = row(log_format, f'192.0.2.1, 10.0.0.1 - frank {TIME} "-" 408')
    assert (hit["client"], hit["user"]) == ("192.0.2.1", "frank")
    assert row(log_format, f'192.0.2.1 id frank {TIME} "-" 408')["user"] == "frank"


def test_bytes_of_nothing() -> None:
    """CLF's dash for a body of no bytes is 0."""
    hits = Parser(apache_format("%h %>s %b")).parse(b"::1 304 -\n")
    assert hits.frame()["bytes"].to_list() == [0]


def test_something_was_added() -> None:
    """A quoted value more than the string has does not turn lines away; other text does."""
    parser = Parser(apache_format('%h "%r"'))
    assert parser.parse(b'::1 "GET / HTTP/1.1" "x"\n').rejected == 0
    assert parser.parse(b'::1 "GET / HTTP/1.1" x\n').rejected == 1


def test_torn_lines() -> None:
    """Two lines that were written into each other are no hit of a strange user."""
    line = f'::1 - - {TIME} "GET / HTTP/1.1" 200 5 "-" "Moz'
    parser = Parser(apache_format(NICKNAMES["combined"]))
    assert parser.parse(f'{line}{line}"\n'.encode()).rejected == 1


LINES = (
    r'LogFormat "%h \"%r\"\t%>s" short',
    r'  logformat "%h \"%r\"\t%>s"',
    r'CustomLog "|/usr/bin/rotatelogs /var/log/a 86400" "%h \"%r\"\t%>s" env=!quiet',
    r'"%h \"%r\"\t%>s"',
    r"%h \"%r\"\t%>s\n",
    '%h "%r"\t%>s',
)


@pytest.mark.parametrize("text", LINES)
def test_lines_of_a_configuration(text: str) -> None:
    """A line of httpd.conf is as good as the string in it, with its escapes."""
    hit = row(resolve_format(text), '::1 "GET / HTTP/1.1"\t200')
    assert (hit["client"], hit["target"], hit["status"]) == ("::1", "/", 200)


def test_nicknames() -> None:
    """Names that Apache's own files define are known, also in a CustomLog line."""
    hit = row(resolve_format("referer"), "http://x/ -> /a")
    assert (hit["referrer"], hit["path"]) == ("http://x/", "/a")
    assert resolve_format("CustomLog logs/a combinedio").fills("bytes_received")


ERRORS = {
    "%h %Z": ("unknown directive '%Z'", "  %h %Z\n     ^"),
    "%h %d": ("unknown directive '%d'", "^ did you mean %D?"),
    "%h %i": ("unknown directive '%i'", "did you mean %I?"),
    "%h %e %t": ("unknown directive '%e'", "it takes a name: %{NAME}e"),
    "%h %{Referer": ("unclosed brace", "  %h %{Referer\n      ^"),
    "%h %": ("incomplete directive", "  %h %\n     ^"),
}


@pytest.mark.parametrize("text", ERRORS)
def test_errors_point_at_the_spot(text: str) -> None:
    """What is wrong is shown below the string, with what was probably meant."""
    with pytest.raises(FormatError) as caught:
        apache_format(text)
    for part in ERRORS[text]:
        assert part in str(caught.value)


def test_unknown_names_have_a_neighbour() -> None:
    """A misspelt name of a format is met with the nearest one."""
    with pytest.raises(FormatError, match="did you mean apache-combined"):
        resolve_format("apache-combind")
