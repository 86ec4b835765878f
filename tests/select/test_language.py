"""The language of --where: what it says of hits, and what it refuses."""

from __future__ import annotations

import contextlib
import re
from datetime import datetime
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitwatch.errors import UsageError
from hitwatch.formats.columns import BY_NAME, Column, ColumnType
from hitwatch.formats.registry import by_name
from hitwatch.hits.batch import Hits
from hitwatch.hits.parser import Parser
from hitwatch.instants import from_datetime
from hitwatch.select.language import Predicate, combine, mask, mask_rows, parse_predicate
from hitwatch.select.networks import Networks, parse_address, parse_network
from hitwatch.select.predicate import (
    OPERATORS,
    And,
    Compare,
    Condition,
    IsNull,
    Like,
    Matches,
    Not,
    OneOf,
    Or,
    Satisfies,
    Value,
    Within,
)

LINES = r"""
192.0.2.7 - ann [10/Oct/2026:13:55:36 +0000] "GET /api/a?x=1 HTTP/1.1" 200 5 "-" "curl/8" 0.5
10.1.2.3 - - [10/Oct/2026:13:55:37 +0000] "POST /api/b HTTP/1.1" 500 7 "-" "curl/8" 1.5
2001:db8::1 - - [10/Oct/2026:15:55:38 +0200] "GET /health HTTP/2.0" 503 0 "-" "-" 0.001
::ffff:10.9.9.9 - bob [10/Oct/2026:13:55:39 +0000] "GET /Ünï/it's HTTP/1.1" 404 9 "/" "Bot" 2.0
host.example - - [11/Oct/2026:00:00:00 +0000] "garbage" 400 3 "-" "\\xff\n" 0.25
""".strip()


def hits_of(text: str = LINES) -> Hits:
    """The lines read, each one a hit."""
    hits = Parser(by_name("apache-combined")).parse(text.encode())
    assert hits.rejected == 0, hits.rejects
    return hits


HITS = hits_of()


def chosen(expression: str) -> list[int]:
    """Which hits an expression chooses."""
    return mask(parse_predicate(expression), HITS).arg_true().to_list()


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("status >= 500", [1, 2]),
        ('status >= 500 and not path =~ "^/health"', [1]),
        ("status = 200 or status == 404", [0, 3]),
        ("status in (200, 404)", [0, 3]),
        ("status not in (200, 404)", [1, 2, 4]),
        ("status in 503", [2]),
        ("status != 200", [1, 2, 3, 4]),
        ("status > 399.5 and status < 404", [4]),
        ("status >= 2e2", [0, 1, 2, 3, 4]),
        ("duration_s > 1", [1, 3]),
        ("duration_s <= 0.25", [2, 4]),
        ("bytes > -1 and bytes <= 5", [0, 2, 4]),
        ('path like "/api/*"', [0, 1]),
        ('path not like "/api/*"', [2, 3]),
        ('not path like "/api/*"', [2, 3, 4]),
        ('path like "/api/?"', [0, 1]),
        ('path like "/api"', []),
        ('path like "*/*"', [0, 1, 2, 3]),
        ('path like "/*\'s"', [3]),
        ("path like '/*\\'s'", [3]),
        ('path == "/Ünï/it\'s"', [3]),
        ('path =~ "^/(api|health)$|b$"', [1, 2]),
        ('path !~ "api"', [2, 3]),
        ('path =~ "(?i)^/ünÏ"', [3]),
        (r'path =~ "/\w$"', [0, 1]),
        ('path < "/api/b"', [0]),
        ('method in ("GET", "HEAD")', [0, 2, 3]),
        ('method = "get"', []),
        ("client in 10.0.0.0/8", [1, 3]),
        ('client in "10.0.0.0/8"', [1, 3]),
        ("client in (10.0.0.0/8, 2001:db8::/32)", [1, 2, 3]),
        ('client in ("10.1.2.3", "host.example")', [1, 4]),
        ('client not in ("10.1.2.3", "host.example")', [0, 2, 3]),
        ("client not in 10.0.0.0/8", [0, 2, 4]),
        ("client == 10.9.9.9", [3]),
        ('client != "2001:DB8:0::1"', [0, 1, 3, 4]),
        ("client in ::/0", [2]),
        ('client == "host.example"', [4]),
        ("user is null", [1, 2, 4]),
        ("user IS NOT NULL AND status < 300", [0]),
        ('user == "ann"', [0]),
        ('user != "ann"', [3]),
        ('not user == "ann"', [1, 2, 3, 4]),
        ("not (user is null or status == 404)", [0]),
        ("not not user is null", [1, 2, 4]),
        ('host == "a" or host != "a"', []),
        ("host is null", [0, 1, 2, 3, 4]),
        ("port is null and port != 5", []),
        ("not port == 5", [0, 1, 2, 3, 4]),
        ('time >= "2026-10-10T13:55:38"', [2, 3, 4]),
        ('time < "2026-10-10T15:55:38+02:00"', [0, 1]),
        ('time >= "2026-10-11"', [4]),
        ("time >= 2026-10-10T13:55:38Z and time < 2026-10-11", [2, 3]),
        ('time in ("2026-10-11", "2026-10-10 13:55:36")', [0, 4]),
        ("status == 200 or status == 500 and bytes == 0", [0]),
        ("(status == 200 or status == 503) and bytes == 0", [2]),
        (r'user_agent == "\\xff\n"', [4]),
        (r'user_agent =~ "\\\\xff"', [4]),
        ("path == ''", []),
    ],
)
def test_what_is_chosen(expression: str, expected: list[int]) -> None:
    """Every part of the language, on five lines."""
    assert chosen(expression) == expected


