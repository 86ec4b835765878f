"""Strings of servers other than Apache and nginx, each read as its own documentation says."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from hitwatch.errors import FormatError
from hitwatch.formats.format import Format
from hitwatch.formats.registry import by_name, name_only
from hitwatch.formats.server_strings import resolve_format
from hitwatch.formats.vocabularies import ALL, NAMES
from hitwatch.formats.vocabularies.java_times import strftime_of
from hitwatch.hits.duration_units import is_open
from hitwatch.hits.parser import Parser
from hitwatch.hits.samples import check_samples

TIME = "[10/Oct/2000:13:55:36 -0700]"
INSTANT = datetime(2000, 10, 10, 20, 55, 36, tzinfo=UTC)


def row(log_format: Format, line: str) -> dict[str, Any]:
    """The one hit of a line, without what it does not tell."""
    hits = Parser(log_format).parse(line.encode())
    assert hits.rejects == []
    return {name: value for name, value in hits.frame().row(0, named=True).items() if value}


DIRECTIVES: dict[str, dict[str, tuple[str, str, Any]]] = {
    "tomcat": {
        "%a": ("192.0.2.1", "client", "192.0.2.1"),
        "%{peer}a": ("192.0.2.1", "client", "192.0.2.1"),
        "%A": ("192.0.2.2", "server_address", "192.0.2.2"),
        "%b": ("12", "bytes", 12),
        "%D": ("42", "duration_s", 0.042),
        "%T": ("0.042", "duration_s", 0.042),
        "%{us}T": ("42000", "duration_s", 0.042),
        "%{ns}T": ("42000000", "duration_s", 0.042),
        "%{fracsec}T": ("0.042", "duration_s", 0.042),
        "%F": ("42", "first_byte_s", 0.042),
        "%I": ("http-nio-8080-exec-1", "thread", "http-nio-8080-exec-1"),
        "%S": ("4F1C", "session", "4F1C"),
        "%v": ("example.org", "host", "example.org"),
        "%X": ("+", "connection_status", "+"),
        "%{remote}p": ("5566", "client_port", 5566),
        "%{Host}i": ("example.org", "host", "example.org"),
        "%{Accept}i": ('a\\"\\u00e9', "accept", 'a"é'),
        "%{ETag}o": ("abc", "response_etag", "abc"),
        "%{sid}c": ("abc", "cookie_sid", "abc"),
        "%{org.example.Key}r": ("abc", "attribute_org_example_key", "abc"),
        "%{cart}s": ("abc", "session_cart", "abc"),
    },
    "tomcat9": {"%D": ("42", "duration_s", 0.042)},
    "tomcat10": {"%D": ("42000", "duration_s", 0.042), "%T": ("3", "duration_s", 3.0)},
    "jetty": {
        "%{client}a": ("192.0.2.1", "client", "192.0.2.1"),
        "%a": ("192.0.2.2", "server_address", "192.0.2.2"),
        "%{remote}p": ("5566", "client_port", 5566),
        "%O": ("12", "bytes", 12),
        "%{CLF}O": ("12", "bytes", 12),
        "%I": ("90", "bytes_received", 90),
        "%S": ("102", "bytes_total", 102),
        "%D": ("42000", "duration_s", 0.042),
        "%{ms}T": ("42", "duration_s", 0.042),
        "%T": ("3", "duration_s", 3.0),
        "%{d}u": ("ann", "user", "ann"),
        "%!404{Referer}i": ("http://x/", "referrer", "http://x/"),
        "%{Expires}ti": ("soon", "trailer_expires", "soon"),
        "%{sid}C": ("abc", "cookie_sid", "abc"),
    },
    "undertow": {
        "%a": ("192.0.2.1", "client", "192.0.2.1"),
        "%D": ("42", "duration_s", 0.042),
        "%T": ("0.042", "duration_s", 0.042),
        "%{RESPONSE_TIME_MICROS}": ("42000", "duration_s", 0.042),
        "%{RESPONSE_TIME_NANOS}": ("42000000", "duration_s", 0.042),
        "%{i,User-Agent}": ("curl", "user_agent", "curl"),
        "%{o,ETag}": ("abc", "response_etag", "abc"),
        "%{c,sid}": ("abc", "cookie_sid", "abc"),
        "%{q,page}": ("7", "query_page", "7"),
        "%{SCHEME}": ("https", "scheme", "https"),
        "%v": ("example.org", "host", "example.org"),
        "%I": ("task-1", "thread", "task-1"),
    },
    "lighttpd": {
        "%V": ("example.org:8080", "host", "example.org:8080"),
        "%v": ("example.org", "host", "example.org"),
        "%D": ("42000", "duration_s", 0.042),
        "%T": ("3", "duration_s", 3.0),
        "%{ms}T": ("42", "duration_s", 0.042),
        "%>s": ("404", "status", 404),
        "%O": ("90", "bytes", 90),
        "%I": ("90", "bytes_received", 90),
    },
    "h2o": {
        "%V": ("example.org", "host", "example.org"),
        "%{duration}x": ("0.042000", "duration_s", 0.042),
        "%{connect-time}x": ("0.001000", "connect_s", 0.001),
        "%{proxy.total-time}x": ("0.040000", "upstream_duration_s", 0.04),
        "%{ssl.protocol-version}x": ("TLSv1.3", "tls_protocol", "TLSv1.3"),
        "%{http2.stream-id}x": ("3", "http2_stream_id", "3"),
    },
    "varnishncsa": {
        "%D": ("42000", "duration_s", 0.042),
        "%T": ("3", "duration_s", 3.0),
        "%{ms}T": ("42", "duration_s", 0.042),
        "%{Varnish:time_firstbyte}x": ("0.041", "first_byte_s", 0.041),
        "%{Varnish:handling}x": ("pass", "cache_status", "pass"),
        "%{VCL_Log:tier}x": ("gold", "vcl_log_tier", "gold"),
        "%O": ("90", "bytes", 90),
    },
    "squid": {
        "%>a": ("192.0.2.1", "client", "192.0.2.1"),
        "%6tr": ("    42", "duration_s", 0.042),
        "%dt": ("42", "dns_s", 0.042),
        "%<tt": ("42", "upstream_duration_s", 0.042),
        "%03>Hs": ("404", "status", 404),
        "%Hs": ("404", "status", 404),
        "%http::>Hs": ("404", "status", 404),
        "%<st": ("90", "bytes", 90),
        "%>st": ("90", "bytes_received", 90),
        "%[un": ("ann", "user", "ann"),
        "%{User-Agent}>h": ("curl", "user_agent", "curl"),
        "%>h{Host}": ("example.org", "host", "example.org"),
        "%{X-Cache}<h": ("HIT", "response_x_cache", "HIT"),
        "%ssl::>sni": ("example.org", "sni", "example.org"),
        "%Sh": ("HIER_NONE", "hierarchy", "HIER_NONE"),
    },
    "gunicorn": {
        "%(h)s": ("192.0.2.1", "client", "192.0.2.1"),
        "%(D)s": ("42000", "duration_s", 0.042),
        "%(M)s": ("42", "duration_s", 0.042),
        "%(L)s": ("0.042000", "duration_s", 0.042),
        "%(T)s": ("3", "duration_s", 3.0),
        "%(a)s": ("curl", "user_agent", "curl"),
        "%({X-Request-Id}i)s": ("r1", "request_id", "r1"),
        "%(p)s": ("<17>", "pid", "<17>"),
    },
    "aiohttp": {
        "%a": ("192.0.2.1", "client", "192.0.2.1"),
        "%Tf": ("0.042000", "duration_s", 0.042),
        "%D": ("42000", "duration_s", 0.042),
        "%{User-Agent}i": ("curl", "user_agent", "curl"),
    },
    "php-fpm": {
        "%R": ("192.0.2.1", "client", "192.0.2.1"),
        "%{mili}d": ("42.000", "duration_s", 0.042),
        "%{micro}d": ("42000", "duration_s", 0.042),
        "%d": ("0.042", "duration_s", 0.042),
        "%f": ("/srv/a b.php", "script", "/srv/a b.php"),
        "%l": ("90", "bytes_received", 90),
    },
    "morgan": {
        ":remote-addr": ("192.0.2.1", "client", "192.0.2.1"),
        ":response-time": ("42.000", "duration_s", 0.042),
        ":total-time[0]": ("42", "duration_s", 0.042),
        ":res[content-length]": ("12", "bytes", 12),
        ":req[Host]": ("example.org", "host", "example.org"),
        ":tenant": ("blue", "tenant", "blue"),
    },
}
CASES = [(server, spelled) for server, table in DIRECTIVES.items() for spelled in table]


@pytest.mark.parametrize(("server", "directive"), CASES)
def test_every_directive(server: str, directive: str) -> None:
    """A directive fills the column that its server's documentation gives it, in its unit."""
    text, column, value = DIRECTIVES[server][directive]
    quoted = resolve_format(f'{server}: "{directive}" |')
    found = row(quoted, f'"{text}" |')[column]
    assert found == (pytest.approx(value) if isinstance(value, float) else value)


