"""Formats as data: samples, hostile lines, and what they come to."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from hitwatch.errors import FormatError
from hitwatch.formats.format import Format
from hitwatch.formats.registry import builtin, by_name, name_only
from hitwatch.formats.toml import read_format
from hitwatch.hits.batch import Hits
from hitwatch.hits.detect import detect
from hitwatch.hits.parser import Parser
from hitwatch.hits.samples import check_sample, check_samples

START = '192.0.2.1 - - [10/Oct/2000:13:55:36 -0700] "'


def parse(line: bytes, log_format: str = "apache-combined") -> Hits:
    """Parse lines of one format."""
    return Parser(by_name(log_format)).parse(line)


def row(request: str) -> dict[str, object]:
    """The columns of a common line with some request."""
    hits = parse((START + request + '" 200 5').encode(), "common")
    assert len(hits) == 1
    return hits.frame().row(0, named=True)


@pytest.mark.parametrize("log_format", builtin().values(), ids=lambda known: known.name)
def test_samples(log_format: Format) -> None:
    """Every format's samples come out as its file states."""
    assert log_format.samples
    check_samples(log_format)


@pytest.mark.parametrize("log_format", builtin().values(), ids=lambda known: known.name)
def test_lines_are_read_as_if_each_stood_alone(log_format: Format) -> None:
    """What has been read of one line changes no other, also where they are the same."""
    samples = [sample.line for sample in log_format.samples if "\n" not in sample.line]
    lines = [f"{line}\n".encode() for line in samples for _ in range(2)]
    lines += [lines[place] for place in (0, -1) if lines] + lines
    parser = Parser(log_format)
    alone = [parser.parse(line) for line in lines]
    together = parser.parse(b"".join(lines))
    rows = [row for hits in alone for row in hits.frame().rows()]
    assert together.frame().rows() == rows
    assert together.certain == sum(hits.certain for hits in alone)


def test_doubts_return_with_the_value() -> None:
    """A value is as doubtful on the second line as it was on the first."""
    line = START.replace("- -", "- john doe").encode() + b'GET / HTTP/1.1" 200 5\n'
    hits = parse(line * 3, "common")
    assert (len(hits), hits.certain) == (3, 0)


def test_an_address_without_a_port_leaves_the_port_that_is_told() -> None:
    """The port may stand under a name of its own, before the address or behind it."""
    log_format = read_format(
        """
        name = "x"
        title = "x"
        source = "x"
        layout = "json"
        keys = {ip = "client_address", port = "client_port"}
        [[samples]]
        line = '{}'
        expect = {}
        """,
        where="x.toml",
    )
    line = b'{"port":5,"ip":"2001:db8::1"}\n{"ip":"2001:db8::1","port":6}\n'
    line += b'{"ip":"[2001:db8::1]:7"}\n{"port":8,"ip":"192.0.2.1"}\n{"ip":"192.0.2.1:9"}\n'
    hits = Parser(log_format).parse(line)
    assert hits.frame(["client_port"])["client_port"].to_list() == [5, 6, 7, 8, 9]


def test_durations_are_the_numbers_that_are_written() -> None:
    """However many digits there are, the nearest number that a float can be is taken."""
    log_format = read_format(
        """
        name = "x"
        title = "x"
        source = "x"
        line = '{wait:seconds}'
        [[samples]]
        line = '1'
        expect = {}
        """,
        where="x.toml",
    )
    digits = "8765432109876543210987"
    written = [f"{digits[:n]}.{digits[n:m]}" for n in range(8) for m in range(n, 20) if m]
    written += ["0.1", "00.30", "+1.5", "1.5e-3", "0.000000000000001", "12345678.90123456"]
    hits = Parser(log_format).parse("\n".join(written).encode())
    assert hits.frame()["wait"].to_list() == [float(text) for text in written]