@pytest.mark.parametrize(
    ("expression", "at", "says"),
    [
        ("", 0, "expected a column name"),
        ("statis >= 500", 0, "did you mean status?"),
        ("Status >= 500", 0, "did you mean status?"),
        ("zzzzzz == 1", 0, "known columns: time, client"),
        ("500 <= status", 0, "expected a column name"),
        ("status", 6, "expected an operator after status"),
        ("status 500", 7, "expected an operator"),
        ("status >=", 9, "expected a value for status"),
        ('status == "abc"', 10, "status is a whole number"),
        ('status == "500"', 10, "write 500 without quotes"),
        ("path > 5", 7, 'write "5"'),
        ("path == abc", 8, 'write "abc"'),
        ('status like "5*"', 7, "like needs text, but status is a whole number"),
        ('status =~ "^5"', 7, "=~ needs text"),
        ("status in ()", 11, "expected a value for status"),
        ("status in (1, 2.5)", 14, "status is a whole number"),
        ("status in (1 2)", 13, "expected , or )"),
        ("status == 200 status", 14, "the end of the condition"),
        ("(status == 200", 14, "expected ), and, or or"),
        ("status == 200)", 13, "the end of the condition"),
        ("status == 99999999999999999999", 10, "number out of range"),
        ("duration_s == 1e999", 14, "number out of range"),
        ("status == " + "9" * 5000, 10, "number out of range"),
        ("user == null", 8, "write user is null"),
        ("user is 5", 8, "expected null after is"),
        ("user not 5", 9, "expected in or like after not"),
        ("status == 200 && bytes == 0", 14, "write and"),
        ("!(status == 200)", 0, "write not"),
        ('path == "abc', 8, "unclosed quote"),
        ('path =~ "(a"', 8, "unclosed group"),
        ('path =~ "(?=a)"', 8, "look-around"),
        ('path =~ "(a{1000}){1000}"', 8, "size limit"),
        ("client in 10.0.0.0/33", 10, "invalid address or network"),
        ('client in "10.0.0.0/33"', 10, "invalid address or network"),
        ("status in 10.0.0.0/8", 10, "status is a whole number"),
        ('time > "soon"', 7, "invalid ISO 8601 time"),
        ('time > "2026-02-30"', 7, "invalid date or time"),
        ("time > 5", 7, "time is a time"),
        ("and == 5", 0, "expected a column name"),
        ('path == "\udcff"', 8, "invalid UTF-8"),
        ("not " * 101 + "status == 1", 400, "more than 100 levels"),
        ("(" * 100_000, 100, "more than 100 levels"),
        ("status == 1 ; drop", 12, "unexpected ';'"),
    ],
)
def test_what_is_refused(expression: str, at: int, says: str) -> None:
    """An error points at the place, and says what would be right."""
    with pytest.raises(UsageError) as caught:
        parse_predicate(expression)
    assert says in str(caught.value)
    shown, caret = str(caught.value).splitlines()[1:3]
    pointed = caret.index("^") - 2
    assert shown[2 + pointed : 3 + pointed] == expression[at : at + 1].replace("\n", " ")
    if at <= 40:
        assert pointed == at