TIMES = {
    "tomcat: %t": (TIME, "end"),
    "tomcat: %{begin}t": (TIME, "start"),
    "tomcat: %{end:sec}t": ("971211336", "end"),
    "tomcat: %{sec}t.%{msec_frac}t": ("971211336.000", "end"),
    "tomcat: %{begin:dd/MM/yyyy HH:mm:ss Z}t": ("10/10/2000 13:55:36 -0700", "start"),
    "tomcat: %{yyyy-MM-dd'T'HH:mm:ssXXX}t": ("2000-10-10T13:55:36-07:00", "end"),
    "jetty: %t": (TIME, "start"),
    "jetty: %{yyyy-MM-dd HH:mm:ss|GMT}t": ("[2000-10-10 20:55:36]", "start"),
    "undertow: %t": (TIME, "end"),
    "undertow: %{DATE_TIME}": (TIME, "end"),
    "undertow: %{time,yyyy-MM-dd HH:mm:ss}": ("2000-10-10 20:55:36", "end"),
    "lighttpd: %t": (TIME, "end"),
    "lighttpd: %{%F %T}t": ("2000-10-10 20:55:36", "end"),
    "h2o: %t": (TIME, "start"),
    "h2o: %{sec}t": ("971211336", "start"),
    "varnish: %t": (TIME, "start"),
    "varnish: %{%s}t": ("971211336", "start"),
    "squid: %ts.%03tu": ("971211336.000", "end"),
    "squid: [%tl]": (TIME, "end"),
    "squid: %{%Y-%m-%d %H:%M:%S}tg": ("2000-10-10 20:55:36", "end"),
    "gunicorn: %(t)s": (TIME, "end"),
    "aiohttp: %t": (TIME, "start"),
    "php-fpm: %t": (TIME[1:-1], "end"),
    "morgan: :date": ("Tue, 10 Oct 2000 20:55:36 GMT", "end"),
    "morgan: :date[iso]": ("2000-10-10T20:55:36.000Z", "end"),
    "morgan: [:date[clf]]": (TIME, "end"),
}


