"""Regular expressions of the user's own as log formats."""

from __future__ import annotations

import time

import pytest

from hitwatch.errors import FormatError
from hitwatch.formats.server_strings import resolve_format
from hitwatch.formats.toml import read_format
from hitwatch.hits.parser import Parser
from hitwatch.hits.samples import check_samples

PATTERN = (
    r"~(?P<client>\S+) \[(?P<time>[^\]]+)\] (?P<request>[^|]*)\|(?P<status>\d+)\|"
    r"(?P<bytes>\d+|-)\|(?P<duration_ms>[\d.]+)(?:\|(?P<tier__text>\w+))?"
)


def row(pattern: str, line: str) -> dict[str, object]:
    """The only hit of a line."""
    hits = Parser(resolve_format(pattern)).parse(line.encode())
    assert len(hits) == 1, hits.rejects
    return dict(hits.frame().row(0, named=True))


def test_groups_are_fields() -> None:
    """Groups fill the columns of their fields; one that takes no part has no value."""
    line = "192.0.2.7 [2026-10-10T13:55:36Z] GET /a?b HTTP/1.1|200|-|17.5|gold and more"
    found = row(PATTERN, line)
    assert str(found["time"]) == "2026-10-10 13:55:36+00:00"
    assert (found["client"], found["path"], found["query"]) == ("192.0.2.7", "/a", "b")
    assert (found["status"], found["bytes"], found["duration_s"]) == (200, None, 0.0175)
    assert found["tier"] == "gold"
    line = "192.0.2.7 [10/Oct/2026:13:55:36 +0000] GET / HTTP/1.1|200|5|3"
    assert row(PATTERN, line)["tier"] is None


def test_lines_that_do_not_match_are_rejects() -> None:
    """A match further behind is none: a client could write it. Bytes need be no UTF-8."""
    parser = Parser(resolve_format(r"~(?P<client>\S+) (?P<status>\d+)$"))
    hits = parser.parse(b"192.0.2.7 200\n! - 192.0.2.7 200\n\xff\xfe 404\n192.0.2.7 200 x\n")
    assert [reject.line_number for reject in hits.rejects] == [2, 4]
    assert hits.rejects[0].reason == "does not match the pattern"
    assert hits.frame()["client"].to_list() == ["192.0.2.7", r"\xFF\xFE"]


@pytest.mark.parametrize(
    ("pattern", "what", "caret"),
    [
        (r"(?P<clinet>\S+)", "unknown field 'clinet'", "did you mean client?"),
        (r"(?P<a__integr>\S+)", "unknown kind 'integr'", "did you mean integer?"),
        (r"(?P<client>\S+) (?=x)", "look-around", "^ name what you want"),
        (r"é(?P<client>\S+", "unclosed group", "\n   ^"),
        (r"(?P<client>a)\1", "backreferences", "^ name what you want"),
        (r"\S+", "has no named group", "name groups"),
        (r"(?P<client>(?:\w{1000}){1000})", "size limit", "^"),
    ],
)
def test_mistakes_are_pointed_at(pattern: str, what: str, caret: str) -> None:
    """What is wrong with an expression is said, with a caret under the place."""
    with pytest.raises(FormatError) as caught:
        resolve_format("~" + pattern)
    assert what in str(caught.value)
    assert caret in str(caught.value)


def test_a_format_file_with_a_pattern() -> None:
    """A file has the pattern, its time as strftime text, and samples that must come out."""
    text = r"""
name = "own"
title = "Our edge"
source = "https://wiki.example.com/edge"
layout = "regex"
pattern = '''(?x) (?P<time>\S+\ \S+) \ (?P<client>\S+)  # who
    \ (?P<status>\d+)'''
time_format = "%d.%m.%Y %H:%M:%S"
[[samples]]
line = '10.10.2026 13:55:36 192.0.2.7 404'
[samples.expect]
time = "2026-10-10T13:55:36Z"
client = "192.0.2.7"
status = 404
"""
    check_samples(read_format(text, where="own.toml"))
    with pytest.raises(FormatError, match="404, not 405"):
        check_samples(read_format(text.replace("status = 404", "status = 405"), where="own.toml"))
    with pytest.raises(FormatError, match="missing line"):
        read_format(text.replace('layout = "regex"', ""), where="own.toml")


def test_an_expression_takes_linear_time() -> None:
    """What takes others for ever takes as long as the line is."""
    parser = Parser(resolve_format(r"~(?P<client>(?:a|aa|a*)*)b$"))
    began = time.perf_counter()
    assert parser.parse(b"a" * 1_000_000).rejected == 1
    assert time.perf_counter() - began < 2.0
