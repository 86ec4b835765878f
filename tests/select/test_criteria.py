"""Filters in few words."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from hitwatch.errors import UsageError
from hitwatch.formats.registry import by_name
from hitwatch.hits.batch import Hits
from hitwatch.hits.parser import Parser
from hitwatch.instants import from_datetime
from hitwatch.select.criteria import (
    exclude_clients,
    exclude_paths,
    exclude_referrers,
    in_time_range,
    only_hosts,
    read_entries,
)
from hitwatch.select.language import Predicate, combine, mask, parse_predicate
from hitwatch.select.time_expressions import parse_when

LINES = """
www.example.com:80 192.0.2.7 - - [10/Oct/2026:13:00:00 +0000] "GET /a/b.js HTTP/1.1" 200 5 "-" "c"
WWW.Example.com:80 10.0.0.1 - - [10/Oct/2026:14:00:00 +0000] "GET /a HTTP/1.1" 200 5 "-" "c"
api.example.com:80 name.example - - [10/Oct/2026:15:00:00 +0000] "?" 400 5 "-" "c"
""".strip()

NOW = from_datetime(datetime(2026, 3, 29, 12, 30, tzinfo=UTC))


def hits() -> Hits:
    """Three hits."""
    return Parser(by_name("vhost-combined")).parse(LINES.encode())


def chosen(where: Predicate) -> list[int]:
    """Which of the hits a condition chooses."""
    return mask(where, hits()).arg_true().to_list()


def test_clients_are_excluded() -> None:
    """By address and network; clients that are names stay."""
    assert chosen(exclude_clients(["10.0.0.0/8", "192.0.2.7"])) == [2]
    assert chosen(exclude_clients([])) == [0, 1, 2]
    with pytest.raises(UsageError, match="invalid address or network 'bad'"):
        exclude_clients(["10.0.0.0/8", "bad"])


def test_networks_in_a_file() -> None:
    """Comments and empty lines are left out."""
    assert read_entries("# all\n\n10.0.0.0/8 # x\r\n::1,::2\n") == ["10.0.0.0/8", "::1", "::2"]


def test_paths_are_excluded() -> None:
    """By glob; hits without a path stay."""
    assert chosen(exclude_paths(["*.js", "/health"])) == [1, 2]
    assert chosen(exclude_paths([])) == [0, 1, 2]


def test_hosts_are_chosen() -> None:
    """By glob, in any case, with or without port."""
    assert chosen(only_hosts(["www.example.com"])) == [0, 1]
    assert chosen(only_hosts(["API.*", "nothing"])) == [2]
    log = Parser(by_name("vhost-combined")).parse(LINES.encode())
    assert mask(only_hosts(["example.com"]), log).any() is False


def test_spans() -> None:
    """The first instant counts, the last does not."""
    at = [parse_when(f"2026-10-10T{hour}:00", NOW) for hour in (13, 14, 15)]
    assert chosen(in_time_range(at[0], at[2])) == [0, 1]
    assert chosen(in_time_range(at[1], None)) == [1, 2]
    assert chosen(in_time_range(None, at[1])) == [0]
    assert chosen(in_time_range(None, None)) == [0, 1, 2]
    assert chosen(combine([in_time_range(at[0], None), parse_predicate("status == 400")])) == [2]
    with pytest.raises(UsageError, match="empty time range"):
        in_time_range(at[1], at[1])


@pytest.mark.parametrize(
    ("referrer", "kept"),
    [
        ("https://spam.example/a?b", False),
        ("http://www.SPAM.example:8080/", False),
        ("https://a.b.spam.example/", False),
        ("https://notspam.example/", True),
        ("https://spam.example.org/", True),
        ("https://other.example/?u=https://spam.example/", True),
        ("android-app://spam.example/", False),
        ("spam.example", True),
        ("-", True),
    ],
)
def test_referrers_are_left_out_by_their_site(referrer: str, kept: bool) -> None:
    """With all sites under it, and no other that only looks like it."""
    text = f'192.0.2.1 - - [10/Oct/2026:13:55:36 +0000] "GET / HTTP/1.1" 200 5 "{referrer}" "-"\n'
    hits = Parser(by_name("apache-combined")).parse(text.encode())
    for said in ("spam.example", "www.spam.example", "https://spam.example/x"):
        assert mask(exclude_referrers([said]), hits).to_list() == [kept]


@pytest.mark.parametrize("wrong", ["", "/", "a b", "https://", "..", "@"])
def test_what_is_no_site_is_refused(wrong: str) -> None:
    """With what could be written."""
    with pytest.raises(UsageError, match="is no site"):
        exclude_referrers([wrong])
