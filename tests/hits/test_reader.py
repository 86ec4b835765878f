"""Reading the lines of an origin: wrappings, changing layouts, several formats in one log."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitwatch.formats.registry import by_name
from hitwatch.formats.w3c import find_directives, parse_date, with_fields
from hitwatch.hits.reader import Reader

COMMON = '192.0.2.7 - - [10/Oct/2026:13:55:36 +0000] "GET /a/{} HTTP/1.1" 200 5'
VHOST = "www.example.com:80 " + COMMON
IIS = """#Software: Microsoft Internet Information Services 10.0
#Version: 1.0
#Date: 2026-01-13 00:32:17
#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port c-ip sc-status sc-bytes time-taken
2026-01-13 00:32:17 10.0.0.1 GET /robots.txt - 80 192.0.2.9 404 1405 283
#Fields: time c-ip cs-method cs-uri-stem sc-status cs(User-Agent)
00:32:18 192.0.2.9 GET /b 200 Mozilla/5.0+(compatible;+bot)
00:32:19.5 192.0.2.9 GET /c 200 "Mozilla/5.0 (with blanks + ""quotes"")"
"""


def rows(reader: Reader, text: str) -> list[dict[str, object]]:
    """Read all lines, and give every hit as a row."""
    return [row for hits in reader.read(text.encode()) for row in hits.frame().rows(named=True)]


@pytest.mark.parametrize(
    ("envelope", "around"),
    [
        ("syslog", "Oct 10 13:55:36 web1 nginx: {}"),
        ("syslog", "<190>Oct 10 13:55:36 web1 nginx[17]: {}"),
        ("syslog-5424", "<190>1 2026-10-10T13:55:36Z web1 nginx - - - {}"),
        ("cri", "2026-10-10T13:55:36.1Z stdout F {}"),
        ("docker", None),
    ],
)
def test_wrappings_are_undone(envelope: str, around: str | None) -> None:
    """Lines carried by syslog, Docker or Kubernetes are read as if they stood alone."""
    lines = [COMMON.format(number) for number in range(5)]
    if around is None:
        carried = [json.dumps({"log": line + "\n", "stream": "stdout"}) for line in lines]
    else:
        carried = [around.format(line) for line in lines]
    reader = Reader(None)
    found = rows(reader, "\n".join(carried) + "\n")
    assert [row["path"] for row in found] == [f"/a/{number}" for number in range(5)]
    assert reader.envelope == envelope
    assert reader.log_format is by_name("common")


def test_a_line_cut_by_its_carrier() -> None:
    """Parts of a line are joined, across reads too."""
    reader = Reader(None)
    whole, part = (f"2026-10-10T13:55:36.1Z stdout {kind} " for kind in "FP")
    first = whole + COMMON.format(1) + "\n" + part + COMMON.format(2)[:30] + "\n"
    assert [row["path"] for row in rows(reader, first)] == ["/a/1"]
    assert [row["path"] for row in rows(reader, whole + COMMON.format(2)[30:] + "\n")] == ["/a/2"]


def test_w3c_layouts_change_in_the_middle() -> None:
    """Each #Fields line lays out the lines behind it; #Date tells the day of bare times."""
    reader = Reader(None, with_fields(by_name("w3c"), "date time"))
    found = rows(reader, IIS)
    assert [str(row["time"]) for row in found] == [
        "2026-01-13 00:32:17+00:00",
        "2026-01-13 00:32:18+00:00",
        "2026-01-13 00:32:19.500000+00:00",
    ]
    assert [row["target"] for row in found] == ["/robots.txt", "/b", "/c"]
    assert (found[0]["duration_s"], found[0]["bytes"], found[0]["server_port"]) == (0.283, 1405, 80)
    agents = [row["user_agent"] for row in found[1:]]
    assert agents == ["Mozilla/5.0 (compatible; bot)", 'Mozilla/5.0 (with blanks + "quotes")']


def test_directives_are_no_lines() -> None:
    """Directives are counted apart, and line numbers count them."""
    reader = Reader(None, with_fields(by_name("w3c"), "date time"), line_numbers=True)
    found = reader.read(IIS.encode())
    assert [(hits.lines, hits.directives) for hits in found] == [
        (0, 2),
        (0, 1),
        (1, 1),
        (2, 1),
    ]
    assert [n for hits in found for n in hits.frame()["line_number"]] == [5, 7, 8]


def test_headers_are_found() -> None:
    """Only #Fields and #Date lines lay something out, wherever they stand."""
    said = b"#Software: x\n#Fields: a b\r\nx #Fields: no\n#Date: 2026-01-13 1:2\n"
    assert [line for _, line in find_directives(said)] == [
        b"#Software: x",
        b"#Fields: a b",
        b"#Date: 2026-01-13 1:2",
    ]
    assert parse_date(b"#Date: 2026-01-13 00:00:00") == 1_768_262_400_000_000
    assert parse_date(b"#Date: 2026-13-13 00:00:00") is None
    assert parse_date(b"#Date: yesterday") is None


@given(st.lists(st.booleans(), min_size=1, max_size=12), st.integers(0, 12))
def test_mixed_logs(with_host: list[bool], cut: int) -> None:
    """Lines of two known formats are all read, in order, however the log is cut."""
    lines = [(VHOST if host else COMMON).format(n) + "\n" for n, host in enumerate(with_host)]
    reader = Reader(["path", "host"])
    found = rows(reader, "".join(lines[:cut])) if cut else []
    found += rows(reader, "".join(lines[cut:])) if lines[cut:] else []
    assert [row["path"] for row in found] == [f"/a/{n}" for n in range(len(lines))]


def test_unmatched_lines_are_not_taken_for_a_format() -> None:
    """Lines that are in no format stay rejects, however many there are."""
    reader = Reader(["path"])
    lines = "".join(COMMON.format(n) + "\nwho=knows what=this is\n" for n in range(300))
    hits = reader.read(lines.encode())
    assert sum(batch.rejected for batch in hits) == 300
    assert reader.log_format is by_name("common")