@pytest.mark.parametrize("string", TIMES)
def test_every_time(string: str) -> None:
    """Times are read as each server writes them, with its brackets or without."""
    text, means = TIMES[string]
    log_format = resolve_format(f"{string} |")
    assert row(log_format, f"{text} |")["time"] == INSTANT
    assert log_format.time_means == means


ERRORS = {
    "tomcat: %h %>s": ("unknown Tomcat directive '%>s'", "     ^ did you mean %s?"),
    "tomcat: %h %i": ("unknown Tomcat directive '%i'", "it takes a name: %{NAME}i"),
    "tomcat: %{Referer": ("unknown Tomcat directive '%{'", "unclosed brace"),
    "tomcat: %h %": ("unknown Tomcat directive '%'", "incomplete directive"),
    "tomcat: nothing": ("no directive of Tomcat", "begin with %"),
    "jetty: %h": ("unknown Jetty directive '%h'", "^ did you mean %H?"),
    "undertow: %h %{Referer}i": (
        "unknown Undertow directive '%{Referer}'",
        "headers are %{i,NAME}",
    ),
    "lighttpd: %h %Z": ("unknown lighttpd directive '%Z'", "  %h %Z\n     ^"),
    "h2o: %h %D": ("unknown H2O directive '%D'", "  %h %D\n     ^"),
    "varnish: %a": ("unknown varnishncsa directive '%a'", "^"),
    "squid: %>a %zz": ("unknown Squid directive '%zz'", "  %>a %zz\n      ^"),
    "gunicorn: %(h)s %(x)s": ("unknown gunicorn directive '%(x)s'", "        ^"),
    "aiohttp: %a %h": ("unknown aiohttp directive '%h'", "     ^"),
    "morgan: :methd": ("unknown morgan directive ':methd'", "did you mean :method?"),
    "php-fpm: %R %Z": ("unknown PHP-FPM directive '%Z'", "     ^"),
    "weblogic: date tim": ("unknown field 'tim'", "did you mean time?"),
}


@pytest.mark.parametrize("text", ERRORS)
def test_errors_point_at_the_spot(text: str) -> None:
    """A directive that this server does not have is underlined, even where Apache has it."""
    with pytest.raises(FormatError) as caught:
        resolve_format(text)
    for part in ERRORS[text]:
        assert part in str(caught.value)