def test_a_format_that_fails_its_samples_is_refused() -> None:
    """A sample that comes out otherwise names the column and both values."""
    wrong = read_format(
        """
        name = "x"
        title = "x"
        source = "x"
        line = '{client} [{time}] {status}'
        [[samples]]
        line = '::1 [10/Oct/2000:13:55:36 -0700] 200'
        expect = {status = 404}
        """,
        where="x.toml",
    )
    with pytest.raises(FormatError, match="status = 200, not 404"):
        check_samples(wrong)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name = 1 2", "invalid TOML"),
        ('name = "x"', "missing line, samples, source, title"),
        (
            'name = "x"\ntitle = "x"\nsource = "x"\nsamples = []\nline = "{cleint}"',
            "unknown field 'cleint'",
        ),
        (
            'name = "x"\ntitle = "x"\nsource = "x"\nsamples = []\nline = "{a:b}"',
            "unknown kind 'b'",
        ),
        (
            'name = "x"\ntitle = "x"\nsource = "x"\nsamples = []\nline = "{client} }"',
            "unmatched brace",
        ),
    ],
)
def test_wrong_format_files(text: str, message: str) -> None:
    """A wrong format file is refused with its name and what is wrong."""
    with pytest.raises(FormatError, match=message):
        read_format(text, where="x.toml")


@pytest.mark.parametrize(
    ("request_line", "method", "target", "section", "protocol"),
    [
        ("GET /pages/create?x=1 HTTP/1.1", "GET", "/pages/create?x=1", "/pages", "HTTP/1.1"),
        ("GET / HTTP/2.0", "GET", "/", "/", "HTTP/2.0"),
        ("GET /a HTTP/3.0", "GET", "/a", "/a", "HTTP/3.0"),
        ("GET /old", "GET", "/old", "/old", None),
        ("GET /with a blank HTTP/1.1", "GET", "/with a blank", "/with a blank", "HTTP/1.1"),
        ("GET http://h:80/x/y?z HTTP/1.1", "GET", "http://h:80/x/y?z", "/x", "HTTP/1.1"),
        ("GET https://h HTTP/1.1", "GET", "https://h", "/", "HTTP/1.1"),
        ("OPTIONS * HTTP/1.1", "OPTIONS", "*", "*", "HTTP/1.1"),
        ("CONNECT h:443 HTTP/1.1", "CONNECT", "h:443", "(connect)", "HTTP/1.1"),
        ("-", None, None, "(malformed)", None),
        ("", None, None, "(malformed)", None),
        (r"\x16\x03\x01\x02", None, None, "(malformed)", None),
        ("GET", None, None, "(malformed)", None),
        (r"GET /say\"hello\" HTTP/1.1", "GET", '/say"hello"', '/say"hello"', "HTTP/1.1"),
        (r"GET /\xe4\xb8\xad HTTP/1.1", "GET", "/中", "/中", "HTTP/1.1"),
        (r"GET /\xff HTTP/1.1", "GET", r"/\xFF", r"/\xFF", "HTTP/1.1"),
        ("PRI * HTTP/2.0", "PRI", "*", "*", "HTTP/2.0"),
    ],
)  # fmt: skip
def test_requests(
    request_line: str, method: str | None, target: str | None, section: str, protocol: str | None
) -> None:
    """A request line of any kind gives its parts, or says that it is malformed."""
    found = row(request_line)
    assert (found["method"], found["target"]) == (method, target)
    assert (found["section"], found["protocol"]) == (section, protocol)


def test_the_raw_request_is_kept_when_it_is_irregular() -> None:
    """What is no METHOD target PROTOCOL is kept as logged, escapes and all."""
    assert row(r"\x16\x03")["request_raw"] == r"\x16\x03"
    assert row("GET /old")["request_raw"] == "GET /old"
    assert row("GET /new HTTP/1.1")["request_raw"] is None
    assert row("-")["request_raw"] is None