def test_columns_that_are_needed() -> None:
    """A condition says which columns must be read for it."""
    where = parse_predicate('status > 1 and (path like "*" or not client in ::1) and user is null')
    assert where.columns == {"status", "path", "client", "user"}


def test_columns_of_a_format() -> None:
    """Columns that are a format's own can be named when they are given."""
    own = Column("accept_language", ColumnType.TEXT, "as logged")
    where = parse_predicate('accept_language like "de*" or status == 200', [own])
    assert mask(where, HITS).arg_true().to_list() == [0]


def test_combining() -> None:
    """Several conditions hold together; none hold everywhere."""
    first, second = parse_predicate("status >= 400"), parse_predicate('method == "GET"')
    assert mask(combine([first, second]), HITS).arg_true().to_list() == [2, 3]
    assert mask(combine([combine([first, second]), first]), HITS).arg_true().to_list() == [2, 3]
    assert combine([first]) == first
    assert mask(combine([]), HITS).to_list() == [True] * 5
    assert mask(Or(), HITS).to_list() == [False] * 5


def test_no_hits() -> None:
    """Where there are no hits there is no answer, of the right type."""
    empty = mask(parse_predicate('path like "*" and status > 1 or client in ::1'), hits_of(""))
    assert empty.dtype == pl.Boolean
    assert len(empty) == 0


def test_equal_trees() -> None:
    """Conditions are values: equal when they say the same, and usable as keys."""
    text = 'client in (10.0.0.0/8, "a") and path =~ "x"'
    assert parse_predicate(text) == parse_predicate(text.replace("and", "AND"))
    assert len({parse_predicate(text), parse_predicate(text)}) == 1


TEXTS = ["/a", "/b/c", "/", "", "é", "10.0.0.1", "[2001:db8::1]:80", "a.b", "a\nb", "A"]
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "client": st.sampled_from([None, "10.0.0.1", "192.0.2.1", "::1", "name", "10.0.0.2:5"]),
            "user": st.none() | st.sampled_from(TEXTS),
            "status": st.none() | st.integers(198, 203),
            "duration_s": st.none() | st.sampled_from([0.0, 0.5, 1.0]),
        }
    ),
    max_size=12,
)
NETWORKS = st.lists(
    st.sampled_from(["10.0.0.0/8", "10.0.0.2", "::/0", "192.0.2.0/31", "0.0.0.0/0"]),
    min_size=1,
    max_size=3,
)
TEXT_CONDITIONS: st.SearchStrategy[Condition] = st.one_of(
    st.builds(Compare, st.sampled_from(sorted(OPERATORS)), st.sampled_from(TEXTS)),
    st.builds(OneOf, st.lists(st.sampled_from(TEXTS), max_size=3).map(tuple)),
    st.builds(Like, st.text("*?/ab.\\\n1A", max_size=5), st.booleans()),
    st.builds(Matches, st.sampled_from(["a", "^/", r"\.", "b$", "^$", "(?i)a", "[0-9]+"])),
    st.builds(Within, NETWORKS.map(Networks.of)),
)
NUMBER_CONDITIONS: st.SearchStrategy[Condition] = st.one_of(
    st.builds(
        Compare,
        st.sampled_from(sorted(OPERATORS)),
        st.integers(198, 203) | st.sampled_from([0.5, 199.5]),
    ),
    st.builds(OneOf, st.lists(st.integers(198, 203), max_size=3).map(tuple)),
)
LEAVES = st.one_of(
    st.builds(
        Satisfies,
        st.sampled_from([BY_NAME[n] for n in ("client", "user", "host")]),
        TEXT_CONDITIONS,
        st.booleans(),
    ),
    st.builds(
        Satisfies,
        st.sampled_from([BY_NAME[n] for n in ("status", "duration_s", "port")]),
        NUMBER_CONDITIONS,
        st.booleans(),
    ),
    st.builds(IsNull, st.sampled_from([BY_NAME[n] for n in ("client", "user", "status", "host")])),
)
TREES: st.SearchStrategy[Predicate] = st.recursive(
    LEAVES,
    lambda below: st.one_of(
        st.builds(Not, below),
        st.builds(And, st.lists(below, max_size=3).map(tuple)),
        st.builds(Or, st.lists(below, max_size=3).map(tuple)),
    ),
    max_leaves=8,
)


