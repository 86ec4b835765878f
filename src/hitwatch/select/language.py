"""The language of ``--where``: conditions on hits, as people write them.

    expression  = conjunction {"or" conjunction}
    conjunction = negation {"and" negation}
    negation    = "not" negation | "(" expression ")" | test
    test        = COLUMN ("==" | "=" | "!=" | "<" | "<=" | ">" | ">=") VALUE
                | COLUMN ("=~" | "!~") TEXT
                | COLUMN ["not"] "like" TEXT
                | COLUMN ["not"] "in" (VALUE | "(" VALUE {"," VALUE} ")")
                | COLUMN "is" ["not"] "null"

A value is a text in quotes, a number, a time or an address; the column says which of them.
Nothing is evaluated but this grammar, and no text becomes code.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, tzinfo
from typing import NoReturn

from msgspec import Struct

from hitwatch.errors import UsageError, did_you_mean, point_at
from hitwatch.formats.columns import BY_NAME, Column, ColumnType
from hitwatch.patterns import Pattern
from hitwatch.select.derived import DERIVED_COLUMNS
from hitwatch.select.networks import Networks, parse_network
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
    Predicate,
    Satisfies,
    Value,
    Within,
    combine,
    glob_regex,
    mask,
    mask_rows,
    pattern_error,
)
from hitwatch.select.time_expressions import parse_iso

__all__ = ["Predicate", "combine", "mask", "mask_rows", "parse_predicate"]

_TOKEN = Pattern(
    r"""(?P<blank>\s+)
    | (?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    | (?P<time>[0-9]{4}-[0-9]{2}-[0-9]{2}[0-9A-Za-z:.+-]*)
    | (?P<address>[0-9A-Fa-f]*:[0-9A-Fa-f:.]*(?:/[0-9]+)?|[0-9]+(?:\.[0-9]+){3}(?:/[0-9]+)?)
    | (?P<number>[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)
    | (?P<word>[^\W0-9]\w*)
    | (?P<sign>==|!=|<=|>=|=~|!~|[<>=(),])""",
    re.VERBOSE | re.DOTALL,
)
_KEYWORDS = ("and", "or", "not", "in", "like", "is", "null")
_FOREIGN = {"&": "write and", "|": "write or", "!": "write not", "/": "quote texts"}
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", '"': '"', "'": "'"}
_ADDRESSES = frozenset({"client", "server_address", "upstream"})
"""Columns in which a text that is an address or a network is taken for one."""
_MAX_DEPTH = 100
_INTEGERS = range(-(2**63), 2**63)
_TYPES = {
    ColumnType.TEXT: "text",
    ColumnType.INTEGER: "a whole number",
    ColumnType.FLOAT: "a number",
    ColumnType.TIME: "a time",
}
_OPERATORS = "==, !=, <, <=, >, >=, =~, !~, like, in, is null"


class _Token(Struct, frozen=True):
    kind: str
    text: str
    at: int

    @property
    def keyword(self) -> str:
        """The keyword this is, in any case; else empty."""
        folded = self.text.lower()
        return folded if self.kind == "word" and folded in _KEYWORDS else ""


def parse_predicate(text: str, further: Iterable[Column] = (), zone: tzinfo = UTC) -> Predicate:
    """Read a condition.

    Args:
        text: in the language described above.
        further: columns that may be named beside the public ones, as a format's own.
        zone: of times without an offset.

    Returns:
        The condition as a tree.

    Raises:
        UsageError: the text is invalid; the error points at the place.

    >>> sorted(parse_predicate('status >= 500 and not path =~ "^/health"').columns)
    ['path', 'status']

    """
    columns = BY_NAME | {column.name: column for column in (*DERIVED_COLUMNS, *further)}
    return _Expression(text, columns, zone).parse()


class _Expression:
    """One text on its way to a tree."""

    def __init__(self, text: str, columns: dict[str, Column], zone: tzinfo) -> None:
        self._text = text
        self._zone = zone
        self._columns = columns
        self._tokens = self._tokenize()
        self._next = 0
        self._depth = 0

    def parse(self) -> Predicate:
        """All of the text."""
        where = self._expression()
        if self._token.kind != "end":
            self._fail(self._token, "expected and, or, or the end of the condition")
        return where

    def _tokenize(self) -> list[_Token]:
        tokens = []
        at = 0
        while at < len(self._text):
            found = _TOKEN.match(self._text, at)
            if found is None:
                self._unreadable(at)
            if found.lastgroup != "blank":
                tokens.append(_Token(found.lastgroup or "", found[0], at))
            at = found.end()
        return [*tokens, _Token("end", "", at)]

    def _unreadable(self, at: int) -> NoReturn:
        character = self._text[at]
        token = _Token("", character, at)
        if character in "\"'":
            self._fail(token, "unclosed quote")
        self._fail(token, f"unexpected {character!r}", _FOREIGN.get(character, ""))

    def _fail(self, token: _Token, what: str, advice: str = "") -> NoReturn:
        raise UsageError(what, hint=point_at(self._text, token.at, advice))

    @property
    def _token(self) -> _Token:
        return self._tokens[self._next]

    def _take(self) -> _Token:
        token = self._token
        self._next += token.kind != "end"
        return token

    def _accept(self, word: str) -> bool:
        """Take the next token if it is this keyword or sign."""
        token = self._token
        taken = token.keyword == word or (token.kind == "sign" and token.text == word)
        self._next += taken
        return taken

    def _expression(self) -> Predicate:
        parts = [self._conjunction()]
        while self._accept("or"):
            parts.append(self._conjunction())
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def _conjunction(self) -> Predicate:
        parts = [self._negation()]
        while self._accept("and"):
            parts.append(self._negation())
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _negation(self) -> Predicate:
        token = self._token
        if not (self._accept("not") or self._accept("(")):
            return self._test()
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            self._fail(token, f"more than {_MAX_DEPTH} levels of parentheses and not")
        if token.text == "(":
            where = self._expression()
            if not self._accept(")"):
                self._fail(self._token, "expected ), and, or or")
        else:
            where = Not(self._negation())
        self._depth -= 1
        return where

    def _test(self) -> Predicate:
        column = self._column()
        if self._accept("is"):
            return self._null_test(column)
        negated = self._accept("not")
        sign = self._take()
        if sign.keyword == "in":
            return self._in_test(column, negated)
        if sign.keyword == "like":
            return self._like_test(sign, column, negated)
        if negated:
            self._fail(sign, "expected in or like after not", f"or: not {column.name} ...")
        if sign.text in ("=~", "!~") and sign.kind == "sign":
            return self._regex_test(sign, column)
        if sign.kind == "sign" and sign.text in (*OPERATORS, "=", "!="):
            return self._comparison(sign, column)
        return self._fail(sign, f"expected an operator after {column.name}", _OPERATORS)

    def _column(self) -> Column:
        token = self._take()
        if token.kind != "word" or token.keyword:
            self._fail(token, "expected a column name")
        if token.text not in self._columns:
            advice = did_you_mean(token.text.lower(), list(self._columns))
            self._fail(token, f"unknown column {token.text!r}", advice or self._known_columns())
        return self._columns[token.text]

    def _known_columns(self) -> str:
        return f"known columns: {', '.join(self._columns)}"

    def _null_test(self, column: Column) -> Predicate:
        negated = self._accept("not")
        if not self._accept("null"):
            self._fail(self._token, "expected null after is", "or write == for a comparison")
        return Not(IsNull(column)) if negated else IsNull(column)

    def _in_test(self, column: Column, negated: bool) -> Predicate:
        if not self._accept("("):
            return self._one_of(column, [self._take()], negated)
        tokens = [self._take()]
        while self._accept(","):
            tokens.append(self._take())
        among = self._one_of(column, tokens, negated)
        if not self._accept(")"):
            self._fail(self._token, "expected , or )")
        return among

    def _one_of(self, column: Column, tokens: list[_Token], negated: bool) -> Predicate:
        """One of several values; addresses by their networks, everything else as it is."""
        networks = [token for token in tokens if self._is_network(token, column)]
        plain = [self._value(token, column) for token in tokens if token not in networks]
        for token, value in zip(tokens, plain, strict=False):
            if column.type is ColumnType.INTEGER and isinstance(value, float):
                self._fail(token, f"{column.name} is a whole number")
        conditions: list[Condition] = []
        if networks:
            conditions.append(Within(Networks.of(self._unquote(token) for token in networks)))
        if plain:
            conditions.append(OneOf(tuple(plain)))
        tests = tuple(Satisfies(column, condition, negated) for condition in conditions)
        if len(tests) == 1:
            return tests[0]
        return And(tests) if negated else Or(tests)

    def _is_network(self, token: _Token, column: Column) -> bool:
        quoted = token.kind == "text" and column.name in _ADDRESSES
        if column.type is not ColumnType.TEXT or not (quoted or token.kind == "address"):
            return False
        try:
            parse_network(self._unquote(token))
        except ValueError as error:
            if not quoted:
                self._fail(token, str(error))
            if re.fullmatch(r"[0-9.]+/\S*|[0-9A-Fa-f.]*:[0-9A-Fa-f:.]+/\S*", self._unquote(token)):
                self._fail(token, str(error))
            return False
        return True

    def _like_test(self, sign: _Token, column: Column, negated: bool) -> Predicate:
        self._require_text(sign, column, "like")
        token = self._take()
        glob = str(self._value(token, column))
        if wrong := pattern_error(glob_regex(glob)):
            self._fail(token, wrong)
        return Satisfies(column, Like(glob), negated)

    def _regex_test(self, sign: _Token, column: Column) -> Predicate:
        self._require_text(sign, column, sign.text)
        token = self._take()
        pattern = str(self._value(token, column))
        if wrong := pattern_error(pattern):
            self._fail(token, f"invalid regular expression: {wrong}")
        return Satisfies(column, Matches(pattern), negated=sign.text == "!~")

    def _require_text(self, sign: _Token, column: Column, name: str) -> None:
        if column.type is not ColumnType.TEXT:
            what = f"{name} needs text, but {column.name} is {_TYPES[column.type]}"
            self._fail(sign, what, "compare with ==, <, <=, >, >= or in")

    def _comparison(self, sign: _Token, column: Column) -> Predicate:
        token = self._take()
        negated = sign.text == "!="
        name = "==" if sign.text in ("=", "!=") else sign.text
        if name == "==" and self._is_network(token, column):
            return self._one_of(column, [token], negated)
        return Satisfies(column, Compare(name, self._value(token, column)), negated)

    def _value(self, token: _Token, column: Column) -> Value:
        if token.kind in ("end", "sign") or token.keyword:
            advice = f"write {column.name} is null" if token.keyword == "null" else ""
            self._fail(token, f"expected a value for {column.name}", advice)
        if column.type is ColumnType.TEXT:
            return self._as_text(token, column)
        if column.type is ColumnType.TIME:
            return self._as_time(token, column)
        return self._as_number(token, column)

    def _as_text(self, token: _Token, column: Column) -> str:
        if token.kind == "text":
            return self._unquote(token)
        what = f"{column.name} is text, which needs quotes"
        return self._fail(token, what, f'write "{token.text}"')

    def _as_time(self, token: _Token, column: Column) -> int:
        advice = 'write "2026-01-31T10:00" or "2026-01-31T10:00+01:00"'
        if token.kind not in ("text", "time"):
            self._fail(token, f"{column.name} is a time, in ISO 8601", advice)
        try:
            return parse_iso(self._unquote(token), self._zone)
        except ValueError as error:
            return self._fail(token, str(error), advice)

    def _as_number(self, token: _Token, column: Column) -> int | float:
        if token.kind != "number":
            bare = self._unquote(token)
            quoted = token.kind == "text" and re.fullmatch(r"[+-]?[0-9]+(\.[0-9]+)?", bare)
            what = f"{column.name} is {_TYPES[column.type]}"
            self._fail(token, what, f"write {bare} without quotes" if quoted else "")
        number = float(token.text)
        if column.type is ColumnType.FLOAT and abs(number) != float("inf"):
            return number
        if not _INTEGERS.start <= number < _INTEGERS.stop:
            self._fail(token, "number out of range")
        if not number.is_integer():
            return number
        exact = int(token.text) if re.fullmatch(r"[+-]?[0-9]+", token.text) else int(number)
        return exact if exact in _INTEGERS else self._fail(token, "number out of range")

    def _unquote(self, token: _Token) -> str:
        """What a token says, without quotes and escapes.

        A backslash before any other character stays: it is the regular expression's.
        """
        if token.kind != "text":
            return token.text
        plain = re.sub(
            r"\\(.)", lambda m: _ESCAPES.get(m[1], m[0]), token.text[1:-1], flags=re.DOTALL
        )
        try:
            plain.encode()
        except UnicodeEncodeError:
            self._fail(token, "invalid UTF-8", r"write stray bytes as \\xff")
        return plain