@pytest.mark.parametrize(
    ("line", "reason", "column"),
    [
        (b"", "empty line", 1),
        (b"\r", "empty line", 1),
        (b"hello", "no ' ' after client", 1),
        (b"\x16\x03\x01\x00\xff\xfe", "no ' ' after client", 1),
        (b"\x00" * 100, "no ' ' after client", 1),
        (START.encode() + b"GET / HTTP/1.1", "no closing quote after request", 45),
        (START.encode() + b'GET / HTTP/1.1" abc 5', "status is not a number", 61),
        (START.encode() + b'GET / HTTP/1.1" 200 5 0.1 x', "duration is not a number", 67),
        (
            b'192.0.2.1 - - [32/Oct/2000:13:55:36 -0700] "GET / HTTP/1.1" 200 5',
            "time is not a time as the format writes it",
            16,
        ),
    ],
)
def test_rejects(line: bytes, reason: str, column: int) -> None:
    """A line that cannot be read is one reject, with a column and a reason."""
    hits = parse(line + b"\n", "common")
    assert (hits.lines, len(hits), hits.rejected) == (1, 0, 1)
    assert [(r.reason, r.column) for r in hits.rejects] == [(reason, column)]
    assert hits.reasons == {reason: 1}


def test_a_bad_line_stops_nothing() -> None:
    """Lines around a bad one are read, and all are accounted for."""
    good = START.encode() + b'GET / HTTP/1.1" 200 5\n'
    hits = Parser(by_name("common"), line_numbers=True).parse(good + b"\xff\xfe\n\n" + good)
    assert (hits.lines, len(hits), hits.rejected) == (4, 2, 2)
    assert hits.frame(["line_number"]).to_series().to_list() == [1, 4]


def test_crlf_and_a_missing_last_line_end() -> None:
    """A carriage return before the line end is no part of the line; the last end may lack."""
    good = START.encode() + b'GET / HTTP/1.1" 200 5'
    hits = parse(good + b"\r\n" + good, "common")
    assert hits.frame(["bytes"]).to_series().to_list() == [5, 5]


def test_a_line_of_ten_megabytes() -> None:
    """A huge line is read like any other."""
    path = "/a" * 5_000_000
    hits = parse((START + f'GET {path} HTTP/1.1" 200 5\n').encode(), "common")
    assert hits.frame(["path"]).item() == path


def test_invalid_utf8_loses_nothing() -> None:
    """Stray bytes are spelled out; what is valid around them stays."""
    hits = parse(START.encode() + b'GET /\xc3\xa9\xff HTTP/1.1" 200 5', "common")
    assert hits.frame(["path"]).item() == "/é\\xFF"


def test_no_bytes_are_zero_when_the_request_was_answered() -> None:
    """CLF writes - for no bytes; where the status is - too, nothing was sent at all."""
    lines = "".join(f'{START}GET / HTTP/1.1" {rest}\n' for rest in ("304 -", "- -", "200 0"))
    assert parse(lines.encode(), "common").frame(["bytes"]).to_series().to_list() == [0, None, 0]


def test_times_honour_their_offset() -> None:
    """Offsets are honoured; leap days exist in leap years only."""
    stamps = (
        "29/Feb/2024:23:59:60 +0530",
        "31/Dec/1999:23:59:59 -1200",
        "29/Feb/2023:01:01:01 +0000",
    )
    lines = "".join(f'::1 - - [{stamp}] "GET / HTTP/1.1" 200 5\n' for stamp in stamps)
    hits = parse(lines.encode(), "common")
    assert hits.frame(["time"]).to_series().to_list() == [
        datetime(2024, 2, 29, 18, 30, tzinfo=UTC),
        datetime(2000, 1, 1, 11, 59, 59, tzinfo=UTC),
    ]
    assert hits.rejected == 1


def test_a_trailing_time_taken() -> None:
    """A duration behind the line is read: with a point as seconds, without as microseconds."""
    lines = "".join(
        f'{START}GET / HTTP/1.1" 200 5{rest}\n' for rest in ("", " 0.25", " 250000", " -")
    )
    found = parse(lines.encode(), "common").frame(["duration_s"]).to_series().to_list()
    assert found == [None, 0.25, 0.25, None]


def test_columns_that_nobody_asked_for_are_not_built() -> None:
    """A parser builds the columns it is asked for, and no others."""
    parser = Parser(by_name("apache-combined"), columns=["section", "bytes"])
    sample = by_name("apache-combined").samples[0].line.encode()
    assert parser.parse(sample).frame().columns == ["section", "bytes"]