def naive(where: Predicate, row: dict[str, Any]) -> bool:
    """Whether a row meets a condition, decided by Python alone."""
    match where:
        case And(parts):
            return all(naive(part, row) for part in parts)
        case Or(parts):
            return any(naive(part, row) for part in parts)
        case Not(part):
            return not naive(part, row)
        case IsNull(column):
            return row.get(column.name) is None
        case Satisfies(column, condition, negated):
            value = row.get(column.name)
            return value is not None and naive_condition(condition, value) != negated
    raise AssertionError(where)


def naive_condition(condition: Condition, value: Any) -> bool:
    """Whether a value meets a condition, decided by Python alone."""
    match condition:
        case Compare(name, other):
            return bool(OPERATORS[name](value, other))
        case OneOf(values):
            return value in values
        case Like(glob, fold):
            folded = [text.lower() if fold else text for text in (glob, value)]
            return naive_glob(*folded)
        case Matches(pattern):
            return re.search(pattern.replace("$", r"\Z"), value) is not None
        case Within(networks):
            address = parse_address(value)
            return address is not None and any(address in one for one in networks.networks)
    raise AssertionError(condition)


def naive_glob(glob: str, text: str) -> bool:
    """Whether a text fits a glob, by trying everything."""
    if not glob:
        return not text
    if glob[0] == "*":
        return naive_glob(glob[1:], text) or (bool(text) and naive_glob(glob, text[1:]))
    if glob[0] == "\\" and len(glob) > 1:
        return text[:1] == glob[1] and naive_glob(glob[2:], text[1:])
    return bool(text) and glob[0] in ("?", text[0]) and naive_glob(glob[1:], text[1:])


class CodedHits(Hits):
    """Hits out of rows, texts as codes as the kernel gives them."""

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        texts = ("client", "user")
        self.distinct = {
            c: list(dict.fromkeys(r[c] for r in rows if r[c] is not None)) for c in texts
        }
        types = {"client": pl.UInt32, "user": pl.UInt32, "status": pl.Int64}
        coded = [
            {
                n: self.distinct[n].index(v) if n in texts and v is not None else v
                for n, v in r.items()
            }
            for r in rows
        ]
        self.codes = pl.DataFrame(coded, schema=types | {"duration_s": pl.Float64})
        self.lines, self.rejected, self.excluded = len(rows), 0, 0

    def values(self, column: str) -> pl.Series:
        """The distinct texts."""
        return pl.Series(self.distinct[column], dtype=pl.String)


@given(TREES, ROWS)
def test_any_tree_is_decided_as_by_hand(where: Predicate, rows: list[dict[str, Any]]) -> None:
    """Decided over distinct texts or row by row, in Polars or in Python: the same."""
    expected = [naive(where, row) for row in rows]
    found = mask(where, CodedHits(rows))
    assert found.dtype == pl.Boolean
    assert found.to_list() == expected
    types = {"client": pl.String, "user": pl.String, "status": pl.Int64, "duration_s": pl.Float64}
    assert mask_rows(where, pl.DataFrame(rows, schema=types)).to_list() == expected