SETTINGS = {
    '<Valve className="org.apache.catalina.valves.AccessLogValve" pattern="%h &quot;%r&quot;"/>': (
        "tomcat"
    ),
    'server.tomcat.accesslog.pattern=%h "%r"': "tomcat",
    r'new CustomRequestLog(writer, "%{client}a \"%r\"")': "jetty",
    '<access-log pattern="%h &quot;%r&quot;"/>': "undertow",
    r'/subsystem=undertow/setting=access-log:add(pattern="%h \"%r\"")': "undertow",
    'quarkus.http.access-log.pattern=%h "%r"': "undertow",
    r'accesslog.format = "%h \"%r\""': "lighttpd",
    'access-log:\n  path: /var/log/h2o\n  format: "%h \\"%r\\""': "h2o",
    "varnishncsa -a -F '%h \"%r\"'": "varnishncsa",
    'logformat short %>a "%rm %ru HTTP/%rv"': "squid",
    "access_log_format = '%(h)s \"%(r)s\"'": "gunicorn",
    "gunicorn app --access-logformat '%(h)s \"%(r)s\"'": "gunicorn",
    "app.use(morgan(':remote-addr \":method :url HTTP/:http-version\"'))": "morgan",
    ':remote-addr ":method :url HTTP/:http-version"': "morgan",
}


@pytest.mark.parametrize("text", SETTINGS)
def test_settings_as_they_stand(text: str) -> None:
    """A setting is known by itself, and its string read without the escapes it needs there."""
    log_format = resolve_format(text)
    assert log_format.name == f"{SETTINGS[text]}-custom"
    hit = row(log_format, '192.0.2.1 "GET /a?b HTTP/1.1"')
    assert (hit["client"], hit["path"], hit["protocol"]) == ("192.0.2.1", "/a", "HTTP/1.1")


def test_strings_that_servers_have_names_for() -> None:
    """``common`` and ``combined`` are those of the server that is named."""
    line = f'::1 - ann {TIME} "GET /a HTTP/1.1" 200 5 "-" "curl"'
    for string in ("tomcat: combined", "undertow: combined", "h2o: default", "varnish: default"):
        assert row(resolve_format(string), line)["user_agent"] == "curl"
    assert row(resolve_format("jetty: NCSA_FORMAT"), line[: line.index(' "-"')])["bytes"] == 5


def test_apache_and_nginx_stay_what_they_are() -> None:
    """Their lines are no other server's, also where names look alike."""
    assert resolve_format(r'LogFormat "%h \"%r\"" short').name == "apache-custom"
    assert resolve_format("logformat '%h' x").name == "apache-custom"
    assert resolve_format("litespeed: %h %D").name == "apache-custom"
    assert resolve_format("nginx: $remote_addr $status").name == "nginx-custom"
    assert resolve_format("log_format x '$remote_addr';").name == "nginx-custom"


def test_units_that_a_string_leaves_open() -> None:
    """That Tomcat's %D depends on its version is said, unless the version is told."""
    assert is_open(resolve_format("tomcat: %h %D"))
    for told in ("tomcat9: %h %D", "tomcat10: %h %D", "tomcat: %h %{us}T", "wildfly: %h %D"):
        assert not is_open(resolve_format(told))


def test_bytes_with_headers() -> None:
    """What counts headers too is said to."""
    assert resolve_format("lighttpd: %h %O").bytes_mean == "wire"
    assert resolve_format("squid: %>a %<st").bytes_mean == "wire"
    assert resolve_format("jetty: %{client}a %O").bytes_mean == "body"


def test_requests_of_squid() -> None:
    """Method, target and a bare version behind ``HTTP/`` are a request line."""
    hit = row(resolve_format('squid: "%rm %ru HTTP/%rv" %>Hs'), '"GET http://h/a b HTTP/1.1" 200')
    assert (hit["path"], hit["protocol"]) == ("/a b", "HTTP/1.1")


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("dd/MMM/yyyy:HH:mm:ss Z", "%d/%b/%Y:%H:%M:%S %z"),
        ("yyyy-MM-dd'T'HH:mm:ss.SSSXXX", "%Y-%m-%dT%H:%M:%S.%L%z"),
        ("EEE, d MMM yy h:mm a", None),
        ("hh 'o''clock' a", "%I o'clock %p"),
        ("yyyy-ww", None),
        ("100%", None),
        ("", None),
    ],
)  # fmt: skip
def test_java_times(pattern: str, text: str | None) -> None:
    """Java's letters become strftime's; what no item reads is no time."""
    expected = "%a, %e %b %y %l:%M %p" if pattern.startswith("EEE") else text
    assert strftime_of(pattern) == expected


@pytest.mark.parametrize("log_format", name_only().values(), ids=lambda known: known.name)
def test_samples_of_formats_that_only_names_tell(log_format: Format) -> None:
    """They are known by their name and aliases, and their samples come out as stated."""
    check_samples(log_format)
    for name in (log_format.name, *log_format.aliases):
        assert by_name(name) is log_format
    assert log_format.server
    assert log_format.notes


def test_names_are_of_one_server() -> None:
    """No name stands for two servers."""
    assert len(NAMES) == len(set(NAMES))
    assert all(vocabulary.source.startswith("https://") for vocabulary in ALL)