def test_section_depth() -> None:
    """Sections can be more than one segment deep."""
    parser = Parser(by_name("common"), section_depth=2)
    line = (START + 'GET /a/b/c?d/e HTTP/1.1" 200 5').encode()
    assert parser.parse(line).frame(["section"]).item() == "/a/b"


def test_arrow_is_dictionary_encoded() -> None:
    """Other libraries take the hits over as Arrow, texts as dictionaries."""
    import polars as pl

    hits = parse(by_name("apache-combined").samples[0].line.encode())
    frame = pl.DataFrame(hits)
    assert isinstance(frame.schema["path"], pl.Categorical)
    assert frame["path"].cast(pl.String).to_list() == ["/apache_pb.gif"]


def test_unknown_names() -> None:
    """A name no format has is refused with the names there are."""
    with pytest.raises(FormatError, match="unknown log format 'cobined'"):
        by_name("cobined")
    assert by_name("combined").name == "apache-combined"


@pytest.mark.parametrize(
    ("head", "reason"),
    [
        ("nginx_1  | 192.0.2.5 - -", "user is not a user name"),
        ("2024-04-09T17:33:12.238986028Z 192.0.2.5 - -", "client is not an address or host name"),
        ("192.0.2.12, 198.51.100.17 - -", "client is not an address or host name"),
        ('["www.example.com"] 192.0.2.30 - -', "client is not an address or host name"),
        ("192.0.2.94 - www.example.org www.example.org -", "user is not a user name"),
    ],
)
def test_an_unknown_head_shifts_no_column(head: str, reason: str) -> None:
    """Where something unknown stands in front, the line is a reject that says so."""
    line = f'{head} [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.1" 200 5'
    hits = parse(line.encode(), "common")
    assert [reject.reason for reject in hits.rejects] == [reason]


def test_the_port_and_the_brackets_are_no_part_of_a_client() -> None:
    """Clients are addresses: with a port, each connection would be a visitor of its own."""
    lines = [
        f'{client} - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.1" 200 5'
        for client in ("192.0.2.11:42918", "[2001:db8::1]:5123", "[2001:db8::2]", "a.example")
    ]
    hits = parse("\n".join(lines).encode(), "common")
    clients = ["192.0.2.11", "2001:db8::1", "2001:db8::2", "a.example"]
    assert hits.frame()["client"].to_list() == clients
    assert hits.certain == 4


def test_every_format_says_who_writes_it() -> None:
    """The page of formats has no row without a server and a source."""
    silent = [
        known.name
        for known in (*builtin().values(), *name_only().values())
        if not (known.server and known.source and known.title)
    ]
    assert silent == []


def test_outlines_say_what_the_formats_say() -> None:
    """What is told of a format without reading all of it is true: no line of it is passed over."""
    known = builtin()
    for name, log_format in known.items():
        outline = known.outline(name)
        assert outline.layout is log_format.layout, name
        assert sorted(outline.identifying_keys) == sorted(log_format.identifying_keys), name
        assert outline.normalized_keys == log_format.normalized_keys, name
        for sample in log_format.samples:
            texts = outline.literals
            stands = [all(text.strip() in sample.line for text in way) for way in texts]
            assert any(stands) or not texts, (name, sample.line)


ALL = {**builtin(), **name_only()}
RENAMED = {name: replace(known, name=f"x-{name}", aliases=()) for name, known in ALL.items()}


@pytest.mark.parametrize("name", ALL)
def test_a_format_is_its_file_alone(name: str) -> None:
    """Under another name it is read, explained and found alike: no name stands in the code."""
    known, renamed = ALL[name], RENAMED[name]
    for sample in known.samples:
        check_sample(renamed, sample)
    for sample in known.samples:
        data = f"{sample.line}\n".encode() * 2
        found = [
            (fit.log_format.name, fit.lines, fit.certain) for fit in detect(data, ALL.values())
        ]
        again = [
            (fit.log_format.name, fit.lines, fit.certain) for fit in detect(data, RENAMED.values())
        ]
        assert again == [(f"x-{told}", lines, certain) for told, lines, certain in found]