def spelled(where: Predicate) -> str:
    """A tree in the language."""
    match where:
        case And(parts):
            return f"({' and '.join(map(spelled, parts)) or 'user is null or user is not null'})"
        case Or(parts):
            return f"({' or '.join(map(spelled, parts)) or 'user is null and user is not null'})"
        case Not(part):
            return f"not {spelled(part)}"
        case IsNull(column):
            return f"{column.name} is null"
        case Satisfies(column, condition, negated):
            name = column.name
            if negated:
                return f"not ({name} {spelled_condition(condition)} or {name} is null)"
            return f"{name} {spelled_condition(condition)}"
    raise AssertionError(where)


def spelled_condition(condition: Condition) -> str:
    """An operator with its value in the language."""
    match condition:
        case Compare(name, value):
            return f"{name} {quoted(value)}"
        case OneOf(values):
            return f"in ({', '.join(map(quoted, values))})"
        case Like(glob):
            return f"like {quoted(glob)}"
        case Matches(pattern):
            return f"=~ {quoted(pattern)}"
        case Within(networks):
            return f"in ({', '.join(map(str, networks.networks))})"
    raise AssertionError(condition)


def quoted(value: Value) -> str:
    """A value in the language."""
    if not isinstance(value, str):
        return str(value)
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def spellable(where: Predicate) -> bool:
    """Whether the language has words for all of a tree."""
    return not re.search(r"fold=True|OneOf\(values=\(\)\)", repr(where))


@given(TREES.filter(spellable), ROWS)
def test_any_tree_can_be_written(where: Predicate, rows: list[dict[str, Any]]) -> None:
    """What is written in the language means what its tree means."""
    found = mask(parse_predicate(spelled(where)), CodedHits(rows))
    assert found.to_list() == [naive(where, row) for row in rows]


@given(st.text("aest(uinorl)=~<>!&|\"'\\ 0123456789.:/-,status path in like", max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Whatever is written, it is a condition or a usage error."""
    with contextlib.suppress(UsageError):
        mask(parse_predicate(text), HITS)


@given(
    st.lists(st.ip_addresses(network="10.0.0.0/24") | st.ip_addresses(network="::/120")),
    st.lists(
        st.builds("10.0.0.{}/{}".format, st.integers(0, 255), st.integers(24, 32))
        | st.builds("::{:x}/{}".format, st.integers(0, 255), st.integers(120, 128))
    ),
)
def test_a_set_of_networks(addresses: list[Any], entries: list[str]) -> None:
    """An address is in the set when it is in any of the networks."""
    networks = Networks.of(entries)
    for address in addresses:
        assert (address in networks) == any(address in parse_network(entry) for entry in entries)


@given(
    st.lists(
        st.none()
        | st.builds("{}.{}.{}.{}".format, *[st.integers(0, 260)] * 4)
        | st.sampled_from(["01.2.3.4", "1.2.3.4\n", "1.2.3.4:80", "::ffff:1.2.3.4", "::1", "", "x"])
        | st.sampled_from(["0.0.0.0", "255.255.255.255", "10.255.255.255", "11.0.0.0"])
    ),
    st.lists(
        st.sampled_from(["0.0.0.0", "255.255.255.255", "10.0.0.0/8", "1.2.0.0/15", "128.0.0.0/1"])
        | st.sampled_from(["1.2.3.4", "::/0", "10.0.0.0/9", "10.128.0.0/9"])
    ),
)
def test_many_addresses_at_once(texts: list[str | None], entries: list[str]) -> None:
    """Addresses are decided together as they are one by one."""
    networks = Networks.of(entries)
    rows = pl.DataFrame({"client": texts}, schema={"client": pl.String})
    found = mask_rows(Satisfies(BY_NAME["client"], Within(networks)), rows)
    assert found.to_list() == [text is not None and networks.contains(text) for text in texts]


def test_time_is_compared_exactly() -> None:
    """Instants are compared to the microsecond."""
    moment = from_datetime(datetime.fromisoformat("2026-10-10T13:55:36+00:00"))
    time = BY_NAME["time"]
    for shift, expected in ((-1, True), (0, False)):
        assert mask(Satisfies(time, Compare(">", moment + shift)), HITS)[0] is expected
